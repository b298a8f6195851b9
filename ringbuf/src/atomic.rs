//! The atomics of the machine, or those of the model checker.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Adds one with a plain load and a plain store (on x86 one instruction, and without the price of a locked one): for
/// words that only one context at a time writes.
#[cfg(not(loom))]
#[inline]
pub(crate) fn add_one_alone(word: &AtomicU64) {
    word.store(word.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
