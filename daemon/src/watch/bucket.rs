//! A token bucket: so much a second on average, so much in a row. Pure: times come in.

use std::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub struct Bucket {
    rate: f64,
    most: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub fn new(rate: f64, most: u64, now: Instant) -> Bucket {
        Bucket { rate, most: most as f64, tokens: most as f64, filled: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.filled).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + earned).min(self.most);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}
