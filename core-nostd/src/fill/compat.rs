//! What differs for 32-bit callers on a 64-bit kernel.

use super::number::word32;
use super::{Call, Kernel};
use crate::schema::{I386_IPC, I386_SOCKETCALL, event_of_ipc, event_of_socketcall, id};

/// An argument of a 32-bit caller: the upper half of the register means nothing.
pub(super) const fn word(value: u64) -> u64 {
    value & 0xffff_ffff
}

/// Layout of the structures in user memory that fillers look into, for callers of one word size. Offsets are those of
/// `struct msghdr` and `struct mmsghdr` (`linux/socket.h`).
pub(super) struct Layout {
    /// Size of a pointer and of `size_t`, in bytes.
    pub word: u64,
    /// Offset of `msg_iov`, where `msg_iovlen` follows.
    pub msg_iov: u64,
    /// Offset of `msg_control`, where `msg_controllen` follows.
    pub msg_control: u64,
    /// Offset of `msg_len` behind a header, where several messages are moved at once.
    pub msg_size: u64,
}

impl Layout {
    /// The layout for the caller.
    pub const fn of(call: &Call) -> Layout {
        if call.compat {
            Layout { word: 4, msg_iov: 8, msg_control: 16, msg_size: 28 }
        } else {
            Layout { word: 8, msg_iov: 16, msg_control: 32, msg_size: 56 }
        }
    }

    /// Reads one word of user memory; `None` if it cannot be read.
    pub fn read_word<K: Kernel>(&self, k: &K, address: u64) -> Option<u64> {
        if self.word == 4 { word32(k, address).map(u64::from) } else { super::number::word64(k, address) }
    }
}

/// True for the i386 calls that pass 64-bit numbers in two words (`asm/unistd_32.h`): readahead, fadvise64, truncate64,
/// ftruncate64, pread64, pwrite64, fadvise64_64, sync_file_range, fallocate, preadv, pwritev, fanotify_mark, preadv2, pwritev2.
pub(super) const fn is_wide(nr: u32) -> bool {
    matches!(nr, 225 | 250 | 193 | 194 | 180 | 181 | 272 | 314 | 324 | 333 | 334 | 339 | 378 | 379)
}

/// True for the i386 calls that take times of 64 bits (`asm/unistd_32.h`, clock_gettime64 to sched_rr_get_interval_time64).
pub(super) const fn has_wide_time(nr: u32) -> bool {
    matches!(nr, 403..=423)
}

/// i386's first mmap(2), which passes a pointer to its arguments.
const I386_OLD_MMAP: u32 = 90;

/// Puts the arguments of a 32-bit caller where they are expected, as wide.
pub(super) fn unpack<K: Kernel>(k: &K, call: &mut Call) {
    if call.nr == I386_OLD_MMAP {
        let at = call.args[0];
        call.lost = read_arguments(k, at, 6, &mut call.args).is_none();
        return;
    }
    let Some((first, last)) = narrow_ids(call.nr) else { return };
    for (n, arg) in call.args.iter_mut().enumerate() {
        if n >= first && n <= last {
            *arg = widened(*arg);
        }
    }
}

/// The first and the last argument that is a user or a group of 16 bits, of the i386 calls that have such
/// (`asm/unistd_32.h`): lchown, fchown, chown; setuid, setgid, setfsuid, setfsgid; setreuid, setregid; setresuid, setresgid.
const fn narrow_ids(nr: u32) -> Option<(usize, usize)> {
    match nr {
        16 | 95 | 182 => Some((1, 2)),
        23 | 46 | 138 | 139 => Some((0, 0)),
        70 | 71 => Some((0, 1)),
        164 | 170 => Some((0, 2)),
        _ => None,
    }
}

/// A user or a group of 16 bits, as one of 32 (low2highuid, `linux/highuid.h`): what stands for none does so still.
const fn widened(id: u64) -> u64 {
    match id & 0xffff {
        0xffff => 0xffff_ffff,
        id => id,
    }
}

/// True for the i386 calls that write users or groups of 16 bits (`asm/unistd_32.h`): getresuid, getresgid.
pub(super) const fn writes_narrow_ids(call: &Call) -> bool {
    call.compat && matches!(call.nr, 165 | 171)
}

fn read_arguments<K: Kernel>(k: &K, address: u64, words: usize, args: &mut [u64; 6]) -> Option<()> {
    let mut bytes = [0; 24];
    k.read_user(word(address), bytes.get_mut(..words.wrapping_mul(4))?).ok()?;
    for (to, from) in args.iter_mut().zip(bytes.chunks_exact(4)) {
        *to = u32::from_ne_bytes(from.try_into().ok()?).into();
    }
    Some(())
}

/// Takes the i386 calls apart that are many calls in one, socketcall(2) and ipc(2): which call it really was, and with which
/// arguments.
///
/// `None` if it is a call that has no event. Arguments that cannot be read (the kernel could not either, or another thread has
/// taken the memory away since) are lost; the call is not.
pub fn multiplexed<K: Kernel>(k: &K, nr: u32, args: [u64; 6], ret: i64) -> Option<Call> {
    match nr {
        I386_SOCKETCALL => {
            let event = event_of_socketcall(args[0] as u32)?;
            let mut call = Call { event, nr, args: [0; 6], ret, compat: true, lost: false };
            // As many words as `net/socket.c` reads for it.
            let words = match args[0] as u32 {
                4 | 13 => 2,
                9 | 10 | 20 => 4,
                8 | 18 => 4,
                14 | 15 | 19 => 5,
                11 | 12 => 6,
                _ => 3,
            };
            call.lost = read_arguments(k, args[1], words, &mut call.args).is_none();
            Some(call)
        }
        I386_IPC => {
            let [what, first, second, third, pointer, fifth] = args;
            // The upper half is a version (`linux/ipc.h`).
            let event = event_of_ipc(what as u32 & 0xffff)?;
            let args = match event {
                id::SEMOP | id::SEMTIMEDOP => [first, pointer, second, fifth, 0, 0],
                id::SEMGET => [first, second, third, 0, 0, 0],
                // The value lies behind the pointer.
                id::SEMCTL => [first, second, third, word32(k, word(pointer)).map_or(0, u64::from), 0, 0],
                id::MSGSND => [first, pointer, second, third, 0, 0],
                id::MSGRCV => [first, pointer, second, fifth, third, 0],
                id::MSGGET => [first, second, 0, 0, 0, 0],
                id::SHMAT => [first, pointer, second, 0, 0, 0],
                id::SHMDT => [pointer, 0, 0, 0, 0, 0],
                id::SHMGET => [first, second, third, 0, 0, 0],
                _ => [first, second, pointer, 0, 0, 0],
            };
            Some(Call { event, nr, args, ret, compat: true, lost: false })
        }
        _ => None,
    }
}
