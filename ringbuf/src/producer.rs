//! The side that writes.
#![allow(unsafe_code, reason = "records are written through the ring's raw memory")]

use crate::atomic::{AtomicU32, Ordering};
use crate::counters::{Counters, LiveCounters};
use crate::page::{ConsumerPage, MAGIC, PAGE_BYTES, ProducerPage, RawRing};
use crate::position::{ProducerState, Wake};
use core::mem::offset_of;
use kestrel_core::event::{ALIGN, MAX_RECORD, RecordHeader};

/// Which part of the ring a record may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// All but the reserve.
    Ordinary,
    /// All of it: the process table depends on it.
    Lifecycle,
}

/// Why a record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Memory that it could not do without could not be read.
    Fault,
    /// It would not fit the slot: too long for a record, or for what was left of the ring.
    TooLong,
}

/// A producer was interrupted by another on its CPU: the second was refused, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested;

/// The ring is as full as this class of records may make it; counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Bytes that a slot has at least: a header, a task context and a few parameters. With less the ring counts as full.
const MIN_SLOT: u64 = 256;

/// Size and alignment of a [`Producer`], for those who keep room for one without knowing what it is.
pub const PRODUCER_BYTES: usize = 80;

const _: () = assert!(size_of::<Producer>() <= PRODUCER_BYTES && align_of::<Producer>() == 8);

/// The producer of one ring. Lives in memory that only the producing side can write; used by one CPU at a time.
#[derive(Debug)]
#[repr(C)]
pub struct Producer {
    ring: RawRing,
    reserve: u64,
    state: ProducerState,
    busy: AtomicU32,
}

impl Producer {
    /// Sets a ring up, empty, and gives its producer. `reserve` bytes at its end are for lifecycle records.
    ///
    /// # Safety
    /// `ring` points to two control pages and to a data area of `size` bytes mapped twice in a row, all writable, zeroed,
    /// and valid for as long as the producer is used. `size` is a power of two and at least [`PAGE_BYTES`].
    pub unsafe fn new(ring: RawRing, reserve: u64) -> Producer {
        debug_assert!(ring.size.is_power_of_two() && ring.size >= PAGE_BYTES as u64);
        let producer = Producer {
            ring,
            reserve: if reserve > ring.size { ring.size } else { reserve },
            state: ProducerState::at(0),
            busy: AtomicU32::new(0),
        };
        producer.page().size.store(ring.size, Ordering::Relaxed);
        producer.page().magic.store(MAGIC, Ordering::Release);
        producer
    }

    fn page(&self) -> &ProducerPage {
        // SAFETY: `new` was promised a valid producer page for the producer's life; all its fields are atomics.
        unsafe { &*self.ring.producer }
    }

    fn consumer(&self) -> &ConsumerPage {
        // SAFETY: as for the producer page. The other side writes it at any moment: all its fields are atomics.
        unsafe { &*self.ring.consumer }
    }

    /// Begins to handle an event that somebody asked for.
    ///
    /// # Errors
    /// [`Nested`] if another is being handled on this CPU; counted then.
    #[inline]
    pub fn enter(&self) -> Result<Gate<'_>, Nested> {
        LiveCounters::count(&self.page().counters.seen);
        // Nesting is last in, first out on one CPU, so a plain load and store decide as well as an exchange would.
        if self.busy.load(Ordering::Relaxed) != 0 {
            self.drop_one(&self.page().counters.nested);
            return Err(Nested);
        }
        self.busy.store(1, Ordering::Relaxed);
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        Ok(Gate { producer: self })
    }

    /// Counts a drop. It takes a sequence number, so that the reader sees the gap.
    #[cold]
    fn drop_one(&self, counter: &crate::atomic::AtomicU64) {
        LiveCounters::count(counter);
        self.page().seq.fetch_add(1, Ordering::Relaxed);
    }

    /// True if there is something to read.
    pub fn has_data(&self) -> bool {
        self.state.head() != self.consumer().words.tail.load(Ordering::Relaxed)
    }

    /// A new consumer takes over: it is awake. A tail that cannot be (the last consumer was hostile, or broken) is put
    /// right: what was not read is skipped, which the sequence numbers show.
    ///
    /// # Safety
    /// The consumer page is writable for the producer, and no consumer uses it now.
    pub unsafe fn attach(&self) {
        let words = &self.consumer().words;
        words.disarm();
        let head = self.state.head();
        let used = head.wrapping_sub(words.tail.load(Ordering::Relaxed));
        if used > self.ring.size || !used.is_multiple_of(ALIGN as u64) {
            words.tail.store(head, Ordering::Release);
        }
    }

    /// The ring's counters.
    pub fn counters(&self) -> Counters {
        self.page().counters.read()
    }
}

