//! What people are told: every error and warning, as it is shown.

mod conditions;
mod items;
mod outputs;
mod places;
mod requirements;
mod warnings;

use kestrel_rules::{LoadOptions, RuleSet, RuleSource};

/// Everything that is said about some files.
fn said_of(files: &[(&str, &str)]) -> String {
    let source = |(name, text): &(&str, &str)| RuleSource { name: (*name).to_owned(), text: (*text).to_owned() };
    let sources: Vec<RuleSource> = files.iter().map(source).collect();
    let all = match RuleSet::load(&sources, LoadOptions::default()) {
        Ok(loaded) => loaded.warnings,
        Err(errors) => errors.errors.into_iter().chain(errors.warnings).collect(),
    };
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.iter().map(|diagnostic| format!("{diagnostic}\n")).collect::<Vec<_>>().join("\n")
}

/// Everything that is said about a file.
fn said(text: &str) -> String {
    said_of(&[("r.yaml", text)])
}

/// A rule with this condition.
fn rule(condition: &str) -> String {
    format!("- rule: R\n  desc: d\n  condition: {condition}\n  output: o\n  priority: NOTICE\n  warn_evttypes: false\n")
}

/// What is said about rules with these conditions, one after the other.
fn said_of_conditions(conditions: &[&str]) -> String {
    conditions.iter().map(|condition| said(&rule(condition))).collect::<Vec<_>>().join("\n")
}
