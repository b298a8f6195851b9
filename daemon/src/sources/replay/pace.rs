//! When a record's turn is: as long after the first record as it happened after it.

use std::time::{Duration, Instant};

/// The pace of a recording.
#[derive(Debug, Default)]
pub struct Pace {
    /// Time of the first record, and when it was handed out.
    start: Option<(u64, Instant)>,
}

impl Pace {
    /// When the turn of a record of this time is; `None` if it has come.
    pub fn wait(&mut self, time_ns: u64, now: Instant) -> Option<Instant> {
        let (first, begun) = *self.start.get_or_insert((time_ns, now));
        // A time that is too far away for the clock never comes.
        let due = begun.checked_add(Duration::from_nanos(time_ns.saturating_sub(first)))?;
        (due > now).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_as_long_after_the_first_as_it_happened_and_late_ones_at_once() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let after = |ms| begin + Duration::from_millis(ms);
        assert_eq!(pace.wait(5_000_000, begin), None);
        assert_eq!(pace.wait(9_000_000, after(1)), Some(after(4)));
        assert_eq!(pace.wait(9_000_000, after(4)), None);
        assert_eq!(pace.wait(1, after(4)), None);
    }
}
