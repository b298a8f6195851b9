//! The default rules load without a word, and each says what people need to know.

use kestrel_rules::{DEFAULT_RULES, LoadOptions, Loaded, RuleSet, RuleSource};
use std::path::Path;
use std::process::Command;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rulesets"))
}

/// The default rules, and after them those of a file.
fn load(file: Option<&str>) -> Loaded {
    let mut sources = vec![RuleSource { name: "default".to_owned(), text: DEFAULT_RULES.to_owned() }];
    sources.extend(
        file.map(|name| RuleSource {
            name: name.to_owned(),
            text: std::fs::read_to_string(folder().join(name)).unwrap(),
        }),
    );
    RuleSet::load(&sources, LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn warnings(loaded: &Loaded) -> String {
    loaded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_default_rules_load_without_a_warning() {
    let loaded = load(None);
    assert_eq!(warnings(&loaded), "");
    assert!(loaded.rules.rules().len() >= 56, "{}", loaded.rules.rules().len());
}

#[test]
fn the_optional_rules_load_after_the_default_rules() {
    assert_eq!(warnings(&load(Some("optional.yaml"))), "");
}

#[test]
fn each_rule_says_what_it_is_about_and_looks_at_few_events() {
    for rule in load(Some("optional.yaml")).rules.rules() {
        let has = |test: fn(&str) -> bool| rule.tags.iter().any(|tag| test(tag));
        assert!(has(|tag| tag.starts_with("mitre_")), "{}: no tactic of MITRE ATT&CK", rule.name);
        let is_technique = |tag: &str| {
            let digits = tag.strip_prefix('T').unwrap_or("").replacen('.', "", 1);
            matches!(digits.len(), 4 | 7) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        assert!(has(is_technique), "{}: no technique of MITRE ATT&CK", rule.name);
        assert!(rule.description.len() >= 40 && rule.description.ends_with('.'), "{}", rule.name);
        assert!(rule.events.len() <= 9, "{} wants {} events", rule.name, rule.events.len());
    }
}

#[test]
fn the_file_that_is_installed_is_what_the_daemon_comes_with() {
    let script = folder().join("../../ci/default-rules.sh");
    let printed = Command::new("bash").arg(script).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    assert!(printed.stdout == DEFAULT_RULES.as_bytes(), "ci/default-rules.sh and rules/src/lib.rs name other files");
}
