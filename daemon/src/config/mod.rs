//! Configuration: defaults, then the file, then the environment (`KESTREL_…`), then `-o`.

use figment::providers::{Env, Format, Serialized};
use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use kestrel_outputs::OutputsConfig;
use serde::{Deserialize, Serialize};
use serde_saphyr::figment::Yaml;
use std::path::{Path, PathBuf};

/// Where the configuration is looked for if nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/kestrel/kestrel.yaml";

/// The whole configuration. Keys are Falco's wherever the thing is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Rule files and folders, in order. A folder stands for its `.yaml` files, sorted.
    pub rules_files: Vec<PathBuf>,
    /// Rules below this priority are not loaded.
    pub priority: String,
    /// Whether an event raises one alert (`first`) or one for each rule that matches (`all`).
    pub rule_matching: RuleMatching,
    /// Where records come from.
    pub engine: EngineConfig,
    /// Bounds of the process table.
    pub falco_libs: TablesConfig,
    /// Least severe messages of Kestrel's own that are shown: error, warning, info, debug.
    pub log_level: String,
    /// Alerts. Their keys stand at the top level as well: see [`load`].
    #[serde(skip)]
    pub outputs: OutputsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            rules_files: vec![PathBuf::from("/etc/kestrel/kestrel_rules.yaml"), PathBuf::from("/etc/kestrel/rules.d")],
            priority: "debug".to_owned(),
            rule_matching: RuleMatching::First,
            engine: EngineConfig::default(),
            falco_libs: TablesConfig::default(),
            log_level: "info".to_owned(),
            outputs: OutputsConfig::default(),
        }
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

/// Where records come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineConfig {
    /// The source.
    pub kind: EngineKind,
}

/// A source of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// The kernel module.
    #[default]
    Kmod,
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

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read the configuration: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The file is not YAML.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        message: String,
    },
    /// Values have the wrong type, or keys do not exist.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Reads the configuration. Without `path`, [`DEFAULT_PATH`] is read if it is there.
///
/// # Errors
/// [`ConfigError`] names every place that is wrong.
pub fn load(path: Option<&Path>, options: &[String]) -> Result<Config, ConfigError> {
    let mut figment = defaults();
    let mut problems = Vec::new();
    let path = path.map(Path::to_owned).or_else(|| Some(PathBuf::from(DEFAULT_PATH)).filter(|path| path.exists()));
    if let Some(path) = path {
        let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::Read { path: path.clone(), error })?;
        // Checked alone first: its errors have a line and a column, which are gone after merging.
        serde_saphyr::from_str::<serde_json::Value>(&text)
            .map_err(|error| ConfigError::Syntax { path: path.clone(), message: error.to_string() })?;
        let file = Figment::from(Yaml::string(&text));
        if let Ok(dict) = file.extract::<Dict>() {
            unknown_keys(&dict, &format!("{}: ", path.display()), &mut problems);
        }
        figment = figment.merge(Yaml::string(&text));
    }
    figment = figment.merge(Env::prefixed("KESTREL_").split("__").ignore(&["log"]));
    for option in options {
        let Some((key, value)) = option.split_once('=') else {
            problems.push(format!("-o {option}: must be key=value, such as -o json_output=true"));
            continue;
        };
        // Parsing a value cannot fail: what is nothing else is a string.
        let value: Value = value.parse().unwrap_or_else(|_| Value::from(value));
        let provider = Figment::from((key.trim(), value));
        if let Ok(dict) = provider.extract::<Dict>() {
            unknown_keys(&dict, &format!("-o {option}: "), &mut problems);
        }
        figment = figment.merge(provider.select(Profile::Default));
    }
    // Taken apart one after the other, not flattened into one: so errors know the key they are about.
    let mut wrong = |error: figment::Error| problems.extend(error.into_iter().map(|error| error.to_string()));
    let config = figment.extract::<Config>().map_err(&mut wrong);
    let outputs = figment.extract::<OutputsConfig>().map_err(&mut wrong);
    match (config, outputs) {
        (Ok(config), Ok(outputs)) if problems.is_empty() => Ok(Config { outputs, ..config }),
        _ => Err(ConfigError::Invalid(problems)),
    }
}

/// Every key with its default.
fn defaults() -> Figment {
    Figment::from(Serialized::defaults(Config::default())).merge(Serialized::defaults(OutputsConfig::default()))
}

/// Names every key that the configuration does not have.
fn unknown_keys(given: &Dict, place: &str, problems: &mut Vec<String>) {
    let known = defaults().extract::<Dict>().unwrap_or_default();
    compare(given, &known, "", place, problems);
}

fn compare(given: &Dict, known: &Dict, prefix: &str, place: &str, problems: &mut Vec<String>) {
    for (key, value) in given {
        match (known.get(key), value) {
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) => {
                compare(given, known, &format!("{prefix}{key}."), place, problems);
            }
            (Some(_), _) => {}
            (None, _) => {
                let nearest = known
                    .keys()
                    .map(|candidate| (distance(candidate, key), candidate))
                    .filter(|(distance, _)| *distance <= 3)
                    .min();
                let hint = nearest.map_or_else(String::new, |(_, name)| format!("; did you mean {prefix}{name}?"));
                problems.push(format!("{place}unknown key {prefix}{key}{hint}"));
            }
        }
    }
}

/// Edit distance (Levenshtein) of two short words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn later_layers_win() {
        let file = file("json_output: true\nfile_output:\n  enabled: true\n  filename: /a\n");
        let config =
            load(Some(file.path()), &["file_output.filename=/b".to_owned(), "priority=warning".to_owned()]).unwrap();
        assert!(config.outputs.json_output);
        assert_eq!(config.outputs.file_output.filename, Path::new("/b"));
        assert!(config.outputs.file_output.enabled);
        assert_eq!(config.priority, "warning");
        assert!(config.outputs.stdout_output.enabled);
    }

    #[test]
    fn unknown_keys_are_named_with_the_nearest() {
        let file = file("jsn_output: true\nfile_output:\n  enabld: true\n");
        let error = load(Some(file.path()), &["sylog_output.enabled=true".to_owned()]).unwrap_err().to_string();
        let error = error.replace(&file.path().display().to_string(), "FILE");
        insta::assert_snapshot!(error, @r"
        FILE: unknown key file_output.enabld; did you mean file_output.enabled?
        FILE: unknown key jsn_output; did you mean json_output?
        -o sylog_output.enabled=true: unknown key sylog_output; did you mean syslog_output?
        ");
    }

    #[test]
    fn wrong_types_and_broken_yaml_are_errors() {
        let wrong = file("json_output: maybe\n");
        assert!(load(Some(wrong.path()), &[]).unwrap_err().to_string().contains("json_output"));
        let broken = file("a: [1, 2\nb: }\n");
        assert!(matches!(load(Some(broken.path()), &[]), Err(ConfigError::Syntax { .. })));
        assert!(matches!(load(Some(Path::new("/no/such")), &[]), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn the_installed_configuration_is_the_default_one() {
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/kestrel.yaml");
        let config = load(Some(Path::new(shipped)), &[]).unwrap();
        assert_eq!(config.rules_files, Config::default().rules_files);
        assert!(config.outputs.syslog_output.enabled);
    }
}
