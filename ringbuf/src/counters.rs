//! What became of the records that a ring's producer saw.

use crate::atomic::{AtomicU64, Ordering};
use bytemuck::{Pod, Zeroable};

/// A reading of a ring's counters. Exact when the producer is at rest; else a moment's view, each number by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Counters {
    /// Events that somebody asked for.
    pub seen: u64,
    /// Records that were published.
    pub delivered: u64,
    /// Events that the filter said no to.
    pub filtered: u64,
    /// Dropped: an ordinary record found the ring full up to its reserve.
    pub dropped_full: u64,
    /// Dropped: a lifecycle record found the ring full.
    pub dropped_full_lifecycle: u64,
    /// Dropped: the event happened while another record of this CPU was being written.
    pub dropped_nested: u64,
    /// Dropped: memory that the record could not do without could not be read.
    pub dropped_fault: u64,
    /// Dropped: the record would have been longer than a record may be.
    pub dropped_too_long: u64,
}

impl Counters {
    /// Dropped for whatever cause.
    pub fn dropped(&self) -> u64 {
        self.causes().iter().fold(0, |sum, (_, count)| sum.wrapping_add(*count))
    }

    /// Each cause of drops by its name, with its count.
    pub fn causes(&self) -> [(&'static str, u64); 5] {
        [
            ("full", self.dropped_full),
            ("full_lifecycle", self.dropped_full_lifecycle),
            ("nested", self.dropped_nested),
            ("fault", self.dropped_fault),
            ("too_long", self.dropped_too_long),
        ]
    }

    /// The sum of both, number by number.
    pub fn plus(&self, other: &Counters) -> Counters {
        let mut sum = *self;
        for (to, from) in bytemuck::cast_slice_mut::<_, u64>(core::slice::from_mut(&mut sum))
            .iter_mut()
            .zip(bytemuck::cast_slice::<_, u64>(core::slice::from_ref(other)))
        {
            *to = to.wrapping_add(*from);
        }
        sum
    }
}

/// The same numbers where the producer writes them: on its page.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct LiveCounters {
    pub seen: AtomicU64,
    pub delivered: AtomicU64,
    pub filtered: AtomicU64,
    pub full: AtomicU64,
    pub full_lifecycle: AtomicU64,
    pub nested: AtomicU64,
    pub fault: AtomicU64,
    pub too_long: AtomicU64,
}

impl LiveCounters {
    /// Counts one. Atomic in itself: a nested producer may count between any two instructions of the outer one.
    #[inline]
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self) -> Counters {
        Counters {
            seen: self.seen.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            filtered: self.filtered.load(Ordering::Relaxed),
            dropped_full: self.full.load(Ordering::Relaxed),
            dropped_full_lifecycle: self.full_lifecycle.load(Ordering::Relaxed),
            dropped_nested: self.nested.load(Ordering::Relaxed),
            dropped_fault: self.fault.load(Ordering::Relaxed),
            dropped_too_long: self.too_long.load(Ordering::Relaxed),
        }
    }
}
