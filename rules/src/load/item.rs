//! An item's keys, and the values of the types that they should have.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef, Place, SourceText};
use crate::suggest::nearest;
use crate::text::Origin;
use crate::yaml::{Kind, Node};
use std::ops::Range;
use std::sync::Arc;

/// A mapping with the keys of an item.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    pub file: &'a Arc<SourceText>,
    /// `rule`, `macro` and so on.
    pub kind: &'static str,
    pub span: &'a Range<usize>,
    pairs: &'a [(Node, Node)],
}

impl<'a> Item<'a> {
    /// The item that a node is; `None` if it is no mapping.
    pub fn new(file: &'a Arc<SourceText>, kind: &'static str, node: &'a Node) -> Option<Item<'a>> {
        match &node.kind {
            Kind::Mapping(pairs) => Some(Item { file, kind, span: &node.span, pairs }),
            _ => None,
        }
    }

    /// The same as another kind of item.
    pub fn as_kind(self, kind: &'static str) -> Item<'a> {
        Item { kind, ..self }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.pairs.iter().find(|(name, _)| name.scalar().is_some_and(|name| name.text == key)).map(|(_, value)| value)
    }

    /// Where a key stands.
    pub fn key_place(&self, key: &str) -> Place {
        let found = self.pairs.iter().find(|(name, _)| name.scalar().is_some_and(|name| name.text == key));
        found.map_or_else(|| self.head(), |(name, _)| self.place(name))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter_map(|(key, _)| key.scalar()).map(|key| key.text.as_str())
    }

    /// Where a node stands.
    pub fn place(&self, node: &Node) -> Place {
        Place { file: Arc::clone(self.file), span: node.span.clone() }
    }

    /// Its first line.
    pub fn head(&self) -> Place {
        Place { file: Arc::clone(self.file), span: self.span.clone() }.first_line()
    }

    /// It under a name, for messages.
    pub fn named(&self, name: &Arc<str>) -> ItemRef {
        let place = Place { file: Arc::clone(self.file), span: self.span.clone() };
        ItemRef { kind: self.kind, name: Arc::clone(name), place }
    }

    /// Looks for keys that the item does not have, and for keys that stand twice.
    pub fn check_keys(&self, known: &[&'static str], findings: &mut Findings) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in self.pairs {
            let Some(name) = key.scalar().map(|key| key.text.as_str()) else {
                let label = format!("this is {}", key.describe());
                findings.add(Diagnostic::new(Code::YamlValidate, self.place(key), "a key is a word", label));
                continue;
            };
            if seen.contains(&name) {
                let message = format!("the key {name} stands twice");
                findings.add(Diagnostic::new(Code::YamlValidate, self.place(key), message, "the second time"));
            }
            if seen.len() < 64 {
                seen.push(name);
            }
            if !known.contains(&name) {
                let message = format!("{} has no key {name}", self.with_article());
                let help = nearest(name, known.iter().copied()).map(|name| format!("did you mean {name}?"));
                findings.add(Diagnostic::new(Code::UnknownKey, self.place(key), message, "ignored").help(help));
            }
        }
    }

    fn with_article(&self) -> String {
        let article = if self.kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.kind)
    }

    /// A key's text; a problem if it is missing, empty or no text.
    pub fn text(&self, key: &str, findings: &mut Findings) -> Option<Origin> {
        if self.get(key).is_none() {
            let message = format!("Item has no mapping for key '{key}'");
            let label = format!("this {} needs one", self.kind);
            findings.add(Diagnostic::new(Code::YamlValidate, self.head(), message, label));
            return None;
        }
        self.optional_text(key, findings).filter(|origin| {
            let empty = origin.scalar.text.trim().is_empty() || self.get(key).is_some_and(Node::is_null);
            if empty {
                let message = format!("Mapping for key '{key}' is empty");
                findings.add(Diagnostic::new(Code::YamlValidate, self.key_place(key), message, "expected a value"));
            }
            !empty
        })
    }

    /// A key's text; a problem if it is there, but no text.
    pub fn optional_text(&self, key: &str, findings: &mut Findings) -> Option<Origin> {
        let node = self.get(key)?;
        let origin = Origin::of(self.file, node);
        if origin.is_none() {
            let message = format!("the value of {key} must be text");
            let label = format!("this is {}", node.describe());
            findings.add(Diagnostic::new(Code::YamlValidate, self.place(node).first_line(), message, label));
        }
        origin
    }

    /// A key that is true or false.
    pub fn boolean(&self, key: &str, findings: &mut Findings) -> Option<bool> {
        let origin = self.optional_text(key, findings)?;
        match origin.scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => {
                let message = format!("{key} is neither true nor false");
                findings.add(Diagnostic::new(Code::YamlValidate, origin.whole(), message, "expected true or false"));
                None
            }
        }
    }

    /// A key that is a number of milliseconds.
    pub fn milliseconds(&self, key: &str, findings: &mut Findings) -> Option<u64> {
        let origin = self.optional_text(key, findings)?;
        let number = origin.scalar.text.trim().parse::<u32>().ok();
        if number.is_none() {
            let message = format!("{key} is no number of milliseconds");
            findings.add(Diagnostic::new(Code::YamlValidate, origin.whole(), message, "expected a whole number"));
        }
        number.map(u64::from)
    }

    /// A key that is a list of texts. `None` if it is not there, or no list.
    pub fn texts(&self, key: &str, findings: &mut Findings) -> Option<Vec<Origin>> {
        let node = self.get(key)?;
        let Kind::Sequence(nodes) = &node.kind else {
            let message = format!("the value of {key} must be a list");
            let label = format!("this is {}", node.describe());
            findings.add(Diagnostic::new(Code::YamlValidate, self.place(node).first_line(), message, label));
            return None;
        };
        let text = |node: &Node| {
            let origin = Origin::of(self.file, node);
            if origin.is_none() {
                let message = format!("each of {key} must be text");
                let label = format!("this is {}", node.describe());
                findings.add(Diagnostic::new(Code::YamlValidate, self.place(node).first_line(), message, label));
            }
            origin
        };
        Some(nodes.iter().filter_map(text).collect())
    }
}
