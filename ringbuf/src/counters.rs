//! What became of the events that a ring's producer saw.

use crate::atomic::{AtomicU64, Ordering};
use bytemuck::{Pod, Zeroable};

/// A reading of a ring's counters.
///
/// `seen = delivered + filtered + dropped`, exactly, whenever the producer is at rest; while it handles an event, `seen` is
/// one ahead ([`Counters::unfinished`]).
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
    /// Dropped: the event happened while another event of this CPU was being handled.
    pub dropped_nested: u64,
    /// Dropped: memory that the record could not do without could not be read.
    pub dropped_fault: u64,
    /// Dropped: the record would have been longer than a record may be.
    pub dropped_too_long: u64,
}

const WORDS: usize = size_of::<Counters>() / size_of::<u64>();

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

    /// Sequence number that the next record will have: as many were taken as records were delivered or dropped.
    pub fn next_seq(&self) -> u64 {
        self.delivered.wrapping_add(self.dropped())
    }

    /// Events whose end is not counted yet: 0 at rest, 1 while the producer handles one. Anything else would be a mistake
    /// in the producer.
    pub fn unfinished(&self) -> u64 {
        self.seen.wrapping_sub(self.next_seq()).wrapping_sub(self.filtered)
    }

    /// The sum of both, number by number.
    #[must_use]
    pub fn plus(&self, other: &Counters) -> Counters {
        let mut sum: [u64; WORDS] = bytemuck::must_cast(*self);
        let other: [u64; WORDS] = bytemuck::must_cast(*other);
        for (to, from) in sum.iter_mut().zip(other) {
            *to = to.wrapping_add(from);
        }
        bytemuck::must_cast(sum)
    }
}

/// The same numbers where the producer writes them: on its page.
///
/// NOTE: all but `nested` are written only by who holds the gate, hence by plain loads and stores. `nested` is written by
/// whoever is refused, at any depth, hence by atomic additions. `seen` is made of both when it is read.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct LiveCounters {
    /// Events that got through the gate.
    pub entered: AtomicU64,
    pub delivered: AtomicU64,
    pub filtered: AtomicU64,
    pub full: AtomicU64,
    pub full_lifecycle: AtomicU64,
    pub nested: AtomicU64,
    pub fault: AtomicU64,
    pub too_long: AtomicU64,
}

impl LiveCounters {
    /// One reading of each word by itself.
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "read by consumers"))]
    fn read_once(&self) -> Counters {
        // Acquire keeps a reading's loads, and one reading and the next, in order.
        let nested = self.nested.load(Ordering::Acquire);
        Counters {
            seen: self.entered.load(Ordering::Acquire).wrapping_add(nested),
            delivered: self.delivered.load(Ordering::Acquire),
            filtered: self.filtered.load(Ordering::Acquire),
            dropped_full: self.full.load(Ordering::Acquire),
            dropped_full_lifecycle: self.full_lifecycle.load(Ordering::Acquire),
            dropped_nested: nested,
            dropped_fault: self.fault.load(Ordering::Acquire),
            dropped_too_long: self.too_long.load(Ordering::Acquire),
        }
    }

    /// A reading of one moment: the words only grow, so two equal readings in a row were true together in between. After
    /// a few attempts, which only a producer without any pause can bring to nothing, the last reading is given as it is.
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "read by consumers"))]
    pub fn read(&self) -> Counters {
        const ATTEMPTS: usize = 16;
        let mut last = self.read_once();
        for _ in 0..ATTEMPTS {
            let next = self.read_once();
            if next == last {
                break;
            }
            last = next;
        }
        last
    }
}
