//! The producer's side of the protocol.

use super::words::{ConsumerWords, PublishedHead};
use crate::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Whether the consumer is to be woken after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a consumer that is not woken sleeps on"]
pub enum Wake {
    /// It is awake, or was told already.
    No,
    /// Now: the ring is as full as it asked for, or half full.
    Now,
    /// After this many microseconds, never 0: this is the first record since it went to sleep.
    After(u32),
}

/// Where the producer writes. It lives in memory of the producer's own; all of it is written by one context at a time, so
/// that no operation here needs to be a locked one.
#[derive(Debug)]
#[repr(C)]
pub struct WritePosition {
    head: AtomicU64,
    /// The consumer's `tail` when it was last looked at: an honest one can only have moved on since.
    tail: AtomicU64,
    /// Fill level at which the consumer is woken whatever it asked for: sleeping on would soon lose records.
    wake_at_most: u64,
    /// The sleep for which `Wake::Now` was last said, and the one for which `Wake::After` was.
    woken: AtomicU32,
    timed: AtomicU32,
}

impl WritePosition {
    /// A producer that begins at `position`, and wakes the consumer at a fill of `wake_at_most` bytes at the latest.
    pub fn at(position: u64, wake_at_most: u64) -> Self {
        WritePosition {
            head: AtomicU64::new(position),
            tail: AtomicU64::new(position),
            wake_at_most,
            woken: AtomicU32::new(0),
            timed: AtomicU32::new(0),
        }
    }

    /// Position of the next record.
    #[inline]
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Relaxed)
    }

    /// Bytes that may be written at the head if at most `limit` bytes of the ring may be in use: at least `least`, else 0.
    ///
    /// The consumer's word is looked at only if the last known one leaves less than `plenty`. It is an allegation: a tail
    /// ahead of the head, or further behind than `limit`, gives 0.
    #[inline]
    pub fn room(&self, consumer: &ConsumerWords, limit: u64, plenty: u64, least: u64) -> u64 {
        let used = self.head().wrapping_sub(self.tail.load(Ordering::Relaxed));
        let room = limit.saturating_sub(used);
        if room >= plenty { room } else { self.room_now(consumer, limit, least) }
    }

    #[cold]
    fn room_now(&self, consumer: &ConsumerWords, limit: u64, least: u64) -> u64 {
        let tail = consumer.tail.load(Ordering::Acquire);
        let used = self.head().wrapping_sub(tail);
        if used > limit {
            return 0;
        }
        // NOTE: only a tail that was checked is remembered; `room` relies on it.
        self.tail.store(tail, Ordering::Relaxed);
        let room = limit.wrapping_sub(used);
        if room >= least { room } else { 0 }
    }

    /// Publishes `len` bytes that were written at the head, and says whether to wake the consumer.
    #[inline]
    pub fn commit(&self, published: &PublishedHead, consumer: &ConsumerWords, len: u64) -> Wake {
        let head = self.head().wrapping_add(len);
        self.head.store(head, Ordering::Relaxed);
        published.0.store(head, Ordering::Release);
        fence(Ordering::SeqCst);
        match consumer.armed() {
            0 => Wake::No,
            sleep => self.wake(consumer, head, sleep),
        }
    }

    /// What to tell a consumer in its sleep of this number: each thing once.
    #[cold]
    fn wake(&self, consumer: &ConsumerWords, head: u64, sleep: u32) -> Wake {
        // With the release in `ConsumerWords::arm`: judge by what the consumer published before it went to sleep.
        fence(Ordering::Acquire);
        let fill = head.wrapping_sub(consumer.tail.load(Ordering::Relaxed));
        let delay = consumer.wake_delay_us();
        if delay == 0 || fill >= consumer.wake_bytes() || fill >= self.wake_at_most {
            if self.woken.load(Ordering::Relaxed) == sleep {
                return Wake::No;
            }
            self.woken.store(sleep, Ordering::Relaxed);
            return Wake::Now;
        }
        if self.timed.load(Ordering::Relaxed) == sleep {
            return Wake::No;
        }
        self.timed.store(sleep, Ordering::Relaxed);
        Wake::After(delay)
    }
}
