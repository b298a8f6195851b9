//! What a run did, in figures.

use kestrel_outputs::{Priority, SinkStats};
use kestrel_ringbuf::Counters;
use std::collections::BTreeMap;
use std::fmt;

/// The figures of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Records that were judged.
    pub records: u64,
    /// Records that were skipped because they make no sense.
    pub bad_records: u64,
    /// Records of events that this version does not know.
    pub unknown_events: u64,
    /// Alerts by priority.
    pub by_priority: BTreeMap<Priority, u64>,
    /// Alerts by rule.
    pub by_rule: BTreeMap<String, u64>,
    /// What became of the events, as the source counted, since it was loaded.
    pub counters: Counters,
    /// Records that are missing by their sequence numbers.
    pub missing: u64,
    /// Each sink and what became of its alerts.
    pub sinks: Vec<(&'static str, SinkStats)>,
    /// System calls: waiting, reading signals, and what the sinks made. Reading and judging records makes none.
    pub system_calls: u64,
}

impl Summary {
    /// Alerts in all.
    pub fn alerts(&self) -> u64 {
        self.by_priority.values().sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.counters;
        write!(f, "records: {} judged", self.records)?;
        if self.bad_records + self.unknown_events > 0 {
            write!(f, ", {} unreadable, {} of unknown events", self.bad_records, self.unknown_events)?;
        }
        writeln!(f, ", {} missing by sequence number", self.missing)?;
        writeln!(
            f,
            "kernel: {} seen = {} delivered + {} filtered + {} dropped",
            c.seen,
            c.delivered,
            c.filtered,
            c.dropped()
        )?;
        for (cause, count) in c.causes() {
            if count > 0 {
                writeln!(f, "  dropped, {cause}: {count}")?;
            }
        }
        writeln!(f, "alerts: {}", self.alerts())?;
        for (priority, count) in &self.by_priority {
            writeln!(f, "  {priority}: {count}")?;
        }
        for (rule, count) in &self.by_rule {
            writeln!(f, "  {rule}: {count}")?;
        }
        for (name, stats) in &self.sinks {
            writeln!(f, "{name}: {} delivered, {} lost, {} left", stats.delivered, stats.lost, stats.queued)?;
        }
        let per_thousand = self.system_calls as f64 * 1000.0 / (self.records.max(1)) as f64;
        write!(f, "system calls: {} ({per_thousand:.2} per 1,000 records)", self.system_calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_a_report() {
        let summary = Summary {
            records: 20_000,
            missing: 3,
            by_priority: [(Priority::Warning, 2)].into(),
            by_rule: [("Shell".to_owned(), 2)].into(),
            counters: Counters { seen: 20_003, delivered: 20_000, dropped_full: 3, ..Counters::default() },
            sinks: vec![("file_output", SinkStats { delivered: 2, ..SinkStats::default() })],
            system_calls: 12,
            ..Summary::default()
        };
        insta::assert_snapshot!(summary, @r"
        records: 20000 judged, 3 missing by sequence number
        kernel: 20003 seen = 20000 delivered + 0 filtered + 3 dropped
          dropped, full: 3
        alerts: 2
          Warning: 2
          Shell: 2
        file_output: 2 delivered, 0 lost, 0 left
        system calls: 12 (0.60 per 1,000 records)
        ");
    }
}
