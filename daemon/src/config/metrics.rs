//! The section `metrics`.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Figures of Kestrel's own: which there are, and where they go besides the web server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsConfig {
    /// Whether there are any.
    pub enabled: bool,
    /// Milliseconds from one snapshot to the next.
    pub interval: u64,
    /// Send each snapshot as an alert.
    pub output_rule: bool,
    /// A file to which each snapshot is appended as a line of JSON; empty for none.
    pub output_file: PathBuf,
    /// Matches of each rule.
    pub rules_counters_enabled: bool,
    /// Memory and processor time, of Kestrel and of the machine.
    pub resource_utilization_enabled: bool,
    /// The process table.
    pub state_counters_enabled: bool,
    /// What became of the kernel's events.
    pub kernel_event_counters_enabled: bool,
    /// In snapshots: memory in megabytes instead of kilobytes.
    pub convert_memory_to_mb: bool,
    /// In snapshots: figures that are 0, too.
    pub include_empty_values: bool,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        MetricsConfig {
            enabled: false,
            interval: 3_600_000,
            output_rule: true,
            output_file: PathBuf::new(),
            rules_counters_enabled: true,
            resource_utilization_enabled: true,
            state_counters_enabled: true,
            kernel_event_counters_enabled: true,
            convert_memory_to_mb: true,
            include_empty_values: false,
        }
    }
}
