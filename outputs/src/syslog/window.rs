//! What was sent lately, to be sent again when the connection breaks.
//!
//! TCP syslog has no acknowledgements: what the kernel took may be in its own buffer, on the way, or in the buffer of a server
//! that ends before it reads it. So messages are kept for a while after they were sent, and the next connection begins with
//! them: doubled rather than lost.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a message is kept after it was sent. Longer than [`crate::net::connection::TIMEOUT`]: what a server's kernel did
/// not acknowledge until then has broken the connection.
pub const KEEP: Duration = Duration::from_secs(20);

/// Bytes that are kept at most. More than our kernel's own buffer holds.
pub const MAX_BYTES: usize = 256 << 10;

#[derive(Debug)]
struct Sent {
    frame: Vec<u8>,
    at: Instant,
}

/// Messages that were sent, in order.
#[derive(Debug, Default)]
pub struct Window {
    sent: VecDeque<Sent>,
    bytes: usize,
    /// The first one that must be sent again.
    next: usize,
}

impl Window {
    /// Remembers a message that was just sent.
    pub fn push(&mut self, frame: Vec<u8>, now: Instant) {
        self.bytes += frame.len();
        self.sent.push_back(Sent { frame, at: now });
        self.next = self.sent.len();
        self.prune(now);
    }

    /// The connection broke: everything that is kept must be sent again. Gives how many messages that are.
    pub fn rewind(&mut self, now: Instant) -> usize {
        self.prune(now);
        self.next = 0;
        self.sent.len()
    }

    /// The message that must be sent again now, if any.
    pub fn again(&self) -> Option<&[u8]> {
        self.sent.get(self.next).map(|sent| sent.frame.as_slice())
    }

    /// It was.
    pub fn sent_again(&mut self, now: Instant) {
        if let Some(sent) = self.sent.get_mut(self.next) {
            sent.at = now;
            self.next += 1;
        }
    }

    fn prune(&mut self, now: Instant) {
        // What must be sent again is never forgotten.
        while self.next > 0
            && let Some(oldest) = self.sent.front()
            && (self.bytes > MAX_BYTES || now.saturating_duration_since(oldest.at) > KEEP)
        {
            self.bytes -= oldest.frame.len();
            self.sent.pop_front();
            self.next -= 1;
        }
        if self.sent.is_empty() {
            // A quiet sink gives its memory back.
            self.sent = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(window: &mut Window, now: Instant) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(frame) = window.again() {
            all.push(frame.to_vec());
            window.sent_again(now);
        }
        all
    }

    #[test]
    fn what_was_sent_lately_is_sent_again_in_order_and_what_was_sent_long_ago_is_not() {
        let begin = Instant::now();
        let mut window = Window::default();
        window.push(b"old".to_vec(), begin);
        window.push(b"a".to_vec(), begin + KEEP);
        window.push(b"b".to_vec(), begin + KEEP);
        assert_eq!(window.again(), None);
        let later = begin + KEEP + Duration::from_secs(1);
        assert_eq!(window.rewind(later), 2);
        assert_eq!(window.again(), Some(b"a".as_slice()));
        window.sent_again(later);
        // Broken again in the middle: from the beginning once more.
        assert_eq!(window.rewind(later), 2);
        assert_eq!(drain(&mut window, later), [b"a", b"b"]);
        assert_eq!(window.rewind(later + KEEP * 2), 0);
    }

    #[test]
    fn no_more_is_kept_than_is_allowed() {
        let now = Instant::now();
        let mut window = Window::default();
        for n in 0..100u8 {
            window.push(vec![n; 8192], now);
        }
        assert!(window.bytes <= MAX_BYTES);
        assert_eq!(window.rewind(now), MAX_BYTES / 8192);
        assert_eq!(drain(&mut window, now).last().unwrap(), &vec![99; 8192]);
    }
}
