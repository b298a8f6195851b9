//! Devices and ioctl requests (numbers as `_IOC` in `asm-generic/ioctl.h` makes them).

use super::FRAME_BYTES;
use crate::schema::{EVENT_COUNT, EventSet};
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
    /// The program that events are judged by: a [`FilterLoad`] in. EINVAL if it is refused; the structure that comes back says
    /// why, and the program before stays. It judges events that begin from then on.
    SetFilter = ioc(3, 5, size_of::<FilterLoad>()),
    /// What became of each event since the rings were emptied: an [`EventCounts`] out.
    GetCounts = ioc(2, 6, size_of::<EventCounts>()),
    /// Sets and clears marks of a process: a [`Mark`] in. ESRCH if it does not run, ENOSPC if the table is full, ENODATA if no
    /// capture is going on: marks are kept from START to its end.
    Mark = ioc(1, 7, size_of::<Mark>()),
    /// The consumer knows the processes that there were when it began: programs may ask what processes are called
    /// ([`crate::filter::Load::ProcessName`]) from then on, until it goes. No argument. ENODATA if no capture is going on.
    Known = ioc(0, 8, 0),
}

/// Marks to be set and cleared. Children inherit the marks that their parent has when it makes them; those that it has made
/// before have to be marked themselves. 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Mark {
    /// Start of the process ([`crate::event::TaskContext::start_time`]); 0 for whatever has the pid now.
    pub start_time: u64,
    /// Marks to be set, a bit each.
    pub set: u64,
    /// Marks to be cleared; those that are also set are set.
    pub clear: u64,
    /// Process id in the initial namespace; 0 for all processes, of which marks can be cleared alone. When all marks of all
    /// processes are cleared, a table that was full is no more.
    pub pid: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Mark>() == 32);

/// A program to be loaded. 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct FilterLoad {
    /// Where it lies in the caller's memory.
    pub address: u64,
    /// Its length in bytes; 0 for none: then everything that was asked for is kept.
    pub len: u32,
    /// Out: [`crate::filter::Why`] it is refused; 0 if it is not.
    pub why: u32,
    /// Out: [`crate::filter::Refused::at`].
    pub at: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<FilterLoad>() == 24);

/// Event ids that are counted: all below this.
pub const COUNTED_EVENTS: usize = 512;

const _: () = assert!(EVENT_COUNT <= COUNTED_EVENTS);

/// What became of each event, by its id, on all CPUs together. 8 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventCounts {
    /// How often it was seen, while it was asked for.
    pub seen: [u64; COUNTED_EVENTS],
    /// How often of these the program rejected it.
    pub rejected: [u64; COUNTED_EVENTS],
}

const _: () = assert!(size_of::<EventCounts>() == 8192);

impl Default for EventCounts {
    fn default() -> EventCounts {
        EventCounts { seen: [0; COUNTED_EVENTS], rejected: [0; COUNTED_EVENTS] }
    }
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
