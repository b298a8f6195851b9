//! The side that reads.
#![allow(unsafe_code, reason = "records are read through the ring's mapping")]

use crate::atomic::Ordering;
use crate::counters::Counters;
use crate::mapping::{MapError, Mapping};
use crate::page::{ConsumerPage, MAGIC, ProducerPage};
use crate::protocol::{Overrun, ReadPosition};
use kestrel_core::event::{ALIGN, MAX_RECORD, RecordHeader};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What lies at the tail is no record. Nothing can be read from there on; [`Ring::resync`] gives up what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ring is corrupt at position {position}: {what}")]
pub struct Corrupt {
    /// The tail's position.
    pub position: u64,
    /// What is wrong there.
    pub what: &'static str,
}

/// One ring, mapped for reading. Only one process may read a ring; the device sees to that.
#[derive(Debug)]
pub struct Ring {
    mapping: Mapping,
    size: u64,
    position: ReadPosition,
    /// Length of the record that `peek` showed last; 0 if it showed none.
    peeked: u64,
}

impl Ring {
    /// Maps the ring of a device whose data area has `data_bytes` bytes. Reading goes on where the last consumer
    /// published its tail.
    ///
    /// # Errors
    /// [`MapError`] if the device refuses, or what it maps is no ring of this size.
    pub fn map(fd: BorrowedFd<'_>, data_bytes: usize) -> Result<Ring, MapError> {
        Ring::over(Mapping::device(fd, data_bytes)?, data_bytes)
    }

    pub(crate) fn over(mapping: Mapping, data_bytes: usize) -> Result<Ring, MapError> {
        let size = data_bytes as u64;
        let producer = producer_page(&mapping);
        if producer.magic.load(Ordering::Acquire) != MAGIC || producer.size.load(Ordering::Relaxed) != size {
            return Err(MapError::NoRing);
        }
        let position = ReadPosition::attach(&consumer_page(&mapping).words, size);
        Ok(Ring { mapping, size, position, peeked: 0 })
    }

    /// The next record, whole, its framing checked: the bytes begin with a header whose `len` is their number. `None` if
    /// there is none now. The same record again until [`Ring::advance`].
    ///
    /// # Errors
    /// [`Corrupt`] if what lies there is no record.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<&[u8]>, Corrupt> {
        self.peeked = 0;
        let available = match self.position.available(&producer_page(&self.mapping).head) {
            Ok(0) => return Ok(None),
            Ok(available) => available,
            Err(Overrun) => return Err(self.corrupt("more was published than the ring can hold")),
        };
        let tail = self.position.tail();
        if available < size_of::<RecordHeader>() as u64 || tail & (ALIGN as u64 - 1) != 0 {
            return Err(self.corrupt("what was published is no record"));
        }
        let place = (tail & (self.size - 1)) as usize;
        // SAFETY: `place` is within the data area.
        let at = unsafe { self.mapping.data().add(place) };
        // SAFETY: at least a header's bytes are published there, and it is 8-byte aligned.
        let len = unsafe { at.cast::<u32>().read() } as usize;
        if len < size_of::<RecordHeader>() || len > MAX_RECORD || len & (ALIGN - 1) != 0 {
            return Err(self.corrupt("no record has such a length"));
        }
        if len as u64 > available {
            return Err(self.corrupt("the record is longer than what was published"));
        }
        self.peeked = len as u64;
        // SAFETY: `len` is at most what was published and so at most the ring's size, and the data area is mapped twice, so
        // all bytes are mapped. The producer does not write them before the tail is published beyond them, which takes
        // `&mut self` and so ends this borrow.
        Ok(Some(unsafe { std::slice::from_raw_parts(at, len) }))
    }

    #[cold]
    fn corrupt(&self, what: &'static str) -> Corrupt {
        Corrupt { position: self.position.tail(), what }
    }

    /// Goes on behind the record that [`Ring::peek`] showed; nothing if it showed none. The record's room is given back by
    /// [`Ring::publish`].
    #[inline]
    pub fn advance(&mut self) {
        self.position.advance(std::mem::take(&mut self.peeked));
    }

    /// Gives the room of everything that was read back to the producer. Batched: once in a while is enough.
    #[inline]
    pub fn publish(&mut self) {
        self.position.publish(&consumer_page(&self.mapping).words);
    }

    /// After [`Corrupt`]: gives up everything that is in the ring and goes on with the next record that will be written.
    /// Returns the number of bytes given up, at most the ring's size; the records in them show as a gap in the sequence
    /// numbers.
    pub fn resync(&mut self) -> u64 {
        self.peeked = 0;
        let skipped = self.position.skip_all(&producer_page(&self.mapping).head, &consumer_page(&self.mapping).words);
        skipped.min(self.size)
    }

    /// True if a record is left of those that had been published when the producer's head was last looked at. What another
    /// CPU's record caused may be newer than that.
    pub fn is_known(&self) -> bool {
        self.position.is_known()
    }

    /// Bytes read and not yet given back.
    pub fn unpublished(&self) -> u64 {
        self.position.tail().wrapping_sub(consumer_page(&self.mapping).words.tail.load(Ordering::Relaxed))
    }

    /// Bytes published by the producer and not yet read.
    pub fn fill_level(&self) -> u64 {
        producer_page(&self.mapping).head.0.load(Ordering::Acquire).wrapping_sub(self.position.tail())
    }

    /// Size of the data area in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Says when to be woken: at once when this many bytes are unread (half of the ring at the latest), else this long
    /// after the first record. The delay counts in whole microseconds, at most 71 minutes; with less than one, the first
    /// record wakes at once.
    pub fn set_wake(&mut self, bytes: u32, delay: Duration) {
        let delay = u32::try_from(delay.as_micros()).unwrap_or(u32::MAX);
        consumer_page(&self.mapping).words.set_wake(bytes, delay);
    }

    /// Everything was read: publishes the tail and asks to be woken. False if something came in between: read on then.
    #[must_use = "who sleeps after false is not woken"]
    pub fn arm(&mut self) -> bool {
        self.position.arm(&producer_page(&self.mapping).head, &consumer_page(&self.mapping).words)
    }

    /// Awake again: the producer need not say anything.
    pub fn disarm(&mut self) {
        consumer_page(&self.mapping).words.disarm();
    }

    /// What became of the events that the producer saw.
    pub fn counters(&self) -> Counters {
        producer_page(&self.mapping).counters.read()
    }
}

fn consumer_page(mapping: &Mapping) -> &ConsumerPage {
    // SAFETY: every mapping begins with a readable and writable consumer page and lives as long as the reference; all
    // fields of the page are atomics, for which any bytes will do.
    unsafe { &*mapping.start().cast() }
}

fn producer_page(mapping: &Mapping) -> &ProducerPage {
    // SAFETY: every mapping's second page is the readable producer page; all its fields are atomics, for which any bytes
    // will do, and they are only loaded here.
    unsafe { &*mapping.start().add(mapping.page()).cast() }
}
