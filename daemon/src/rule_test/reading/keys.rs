//! Mappings, and the keys that they may have.

use crate::document::{Content, Node};
use crate::rule_test::problem::Problems;
use serde_saphyr::Spanned;

/// The keys of a mapping, all of which it may have.
#[derive(Default)]
pub struct Keys<'a> {
    entries: Vec<(&'a Spanned<String>, &'a Node)>,
}

impl<'a> Keys<'a> {
    /// The keys of a mapping that stands for `what`; those that it may not have are reported, and left out.
    pub fn of(node: &'a Node, what: &str, known: &[&str], problems: &mut Problems) -> Option<Keys<'a>> {
        let Content::Map(entries) = &node.value else {
            let message = format!("{what} has keys: {}", known.join(", "));
            problems.add(&node.referenced, message, format!("this is {}", node.value.describe()));
            return None;
        };
        let mut good = Vec::new();
        for (key, value) in entries {
            if known.contains(&key.value.as_str()) {
                good.push((key, value));
            } else {
                let otherwise = format!("its keys are {}", known.join(", "));
                let message = format!("{what} has no key {}", key.value);
                problems.unknown(&key.referenced, message, &key.value, known.iter().copied(), &otherwise);
            }
        }
        Some(Keys { entries: good })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| *value)
    }

    /// The text of a key that must be there.
    pub fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        match self.get(key) {
            Some(node) => text(node, key, problems),
            None => {
                if let Some((first, _)) = self.entries.first() {
                    problems.add(&first.referenced, format!("the key {key} is missing"), "not here");
                }
                None
            }
        }
    }
}

/// A text; numbers are their digits. Anything else is reported, `what` being what it is for.
pub fn text(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    match &node.value {
        Content::Text(text) => Some(text.clone()),
        Content::Int(n) => Some(n.to_string()),
        other => {
            let label = match other {
                Content::Bool(_) | Content::Float(_) => format!("this is {}: put it in quotes", other.describe()),
                _ => format!("this is {}", other.describe()),
            };
            problems.add(&node.referenced, format!("{what} must be text"), label);
            None
        }
    }
}

/// A whole number within bounds.
pub fn number<T: TryFrom<i128>>(node: &Node, what: &str, problems: &mut Problems) -> Option<T> {
    let found = match &node.value {
        Content::Int(n) => T::try_from(*n).ok(),
        _ => None,
    };
    if found.is_none() {
        let label = format!("this is {}", node.value.describe());
        problems.add(&node.referenced, format!("{what} must be a whole number that fits"), label);
    }
    found
}
