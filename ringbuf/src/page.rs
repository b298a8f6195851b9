//! The two control pages and where everything lies in a mapping.

use crate::atomic::AtomicU64;
use crate::counters::LiveCounters;
use crate::position::ConsumerWords;

/// Size of a control page in bytes; the data area is a multiple of it. Kernels with larger pages are not supported.
pub const PAGE_BYTES: usize = 4096;

/// First word of the producer page: a ring, and the byte order it is written in ("KESTREL1").
pub const MAGIC: u64 = u64::from_be_bytes(*b"KESTREL1");

/// The page that the consumer writes. The producer believes nothing it reads here.
#[derive(Debug)]
#[repr(C)]
pub struct ConsumerPage {
    pub(crate) words: ConsumerWords,
}

/// The page that the producer writes.
#[derive(Debug)]
#[repr(C)]
pub struct ProducerPage {
    pub(crate) magic: AtomicU64,
    /// Size of the data area in bytes.
    pub(crate) size: AtomicU64,
    /// Position of the next record to be written: everything before it is published.
    pub(crate) head: AtomicU64,
    /// Number of the next record.
    pub(crate) seq: AtomicU64,
    pub(crate) counters: LiveCounters,
}

const _: () = assert!(size_of::<ConsumerPage>() <= PAGE_BYTES);
const _: () = assert!(size_of::<ProducerPage>() <= PAGE_BYTES);

/// Offset of the data area in a mapping that begins with the consumer page.
pub const fn data_offset() -> usize {
    2 * PAGE_BYTES
}

/// Where a producer finds its ring.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RawRing {
    /// The consumer page.
    pub consumer: *const ConsumerPage,
    /// The producer page.
    pub producer: *const ProducerPage,
    /// The data area, mapped twice in a row.
    pub data: *mut u8,
    /// Its size in bytes (once): a power of two, at least [`PAGE_BYTES`].
    pub size: u64,
}
