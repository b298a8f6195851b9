//! A number that two sides compare to know whether they mean the same by every event id and parameter index.

use super::{EVENTS, Type};

/// Hash of the whole table: names of events and parameters in their order, and how each parameter is encoded.
pub const FINGERPRINT: u64 = {
    let mut hash = OFFSET;
    let mut event = 0;
    while event < EVENTS.len() {
        hash = text(hash, EVENTS[event].name);
        let params = EVENTS[event].params;
        let mut param = 0;
        while param < params.len() {
            hash = text(hash, params[param].name);
            hash = byte(hash, params[param].ty.encoding());
            param += 1;
        }
        event += 1;
    }
    hash
};

/// Offset basis and prime of 64-bit FNV-1a.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x100_0000_01b3;

const fn byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(PRIME)
}

const fn text(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        hash = byte(hash, bytes[i]);
        i += 1;
    }
    byte(hash, 0)
}

impl Type {
    /// Number of the way in which values of this type are written (see [`crate::event`]); types with one number are read alike.
    pub const fn encoding(&self) -> u8 {
        match self {
            Type::Errno
            | Type::Int
            | Type::Uint
            | Type::Hex
            | Type::Octal
            | Type::Pid
            | Type::Uid
            | Type::Gid
            | Type::Signal
            | Type::Flags(_)
            | Type::Enum(_)
            | Type::Time
            | Type::Span => 1,
            Type::Fd => 2,
            Type::Path => 3,
            Type::String => 4,
            Type::Strings => 5,
            Type::Bytes => 6,
            Type::Address => 7,
            Type::Tuple => 8,
            Type::FdList => 9,
        }
    }
}
