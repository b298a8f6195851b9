//! Alerts that begin a recording: the section `capture`. Its keys are Falco's, but for `look_back`, `look_back_kb` and
//! `max_files`.

use serde::{Deserialize, Serialize};

/// Alerts that begin a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaptureConfig {
    /// Whether any do.
    pub enabled: bool,
    /// Which do.
    pub mode: CaptureMode,
    /// What the path of a file begins with; `_TIME_NUMBER.krec` follows.
    pub path_prefix: String,
    /// How long after the alert a recording lasts if the rule does not say, in milliseconds.
    pub default_duration: u64,
    /// Greatest size of a file in MiB; 0 for none.
    pub max_file_size_mb: u64,
    /// Files of one run that are kept; 0 for all.
    pub max_files: u64,
    /// How long before the alert a recording begins, in milliseconds.
    pub look_back: u64,
    /// Memory for the records before an alert, in KiB.
    pub look_back_kb: u64,
}

impl Default for CaptureConfig {
    fn default() -> Self {
        CaptureConfig {
            enabled: false,
            mode: CaptureMode::Rules,
            path_prefix: "/var/lib/kestrel/capture".to_owned(),
            default_duration: 5000,
            max_file_size_mb: 100,
            max_files: 32,
            look_back: 5000,
            look_back_kb: 1024,
        }
    }
}

/// Which alerts begin a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// Those of rules with `capture: true`.
    #[default]
    Rules,
    /// All.
    AllRules,
}
