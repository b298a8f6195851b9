//! Room for one record: reserved, written in place, committed or given up.

use super::{Cause, Class, Gate};
use crate::atomic::{AtomicU64, add_one_alone};
use crate::counters::LiveCounters;
use crate::protocol::Wake;
use core::mem::offset_of;
use kestrel_core::event::{ALIGN, MAX_RECORD, RecordHeader};

/// The ring is as full as this class of records may make it; counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Bytes that a slot has at least: a header, a task context and a few parameters. With less the ring counts as full.
pub const MIN_SLOT: u64 = 256;

/// Offsets and size of what the ring itself writes into a record's header: the length that frames it, and its number.
const LEN: usize = offset_of!(RecordHeader, len);
const SEQ: usize = offset_of!(RecordHeader, seq);
const HEADER: usize = size_of::<RecordHeader>();

impl Class {
    #[inline]
    fn full(self, counters: &LiveCounters) -> &AtomicU64 {
        match self {
            Class::Ordinary => &counters.full,
            Class::Lifecycle => &counters.full_lifecycle,
        }
    }
}

impl<'a> Gate<'a> {
    /// Room for one record: [`MAX_RECORD`] bytes, or what is left if that is less but still of use.
    ///
    /// # Errors
    /// [`Full`] if there is none for this class; counted then.
    #[inline]
    pub fn reserve(self, class: Class) -> Result<Slot<'a>, Full> {
        let producer = self.producer;
        let limit = match class {
            Class::Ordinary => producer.ordinary,
            Class::Lifecycle => producer.ring.size,
        };
        let words = &producer.consumer().words;
        let room = producer.position.room(words, limit, MAX_RECORD as u64, MIN_SLOT);
        if room == 0 {
            self.leave_dropped(class.full(producer.counters()));
            return Err(Full);
        }
        let len = if room > MAX_RECORD as u64 { MAX_RECORD } else { room as usize };
        let place = producer.position.head() & producer.ring.size.wrapping_sub(1);
        // SAFETY: `place` is below `size` and `len` at most the free part of the ring, so the bytes lie within the doubly
        // mapped area. Nobody reads them before `head` is published, and the gate keeps other producers out.
        let bytes = unsafe { core::slice::from_raw_parts_mut(producer.ring.data.add(place as usize), len) };
        Ok(Slot { bytes, class, gate: self })
    }
}

/// Room for one record. Dropped as it is, the event counts as filtered, and nothing is left of it.
#[derive(Debug)]
#[must_use = "a slot that is dropped counts as filtered: end it by commit, filtered or dropped"]
pub struct Slot<'a> {
    bytes: &'a mut [u8],
    class: Class,
    gate: Gate<'a>,
}

impl Slot<'_> {
    /// The room: 8-byte aligned, up to [`MAX_RECORD`] bytes. Whatever lay there before is still in it, so a writer must
    /// write every byte of what it commits.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Publishes the record of `len` bytes at the front of the slot and says whether the consumer is to be woken. The ring
    /// writes `len` and the sequence number into the header, whatever was there. A length that is no record's (shorter
    /// than a header, not a multiple of [`ALIGN`], longer than the slot) is dropped as too long.
    #[inline]
    pub fn commit(self, len: usize) -> Wake {
        let Slot { bytes, gate, .. } = self;
        let producer = gate.producer;
        let header = match bytes.get_mut(..len) {
            Some(record) if len & (ALIGN - 1) == 0 => record.first_chunk_mut::<HEADER>(),
            _ => None,
        };
        let Some(header) = header else {
            gate.dropped(Cause::TooLong);
            return Wake::No;
        };
        put(header, LEN, (len as u32).to_ne_bytes());
        put(header, SEQ, producer.take_number().to_ne_bytes());
        add_one_alone(&producer.counters().delivered);
        let wake = producer.position.commit(&producer.page().head, &producer.consumer().words, len as u64);
        gate.leave();
        wake
    }

    /// The filter says no: nothing happened.
    #[inline]
    pub fn filtered(self) {
        self.gate.filtered();
    }

    /// The record cannot be written. One that is too long for a slot that was shorter than a record may be found the ring
    /// full.
    pub fn dropped(self, cause: Cause) {
        if matches!(cause, Cause::TooLong) && self.bytes.len() < MAX_RECORD {
            let full = self.class.full(self.gate.producer.counters());
            return self.gate.leave_dropped(full);
        }
        self.gate.dropped(cause);
    }
}

/// Writes a field of a header; `at` is a constant that lies within it.
#[inline]
fn put<const N: usize>(header: &mut [u8; HEADER], at: usize, value: [u8; N]) {
    if let Some(field) = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
        *field = value;
    }
}
