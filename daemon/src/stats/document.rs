//! The document. Counts are since the start of Kestrel unless something else is said.
//!
//! A reader of another version leaves out what it does not know, and takes what is not there for nothing.

use crate::metrics::Figures;
use crate::versions;
use crate::watch::Activity;
use kestrel_core::event::TaskContext;
use kestrel_core::schema;
use kestrel_outputs::socket::RecordStats;
use kestrel_rules::Statistics;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Rules that are listed, those that took most time first: a set can have thousands.
const MAX_RULES: usize = 500;

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Version of Kestrel.
    pub version: String,
    /// Name of the machine in alerts.
    pub hostname: String,
    /// Where events come from.
    pub engine: String,
    /// The time, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// When Kestrel was started, in nanoseconds since the epoch.
    pub start_ns: u64,
    /// Memory of Kestrel that is in the machine's memory, in bytes, if that is known.
    pub rss_bytes: Option<u64>,
    /// Processor time of Kestrel since its start, in percent of one processor, if that is known.
    pub cpu_percent: Option<f64>,
    /// Processes that are known.
    pub processes_known: u64,
    /// Times that rules and configuration were read again with success.
    pub reloads: u64,
    /// Why the last try to read them again failed, if it did.
    pub reload_failure: Option<String>,
    /// What became of events.
    pub events: Events,
    /// Events that were dropped.
    pub drops: Drops,
    /// Records by the name of the event.
    pub by_event: BTreeMap<String, u64>,
    /// Records by the name of the process, the most first: those of which there are most.
    pub by_process: Vec<OfProcess>,
    /// Events of which it was measured what rules cost, since the rules were loaded: a sample.
    pub measured: u64,
    /// Of that: the time that it took to find the rules for an event, in nanoseconds.
    pub finding_ns: u64,
    /// Rules that matched or were asked, those that took most time first.
    pub rules: Vec<OfRule>,
    /// Where alerts go.
    pub outputs: Vec<Output>,
    /// Records that others read; `None` if nobody can (`socket_output`).
    pub records: Option<RecordsRead>,
    /// Alerts that were held back.
    pub held: Held,
}

/// What became of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Events {
    /// That rules asked for.
    pub seen: u64,
    /// That the filter in the kernel said no to.
    pub filtered: u64,
    /// Records that were written.
    pub delivered: u64,
    /// Records that were judged.
    pub judged: u64,
    /// Records that made no sense.
    pub unreadable: u64,
    /// Records of events that this version does not know.
    pub unknown: u64,
    /// Bytes of records that wait in the rings.
    pub unread_bytes: u64,
}

/// Events that were dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drops {
    /// By cause.
    pub causes: BTreeMap<String, u64>,
    /// Records that are missing by their numbers.
    pub missing: u64,
}

/// What processes of a name did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OfProcess {
    /// The name (`task_struct.comm`).
    pub name: String,
    /// Records, at most.
    pub records: u64,
    /// As many of them may be another name's that was there before.
    pub excess: u64,
}

/// What a rule did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OfRule {
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: String,
    /// Matches.
    pub matches: u64,
    /// What it cost.
    pub cost: RuleCost,
}

/// What a rule cost, by the sample, since the rules were loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleCost {
    /// Events that it was asked of.
    pub evaluations: u64,
    /// The time that this took, in nanoseconds.
    pub nanoseconds: u64,
}

/// Where alerts go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Alerts that it delivered.
    pub delivered: u64,
    /// Alerts that it lost.
    pub lost: u64,
    /// Alerts that wait.
    pub queued: u64,
}

/// Records that programs read from the socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordsRead {
    /// Programs that read some now.
    pub readers: u64,
    /// That were given to a reader, once for each.
    pub given: u64,
    /// That a reader was too slow for, once for each.
    pub lost: u64,
}

/// Alerts that were held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// Because there were too many.
    pub rate: u64,
    /// As repeats.
    pub repeat: u64,
}

