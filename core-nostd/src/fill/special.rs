//! The parameters that no general rule covers.

use super::number::{word32, word64};
use super::param::{self, Base, SocketAddress};
use super::path::{PATH_MAX, limited, origin, write_head};
use super::{Call, Kernel, TaskPath, message, process, quota};
use crate::event::{Flags, Overflow, PathFlags, PathHead, RecordWriter};
use crate::schema::id;
use zerocopy::IntoBytes;

/// Writes the parameter at `index` of the call's event. An event or index without a filler here stays absent.
pub(super) fn param<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    match call.event {
        id::EXECVE | id::EXECVEAT => process::failed_exec(k, call, out, index),
        id::FORK | id::VFORK => process::failed_fork(call, out, index),
        id::CONNECT | id::SENDTO => destination_tuple(k, call, out, index),
        id::RECVFROM => source_tuple(k, call, out, index),
        id::SENDMSG | id::RECVMSG | id::SENDMMSG | id::RECVMMSG => message::param(k, call, out, index),
        id::ACCEPT | id::ACCEPT4 => accept_queue(k, call, out, index),
        id::SETSOCKOPT | id::GETSOCKOPT => socket_option(k, call, out, index),
        id::OPEN_BY_HANDLE_AT => handle_path(k, call, out, index),
        id::CHDIR => chdir(k, call, out, index),
        id::PRCTL => prctl_name(k, call, out, index),
        id::QUOTACTL | id::QUOTACTL_FD => quota::param(k, call, out, index),
        id::FSCONFIG => fsconfig(k, call, out, index),
        id::FANOTIFY_MARK => fanotify_mark(k, call, out, index),
        id::SEMOP => semaphore_operation(k, call, out, index),
        id::SEMCTL => semaphore_control(call, out, index),
        id::MSGCTL | id::SHMCTL => out.number(index, ipc_command(call, 1)),
        id::LANDLOCK_ADD_RULE => landlock_parent(k, call, out, index),
        id::REBOOT => reboot_argument(k, call, out, index),
        id::SENDFILE => sendfile_offset(k, call, out, index),
        id::COPY_FILE_RANGE => copy_offset(k, call, out, index),
        // The upper half first.
        id::LLSEEK => out.number(index, call.word(1) << 32 | call.word(2)),
        id::SYNC_FILE_RANGE => out.number(index, call.uint(if call.compat { 5 } else { 3 }).into()),
        id::READAHEAD => out.number(index, call.word(if call.compat { 3 } else { 2 })),
        id::FADVISE64 => advise(call, out, index),
        id::IO_URING_ENTER => signal_mask(k, call, out, index),
        _ => Ok(()),
    }
}

/// connect and sendto: both ends of the socket, with the address in the call where the socket has no other end.
fn destination_tuple<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let (address, len) = if call.event == id::CONNECT { (1, 2) } else { (4, 5) };
    let to = SocketAddress::read(k, call.word(address), call.uint(len).into());
    param::tuple(k, out, index, call.int(0), to.as_ref())
}

/// recvfrom: both ends of the socket, with the address that the kernel wrote where the socket has no other end.
fn source_tuple<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let from = match (call.ret < 0, call.word(4), call.word(5)) {
        (false, address @ 1.., len @ 1..) => word32(k, len).and_then(|len| SocketAddress::read(k, address, len.into())),
        _ => None,
    };
    param::tuple(k, out, index, call.int(0), from.as_ref())
}

/// setsockopt and getsockopt: the option, where it is one of sockets as such, because others share its number; and a value of
/// 4 or 8 bytes as a number, while one of another size is absent.
fn socket_option<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const NAME: usize = 3;
    const SOL_SOCKET: u32 = 1;
    if index == NAME {
        return if call.uint(1) == SOL_SOCKET { out.number(index, call.uint(2).into()) } else { Ok(()) };
    }
    let len = if call.event == id::SETSOCKOPT {
        Some(call.uint(4))
    } else if call.ret < 0 {
        None
    } else {
        word32(k, call.word(4))
    };
    let value = match len {
        Some(4) => word32(k, call.word(3)).map(|n| i64::from(n.cast_signed()).cast_unsigned()),
        Some(8) => word64(k, call.word(3)),
        _ => None,
    };
    match value {
        Some(value) => out.number(index, value),
        None => Ok(()),
    }
}

/// fsconfig: what the value is, the command says (`linux/mount.h`).
fn fsconfig<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const BYTES: usize = 4;
    const SET_STRING: u32 = 1;
    const SET_BINARY: u32 = 2;
    const SET_PATH_EMPTY: u32 = 4;
    match (index, call.uint(1)) {
        (BYTES, SET_BINARY) => param::bytes(k, out, index, call.word(3), call.uint(4).into()),
        (BYTES, _) | (_, SET_BINARY) => Ok(()),
        (_, SET_STRING..=SET_PATH_EMPTY) => param::string(k, out, index, call.word(3)),
        _ => Ok(()),
    }
}

/// fanotify_mark: the mask before is two words of a 32-bit caller.
fn fanotify_mark<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const DIRECTORY: usize = 4;
    let dir = if call.compat { 4 } else { 3 };
    if index == DIRECTORY {
        return param::dir_fd(k, out, index, call.int(dir));
    }
    match call.word(dir.wrapping_add(1)) {
        0 => Ok(()),
        path => param::path(k, out, index, Base::of(call.int(dir)), path, None),
    }
}