/// An event being handled. At most one a producer at a time.
#[derive(Debug)]
pub struct Gate<'a> {
    producer: &'a Producer,
}

impl Drop for Gate<'_> {
    #[inline]
    fn drop(&mut self) {
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        self.producer.busy.store(0, Ordering::Relaxed);
    }
}

impl<'a> Gate<'a> {
    /// Room for one record.
    ///
    /// # Errors
    /// [`Full`] if there is none for this class; counted then.
    #[inline]
    pub fn reserve(self, class: Class) -> Result<Slot<'a>, Full> {
        let producer = self.producer;
        let (limit, counter) = match class {
            Class::Ordinary => (producer.ring.size - producer.reserve, &producer.page().counters.full),
            Class::Lifecycle => (producer.ring.size, &producer.page().counters.full_lifecycle),
        };
        let mut room = producer.state.room(&producer.consumer().words, limit, MAX_RECORD as u64);
        if room == 0 {
            room = producer.state.room(&producer.consumer().words, limit, MIN_SLOT);
            if room == 0 {
                producer.drop_one(counter);
                return Err(Full);
            }
        }
        let len = if room > MAX_RECORD as u64 { MAX_RECORD } else { room as usize };
        let place = producer.state.head() & (producer.ring.size - 1);
        // SAFETY: `place` is below `size` and `len` at most the free part of the ring, so the bytes lie within the doubly
        // mapped area; nobody reads them before `head` is published, and the gate keeps other producers out.
        let bytes = unsafe { core::slice::from_raw_parts_mut(producer.ring.data.add(place as usize), len) };
        Ok(Slot { bytes, class, gate: self })
    }

    /// The filter says no, before a slot was reserved.
    pub fn filtered(self) {
        LiveCounters::count(&self.producer.page().counters.filtered);
    }

    /// Drops the event before a slot was reserved.
    pub fn dropped(self, cause: Cause) {
        self.producer.drop_one(counter_of(self.producer.page(), cause));
    }
}

fn counter_of(page: &ProducerPage, cause: Cause) -> &crate::atomic::AtomicU64 {
    match cause {
        Cause::Fault => &page.counters.fault,
        Cause::TooLong => &page.counters.too_long,
    }
}

/// Room for one record. Dropped as it is, it leaves no trace but a count in `filtered`: end it by one of its methods.
#[derive(Debug)]
#[must_use = "a slot ends by commit, filtered or dropped"]
pub struct Slot<'a> {
    bytes: &'a mut [u8],
    class: Class,
    gate: Gate<'a>,
}

impl Slot<'_> {
    /// The room: 8-byte aligned, up to [`MAX_RECORD`] bytes. Whatever lay there before is still in it.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Publishes the record of `len` bytes at the front of the slot, with the next sequence number in its header, and says
    /// whether the consumer is to be woken. A length that cannot be is dropped as too long.
    #[inline]
    pub fn commit(self, len: usize) -> Wake {
        const SEQ: usize = offset_of!(RecordHeader, seq);
        let page = self.gate.producer.page();
        let seq_bytes = self.bytes.get_mut(..len).and_then(|record| record.get_mut(SEQ..SEQ + 8));
        let Some(seq_bytes) = seq_bytes.filter(|_| len.is_multiple_of(ALIGN)) else {
            self.gate.dropped(Cause::TooLong);
            return Wake::No;
        };
        let seq = page.seq.fetch_add(1, Ordering::Relaxed);
        for (to, from) in seq_bytes.iter_mut().zip(seq.to_ne_bytes()) {
            *to = from;
        }
        LiveCounters::count(&page.counters.delivered);
        let producer = self.gate.producer;
        producer.state.commit(&page.head, &producer.consumer().words, len as u64)
    }

    /// The filter says no: nothing happened.
    pub fn filtered(self) {
        self.gate.filtered();
    }

    /// The record cannot be written. One that did not fit a slot shorter than a record may be found the ring full.
    pub fn dropped(self, cause: Cause) {
        let page = self.gate.producer.page();
        let counter = match (cause, self.class) {
            (Cause::TooLong, Class::Ordinary) if self.bytes.len() < MAX_RECORD => &page.counters.full,
            (Cause::TooLong, Class::Lifecycle) if self.bytes.len() < MAX_RECORD => &page.counters.full_lifecycle,
            _ => counter_of(page, cause),
        };
        self.gate.producer.drop_one(counter);
    }
}
