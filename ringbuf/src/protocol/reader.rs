//! The consumer's side of the protocol.

use super::words::{ConsumerWords, PublishedHead};
use crate::atomic::Ordering;

/// The producer alleges to have published more than the ring can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun;

/// Where the consumer reads.
#[derive(Debug)]
pub struct ReadPosition {
    /// Size of the data area.
    size: u64,
    /// Position of the next record; ahead of the published tail by what was read since.
    tail: u64,
    /// The producer's head when it was last looked at.
    head: u64,
}

impl ReadPosition {
    /// Goes on where the last consumer of a ring of `size` bytes published its tail.
    pub fn attach(words: &ConsumerWords, size: u64) -> Self {
        // Acquire, for a consumer that takes over from another thread or process.
        let tail = words.tail.load(Ordering::Acquire);
        words.disarm();
        ReadPosition { size, tail, head: tail }
    }

    /// Position of the next record.
    #[inline]
    pub fn tail(&self) -> u64 {
        self.tail
    }

    /// Bytes that can be read at the tail: 0 if there are none now. The producer's word is looked at only when all that
    /// it last published has been read.
    ///
    /// # Errors
    /// [`Overrun`] if the producer's word cannot be.
    #[inline]
    pub fn available(&mut self, published: &PublishedHead) -> Result<u64, Overrun> {
        if self.tail == self.head {
            self.head = published.0.load(Ordering::Acquire);
        }
        let available = self.head.wrapping_sub(self.tail);
        if available > self.size { Err(Overrun) } else { Ok(available) }
    }

    /// True if something is left of what had been published when the producer's word was last looked at.
    #[inline]
    pub fn is_known(&self) -> bool {
        self.tail != self.head
    }

    /// `len` bytes were read.
    #[inline]
    pub fn advance(&mut self, len: u64) {
        self.tail = self.tail.wrapping_add(len);
    }

    /// Gives the room of everything that was read back to the producer.
    #[inline]
    pub fn publish(&self, words: &ConsumerWords) {
        words.tail.store(self.tail, Ordering::Release);
    }

    /// Skips everything up to the producer's head and gives the room back. Returns the number of bytes skipped; that is
    /// nonsense if one of the positions was.
    pub fn skip_all(&mut self, published: &PublishedHead, words: &ConsumerWords) -> u64 {
        let from = self.tail;
        self.head = published.0.load(Ordering::Acquire);
        self.tail = self.head;
        self.publish(words);
        self.tail.wrapping_sub(from)
    }

    /// Everything was read, so sleep: publishes the tail and asks to be woken. False if something was published in
    /// between: read on then.
    pub fn arm(&self, published: &PublishedHead, words: &ConsumerWords) -> bool {
        self.publish(words);
        words.arm(published, self.tail)
    }
}
