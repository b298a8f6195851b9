//! The handshake: both sides say who they are before anything else is said.
//!
//! The messages are postcard inside a frame of fixed size, with the length in front, so that a newer side can append
//! fields and an older one still reads what it knows.

use crate::schema;
use serde::{Deserialize, Serialize};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Major version of the contract: record layout, ring protocol, ioctls. Sides with different majors do not talk.
pub const ABI_MAJOR: u16 = 1;

/// Minor version of the contract: additions that an older side can ignore.
pub const ABI_MINOR: u16 = 1;

/// Size of a [`Frame`] in bytes.
pub const FRAME_BYTES: usize = 256;

/// Bytes on the wire of a handshake message. What the other side sent is an allegation until decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Frame {
    /// Bytes of `data` in use.
    pub len: u32,
    /// A postcard message, then zeros.
    pub data: [u8; FRAME_BYTES - 4],
}

const _: () = assert!(size_of::<Frame>() == FRAME_BYTES);

impl Default for Frame {
    fn default() -> Self {
        Frame { len: 0, data: [0; FRAME_BYTES - 4] }
    }
}

impl Frame {
    /// Encodes a message; `None` if it does not fit a frame.
    pub fn encode<T: Serialize>(message: &T) -> Option<Frame> {
        let mut frame = Frame::default();
        let used = postcard::to_slice(message, &mut frame.data).ok()?.len();
        frame.len = used as u32;
        Some(frame)
    }

    /// Decodes a message; `None` if the bytes are none. Bytes after it are ignored: a newer side may say more.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        let bytes = self.data.get(..self.len as usize)?;
        postcard::take_from_bytes(bytes).ok().map(|(message, _)| message)
    }
}

/// What the daemon says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`ABI_MAJOR`] of the sender.
    pub abi_major: u16,
    /// [`ABI_MINOR`] of the sender.
    pub abi_minor: u16,
    /// [`schema::FINGERPRINT`] of the sender.
    pub schema: u64,
}

impl Hello {
    /// This side's own.
    pub const OURS: Hello = Hello { abi_major: ABI_MAJOR, abi_minor: ABI_MINOR, schema: schema::FINGERPRINT };
}

/// What the module answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`ABI_MAJOR`] of the module.
    pub abi_major: u16,
    /// [`ABI_MINOR`] of the module.
    pub abi_minor: u16,
    /// [`schema::FINGERPRINT`] of the module.
    pub schema: u64,
    /// Number of possible CPUs: devices are numbered below it.
    pub cpus: u32,
    /// Size of each ring's data area in bytes.
    pub ring_bytes: u64,
    /// True if a capture was going on already: the rings may hold records from before.
    pub retained: bool,
}

/// Why the two sides cannot talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The majors differ.
    Abi {
        /// The other side's major.
        theirs: u16,
    },
    /// The tables of events differ.
    Schema {
        /// The other side's fingerprint.
        theirs: u64,
    },
}

/// Checks the other side's versions against ours.
///
/// # Errors
/// [`Mismatch`] says which does not fit.
pub fn check(abi_major: u16, schema: u64) -> Result<(), Mismatch> {
    if abi_major != ABI_MAJOR {
        return Err(Mismatch::Abi { theirs: abi_major });
    }
    if schema != schema::FINGERPRINT {
        return Err(Mismatch::Schema { theirs: schema });
    }
    Ok(())
}
