//! What judging events costs: how often each rule matched, and, while that is measured, how often it was asked and how long
//! that took.
//!
//! What several rules ask is asked once per event, and counts for the first of them. Finding the rules that an event can
//! match at all is counted apart.

use crate::ruleset::Rule;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// What judging cost since the rules were loaded.
#[derive(Clone, Debug)]
pub struct Statistics<'r> {
    /// Events that were judged.
    pub events: u64,
    /// Events that were judged while the cost was measured.
    pub measured: u64,
    /// The time that it took to find the rules that can match, while that was measured.
    pub finding: Duration,
    /// Each rule, in order.
    pub rules: Vec<RuleStatistics<'r>>,
}

/// What one rule cost.
#[derive(Clone, Copy, Debug)]
pub struct RuleStatistics<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Events that it matched.
    pub matches: u64,
    /// Events that it was asked of, while the cost was measured.
    pub evaluations: u64,
    /// The time that this took, the clock's own (some 50 ns an evaluation) included.
    pub time: Duration,
}

/// Counts for a set of rules.
#[derive(Debug)]
pub struct Counters {
    events: u64,
    matches: Box<[u64]>,
    measured: Option<Box<Measured>>,
    /// One event in so many is measured; `None` for none.
    every: Option<NonZeroU32>,
}

/// What is measured only on demand.
#[derive(Debug)]
struct Measured {
    events: u64,
    finding: Duration,
    rules: Box<[(u64, Duration)]>,
}

impl Counters {
    /// Of so many rules.
    pub fn new(rules: usize) -> Counters {
        Counters { events: 0, matches: vec![0; rules].into(), measured: None, every: None }
    }

    /// Measures one event in so many from now on, or none. What was measured stays.
    pub fn measure(&mut self, every: Option<NonZeroU32>) {
        self.every = every;
        if every.is_some() && self.measured.is_none() {
            let rules = vec![(0, Duration::ZERO); self.matches.len()].into();
            self.measured = Some(Box::new(Measured { events: 0, finding: Duration::ZERO, rules }));
        }
    }

    /// An event is judged. Gives the stopwatch, if its cost is measured.
    pub fn event(&mut self) -> Option<Stopwatch> {
        self.events += 1;
        let is_measured = self.every.is_some_and(|every| self.events.is_multiple_of(u64::from(every.get())));
        is_measured.then(|| Stopwatch { since: Instant::now() })
    }

    /// A rule matched.
    pub fn matched(&mut self, rule: u32) {
        if let Some(count) = self.matches.get_mut(rule as usize) {
            *count += 1;
        }
    }

    /// What was counted of these rules.
    pub fn statistics<'r>(&self, rules: &'r [Rule]) -> Statistics<'r> {
        let measured = self.measured.as_deref();
        let of_rule = |(index, rule): (usize, &'r Rule)| {
            let (evaluations, time) =
                measured.and_then(|measured| measured.rules.get(index)).copied().unwrap_or_default();
            let matches = self.matches.get(index).copied().unwrap_or(0);
            RuleStatistics { rule, matches, evaluations, time }
        };
        Statistics {
            events: self.events,
            measured: measured.map_or(0, |measured| measured.events),
            finding: measured.map_or(Duration::ZERO, |measured| measured.finding),
            rules: rules.iter().enumerate().map(of_rule).collect(),
        }
    }
}

/// Takes the time of what happens for one event, step by step.
#[derive(Debug)]
pub struct Stopwatch {
    since: Instant,
}

impl Stopwatch {
    /// The rules were found, or the next one was.
    pub fn found(&mut self, counters: &mut Counters) {
        let elapsed = self.lap();
        if let Some(measured) = &mut counters.measured {
            measured.finding += elapsed;
        }
    }

    /// A rule was asked.
    pub fn asked(&mut self, rule: u32, counters: &mut Counters) {
        let elapsed = self.lap();
        if let Some((count, time)) = counters.measured.as_mut().and_then(|m| m.rules.get_mut(rule as usize)) {
            *count += 1;
            *time += elapsed;
        }
    }

    /// The event was judged.
    pub fn stop(mut self, counters: &mut Counters) {
        self.found(counters);
        if let Some(measured) = &mut counters.measured {
            measured.events += 1;
        }
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let elapsed = now.duration_since(self.since);
        self.since = now;
        elapsed
    }
}
