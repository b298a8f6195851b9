//! The protocol itself: two positions and the word between work and sleep. It knows no bytes, so that the model checker
//! can go through every interleaving of it.
//!
//! NOTE: the two fences pair with each other. Without either, a consumer could go to sleep on a record that was published
//! while it looked away.

use crate::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Whether the consumer is to be woken after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// It is awake, or was told already.
    No,
    /// Now: the ring is as full as it asked for.
    Now,
    /// After this many microseconds: the first record since it went to sleep.
    After(u32),
}

/// The words that the consumer writes.
#[derive(Debug)]
#[repr(C)]
pub struct ConsumerWords {
    /// Position of the next record to read.
    pub tail: AtomicU64,
    /// 0 while the consumer is awake; else the number of this sleep.
    pub armed: AtomicU32,
    /// Fill level in bytes at which the consumer wants to be woken at once.
    pub wake_bytes: AtomicU32,
    /// Microseconds after which it wants to be woken for less.
    pub wake_delay_us: AtomicU32,
    /// Number of the last sleep; only the consumer uses it.
    pub sleeps: AtomicU32,
}

/// The words that the producer keeps to itself.
#[derive(Debug)]
#[repr(C)]
pub struct ProducerState {
    head: AtomicU64,
    /// The consumer's `tail` when it was last looked at: it can only have moved on since.
    tail: AtomicU64,
    /// The sleep for which `Wake::Now` was last said, and the one for which `Wake::After` was.
    woken: AtomicU32,
    timed: AtomicU32,
}

impl ProducerState {
    /// A producer that goes on at `head`.
    pub fn at(head: u64) -> Self {
        ProducerState {
            head: AtomicU64::new(head),
            tail: AtomicU64::new(head),
            woken: AtomicU32::new(0),
            timed: AtomicU32::new(0),
        }
    }

    /// Position of the next record.
    #[inline]
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Relaxed)
    }

    /// Bytes that may be written at `head`, if at most `limit` bytes of the ring may be in use; at least `want`, else 0.
    ///
    /// The consumer's word is an allegation: a tail ahead of the head, or further behind than the ring is long, gives 0.
    #[inline]
    pub fn room(&self, consumer: &ConsumerWords, limit: u64, want: u64) -> u64 {
        let head = self.head.load(Ordering::Relaxed);
        let cached = limit.saturating_sub(head.wrapping_sub(self.tail.load(Ordering::Relaxed)));
        if cached >= want {
            return cached;
        }
        let tail = consumer.tail.load(Ordering::Acquire);
        let used = head.wrapping_sub(tail);
        if used > limit {
            return 0;
        }
        self.tail.store(tail, Ordering::Relaxed);
        let room = limit - used;
        if room >= want { room } else { 0 }
    }

    /// Publishes `len` bytes that were written at the head, and says whether to wake the consumer.
    #[inline]
    pub fn commit(&self, published: &AtomicU64, consumer: &ConsumerWords, len: u64) -> Wake {
        let head = self.head.load(Ordering::Relaxed).wrapping_add(len);
        self.head.store(head, Ordering::Relaxed);
        published.store(head, Ordering::Release);
        fence(Ordering::SeqCst);
        let sleep = consumer.armed.load(Ordering::Relaxed);
        if sleep == 0 { Wake::No } else { self.wake(consumer, head, sleep) }
    }

    #[cold]
    fn wake(&self, consumer: &ConsumerWords, head: u64, sleep: u32) -> Wake {
        let fill = head.wrapping_sub(consumer.tail.load(Ordering::Relaxed));
        if fill >= u64::from(consumer.wake_bytes.load(Ordering::Relaxed)) {
            if self.woken.swap(sleep, Ordering::Relaxed) == sleep { Wake::No } else { Wake::Now }
        } else if self.timed.swap(sleep, Ordering::Relaxed) == sleep {
            Wake::No
        } else {
            Wake::After(consumer.wake_delay_us.load(Ordering::Relaxed))
        }
    }
}

impl ConsumerWords {
    /// The consumer is about to sleep: true if it may, false if something was published since `head` was last loaded.
    pub fn arm(&self, published: &AtomicU64, head: u64) -> bool {
        let sleep = match self.sleeps.load(Ordering::Relaxed).wrapping_add(1) {
            0 => 1,
            n => n,
        };
        self.sleeps.store(sleep, Ordering::Relaxed);
        self.armed.store(sleep, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if published.load(Ordering::Acquire) == head {
            return true;
        }
        self.disarm();
        false
    }

    /// The consumer is awake.
    pub fn disarm(&self) {
        self.armed.store(0, Ordering::Relaxed);
    }
}
