//! How long records are handed out before the loop looks around again.
//!
//! A number of records is no bound: one that raises an alert takes a hundred times as long as one that no rule wants, and where the
//! machine is slow, thousands of them are seconds. A loop that is behind would not see a signal, a changed file or a sink that is
//! ready for as long. So the clock counts, too; it is read once for many records, without a system call.

use std::time::{Duration, Instant};

/// Records between two looks around at signals, sinks and deadlines, at most.
pub const BATCH: usize = 4096;

/// Time between them, at most: about as long as nobody notices.
pub const LONGEST: Duration = Duration::from_millis(50);

/// Records between two looks at the clock.
const GLANCE: usize = 64;

/// The time between two looks around.
#[derive(Debug)]
pub struct Turn {
    since: Instant,
    records: usize,
}

impl Turn {
    /// It begins now.
    pub fn new(now: Instant) -> Turn {
        Turn { since: now, records: 0 }
    }

    /// A record was handed out, or looked for in vain.
    pub fn count(&mut self) {
        self.records += 1;
    }

    /// Records so far.
    pub fn records(&self) -> usize {
        self.records
    }

    /// True if a look around is due.
    pub fn is_over(&self, clock: impl FnOnce() -> Instant) -> bool {
        let glance = self.records > 0 && self.records.is_multiple_of(GLANCE);
        self.records >= BATCH || glance && clock().saturating_duration_since(self.since) >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records that are handed out in a turn, if each takes as long.
    fn records_of_a_turn(each: Duration) -> usize {
        let begin = Instant::now();
        let mut turn = Turn::new(begin);
        while !turn.is_over(|| begin + each * turn.records() as u32) {
            turn.count();
        }
        turn.records()
    }

    #[test]
    fn quick_records_are_handed_out_by_the_thousand() {
        assert_eq!(records_of_a_turn(Duration::from_micros(5)), BATCH);
    }

    #[test]
    fn slow_records_do_not_put_off_the_look_around() {
        let slow = Duration::from_millis(1);
        assert_eq!(records_of_a_turn(slow), GLANCE);
        let between = Duration::from_micros(50);
        assert!(between * records_of_a_turn(between) as u32 <= LONGEST + between * GLANCE as u32);
    }

    #[test]
    fn however_slow_some_records_are_handed_out_in_each_turn() {
        assert_eq!(records_of_a_turn(LONGEST * 2), GLANCE);
    }
}
