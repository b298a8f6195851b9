//! The name, kind and meaning of each figure that is one number.

use super::figures::Figures;
use crate::config::MetricsConfig;

/// Which figures are switched on together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Always there.
    Always,
    /// `metrics.resource_utilization_enabled`.
    Resources,
    /// `metrics.state_counters_enabled`.
    State,
    /// `metrics.kernel_event_counters_enabled`.
    Kernel,
}

impl Category {
    /// True if the configuration wants them.
    pub fn is_on(self, config: &MetricsConfig) -> bool {
        match self {
            Category::Always => true,
            Category::Resources => config.resource_utilization_enabled,
            Category::State => config.state_counters_enabled,
            Category::Kernel => config.kernel_event_counters_enabled,
        }
    }
}

/// What a figure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What a figure counts, for snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Number,
    /// Bytes; shown as `_mb`, or as `_kb`.
    Memory,
    /// Bytes; shown as `_mb`, or as `_bytes`.
    Bytes,
    /// Percent in snapshots, a part of 1 in texts.
    Percent,
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole one.
    Whole(u64),
    /// One with a fraction.
    Fraction(f64),
}

/// A figure.
pub struct Row {
    /// Name in texts.
    pub name: &'static str,
    /// What it does.
    pub kind: Type,
    /// What it means.
    pub help: &'static str,
    /// Name in snapshots, for memory without its unit; empty for none.
    pub field: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What it is switched on with.
    pub category: Category,
    /// Its value, if there is one.
    pub value: fn(&Figures) -> Option<Number>,
}

const fn row(
    name: &'static str,
    kind: Type,
    help: &'static str,
    field: &'static str,
    unit: Unit,
    category: Category,
    value: fn(&Figures) -> Option<Number>,
) -> Row {
    Row { name, kind, help, field, unit, category, value }
}

fn n(number: u64) -> Option<Number> {
    Some(Number::Whole(number))
}

use Category::{Always, Kernel, Resources, State};
use Type::{Counter, Gauge};
use Unit::{Bytes, Memory, Number as Count, Percent};

