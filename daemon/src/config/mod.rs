//! Configuration: defaults, then the file, then more files that it names, then the environment (`KESTREL_…`), then `-o`; the
//! later one wins.
//!
//! | file | is about |
//! |---|---|
//! | `keys.rs`, `kind.rs` | the table of keys, and what each may hold |
//! | `check.rs`, `expand.rs` | what was given against the table; variables in it |
//! | `files.rs` | the files, and how the later ones change what the first says |
//! | `given.rs`, `path.rs` | `-o` and the environment |
//! | `load.rs` | everything together |
//! | `append.rs`, `capture.rs`, `k8s_audit.rs`, `metrics.rs`, `web.rs` | sections of their own |
//! | `rule_files.rs` | which rule files there are |
//! | `schema.rs`, `explained.rs` | the table as a JSON schema; what each key is for |
//!
//! Everything that is wrong, in whatever layer, is said in one go, each with its place. Every layer is checked against the
//! table before figment merges them, so what is merged has only known keys of the right types.

mod append;
mod capture;
mod check;
mod expand;
pub mod explained;
mod files;
mod given;
mod k8s_audit;
mod keys;
mod kind;
mod load;
mod metrics;
mod path;
pub mod rule_files;
pub mod schema;
mod web;

pub use append::{AlertLimits, AppendOutput, AppendTo, ExtraField};
pub use capture::{CaptureConfig, CaptureMode};
pub use files::{Fragment, ReadFile, Strategy};
pub use k8s_audit::AuditConfig;
pub use keys::{KEYS, distance};
pub use kind::Kind;
pub use load::{ConfigError, DEFAULT_PATH, Loaded, Origins, load};
pub use metrics::MetricsConfig;
pub use web::WebConfig;

use kestrel_core::priority::Priority;
use kestrel_outputs::OutputsConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The whole configuration. Keys are Falco's wherever the thing is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Rule files and folders, in order. A folder stands for its `.yaml` and `.yml` files, sorted.
    pub rules_files: Vec<PathBuf>,
    /// Rules below this priority are not loaded.
    #[serde(with = "priority_text")]
    pub priority: Priority,
    /// Which rules are switched on and off, in order: a later entry counts more.
    pub rules: Vec<RuleSwitch>,
    /// Whether an event raises one alert (`first`) or one for each rule that matches (`all`).
    pub rule_matching: RuleMatching,
    /// Where records come from.
    pub engine: EngineConfig,
    /// What is left out where events happen.
    pub prefilter: PrefilterConfig,
    /// Bounds of the process table.
    pub falco_libs: TablesConfig,
    /// What happens when the kernel had to drop events.
    pub syscall_event_drops: DropsConfig,
    /// Name of this machine in alerts; empty for the one it has.
    pub hostname: String,
    /// Least severe messages of Kestrel's own that are shown.
    #[serde(with = "priority_text")]
    pub log_level: Priority,
    /// Kestrel's own messages go to standard error.
    pub log_stderr: bool,
    /// Kestrel's own messages go to the local syslog.
    pub log_syslog: bool,
    /// More files and folders of configuration, in order.
    pub config_files: Vec<Fragment>,
    /// Read rules and configuration again when one of their files changes.
    pub watch_config_files: bool,
    /// What is added to the alerts of some rules, or of all.
    pub append_output: Vec<AppendOutput>,
    /// Texts that rules and outputs can name, as `static.NAME`.
    pub static_fields: BTreeMap<String, String>,
    /// Buffers in alerts as base64.
    pub buffer_format_base64: bool,
    /// How many alerts a rule may raise.
    pub alert_limits: AlertLimits,
    /// The web server.
    pub webserver: WebConfig,
    /// Where events of the Kubernetes audit log come from.
    pub k8s_audit: AuditConfig,
    /// Figures of Kestrel's own.
    pub metrics: MetricsConfig,
    /// How containers are known.
    pub containers: ContainersConfig,
    /// What Kestrel gives up once it is set up.
    pub sandbox: SandboxConfig,
    /// Alerts that begin a recording.
    pub capture: CaptureConfig,
    /// Alerts.
    #[serde(flatten)]
    pub outputs: OutputsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            rules_files: vec![PathBuf::from("/etc/kestrel/kestrel_rules.yaml"), PathBuf::from("/etc/kestrel/rules.d")],
            priority: Priority::Debug,
            rules: Vec::new(),
            rule_matching: RuleMatching::First,
            engine: EngineConfig::default(),
            prefilter: PrefilterConfig::default(),
            falco_libs: TablesConfig::default(),
            syscall_event_drops: DropsConfig::default(),
            hostname: String::new(),
            log_level: Priority::Informational,
            log_stderr: true,
            log_syslog: false,
            config_files: Vec::new(),
            watch_config_files: true,
            append_output: Vec::new(),
            static_fields: BTreeMap::new(),
            buffer_format_base64: false,
            alert_limits: AlertLimits::default(),
            webserver: WebConfig::default(),
            k8s_audit: AuditConfig::default(),
            metrics: MetricsConfig::default(),
            containers: ContainersConfig::default(),
            sandbox: SandboxConfig::default(),
            capture: CaptureConfig::default(),
            outputs: OutputsConfig::default(),
        }
    }
}

