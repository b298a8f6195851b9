//! What happened between two moments.

use super::Stats;

/// Two moments of a kestrel.
#[derive(Clone, Copy, Debug)]
pub struct Rates<'a> {
    old: &'a Stats,
    seconds: f64,
}

impl<'a> Rates<'a> {
    /// Between these two. `None` if nothing can be said: no time went by, or another kestrel was started in between.
    pub fn between(old: &'a Stats, new: &Stats) -> Option<Rates<'a>> {
        let time = new.time_ns.checked_sub(old.time_ns).filter(|time| *time > 0)?;
        (old.start_ns == new.start_ns).then_some(Rates { old, seconds: time as f64 / 1e9 })
    }

    /// How many came a second, of something of which there are so many. A count that went back was begun anew.
    pub fn of(&self, count: u64, before: impl FnOnce(&Stats) -> Option<u64>) -> f64 {
        let before = before(self.old).filter(|before| *before <= count).unwrap_or(0);
        (count - before) as f64 / self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start_ns: u64, time_ns: u64, judged: u64) -> Stats {
        let mut stats = Stats { start_ns, time_ns, ..Stats::default() };
        stats.events.judged = judged;
        stats
    }

    #[test]
    fn rates_are_of_one_run_and_of_some_time() {
        let judged = |old: &Stats, new: &Stats| {
            Rates::between(old, new).map(|rates| rates.of(new.events.judged, |old| Some(old.events.judged)))
        };
        let old = at(1, 10, 100);
        assert_eq!(judged(&old, &at(1, 2_000_000_010, 300)), Some(100.0));
        // Begun anew at a reload.
        assert_eq!(judged(&old, &at(1, 1_000_000_010, 30)), Some(30.0));
        assert_eq!(judged(&old, &at(2, 2_000_000_010, 300)), None);
        assert_eq!(judged(&old, &at(1, 10, 300)), None);
        // The clock was set back.
        assert_eq!(judged(&old, &at(1, 5, 300)), None);
    }
}
