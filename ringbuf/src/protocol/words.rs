//! The words that one side writes and the other reads.

use crate::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Position of the next record to be written, as the producer publishes it: everything before it can be read. On a cache
/// line of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct PublishedHead(pub AtomicU64);

/// The words that the consumer writes. To the producer every one of them is an allegation.
///
/// The tail has a cache line to itself: that a consumer gives room back does not slow down the producer, which looks at
/// `armed` after each record.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct ConsumerWords {
    /// Position of the next record to read.
    pub tail: AtomicU64,
    sleep: SleepWords,
}

#[derive(Debug)]
#[repr(C, align(64))]
struct SleepWords {
    /// 0 while the consumer is awake; else the number of this sleep.
    armed: AtomicU32,
    /// Fill level in bytes at which the consumer wants to be woken at once.
    wake_bytes: AtomicU32,
    /// Microseconds after which it wants to be woken for less.
    wake_delay_us: AtomicU32,
    /// Number of the last sleep; only the consumer uses it.
    sleeps: AtomicU32,
}

impl ConsumerWords {
    /// The words of a ring that nobody has used yet. The same as zeroed memory, which is what a real ring starts as.
    pub fn new() -> Self {
        ConsumerWords {
            tail: AtomicU64::new(0),
            sleep: SleepWords {
                armed: AtomicU32::new(0),
                wake_bytes: AtomicU32::new(0),
                wake_delay_us: AtomicU32::new(0),
                sleeps: AtomicU32::new(0),
            },
        }
    }

    /// Says when to be woken: at this fill level at once, or this many microseconds after the first record.
    pub fn set_wake(&self, bytes: u32, delay_us: u32) {
        self.sleep.wake_bytes.store(bytes, Ordering::Relaxed);
        self.sleep.wake_delay_us.store(delay_us, Ordering::Relaxed);
    }

    /// The number of the consumer's sleep; 0 if it is awake.
    #[inline]
    pub(super) fn armed(&self) -> u32 {
        self.sleep.armed.load(Ordering::Relaxed)
    }

    pub(super) fn wake_bytes(&self) -> u64 {
        u64::from(self.sleep.wake_bytes.load(Ordering::Relaxed))
    }

    pub(super) fn wake_delay_us(&self) -> u32 {
        self.sleep.wake_delay_us.load(Ordering::Relaxed)
    }

    /// The consumer is about to sleep: true if it may, false if something was published since `head` was last loaded.
    pub(super) fn arm(&self, published: &PublishedHead, head: u64) -> bool {
        let sleep = match self.sleep.sleeps.load(Ordering::Relaxed).wrapping_add(1) {
            0 => 1,
            n => n,
        };
        self.sleep.sleeps.store(sleep, Ordering::Relaxed);
        // Release: who sees the consumer asleep sees the tail that it published before, and its wishes.
        self.sleep.armed.store(sleep, Ordering::Release);
        fence(Ordering::SeqCst);
        if published.0.load(Ordering::Acquire) == head {
            return true;
        }
        self.disarm();
        false
    }

    /// The consumer is awake.
    pub fn disarm(&self) {
        self.sleep.armed.store(0, Ordering::Relaxed);
    }
}

impl Default for ConsumerWords {
    fn default() -> Self {
        ConsumerWords::new()
    }
}
