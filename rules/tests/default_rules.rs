//! The default rules load without a word.

use kestrel_rules::{DEFAULT_RULES, LoadOptions, RuleSet, RuleSource};

#[test]
fn the_default_rules_load_without_a_warning() {
    let source = RuleSource { name: "kestrel_rules.yaml".to_owned(), text: DEFAULT_RULES.to_owned() };
    let loaded = RuleSet::load(&[source], LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{}", warnings.join("\n"));
    assert!(loaded.rules.rules().len() >= 15);
    for rule in loaded.rules.rules() {
        assert!(!rule.tags.is_empty() && !rule.description.is_empty(), "{}", rule.name);
        assert!(rule.events.len() <= 8, "{} wants {} events", rule.name, rule.events.len());
    }
}
