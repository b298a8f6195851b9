//! The first 32 bytes of a record.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Record header: framing, identity and time of one event. 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct RecordHeader {
    /// Length of the whole record in bytes, this header included; a multiple of 8. The ring frames by this word alone.
    pub len: u32,
    /// Event id: see [`crate::schema`].
    pub event: u16,
    /// [`Flags`].
    pub flags: u16,
    /// CPU the event happened on; equal to the ring's CPU.
    pub cpu: u16,
    /// Number of parameter slots that follow the task context.
    pub nparams: u16,
    /// Zero.
    pub reserved: u32,
    /// Number of this record in its CPU's sequence. A record that was dropped took a number too: gaps prove loss.
    pub seq: u64,
    /// Wall-clock time of the event in nanoseconds since the Unix epoch.
    pub time_ns: u64,
}

const _: () = assert!(size_of::<RecordHeader>() == 32);

/// Flags of a record, the bits of [`RecordHeader::flags`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    /// The call returned an error.
    pub const FAILED: Flags = Flags(1 << 0);
    /// The caller used the 32-bit system call table.
    pub const COMPAT32: Flags = Flags(1 << 1);
    /// The operation was asked for through an io_uring, not by its system call.
    pub const IO_URING: Flags = Flags(1 << 2);
    /// At least one parameter was cut to fit.
    pub const TRUNCATED: Flags = Flags(1 << 3);
    /// What an argument in user memory says at the end of the call is not what the kernel acted by, most likely because another
    /// thread wrote over it meanwhile. It is set where the kernel's own value can be compared (`fill/rewritten.rs`).
    pub const REWRITTEN: Flags = Flags(1 << 4);
    /// User memory that a parameter needed could not be read; that parameter is absent.
    pub const FAULT: Flags = Flags(1 << 5);

    /// True if every bit of `other` is set.
    #[inline]
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets the bits of `other`.
    #[inline]
    pub fn insert(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}
