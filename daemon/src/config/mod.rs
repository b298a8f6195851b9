//! Configuration: defaults, then the file, then the environment (`KESTREL_…`), then `-o`; the later one wins.
//!
//! | file | is about |
//! |---|---|
//! | `keys.rs` | the table of keys |
//! | `check.rs` | what was given against the table |
//! | `given.rs` | `-o` and the environment |
//! | `rule_files.rs` | which rule files there are |
//!
//! Everything that is wrong, in whatever layer, is said in one go, each with its place. Every layer is checked against the
//! table before figment merges them, so what is merged has only known keys of the right types.

mod check;
mod given;
mod keys;
pub mod rule_files;

pub use keys::{KEYS, Kind, distance};

use crate::document::{self, Content};
use check::Findings;
use figment::providers::Serialized;
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use kestrel_core::priority::Priority;
use kestrel_outputs::OutputsConfig;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the configuration is looked for if nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/kestrel/kestrel.yaml";

/// Bytes that a configuration file may have.
const MAX_BYTES: u64 = 1 << 20;

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
            outputs: OutputsConfig::default(),
        }
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
}

/// A source of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// The kernel module.
    #[default]
    Kmod,
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
}

impl Default for DropsConfig {
    fn default() -> Self {
        DropsConfig { threshold: 0.0, actions: vec![DropAction::Log, DropAction::Alert], rate: 0.03333, max_burst: 1 }
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

/// Why the configuration cannot be used: everything that is wrong, each with its place.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// A configuration, and what is probably not meant.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What was ignored.
    pub warnings: Vec<String>,
}

/// Where the configuration comes from.
#[derive(Debug, Default)]
pub struct Origins<'a> {
    /// The file; without it [`DEFAULT_PATH`] is read if it is there.
    pub file: Option<&'a Path>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Each `-o`.
    pub options: &'a [String],
}

impl<'a> Origins<'a> {
    /// The file and options of the command line, and the environment of this process.
    pub fn of_process(file: Option<&'a Path>, options: &'a [String]) -> Origins<'a> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("KESTREL_"))
            .collect();
        Origins { file, environment, options }
    }
}

/// Keys and values of one layer.
struct Layer(Dict);

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("what was given")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.0.clone())]))
    }
}

/// Reads the configuration.
///
/// # Errors
/// [`ConfigError`] names every place that is wrong.
pub fn load(origins: &Origins<'_>) -> Result<Loaded, ConfigError> {
    let mut findings = Findings::default();
    let mut warnings = Vec::new();
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    let default = Path::new(DEFAULT_PATH);
    if let Some(path) = origins.file.or_else(|| Some(default).filter(|path| path.exists())) {
        figment = figment.merge(Layer(file(path, &mut findings)));
    }
    for (name, value) in &origins.environment {
        if let Some(dict) = given::variable(name, value, &mut findings, &mut warnings) {
            figment = figment.merge(Layer(dict));
        }
    }
    for option in origins.options {
        figment = match given::option(option, &mut findings) {
            Some(setting) if setting.append => figment.admerge(Layer(setting.dict)),
            Some(setting) => figment.merge(Layer(setting.dict)),
            None => figment,
        };
    }
    if !findings.elsewhere.is_empty() {
        findings.elsewhere.sort();
        findings.elsewhere.dedup();
        warnings.push(format!("these keys mean nothing to kestrel yet: {}", findings.elsewhere.join(", ")));
    }
    if !findings.errors.is_empty() {
        return Err(ConfigError(findings.errors));
    }
    let config: Config =
        figment.extract().map_err(|error| ConfigError(error.into_iter().map(|e| e.to_string()).collect()))?;
    consistent(&config)?;
    Ok(Loaded { config, warnings })
}

/// What no single key can be blamed for.
fn consistent(config: &Config) -> Result<(), ConfigError> {
    let actions = &config.syscall_event_drops.actions;
    if actions.contains(&DropAction::Ignore) && actions.len() > 1 {
        return Err(ConfigError(vec![
            "syscall_event_drops.actions: ignore makes no sense together with another action".to_owned(),
        ]));
    }
    Ok(())
}

fn file(path: &Path, findings: &mut Findings) -> Dict {
    let name = path.display();
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text));
    if let Err(error) = read {
        findings.errors.push(format!("{name}: cannot read the configuration: {error}"));
        return Dict::new();
    }
    if text.len() as u64 > MAX_BYTES {
        findings.errors.push(format!("{name}: a configuration of more than {MAX_BYTES} bytes is not read"));
        return Dict::new();
    }
    let place = |line: u64, column: u64| format!("{name}:{line}:{column}");
    match document::parse(&text) {
        Err((at, message)) => {
            let at = at.map_or_else(|| name.to_string(), |(line, column)| place(line, column));
            findings.errors.push(format!("{at}: {message}"));
            Dict::new()
        }
        Ok(node) => match &node.value {
            Content::Map(entries) => check::section(entries, "", &place, findings),
            Content::Nothing => Dict::new(),
            other => {
                let at = place(node.referenced.line(), node.referenced.column());
                findings.errors.push(format!("{at}: expected keys and values, found {}", other.describe()));
                Dict::new()
            }
        },
    }
}

#[cfg(test)]
mod tests;
