//! Devices and ioctl requests (numbers as `_IOC` in `asm-generic/ioctl.h` makes them).

use super::FRAME_BYTES;
use crate::schema::EventSet;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Path of a device without its CPU number.
pub const DEVICE_PREFIX: &str = "/dev/kestrel";

/// 64-bit words in an [`Interest`].
pub const INTEREST_WORDS: usize = 16;

const MAGIC: u32 = b'K' as u32;

const fn ioc(direction: u32, number: u32, size: usize) -> u32 {
    direction << 30 | (size as u32) << 16 | MAGIC << 8 | number
}

/// The ioctl requests of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Request {
    /// The handshake: a [`super::Frame`] with a [`super::Hello`] in, with a [`super::Welcome`] out.
    Hello = ioc(3, 1, FRAME_BYTES),
    /// The events to record: an [`Interest`] in.
    SetInterest = ioc(1, 2, size_of::<Interest>()),
    /// Attach to the kernel's tracepoints. No argument; done already is fine.
    Start = ioc(0, 3, 0),
    /// Detach from them. No argument; done already is fine.
    Stop = ioc(0, 4, 0),
}

/// Which events to record: one bit per event id. 128 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Interest {
    /// Bit `id % 64` of word `id / 64`.
    pub words: [u64; INTEREST_WORDS],
}

const _: () = assert!(size_of::<Interest>() == 128);

impl From<&EventSet> for Interest {
    fn from(set: &EventSet) -> Interest {
        Interest { words: *set.words() }
    }
}
