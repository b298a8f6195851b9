//! Everything that was given, as one configuration.

use super::check::Findings;
use super::files::{Fragment, KEY as CONFIG_FILES, ReadFile, Reader};
use super::given::{self, Setting};
use super::path::{self, Step};
use super::{Config, DropAction};
use figment::providers::Serialized;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use kestrel_rules::StaticFields;
use std::path::Path;

/// Where the configuration is looked for if nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/kestrel/kestrel.yaml";

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
    /// The files that it was read from, in order.
    pub files: Vec<ReadFile>,
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
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
            .collect();
        Origins { file, environment, options }
    }

    /// A variable of the environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// The file that is read first, if there is one.
    pub fn first_file(&self) -> Option<&Path> {
        let default = Path::new(DEFAULT_PATH);
        self.file.or_else(|| Some(default).filter(|path| path.exists()))
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
    let mut warnings = Vec::new();
    // Which files there are depends on these, too; but what is wrong in them is said after what is wrong in files.
    let mut given_findings = Findings::default();
    let mut settings = Vec::new();
    for (name, value) in &origins.environment {
        settings.extend(given::variable(name, value, &mut given_findings, &mut warnings));
    }
    settings.extend(origins.options.iter().filter_map(|option| given::option(option, &mut given_findings)));

    let mut findings = Findings::default();
    let variable = |name: &str| origins.variable(name);
    let mut reader = Reader { variable: &variable, findings: &mut findings, read: Vec::new() };
    let first = origins.first_file();
    let mut root = first.map(|path| reader.file(path, true)).unwrap_or_default();
    for fragment in fragments(&root, &settings)? {
        reader.fragment(&fragment, first, &mut root);
    }
    let files = reader.read;
    findings.errors.append(&mut given_findings.errors);
    findings.elsewhere.append(&mut given_findings.elsewhere);

    let figment = Figment::from(Serialized::defaults(Config::default())).merge(Layer(root));
    let mut merged: Dict = figment.extract().map_err(told)?;
    for Setting { place, steps, value } in settings {
        if let Err(message) = path::set(&mut merged, &steps, value) {
            findings.errors.push(format!("{place}: {message}"));
        }
    }
    if !findings.elsewhere.is_empty() {
        findings.elsewhere.sort();
        findings.elsewhere.dedup();
        warnings.push(format!("these keys mean nothing to kestrel yet: {}", findings.elsewhere.join(", ")));
    }
    for name in &findings.unset {
        let name = kestrel_outputs::escape::line(name);
        warnings.push(format!("environment: {name} is not set: ${{{name}}} is read as nothing"));
    }
    if !findings.errors.is_empty() {
        return Err(ConfigError(findings.errors));
    }
    let mut config: Config = Figment::from(Layer(merged)).extract().map_err(told)?;
    // Falco's name for the same, where nothing else is said.
    if config.hostname.is_empty()
        && let Some(name) = origins.variable("FALCO_HOSTNAME")
    {
        config.hostname = name;
    }
    consistent(&config)?;
    Ok(Loaded { config, warnings, files })
}

fn told(error: figment::Error) -> ConfigError {
    ConfigError(error.into_iter().map(|error| error.to_string()).collect())
}

/// The further files: what the first one says, changed by the environment and by options.
fn fragments(root: &Dict, settings: &[Setting]) -> Result<Vec<Fragment>, ConfigError> {
    let mut own: Dict =
        root.get_key_value(CONFIG_FILES).map(|(key, value)| (key.clone(), value.clone())).into_iter().collect();
    for Setting { steps, value, .. } in settings {
        if steps.first() == Some(&Step::Name(CONFIG_FILES.to_owned())) {
            // What is wrong with it is said when it is put in its place.
            let _ = path::set(&mut own, steps, value.clone());
        }
    }
    match own.remove(CONFIG_FILES) {
        Some(list @ Value::Array(..)) => list.deserialize().map_err(told),
        _ => Ok(Vec::new()),
    }
}

/// What no single key can be blamed for.
fn consistent(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Vec::new();
    let actions = &config.syscall_event_drops.actions;
    if actions.contains(&DropAction::Ignore) && actions.len() > 1 {
        problems.push("syscall_event_drops.actions: ignore makes no sense together with another action".to_owned());
    }
    problems.extend(config.webserver.problems());
    problems.extend(config.k8s_audit.problems());
    let unnameable = config.static_fields.keys().filter(|name| !StaticFields::can_be_named(name));
    problems.extend(unnameable.map(|name| {
        format!("static_fields: {name:?} can be no name: letters, digits and underscores can, with dots between them")
    }));
    problems.extend(config.append_output.iter().filter_map(|append| append.problem()));
    if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
}
