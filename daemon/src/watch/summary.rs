//! What a run did, in figures.

use super::AuditStats;
use super::judge::Judged;
use crate::sources::Accounts;
use crate::state::StateStats;
use kestrel_outputs::SinkStats;
use kestrel_outputs::socket::RecordStats;
use std::fmt;

/// The figures of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// What became of the records.
    pub judged: Judged,
    /// The source's accounts.
    pub accounts: Accounts,
    /// What came of the Kubernetes audit log, if it is judged.
    pub audit: Option<AuditStats>,
    /// What the process table had to look up.
    pub state: StateStats,
    /// Each sink and what became of its alerts.
    pub sinks: Vec<(&'static str, SinkStats)>,
    /// What became of records that others read, if somebody can.
    pub records: Option<RecordStats>,
    /// System calls of the loop: waiting, reading signals, and what the sinks say they made. Reading and judging records
    /// makes none; what is left out is what happens apart from the flow of records: set-up, messages of Kestrel's own, the
    /// user table's look at its files once a second, and look-ups in /proc, which have their own figure.
    pub system_calls: u64,
}

impl Summary {
    /// Alerts that rules raised.
    pub fn alerts(&self) -> u64 {
        self.judged.by_priority.values().sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { judged, accounts, .. } = self;
        let c = &accounts.counters;
        write!(f, "records: {} judged", judged.records)?;
        if judged.bad_records + judged.unknown_events > 0 {
            write!(f, ", {} unreadable, {} of unknown events", judged.bad_records, judged.unknown_events)?;
        }
        write!(f, ", {} missing by sequence number", accounts.missing)?;
        if accounts.before > 0 {
            write!(f, ", {} numbers were a former reader's", accounts.before)?;
        }
        if accounts.unread_bytes > 0 {
            write!(f, ", {} bytes left for the next reader", accounts.unread_bytes)?;
        }
        writeln!(f)?;
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
        for mismatch in &accounts.mismatches {
            writeln!(f, "  accounts do not agree: {mismatch}")?;
        }
        if accounts.resyncs > 0 {
            writeln!(f, "  rings that made no sense and were given up: {}", accounts.resyncs)?;
        }
        if let Some(audit) = &self.audit {
            writeln!(f, "events of the audit log: {} judged, {} refused", audit.events, audit.refused)?;
        }
        writeln!(f, "alerts: {}", self.alerts())?;
        for (priority, count) in &judged.by_priority {
            writeln!(f, "  {priority}: {count}")?;
        }
        for (rule, count) in &judged.by_rule {
            writeln!(f, "  {rule}: {count}")?;
        }
        for (name, stats) in &self.sinks {
            writeln!(f, "{name}: {} delivered, {} lost, {} left", stats.delivered, stats.lost, stats.queued)?;
        }
        if let Some(RecordStats { given, lost, .. }) = self.records.filter(|records| records.given + records.lost > 0) {
            writeln!(f, "records for others: {given} given, {lost} lost to readers that were too slow")?;
        }
        writeln!(
            f,
            "processes met without their history: {}, of which {} stayed incomplete",
            self.state.unknown, self.state.incomplete
        )?;
        if self.state.evicted > 0 {
            writeln!(f, "living processes that the table was too full for: {}", self.state.evicted)?;
        }
        let per_thousand = self.system_calls as f64 * 1000.0 / (judged.records.max(1)) as f64;
        write!(f, "system calls: {} ({per_thousand:.2} per 1,000 records)", self.system_calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Mismatch;
    use kestrel_outputs::Priority;
    use kestrel_ringbuf::Counters;

    fn summary() -> Summary {
        Summary {
            judged: Judged {
                records: 20_000,
                by_priority: [(Priority::Warning, 2)].into(),
                by_rule: [("Shell".into(), 2)].into(),
                ..Judged::default()
            },
            accounts: Accounts {
                counters: Counters { seen: 20_003, delivered: 20_000, dropped_full: 3, ..Counters::default() },
                missing: 3,
                ..Accounts::default()
            },
            sinks: vec![("file_output", SinkStats { delivered: 2, ..SinkStats::default() })],
            system_calls: 12,
            ..Summary::default()
        }
    }

    #[test]
    fn it_reads_like_a_report() {
        insta::assert_snapshot!(summary());
    }

    #[test]
    fn what_is_not_as_it_should_be_is_said() {
        let mut summary = summary();
        summary.judged.bad_records = 1;
        summary.accounts.before = 40;
        summary.accounts.unread_bytes = 512;
        summary.accounts.resyncs = 1;
        summary.state.evicted = 7;
        summary.records = Some(RecordStats { readers: 0, given: 90, lost: 8 });
        summary.accounts.mismatches.push(Mismatch { cpu: 1, missing: 3, dropped: 2 });
        insta::assert_snapshot!(summary);
    }
}
