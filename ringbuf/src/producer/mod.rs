//! The side that writes: the producer of one ring and its gate.
//!
//! NOTE: this is linked into the kernel. Nothing here may panic, allocate, loop without a bound or call through a pointer.
#![allow(unsafe_code, reason = "the control pages are reached through raw pointers")]

mod slot;

pub use slot::{Full, MIN_SLOT, Slot};

use crate::atomic::{AtomicU32, AtomicU64, Ordering, add_one_alone};
use crate::counters::LiveCounters;
use crate::page::{ConsumerPage, MAGIC, PAGE_BYTES, ProducerPage, RawRing};
use crate::protocol::WritePosition;
use core::mem::forget;
use core::sync::atomic::compiler_fence;

/// Which part of the ring a record may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// All but the reserve.
    Ordinary,
    /// All of it: the reader's process table depends on it.
    Lifecycle,
}

/// Why a record was dropped by who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Memory that it could not do without could not be read.
    Fault,
    /// It would not fit: too long for a record, or for what was left of the ring (counted as full then).
    TooLong,
}

/// A producer was interrupted by another on its CPU: the second was refused, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested;

/// Room that is enough for a [`Producer`], for those who keep one without knowing what it is; 64-byte aligned is best.
pub const PRODUCER_BYTES: usize = 128;

const _: () = assert!(size_of::<Producer>() <= PRODUCER_BYTES && align_of::<Producer>() == 8);

/// The producer of one ring.
///
/// It lives in memory that only the producing side can write. It is used by one CPU at a time: whoever calls
/// [`Producer::enter`] neither migrates nor is preempted until the gate is left. Who interrupts that CPU may call too, at
/// any instruction and any depth: it is refused while an event is being handled, and all its work happens as if at one
/// moment otherwise.
#[derive(Debug)]
#[repr(C)]
pub struct Producer {
    ring: RawRing,
    /// Bytes of the ring that ordinary records may use.
    ordinary: u64,
    position: WritePosition,
    /// Sequence numbers taken by who held the gate; those who were refused took as many as `nested` counts.
    numbers: AtomicU64,
    /// 1 while an event is being handled.
    busy: AtomicU32,
}

// SAFETY: the pointers are to memory that has no tie to a thread, and `new` was promised that they stay valid. Not `Sync`:
// the gate keeps out who interrupts, not who runs at the same time.
unsafe impl Send for Producer {}

impl Producer {
    /// Sets a ring up, empty, and gives its producer. `reserve` bytes at its end are for lifecycle records; those are at
    /// most all.
    ///
    /// # Safety
    /// `ring` points to two control pages and to a data area of `size` bytes mapped twice in a row, all 64-byte aligned,
    /// writable, zeroed, and valid for as long as the producer is used. `size` is a power of two and at least
    /// [`PAGE_BYTES`]. No other producer uses the ring, and whoever reads it only reads, except in the consumer page.
    pub unsafe fn new(ring: RawRing, reserve: u64) -> Producer {
        debug_assert!(ring.size.is_power_of_two() && ring.size >= PAGE_BYTES as u64);
        let ordinary = ring.size.saturating_sub(reserve);
        let producer = Producer {
            ring,
            ordinary,
            position: WritePosition::at(0, ordinary >> 1),
            numbers: AtomicU64::new(0),
            busy: AtomicU32::new(0),
        };
        producer.page().size.store(ring.size, Ordering::Relaxed);
        producer.page().magic.store(MAGIC, Ordering::Release);
        producer
    }

    #[inline]
    fn page(&self) -> &ProducerPage {
        // SAFETY: `new` was promised a valid producer page for the producer's life; all its fields are atomics.
        unsafe { &*self.ring.producer }
    }

    #[inline]
    fn counters(&self) -> &LiveCounters {
        &self.page().counters
    }

    #[inline]
    fn consumer(&self) -> &ConsumerPage {
        // SAFETY: as for the producer page. The other side writes it at any moment: all its fields are atomics.
        unsafe { &*self.ring.consumer }
    }

    /// Begins to handle an event that somebody asked for: counts it as seen.
    ///
    /// # Errors
    /// [`Nested`] if another is being handled on this CPU; it is counted as dropped then.
    #[inline]
    pub fn enter(&self) -> Result<Gate<'_>, Nested> {
        // Who interrupts between this load and the store below has left again when the store happens, so a plain load
        // and store decide as well as an exchange would.
        if self.busy.load(Ordering::Relaxed) != 0 {
            self.refuse();
            return Err(Nested);
        }
        self.busy.store(1, Ordering::Relaxed);
        // NOTE: what is below is written without locked instructions because nobody else on this CPU writes it while
        // `busy` is set. The compiler must not move it out; the CPU, as seen by itself, does not.
        compiler_fence(Ordering::SeqCst);
        add_one_alone(&self.counters().entered);
        Ok(Gate { producer: self })
    }

    #[cold]
    fn refuse(&self) {
        self.counters().nested.fetch_add(1, Ordering::Relaxed);
    }

    /// Number for a record that ends now.
    #[inline]
    fn take_number(&self) -> u64 {
        let own = self.numbers.load(Ordering::Relaxed);
        self.numbers.store(own.wrapping_add(1), Ordering::Relaxed);
        own.wrapping_add(self.counters().nested.load(Ordering::Relaxed))
    }

    /// True if there is something that the consumer has not said to have read: what a poll for readability answers. Unlike
    /// all else it may be asked on any CPU, since it only loads what is written atomically.
    pub fn has_data(&self) -> bool {
        self.page().head.0.load(Ordering::Acquire) != self.consumer().words.tail.load(Ordering::Relaxed)
    }
}

/// An event being handled: at most one at a time. Dropped as it is, the event counts as filtered.
#[derive(Debug)]
pub struct Gate<'a> {
    producer: &'a Producer,
}

impl Drop for Gate<'_> {
    #[inline]
    fn drop(&mut self) {
        add_one_alone(&self.producer.counters().filtered);
        self.open();
    }
}

impl Gate<'_> {
    #[inline]
    fn open(&self) {
        compiler_fence(Ordering::SeqCst);
        self.producer.busy.store(0, Ordering::Relaxed);
    }

    /// The event's end was counted: leaves.
    #[inline]
    fn leave(self) {
        self.open();
        forget(self);
    }

    /// Counts a drop, which takes a sequence number so that the reader sees the gap, and leaves.
    fn leave_dropped(self, counter: &AtomicU64) {
        add_one_alone(counter);
        let _gap = self.producer.take_number();
        self.leave();
    }

    /// The filter says no, before room was reserved.
    #[inline]
    pub fn filtered(self) {
        drop(self);
    }

    /// Drops the event before room was reserved.
    pub fn dropped(self, cause: Cause) {
        let counters = self.producer.counters();
        self.leave_dropped(match cause {
            Cause::Fault => &counters.fault,
            Cause::TooLong => &counters.too_long,
        });
    }
}
