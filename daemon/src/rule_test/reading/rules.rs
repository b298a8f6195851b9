//! Which rules a file tests.

use super::keys::text;
use crate::config::rule_files;
use crate::document::{Content, Node};
use crate::rule_test::RuleTexts;
use crate::rule_test::problem::Problems;
use kestrel_rules::{DEFAULT_RULES, LoadErrors, LoadOptions, Matching, RuleSet, RuleSource, StaticFields};
use std::path::Path;

/// What stands for the rules that Kestrel comes with.
const DEFAULT: &str = "default";

/// How many rules an event can match: `first` or `all`.
pub fn matching(node: Option<&Node>, problems: &mut Problems) -> Matching {
    match node.map(|node| (node, &node.value)) {
        None => Matching::First,
        Some((_, Content::Text(word))) if word == "first" => Matching::First,
        Some((_, Content::Text(word))) if word == "all" => Matching::All,
        Some((node, other)) => {
            problems.add(&node.referenced, "matching is first or all", format!("this is {}", other.describe()));
            Matching::First
        }
    }
}

/// The texts of the rules: files beside the tests, or those that Kestrel comes with.
pub fn sources(node: Option<&Node>, folder: &Path, problems: &mut Problems) -> Vec<RuleSource> {
    let Some(node) = node else { return vec![default()] };
    let nodes = match &node.value {
        Content::List(nodes) if !nodes.is_empty() => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut sources = Vec::new();
    for node in nodes {
        let Some(name) = text(node, "a rule file", problems) else { continue };
        if name == DEFAULT {
            sources.push(default());
            continue;
        }
        match rule_files::read(&[folder.join(&name)]) {
            Ok(read) => sources.extend(read),
            Err(unreadable) => {
                for problem in unreadable {
                    problems.add(&node.referenced, problem.to_string(), "relative to this file");
                }
            }
        }
    }
    sources
}

fn default() -> RuleSource {
    RuleSource { name: DEFAULT.to_owned(), text: DEFAULT_RULES.to_owned() }
}

/// The texts that rules can name: names with texts.
pub fn static_fields(node: Option<&Node>, problems: &mut Problems) -> StaticFields {
    let mut fields = Vec::new();
    match node.map(|node| (node, &node.value)) {
        None => {}
        Some((_, Content::Map(entries))) => {
            for (name, node) in entries {
                if !StaticFields::can_be_named(&name.value) {
                    let label = "letters, digits and underscores can, with dots between them";
                    problems.add(&name.referenced, format!("{:?} can be no name", name.value), label);
                }
                fields.extend(text(node, &name.value, problems).map(|text| (name.value.clone(), text)));
            }
        }
        Some((node, other)) => {
            problems.add(
                &node.referenced,
                "static_fields are names with texts",
                format!("this is {}", other.describe()),
            );
        }
    }
    StaticFields::new(fields)
}

/// Loads them.
pub fn load(sources: &RuleTexts, matching: Matching) -> Result<RuleSet, LoadErrors> {
    let options = LoadOptions { matching, ..sources.options() };
    RuleSet::load(&sources.files, options).map(|loaded| loaded.rules)
}
