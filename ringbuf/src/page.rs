//! The two control pages, and where everything lies.

use crate::atomic::AtomicU64;
use crate::counters::LiveCounters;
use crate::protocol::{ConsumerWords, PublishedHead};

/// Smallest size of a page, and so of a data area, in bytes.
pub const PAGE_BYTES: usize = 4096;

/// First word of the producer page: a ring of this layout, in this byte order ("KESTREL1"). The number goes up when the
/// layout of the pages changes.
pub const MAGIC: u64 = u64::from_be_bytes(*b"KESTREL1");

/// The page that the consumer writes. The producer believes nothing it reads here.
#[derive(Debug)]
#[repr(C)]
pub struct ConsumerPage {
    pub(crate) words: ConsumerWords,
}

/// The page that the producer writes. Zeroed memory until [`crate::Producer::new`].
#[derive(Debug)]
#[repr(C)]
pub struct ProducerPage {
    pub(crate) magic: AtomicU64,
    /// Size of the data area in bytes.
    pub(crate) size: AtomicU64,
    pub(crate) head: PublishedHead,
    pub(crate) counters: LiveCounters,
}

const _: () = assert!(size_of::<ConsumerPage>() <= PAGE_BYTES);
const _: () = assert!(size_of::<ProducerPage>() <= PAGE_BYTES);

/// Where a producer finds its ring: addresses in its own address space.
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
