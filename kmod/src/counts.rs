//! What became of each event on one CPU: how often it was seen, and how often the program rejected it.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use kestrel_core::abi::COUNTED_EVENTS;
use kestrel_core::schema::EventId;

/// Counters by event id: `struct kestrel_cpu_counts`. The shim reads them.
///
/// NOTE: written without locked instructions, by whoever holds the gate of the CPU's ring.
#[derive(Debug)]
#[repr(C)]
pub struct Counts {
    /// Seen, and rejected by what was in registers: this is most of all that is seen, and costs one counter.
    at_once: [AtomicU64; COUNTED_EVENTS],
    /// Seen, but for those.
    seen: [AtomicU64; COUNTED_EVENTS],
    /// Rejected, but for those.
    rejected: [AtomicU64; COUNTED_EVENTS],
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            at_once: [const { AtomicU64::new(0) }; COUNTED_EVENTS],
            seen: [const { AtomicU64::new(0) }; COUNTED_EVENTS],
            rejected: [const { AtomicU64::new(0) }; COUNTED_EVENTS],
        }
    }
}

impl Counts {
    /// Somebody asked for the event, and the program said no to it at once.
    #[inline]
    pub(crate) fn count_rejected_at_once(&self, event: EventId) {
        add_one(&self.at_once, event);
    }

    /// Somebody asked for the event.
    #[inline]
    pub(crate) fn count_seen(&self, event: EventId) {
        add_one(&self.seen, event);
    }

    /// The program said no to it.
    #[inline]
    pub(crate) fn count_rejected(&self, event: EventId) {
        add_one(&self.rejected, event);
    }
}

#[inline]
fn add_one(counters: &[AtomicU64; COUNTED_EVENTS], event: EventId) {
    if let Some(counter) = counters.get(usize::from(event.0)) {
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}
