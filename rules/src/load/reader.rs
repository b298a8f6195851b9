//! Which item is what.

use super::collection::Collection;
use super::item::Item;
use super::{definition, requirement, rule};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef, Place, SourceText};
use crate::suggest::nearest;
use crate::yaml::{Kind, Node};
use std::sync::Arc;

/// Reads every item of a document.
pub fn document(file: &Arc<SourceText>, document: &Node, collection: &mut Collection, findings: &mut Findings) {
    match &document.kind {
        Kind::Sequence(items) => items.iter().for_each(|node| item(file, node, collection, findings)),
        // An empty document, or one of comments alone.
        Kind::Scalar(_) if document.is_null() => {}
        _ => {
            let place = Place { file: Arc::clone(file), span: document.span.clone() }.first_line();
            let label = format!("this is {}", document.describe());
            let help = "a rule file is a list of rules, macros and lists, each with a minus before it".to_owned();
            // One text is probably a file of another kind.
            let message = match &document.kind {
                Kind::Scalar(_) => "Rules content is not yaml",
                _ => "Rules content is not yaml array of objects",
            };
            let content = content("rules content", place.clone());
            findings.add(Diagnostic::new(Code::YamlValidate, place, message, label).help(Some(help)).of(&content));
        }
    }
}

/// A file as a whole, or an item of no kind, as what something is wrong with.
pub fn content(kind: &'static str, place: Place) -> ItemRef {
    ItemRef { kind, name: "".into(), place }
}

/// Kinds of items by the key that makes them one, in the order in which they are looked for.
const KINDS: [&str; 5] = ["required_engine_version", "required_plugin_versions", "list", "macro", "rule"];

fn item(file: &Arc<SourceText>, node: &Node, collection: &mut Collection, findings: &mut Findings) {
    if node.is_null() {
        return;
    }
    let Some(item) = Item::new(file, "item", node) else {
        let place = Place { file: Arc::clone(file), span: node.span.clone() }.first_line();
        let label = format!("this is {}", node.describe());
        let message = "an item must be a mapping: a rule, a macro or a list";
        let content = content("rules content item", place.clone());
        return findings.add(Diagnostic::new(Code::YamlValidate, place, message, label).of(&content));
    };
    let before = findings.count();
    let kind = KINDS.into_iter().find(|kind| item.get(kind).is_some());
    match kind {
        Some(kind @ "required_engine_version") => requirement::engine(item.as_kind(kind), collection, findings),
        Some(kind @ "required_plugin_versions") => requirement::plugins(item.as_kind(kind), collection, findings),
        Some(kind @ "list") => definition::list(item.as_kind(kind), collection, findings),
        Some(kind @ "macro") => definition::condition_macro(item.as_kind(kind), collection, findings),
        Some(kind) => rule::read(item.as_kind(kind), collection, findings),
        None => {
            let help = item.keys().find_map(|key| nearest(key, KINDS.into_iter()));
            let help = help.map(|name| format!("did you mean {name}?"));
            let message = "the item is neither a rule nor a macro nor a list";
            let content = content("rules content item", item.head());
            findings.add(Diagnostic::new(Code::UnknownItem, item.head(), message, "ignored").help(help).of(&content));
        }
    }
    if let Some(kind) = kind {
        let name = item.get(kind).and_then(Node::scalar).map_or("", |name| &name.text);
        findings.attribute(before, &item.as_kind(kind).named(&name.into()));
    }
}
