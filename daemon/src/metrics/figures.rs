//! The figures.

use super::machine::{Machine, Usage};
use crate::config::ReadFile;
use crate::sources::{Accounts, Shares};
use crate::watch::{Health, Judged};
use crate::web::WebStats;
use kestrel_outputs::socket::RecordStats;
use kestrel_outputs::{Priority, SinkStats};
use std::sync::Arc;

/// Everything that there is to know at one moment. Counts are since the start.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The time, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// When Kestrel was started, in nanoseconds since the epoch.
    pub start_ns: u64,
    /// Name of the machine in alerts.
    pub hostname: Arc<str>,
    /// Name of the source of records.
    pub engine: &'static str,
    /// The machine, which does not change.
    pub machine: Arc<Machine>,
    /// Memory and processor time.
    pub usage: Usage,
    /// Files of the configuration.
    pub config_files: Arc<[ReadFile]>,
    /// Rule files.
    pub rules_files: Arc<[ReadFile]>,
    /// How reading everything again went.
    pub health: Health,
    /// What became of the kernel's events.
    pub accounts: Accounts,
    /// How often the kernel saw and rejected each event.
    pub shares: Shares,
    /// What became of the records.
    pub judged: Judged,
    /// Matches of each rule.
    pub rules: Vec<RuleFigure>,
    /// Processes that are known.
    pub processes: u64,
    /// Processes that were forgotten for want of room.
    pub evicted: u64,
    /// Processes that were looked up in /proc, and those of which not everything was found there.
    pub looked_up: (u64, u64),
    /// Each sink and what became of its alerts.
    pub sinks: Vec<(&'static str, SinkStats)>,
    /// What became of records that others read; `None` where nobody can.
    pub records: Option<RecordStats>,
    /// Alerts that a limit held back: because of the rate, and as repeats.
    pub held_back: (u64, u64),
    /// The web server.
    pub web: WebStats,
}

/// How often a rule matched.
#[derive(Clone, Debug)]
pub struct RuleFigure {
    /// Its name.
    pub name: Arc<str>,
    /// Its priority.
    pub priority: Priority,
    /// The source of its events.
    pub source: Arc<str>,
    /// Its tags.
    pub tags: Arc<[String]>,
    /// Matches.
    pub matches: u64,
}

impl Figures {
    /// Alerts that sinks lost.
    pub fn lost_alerts(&self) -> u64 {
        self.sinks.iter().map(|(_, stats)| stats.lost).sum()
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> u64 {
        self.time_ns.saturating_sub(self.start_ns) / 1_000_000_000
    }
}
