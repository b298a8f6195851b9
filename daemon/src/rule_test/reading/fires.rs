//! What is expected: `fires`, `silent`.

use super::keys::{Keys, text};
use crate::document::{Content, Node};
use crate::rule_test::Expected;
use crate::rule_test::problem::Problems;
use kestrel_core::schema::{self, EventId};
use kestrel_rules::RuleSet;

/// Keys of an expected rule.
pub const KEYS: [&str; 3] = ["rule", "output", "contains"];

/// What stands for no rule at all.
const NONE: &str = "none";

/// The rules that a test expects. Without `rules`, which could not be loaded, their names are taken as they are.
pub fn read(keys: &Keys<'_>, test: &Node, rules: Option<&RuleSet>, problems: &mut Problems) -> Option<Vec<Expected>> {
    let Some(node) = keys.get("fires") else {
        if keys.get("silent").is_some() {
            return Some(Vec::new());
        }
        let label = "the key fires is missing: name rules, say none, or name a silent one";
        problems.add(&test.referenced, "a test says which rules fire", label);
        return None;
    };
    match &node.value {
        Content::Text(word) if word == NONE => Some(Vec::new()),
        Content::List(nodes) => {
            let all: Vec<Option<Expected>> = nodes.iter().map(|node| one(node, rules, problems)).collect();
            if all.is_empty() {
                problems.add(&node.referenced, "a test says which rules fire", "say none if none does");
                return None;
            }
            all.into_iter().collect()
        }
        _ => Some(vec![one(node, rules, problems)?]),
    }
}

/// The rules that a test comes near to without making them fire. One that never looks at the event is none of them.
pub fn silent(
    keys: &Keys<'_>,
    event: Option<EventId>,
    rules: Option<&RuleSet>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let nodes = match keys.get("silent") {
        None => return Some(Vec::new()),
        Some(Node { value: Content::List(nodes), .. }) => nodes.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let names = nodes.iter().map(|node| {
        let name = name(node, rules, problems)?;
        let rule = rules.and_then(|set| set.rules().iter().find(|rule| *rule.name == *name));
        if let (Some(rule), Some(event)) = (rule, event.and_then(schema::get).zip(event))
            && !rule.events.contains(event.1)
        {
            let message = format!("{name} never looks at {}", event.0.name);
            problems.add(&node.referenced, message, "so this does not come near to it");
            return None;
        }
        Some(name)
    });
    names.collect::<Vec<_>>().into_iter().collect()
}

fn one(node: &Node, rules: Option<&RuleSet>, problems: &mut Problems) -> Option<Expected> {
    if let Content::Map(_) = &node.value {
        let keys = Keys::of(node, "an expected rule", &KEYS, problems)?;
        let rule = keys.get("rule").and_then(|node| name(node, rules, problems));
        if keys.get("rule").is_none() {
            problems.add(&node.referenced, "an expected rule has a name", "the key rule is missing");
        }
        let output = keys.get("output").map(|node| text(node, "output", problems));
        let contains: Vec<Option<String>> = match keys.get("contains").map(|node| (node, &node.value)) {
            None => Vec::new(),
            Some((_, Content::List(nodes))) => nodes.iter().map(|node| text(node, "contains", problems)).collect(),
            Some((node, _)) => vec![text(node, "contains", problems)],
        };
        let output = match output {
            None => None,
            Some(read) => Some(read?),
        };
        return Some(Expected { rule: rule?, output, contains: contains.into_iter().collect::<Option<Vec<_>>>()? });
    }
    Some(Expected { rule: name(node, rules, problems)?, output: None, contains: Vec::new() })
}

fn name(node: &Node, rules: Option<&RuleSet>, problems: &mut Problems) -> Option<String> {
    let name = text(node, "the name of a rule", problems)?;
    if let Some(set) = rules
        && set.rules().iter().all(|rule| *rule.name != *name)
    {
        let known = set.rules().iter().map(|rule| &*rule.name);
        let otherwise = "the rules that this file tests have other names";
        problems.unknown(&node.referenced, format!("there is no rule {name}"), &name, known, otherwise);
        return None;
    }
    Some(name)
}