/// All of them.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("falcosecurity_falco_start_timestamp_nanoseconds", Gauge, "When Kestrel was started", "falco.start_ts", Count, Always, |f| n(f.start_ns)),
    row("falcosecurity_falco_reload_timestamp_nanoseconds", Gauge, "When rules and configuration were last read with success", "falco.reload_ts", Count, Always, |f| n(f.health.read_ns)),
    row("falcosecurity_falco_duration_seconds_total", Counter, "Time since the start", "falco.duration_sec", Count, Always, |f| n(f.seconds())),
    row("falcosecurity_falco_host_boot_timestamp_nanoseconds", Gauge, "When the machine was started", "falco.host_boot_ts", Count, Always, |f| n(f.machine.boot_ns)),
    row("falcosecurity_falco_host_num_cpus_total", Gauge, "Processors", "falco.host_num_cpus", Count, Always, |f| n(f.machine.cpus)),
    row("falcosecurity_falco_outputs_queue_num_drops_total", Counter, "Alerts that outputs could not deliver in the end", "falco.outputs_queue_num_drops", Count, Always, |f| n(f.lost_alerts())),

    row("falcosecurity_falco_cpu_usage_ratio", Gauge, "Processor time of Kestrel since its start, as a part of one processor", "falco.cpu_usage_perc", Percent, Resources, |f| f.usage.cpu_perc.map(Number::Fraction)),
    row("falcosecurity_falco_memory_rss_bytes", Gauge, "Memory of Kestrel that is in the machine's memory", "falco.memory_rss", Memory, Resources, |f| f.usage.rss.and_then(n)),
    row("falcosecurity_falco_memory_vsz_bytes", Gauge, "Address space of Kestrel", "falco.memory_vsz", Memory, Resources, |f| f.usage.vsz.and_then(n)),
    row("falcosecurity_falco_memory_pss_bytes", Gauge, "Memory of Kestrel, what is shared divided by those who share it", "falco.memory_pss", Memory, Resources, |f| f.usage.pss.and_then(n)),
    row("falcosecurity_falco_container_memory_used_bytes", Gauge, "Memory of the control group", "falco.container_memory_used", Bytes, Resources, |f| f.usage.container_memory.and_then(n)),
    row("falcosecurity_falco_host_cpu_usage_ratio", Gauge, "Processor time of the machine since its start", "falco.host_cpu_usage_perc", Percent, Resources, |f| f.usage.host_cpu_perc.map(Number::Fraction)),
    row("falcosecurity_falco_host_memory_used_bytes", Gauge, "Memory of the machine that is used", "falco.host_memory_used", Memory, Resources, |f| f.usage.host_memory.and_then(n)),
    row("falcosecurity_falco_host_procs_running_total", Gauge, "Tasks of the machine that run or could run", "falco.host_procs_running", Count, Resources, |f| f.usage.host_running.and_then(n)),
    row("falcosecurity_falco_host_open_fds_total", Gauge, "Open files of the machine", "falco.host_open_fds", Count, Resources, |f| f.usage.host_open_files.and_then(n)),

    row("falcosecurity_scap_n_threads_total", Gauge, "Processes that are known", "falco.n_threads", Count, State, |f| n(f.processes)),
    row("falcosecurity_scap_n_drops_full_threadtable_total", Counter, "Processes that were forgotten for want of room", "falco.n_drops_full_threadtable", Count, State, |f| n(f.evicted)),
    row("falcosecurity_scap_n_noncached_thread_lookups_total", Counter, "Processes that were met without their history, and looked up in /proc", "falco.n_noncached_thread_lookups", Count, State, |f| n(f.looked_up.0)),
    row("falcosecurity_scap_n_failed_thread_lookups_total", Counter, "Processes of which not everything was found in /proc", "falco.n_failed_thread_lookups", Count, State, |f| n(f.looked_up.1)),

    row("falcosecurity_scap_n_evts_total", Counter, "Events that rules asked for, those that were dropped among them", "", Count, Kernel, |f| n(f.accounts.counters.seen)),
    row("falcosecurity_scap_n_drops_total", Counter, "Events that were dropped, for whatever cause", "", Count, Kernel, |f| n(f.accounts.counters.dropped())),
    row("falcosecurity_scap_n_drops_page_faults_total", Counter, "Events that were dropped because memory could not be read", "scap.n_drops_page_faults", Count, Kernel, |f| n(f.accounts.counters.dropped_fault)),
    row("kestrel_kernel_delivered_total", Counter, "Records that the kernel wrote", "", Count, Kernel, |f| n(f.accounts.counters.delivered)),
    row("kestrel_kernel_filtered_total", Counter, "Events that the filter in the kernel said no to", "", Count, Kernel, |f| n(f.accounts.counters.filtered)),
    row("kestrel_ring_missing_total", Counter, "Records that are missing by their sequence numbers", "", Count, Kernel, |f| n(f.accounts.missing)),
    row("kestrel_ring_resyncs_total", Counter, "Times that a ring made no sense and was given up", "", Count, Kernel, |f| n(f.accounts.resyncs)),
    row("kestrel_ring_unread_bytes", Gauge, "Records that wait to be read", "", Count, Kernel, |f| n(f.accounts.unread_bytes)),

    row("kestrel_reloads_total", Counter, "Times that rules and configuration were read again with success", "", Count, Always, |f| n(f.health.reloads)),
    row("kestrel_reload_failures_total", Counter, "Times that what was read again could not be used", "", Count, Always, |f| n(f.health.failures)),
    row("kestrel_reload_failed", Gauge, "1 if the last try failed: what is in force is older than the files", "", Count, Always, |f| n(u64::from(f.health.failure.is_some()))),
    row("kestrel_record_readers", Gauge, "Programs that read records from the socket", "", Count, Always, |f| f.records.and_then(|records| n(records.readers))),
    row("kestrel_records_given_total", Counter, "Records that were given to readers, once for each", "", Count, Always, |f| f.records.and_then(|records| n(records.given))),
    row("kestrel_records_lost_total", Counter, "Records that readers were too slow for, once for each", "", Count, Always, |f| f.records.and_then(|records| n(records.lost))),
    row("kestrel_web_clients_total", Counter, "Clients of the web server", "", Count, Always, |f| n(f.web.clients)),
    row("kestrel_web_clients_sent_away_total", Counter, "Clients of the web server that made room for others", "", Count, Always, |f| n(f.web.sent_away)),
    row("kestrel_web_clients_expired_total", Counter, "Clients of the web server that took too long", "", Count, Always, |f| n(f.web.expired)),
];
