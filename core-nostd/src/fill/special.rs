//! The parameters that no general rule covers.

use super::compat::Layout;
use super::param::{self, SocketAddress};
use super::path::{PATH_MAX, limited, origin, write_head};
use super::{Call, Kernel, TaskPath, process};
use crate::event::{Flags, Overflow, PathFlags, PathHead, RecordWriter};
use crate::schema::id;
use zerocopy::IntoBytes;

/// Writes the parameter at `index` of the call's event. An event or index without a filler here stays absent.
pub(super) fn param<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let event = call.event;
    if event == id::EXECVE || event == id::EXECVEAT {
        process::failed_exec(k, call, out, index)
    } else if event == id::CONNECT || event == id::SENDTO {
        destination_tuple(k, call, out, index)
    } else if event == id::SENDMSG {
        sendmsg(k, call, out, index)
    } else if event == id::ACCEPT || event == id::ACCEPT4 {
        accept_queue(k, call, out, index)
    } else if event == id::OPEN_BY_HANDLE_AT {
        handle_path(k, call, out, index)
    } else if event == id::CHDIR {
        chdir(k, call, out, index)
    } else if event == id::PRCTL {
        prctl_name(k, call, out, index)
    } else {
        Ok(())
    }
}

/// Writes a number that lies behind a pointer.
pub(super) fn pointed<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    arg: u8,
    offset: u8,
) -> Result<(), Overflow> {
    let mut bytes = [0; 8];
    match k.read_user(call.word(arg).wrapping_add(offset.into()), &mut bytes) {
        Ok(()) => out.number(index, u64::from_ne_bytes(bytes)),
        Err(_) => {
            out.flag(Flags::FAULT);
            Ok(())
        }
    }
}

/// connect and sendto: both ends of the socket, with the address in the call where the socket has no other end.
fn destination_tuple<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    let (address, len) = if call.event == id::CONNECT { (1, 2) } else { (4, 5) };
    let to = SocketAddress::read(k, call.word(address), call.uint(len).into());
    param::tuple(k, out, index, call.int(0), to.as_ref())
}

/// Most pieces of a message that are looked at for its first bytes.
const MAX_PIECES: u64 = 8;

/// sendmsg: `struct msghdr` of user memory, taken apart.
fn sendmsg<K: Kernel>(k: &K, call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    const DATA: usize = 1;
    const SIZE: usize = 3;
    let layout = Layout::of(call);
    let header = call.word(1);
    let pieces = || {
        let at = layout.read_word(k, header.wrapping_add(layout.msg_iov))?;
        let count = layout.read_word(k, header.wrapping_add(layout.msg_iov).wrapping_add(layout.word))?;
        Some((at, if count > MAX_PIECES { MAX_PIECES } else { count }))
    };
    let piece = |at: u64, n: u64| {
        let at = at.wrapping_add(n.wrapping_mul(2).wrapping_mul(layout.word));
        Some((layout.read_word(k, at)?, layout.read_word(k, at.wrapping_add(layout.word))?))
    };
    match index {
        DATA => {
            let Some((at, count)) = pieces() else {
                out.flag(Flags::FAULT);
                return Ok(());
            };
            let mut left = if call.ret < 0 { u64::MAX } else { call.ret as u64 };
            let mut data = out.param(index);
            for n in 0..count {
                let Some((base, len)) = piece(at, n) else { break };
                let len = if len > left { left } else { len };
                let taken = param::append_bytes(k, &mut data, base, len)?;
                left = left.saturating_sub(taken as u64);
                if taken == 0 && len > 0 {
                    break;
                }
            }
            data.commit()
        }
        SIZE => {
            // What was sent; for a call that failed, what the looked-at pieces asked for.
            if call.ret >= 0 {
                return out.number(index, call.ret as u64);
            }
            let mut size: u64 = 0;
            if let Some((at, count)) = pieces() {
                for n in 0..count {
                    size = size.saturating_add(piece(at, n).map_or(0, |(_, len)| len));
                }
            }
            out.number(index, size)
        }
        _ => {
            let name = layout.read_word(k, header);
            let mut len = [0; 4];
            let to = match (name, k.read_user(header.wrapping_add(layout.word), &mut len)) {
                (Some(name), Ok(())) => SocketAddress::read(k, name, u32::from_ne_bytes(len).into()),
                _ => None,
            };
            param::tuple(k, out, index, call.int(0), to.as_ref())
        }
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
        return param::path(k, out, index, super::AT_FDCWD, call.word(0));
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
