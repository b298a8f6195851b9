//! Loading the rules that the command line or the configuration names.

use super::Failure;
use super::unfilled::Unfilled;
use crate::config::rule_files;
use crate::config::{Config, ReadFile, RuleMatching, RuleSwitch, SwitchedRules};
use crate::watch::Appended;
use kestrel_rules::{LoadOptions, Loaded, Matching, RuleSet, RuleSource, Selected, Selection, StaticFields};
use std::path::{Path, PathBuf};

/// Rules that one line of the log names for one field.
const NAMED: usize = 3;

/// How rules are loaded by this configuration.
pub fn options(config: &Config) -> LoadOptions {
    let matching = match config.rule_matching {
        RuleMatching::First => Matching::First,
        RuleMatching::All => Matching::All,
    };
    let selection = config.rules.iter().map(|switch| {
        let (enable, what) = match switch {
            RuleSwitch::Enable(what) => (true, what),
            RuleSwitch::Disable(what) => (false, what),
        };
        let what = match what {
            SwitchedRules::Rule(pattern) => Selected::Rule(pattern.clone()),
            SwitchedRules::Tag(tag) => Selected::Tag(tag.clone()),
        };
        Selection { enable, what }
    });
    LoadOptions {
        least_priority: config.priority,
        matching,
        selection: selection.collect(),
        static_fields: static_fields(config),
    }
}

/// The texts of the configuration that rules can name.
pub fn static_fields(config: &Config) -> StaticFields {
    StaticFields::new(config.static_fields.clone())
}

/// The texts of the rule files in `paths`, or else of those of the configuration.
///
/// # Errors
/// [`Failure`] if a file cannot be read.
pub fn sources(paths: &[PathBuf], config: &Config) -> Result<Vec<RuleSource>, Failure> {
    // What was named on the command line must be there.
    let sources = match paths {
        [] => rule_files::read(&rule_files::present(&config.rules_files)),
        named => rule_files::read(named),
    };
    sources.map_err(Failure::RuleFiles)
}

/// Loads the rules in `paths`, or else those of the configuration. Warnings go to the log.
///
/// # Errors
/// [`Failure`] if a file cannot be read, something in them is wrong, or no rule is enabled.
pub fn load(paths: &[PathBuf], config: &Config) -> Result<RuleSet, Failure> {
    load_with_files(paths, config).map(|(rules, _)| rules)
}

/// The same, and the files that they come from.
///
/// # Errors
/// As [`load`].
pub fn load_with_files(paths: &[PathBuf], config: &Config) -> Result<(RuleSet, Vec<ReadFile>), Failure> {
    let sources = sources(paths, config)?;
    let files = sources.iter().map(|source| ReadFile::new(Path::new(&source.name), source.text.as_bytes())).collect();
    Ok((load_sources(&sources, config)?, files))
}

/// Like [`load`]; where the configuration's files are the usual ones and are not there, the rules that are built in.
///
/// # Errors
/// As for [`load`].
pub fn load_or_built_in(paths: &[PathBuf], config: &Config) -> Result<RuleSet, Failure> {
    let usual = config.rules_files == Config::default().rules_files;
    if paths.is_empty() && usual && !config.rules_files.iter().any(|path| path.exists()) {
        let name = "the rules that are built in".to_owned();
        return load_sources(&[RuleSource { name, text: kestrel_rules::DEFAULT_RULES.to_owned() }], config);
    }
    load(paths, config)
}

fn load_sources(sources: &[RuleSource], config: &Config) -> Result<RuleSet, Failure> {
    let Loaded { rules, warnings } =
        RuleSet::load(sources, options(config)).map_err(|errors| Failure::Rules { errors })?;
    for warning in warnings {
        let (file, line, column) = warning.position();
        log::warn!("{file}:{line}:{column}: {}", warning.message());
    }
    if rules.rules().is_empty() {
        return Err(Failure::NoRules);
    }
    if let Some(unfilled) = Unfilled::of(&rules, NAMED) {
        log::warn!("{unfilled}");
    }
    Ok(rules)
}

/// What the configuration adds to the alerts of these rules.
///
/// # Errors
/// [`Failure`] if a format is wrong.
pub fn appended(config: &Config, rules: &RuleSet) -> Result<Appended, Failure> {
    Appended::new(&config.append_output, rules, &static_fields(config)).map_err(|errors| Failure::Rules { errors })
}
