//! The side that reads.
#![allow(unsafe_code, reason = "records are read through the ring's mapping")]

use crate::atomic::Ordering;
use crate::counters::Counters;
use crate::mapping::{MapError, Mapping};
use crate::page::{ConsumerPage, MAGIC, PAGE_BYTES, ProducerPage};
use kestrel_core::event::{ALIGN, MAX_RECORD, RecordHeader};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// The ring makes no sense: what lies at the tail is no record. Nothing more can be read from it.
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
    /// Position of the next record to hand out; ahead of the published tail by what was read since.
    tail: u64,
    /// The producer's head when it was last looked at.
    head: u64,
}

impl Ring {
    /// Maps the ring of a device (or of a file laid out like one, see [`crate::MemoryRing`]) whose data area has
    /// `data_bytes` bytes. Reading goes on where the last consumer published its tail.
    ///
    /// # Errors
    /// [`MapError`] if the device refuses, or what it maps is no ring of this size.
    pub fn map(fd: BorrowedFd<'_>, data_bytes: usize) -> Result<Ring, MapError> {
        Ring::over(Mapping::device(fd, data_bytes)?, data_bytes)
    }

    pub(crate) fn over(mapping: Mapping, data_bytes: usize) -> Result<Ring, MapError> {
        let size = data_bytes as u64;
        let mut ring = Ring { mapping, size, tail: 0, head: 0 };
        if ring.producer().magic.load(Ordering::Acquire) != MAGIC
            || ring.producer().size.load(Ordering::Relaxed) != size
        {
            return Err(MapError::NoRing);
        }
        ring.tail = ring.consumer().words.tail.load(Ordering::Relaxed);
        ring.head = ring.tail;
        ring.consumer().words.disarm();
        Ok(ring)
    }

    fn consumer(&self) -> &ConsumerPage {
        // SAFETY: the mapping begins with a readable and writable consumer page and lives as long as `self`; its fields
        // are atomics.
        unsafe { &*self.mapping.start().cast() }
    }

    fn producer(&self) -> &ProducerPage {
        // SAFETY: the mapping's second page is the readable producer page; its fields are atomics and only loaded here.
        unsafe { &*self.mapping.start().add(PAGE_BYTES).cast() }
    }

    /// The next record, whole, framing checked: its bytes begin with a header whose `len` is their length. `None` if there
    /// is none now. The same record again until [`Ring::advance`].
    ///
    /// # Errors
    /// [`Corrupt`] if what lies there is no record.
    pub fn peek(&mut self) -> Result<Option<&[u8]>, Corrupt> {
        if self.tail == self.head {
            self.head = self.producer().head.load(Ordering::Acquire);
            if self.tail == self.head {
                return Ok(None);
            }
        }
        let len = self.len_at_tail()?;
        let place = self.tail & (self.size - 1);
        // SAFETY: `len` is at most what was published and at most the ring's size (`len_at_tail`), and the data area is
        // mapped twice, so the bytes are mapped. The producer does not write them before the tail is published beyond
        // them, which needs `&mut self` and so ends this borrow.
        let bytes = unsafe {
            let data = self.mapping.start().add(2 * PAGE_BYTES).add(place as usize);
            std::slice::from_raw_parts(data, len)
        };
        Ok(Some(bytes))
    }

    /// Length of the record at the tail, checked against what was published.
    fn len_at_tail(&self) -> Result<usize, Corrupt> {
        let corrupt = |what| Corrupt { position: self.tail, what };
        let available = self.head.wrapping_sub(self.tail);
        if available > self.size {
            return Err(corrupt("more was published than the ring can hold"));
        }
        if available < size_of::<RecordHeader>() as u64 || !self.tail.is_multiple_of(ALIGN as u64) {
            return Err(corrupt("less than a record's header was published"));
        }
        let place = (self.tail & (self.size - 1)) as usize;
        // SAFETY: at least a header's bytes are published at `place`, which is 8-byte aligned and within the data area.
        let len = unsafe { self.mapping.start().add(2 * PAGE_BYTES).add(place).cast::<u32>().read() } as usize;
        if len < size_of::<RecordHeader>() || len > MAX_RECORD || !len.is_multiple_of(ALIGN) {
            return Err(corrupt("the record's length cannot be"));
        }
        if len as u64 > available {
            return Err(corrupt("the record is longer than what was published"));
        }
        Ok(len)
    }

    /// Goes on behind the record that [`Ring::peek`] shows. Its room is given back by [`Ring::publish`].
    pub fn advance(&mut self) {
        if let Ok(len) = self.len_at_tail() {
            self.tail = self.tail.wrapping_add(len as u64);
        }
    }

    /// Gives the room of everything that was read back to the producer. Batched: once in a while is enough.
    pub fn publish(&mut self) {
        self.consumer().words.tail.store(self.tail, Ordering::Release);
    }

    /// Bytes read and not yet given back.
    pub fn unpublished(&self) -> u64 {
        self.tail.wrapping_sub(self.consumer().words.tail.load(Ordering::Relaxed))
    }

    /// Bytes published by the producer and not yet read.
    pub fn fill_level(&self) -> u64 {
        self.producer().head.load(Ordering::Acquire).wrapping_sub(self.tail)
    }

    /// Size of the data area in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Says when to be woken: at this many bytes at once, or this long after the first record. The producer bounds neither:
    /// a delay of 0 means at once.
    pub fn set_wake(&mut self, bytes: u32, delay: Duration) {
        let words = &self.consumer().words;
        words.wake_bytes.store(bytes, Ordering::Relaxed);
        words.wake_delay_us.store(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Everything was read: publishes the tail and asks to be woken. False if something came in between: read on then.
    pub fn arm(&mut self) -> bool {
        self.publish();
        self.consumer().words.arm(&self.producer().head, self.tail)
    }

    /// Awake again: the producer need not say anything.
    pub fn disarm(&mut self) {
        self.consumer().words.disarm();
    }

    /// What became of the records that the producer saw.
    pub fn counters(&self) -> Counters {
        self.producer().counters.read()
    }

    /// Number of the next record that the producer will want to deliver.
    pub fn next_seq(&self) -> u64 {
        self.producer().seq.load(Ordering::Relaxed)
    }
}
