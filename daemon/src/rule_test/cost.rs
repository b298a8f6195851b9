//! What rules cost in a run: how often each was asked and matched, and how long that took.

use kestrel_rules::RuleSet;
use std::collections::BTreeMap;
use std::time::Duration;

/// What rules cost, by their names.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    events: u64,
    finding: Duration,
    rules: BTreeMap<String, OfRule>,
}

/// What one rule cost.
#[derive(Clone, Copy, Debug, Default)]
struct OfRule {
    asked: u64,
    matched: u64,
    time: Duration,
}

impl Cost {
    /// Adds what these rules cost since they were loaded.
    pub fn add(&mut self, rules: &RuleSet) {
        let statistics = rules.statistics();
        self.events += statistics.measured;
        self.finding += statistics.finding;
        for rule in statistics.rules {
            let sum = self.rules.entry(rule.rule.name.to_string()).or_default();
            sum.asked += rule.evaluations;
            sum.matched += rule.matches;
            sum.time += rule.time;
        }
    }

    /// Lines, the rule that took most time first; rules that were never asked are counted together.
    pub fn lines(&self) -> Vec<String> {
        let mut asked: Vec<(&String, &OfRule)> = self.rules.iter().filter(|(_, rule)| rule.asked > 0).collect();
        asked.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.time));
        let mut lines = vec![format!("{:>9} {:>9} {:>10} {:>10}  rule", "asked", "matched", "time/us", "each/ns")];
        lines.extend(asked.iter().map(|(name, rule)| {
            let each = rule.time.as_nanos() / u128::from(rule.asked.max(1));
            format!("{:>9} {:>9} {:>10} {each:>10}  {name}", rule.asked, rule.matched, rule.time.as_micros())
        }));
        lines.push(format!(
            "{} events; rules never asked: {}; finding the rules for an event took {} us",
            self.events,
            self.rules.len() - asked.len(),
            self.finding.as_micros()
        ));
        lines
    }
}