impl Stats {
    /// Of what is known at one moment.
    pub fn new(figures: &Figures, activity: Option<&Activity>, statistics: &Statistics<'_>) -> Stats {
        let Figures { accounts, judged, health, usage, .. } = figures;
        let counters = &accounts.counters;
        Stats {
            version: versions::KESTREL.to_owned(),
            hostname: figures.hostname.to_string(),
            engine: figures.engine.to_owned(),
            time_ns: figures.time_ns,
            start_ns: figures.start_ns,
            rss_bytes: usage.rss,
            cpu_percent: usage.cpu_perc,
            processes_known: figures.processes,
            reloads: health.reloads,
            reload_failure: health.failure.clone(),
            events: Events {
                seen: counters.seen,
                filtered: counters.filtered,
                delivered: counters.delivered,
                judged: judged.records,
                unreadable: judged.bad_records,
                unknown: judged.unknown_events,
                unread_bytes: accounts.unread_bytes,
            },
            drops: Drops {
                causes: counters.causes().map(|(cause, count)| (cause.to_owned(), count)).into(),
                missing: accounts.missing,
            },
            by_event: activity.map(by_event).unwrap_or_default(),
            by_process: activity.map(by_process).unwrap_or_default(),
            measured: statistics.measured,
            finding_ns: nanoseconds(statistics.finding),
            rules: rules(figures, statistics),
            outputs: figures
                .sinks
                .iter()
                .map(|(name, stats)| Output {
                    name: (*name).to_owned(),
                    delivered: stats.delivered,
                    lost: stats.lost,
                    queued: stats.queued,
                })
                .collect(),
            records: figures.records.map(|RecordStats { readers, given, lost }| RecordsRead { readers, given, lost }),
            held: Held { rate: figures.held_back.0, repeat: figures.held_back.1 },
        }
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> u64 {
        self.time_ns.saturating_sub(self.start_ns) / 1_000_000_000
    }

    /// Matches of all rules that are listed.
    pub fn matches(&self) -> u64 {
        self.rules.iter().fold(0, |sum, rule| sum.saturating_add(rule.matches))
    }

    /// Events that were dropped, for whatever cause.
    pub fn dropped(&self) -> u64 {
        self.drops.causes.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn by_event(activity: &Activity) -> BTreeMap<String, u64> {
    let named = |(id, count)| schema::get(id).map(|event| (event.name.to_owned(), count));
    activity.events().filter_map(named).collect()
}

fn by_process(activity: &Activity) -> Vec<OfProcess> {
    let of = |hitter: crate::watch::Hitter| OfProcess {
        name: String::from_utf8_lossy(TaskContext::name(&hitter.name)).into_owned(),
        records: hitter.count,
        excess: hitter.excess,
    };
    activity.processes().into_iter().map(of).collect()
}

fn rules(figures: &Figures, statistics: &Statistics<'_>) -> Vec<OfRule> {
    let cost = |rule: &kestrel_rules::RuleStatistics<'_>| RuleCost {
        evaluations: rule.evaluations,
        nanoseconds: nanoseconds(rule.time),
    };
    let costs: HashMap<&str, RuleCost> =
        statistics.rules.iter().map(|of_rule| (&*of_rule.rule.name, cost(of_rule))).collect();
    let mut rules: Vec<OfRule> = figures
        .rules
        .iter()
        .map(|rule| OfRule {
            name: rule.name.to_string(),
            priority: rule.priority.to_string(),
            matches: rule.matches,
            cost: costs.get(&*rule.name).copied().unwrap_or_default(),
        })
        .filter(|rule| rule.matches > 0 || rule.cost.evaluations > 0)
        .collect();
    rules.sort_by(|a, b| (b.cost.nanoseconds, b.matches, &a.name).cmp(&(a.cost.nanoseconds, a.matches, &b.name)));
    rules.truncate(MAX_RULES);
    rules
}