/// The section `containers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainersConfig {
    /// Ask runtimes over their sockets where no file tells.
    pub ask_runtimes: bool,
}

impl Default for ContainersConfig {
    fn default() -> Self {
        ContainersConfig { ask_runtimes: true }
    }
}

/// What Kestrel gives up once it is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SandboxConfig {
    /// Whether it gives up anything.
    pub enabled: bool,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        SandboxConfig { enabled: true }
    }
}

/// What is left out where events happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrefilterConfig {
    /// Events that no rule can match are not recorded.
    pub enabled: bool,
}

impl Default for PrefilterConfig {
    fn default() -> Self {
        PrefilterConfig { enabled: true }
    }
}

/// How many alerts an event raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleMatching {
    /// One, of the first rule that matches.
    First,
    /// One for each rule that matches.
    All,
}

/// Switches rules on or off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSwitch {
    /// On.
    Enable(SwitchedRules),
    /// Off.
    Disable(SwitchedRules),
}

/// The rules that are switched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchedRules {
    /// Those whose names match; `*` stands for any text.
    Rule(String),
    /// Those with this tag.
    Tag(String),
}

/// Where records come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineConfig {
    /// The source.
    pub kind: EngineKind,
    /// The kernel module.
    pub kmod: KmodConfig,
    /// The eBPF probe.
    pub ebpf: EbpfConfig,
}

impl EngineConfig {
    /// Does recording go on after SIGTERM, for the next start?
    pub fn keeps_recording(&self) -> bool {
        match self.kind {
            EngineKind::Kmod => self.kmod.keep_recording,
            EngineKind::Ebpf => self.ebpf.keep_recording,
            EngineKind::Auto => self.kmod.keep_recording && self.ebpf.keep_recording,
        }
    }
}

/// A source of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// The kernel module.
    #[default]
    Kmod,
    /// The eBPF probe.
    #[serde(alias = "modern_ebpf")]
    Ebpf,
    /// The kernel module if it is loaded, else the eBPF probe.
    Auto,
}

/// The kernel module as a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KmodConfig {
    /// Path of its devices without the number of the CPU.
    pub device: String,
    /// Milliseconds that a record may wait before the kernel wakes the daemon: longer means fewer system calls and later
    /// alerts. A ring that fills wakes it earlier.
    pub wake_delay_ms: u64,
    /// On SIGTERM leave the recording on, for as long as the module's `retention_ms` says, so that a restart loses nothing.
    pub keep_recording: bool,
}

impl Default for KmodConfig {
    fn default() -> Self {
        KmodConfig { device: kestrel_core::abi::DEVICE_PREFIX.to_owned(), wake_delay_ms: 25, keep_recording: false }
    }
}

/// The eBPF probe as a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EbpfConfig {
    /// On SIGTERM recording goes on, for the next start.
    pub keep_recording: bool,
    /// The folder of a BPF file system that keeps the probe while the daemon restarts; empty for none.
    pub pin_dir: PathBuf,
    /// Size of the ring that all CPUs share, in KiB; made a power of two.
    pub ring_kib: u32,
}

impl Default for EbpfConfig {
    fn default() -> Self {
        EbpfConfig { keep_recording: false, pin_dir: "/sys/fs/bpf/kestrel".into(), ring_kib: 8192 }
    }
}

/// Bounds of the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TablesConfig {
    /// Processes that are kept at most.
    pub thread_table_size: usize,
}

impl Default for TablesConfig {
    fn default() -> Self {
        TablesConfig { thread_table_size: 16_384 }
    }
}

/// What happens when the kernel had to drop events: looked at once a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DropsConfig {
    /// Part of the events since the last report that must be dropped before something happens; 0 is for any at all.
    pub threshold: f64,
    /// What happens.
    pub actions: Vec<DropAction>,
    /// Reports a second, on average.
    pub rate: f64,
    /// Reports in a row.
    pub max_burst: u64,
    /// Report a drop that there was not, at every look: to try the actions.
    pub simulate_drops: bool,
}

impl Default for DropsConfig {
    fn default() -> Self {
        DropsConfig {
            threshold: 0.0,
            actions: vec![DropAction::Log, DropAction::Alert],
            rate: 0.03333,
            max_burst: 1,
            simulate_drops: false,
        }
    }
}

/// What happens when the kernel had to drop events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DropAction {
    /// Nothing. The summary has the figures all the same.
    Ignore,
    /// A message of Kestrel's own.
    Log,
    /// An alert.
    Alert,
    /// Kestrel ends, as a failure.
    Exit,
}

/// Priorities as text.
mod priority_text {
    use kestrel_core::priority::Priority;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(priority: &Priority, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&priority.name().to_ascii_lowercase())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Priority, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