/// semop: the first two operations (`struct sembuf`, `linux/sem.h`: number, operation and flags, 16 bits each).
fn semaphore_operation<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
) -> Result<(), Overflow> {
    const FIRST: usize = 2;
    let field = (index as u64).wrapping_sub(FIRST as u64);
    if field / 3 >= call.uint(2).into() {
        return Ok(());
    }
    let mut bytes = [0; 2];
    if k.read_user(call.word(1).wrapping_add(field.wrapping_mul(2)), &mut bytes).is_err() {
        return Ok(());
    }
    match field % 3 {
        1 => out.number(index, i64::from(i16::from_ne_bytes(bytes)).cast_unsigned()),
        _ => out.number(index, u16::from_ne_bytes(bytes).into()),
    }
}

/// The command of a call of System V IPC, without IPC_64 (`linux/ipc.h`), which only says how structures are laid out.
fn ipc_command(call: &Call, arg: u8) -> u64 {
    const IPC_64: u32 = 0x100;
    u64::from(call.uint(arg) & !IPC_64)
}

/// semctl: the command, and the value where the command takes a number.
fn semaphore_control(call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const COMMAND: usize = 3;
    const SETVAL: u64 = 16;
    let command = ipc_command(call, 2);
    match (index, command) {
        (COMMAND, _) => out.number(index, command),
        (_, SETVAL) => out.number(index, i64::from(call.int(3)).cast_unsigned()),
        _ => Ok(()),
    }
}

/// landlock_add_rule: the folder of a rule about paths (`struct landlock_path_beneath_attr`, `linux/landlock.h`).
fn landlock_parent<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const PATH_BENEATH: u32 = 1;
    if call.uint(1) != PATH_BENEATH {
        return Ok(());
    }
    match word32(k, call.word(2).wrapping_add(8)) {
        Some(fd) => param::fd(k, out, index, fd.cast_signed()),
        None => Ok(()),
    }
}

/// reboot: a string goes with LINUX_REBOOT_CMD_RESTART2 alone (`linux/reboot.h`).
fn reboot_argument<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const RESTART2: u32 = 0xa1b2_c3d4;
    if call.uint(2) != RESTART2 {
        return Ok(());
    }
    param::string(k, out, index, call.word(3))
}

/// Where a call began that has moved on the offset that it was passed by as many bytes as it returned.
fn began(call: &Call, offset: u64) -> u64 {
    match u64::try_from(call.ret) {
        Ok(moved) => offset.wrapping_sub(moved),
        Err(_) => offset,
    }
}

/// copy_file_range: where it began to write and to read.
fn copy_offset<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const OUT: usize = 2;
    match call.word(if index == OUT { 3 } else { 1 }) {
        0 => Ok(()),
        address => match word64(k, address) {
            Some(offset) => out.number(index, began(call, offset)),
            None => {
                out.flag(Flags::FAULT);
                Ok(())
            }
        },
    }
}

/// sendfile: where it began to read; i386's older call has 32 bits for it.
fn sendfile_offset<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const I386_SENDFILE: u32 = 187;
    let address = call.word(2);
    let offset = match (address, call.compat && call.nr == I386_SENDFILE) {
        (0, _) => None,
        (_, true) => word32(k, address).map(u64::from),
        (_, false) => word64(k, address),
    };
    match offset {
        Some(offset) => out.number(index, began(call, offset)),
        None => Ok(()),
    }
}

/// fadvise64: i386 has two calls, whose lengths differ in width.
fn advise(call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const LENGTH: usize = 3;
    const I386_FADVISE64_64: u32 = 272;
    let (length, advice) = match (call.compat, call.nr) {
        (false, _) => (call.word(2), 3),
        (true, I386_FADVISE64_64) => (call.word(3) | call.word(4) << 32, 5),
        (true, _) => (call.word(3), 4),
    };
    out.number(index, if index == LENGTH { length } else { call.uint(advice).into() })
}

/// io_uring_enter: the first 32 signals of the mask, unless the pointer leads to something else (`linux/io_uring.h`).
fn signal_mask<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const EXTENDED: u32 = 8;
    match call.word(4) {
        mask @ 1.. if call.uint(3) & EXTENDED == 0 => match word32(k, mask) {
            Some(mask) => out.number(index, mask.into()),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// accept: how full the queue of the listening socket is.
fn accept_queue<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const PERCENT: usize = 2;
    const LEN: usize = 3;
    let Ok(queue) = k.listen_queue(call.int(0)) else { return Ok(()) };
    let value = match index {
        PERCENT => u64::from(queue.len).wrapping_mul(100).checked_div(queue.max.into()).unwrap_or(0),
        LEN => queue.len.into(),
        _ => queue.max.into(),
    };
    out.number(index, value)
}

/// open_by_handle_at: there is no string, only the file.
fn handle_path<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let Ok(fd @ 0..) = i32::try_from(call.ret) else { return Ok(()) };
    let mut param = out.param(index);
    param.append(PathHead::default().as_bytes())?;
    let absolute = param::fd_path(k, fd, limited(param.spare(), PATH_MAX));
    param.advance(absolute)?;
    write_head(&mut param, 0, absolute, origin(absolute, PathFlags::RESOLVED))?;
    param.commit()
}

/// chdir: after a success the kernel can name the new directory, whatever links led there.
fn chdir<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    if call.ret < 0 {
        return param::path(k, out, index, Base::WORKING_DIRECTORY, call.word(0), None);
    }
    param::resolved_path(k, out, index, call.word(0), |k, room| {
        k.task_path(TaskPath::WorkingDirectory, room).unwrap_or(0)
    })
}

/// prctl: the second argument is a string for PR_SET_NAME and PR_SET_VMA alone; Falco shows it for the first.
fn prctl_name<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const PR_SET_NAME: i32 = 15;
    if call.int(0) != PR_SET_NAME {
        return Ok(());
    }
    param::string(k, out, index, call.word(1))
}
