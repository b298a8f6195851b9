//! What differs for 32-bit callers on a 64-bit kernel.

use super::{Call, Kernel};
use crate::schema::event_of_socketcall;

/// An argument of a 32-bit caller: the upper half of the register means nothing.
pub(super) const fn word(value: u64) -> u64 {
    value & 0xffff_ffff
}

/// Layout of the structures in user memory that fillers look into, for callers of one word size.
pub(super) struct Layout {
    /// Size of a pointer and of `size_t`, in bytes.
    pub word: u64,
    /// Offset of `msg_iov` in `struct msghdr` (`linux/socket.h`), where `msg_iovlen` follows.
    pub msg_iov: u64,
}

impl Layout {
    /// The layout for the caller.
    pub const fn of(call: &Call) -> Layout {
        if call.compat { Layout { word: 4, msg_iov: 8 } } else { Layout { word: 8, msg_iov: 16 } }
    }

    /// Reads one word of user memory; `None` if it cannot be read.
    pub fn read_word<K: Kernel>(&self, k: &K, address: u64) -> Option<u64> {
        if self.word == 4 {
            let mut bytes = [0; 4];
            k.read_user(address, &mut bytes).ok()?;
            Some(u32::from_ne_bytes(bytes).into())
        } else {
            let mut bytes = [0; 8];
            k.read_user(address, &mut bytes).ok()?;
            Some(u64::from_ne_bytes(bytes))
        }
    }
}

/// Takes i386's socketcall(2) ([`crate::schema::I386_SOCKETCALL`]) apart: which call it really was, and with which arguments.
///
/// `None` if it is a call that has no event, or its arguments cannot be read.
pub fn socketcall<K: Kernel>(k: &K, args: [u64; 6], ret: i64) -> Option<Call> {
    let event = event_of_socketcall(args[0] as u32)?;
    let mut bytes = [0; 24];
    // `net/socket.c` reads as many words as the call has arguments; the six of sendto are the most of ours.
    let words: usize = match args[0] {
        1..=3 => 3,
        4 => 2,
        5 | 16 => 3,
        11 => 6,
        _ => 4,
    };
    k.read_user(word(args[1]), bytes.get_mut(..words * 4)?).ok()?;
    let mut call = Call { event, args: [0; 6], ret, compat: true };
    for (to, from) in call.args.iter_mut().zip(bytes.chunks_exact(4)) {
        *to = u32::from_ne_bytes(from.try_into().ok()?).into();
    }
    Some(call)
}
