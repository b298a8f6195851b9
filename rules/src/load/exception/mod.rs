//! Exceptions of rules: `(condition) and not ((f1 c1 v1 and f2 c2 v2) or …)`, written as fields, comparisons and values.
//!
//! | file | is about |
//! |---|---|
//! | `mod.rs` | reading them |
//! | `validate.rs` | whether their parts fit together |
//! | `condition.rs` | the conditions that they are |

mod condition;
mod validate;

pub use condition::with_exceptions;
pub use validate::validate;

use super::item::Item;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef, Place, SourceText};
use crate::text::Origin;
use crate::yaml::{Kind, Node};
use std::sync::Arc;

/// An exception as it was read.
#[derive(Clone, Debug)]
pub struct Exception {
    pub name: String,
    pub place: Place,
    /// `None` where values are appended to one that has them.
    pub fields: Option<Entry>,
    pub comps: Option<Entry>,
    pub values: Vec<Entry>,
}

impl Exception {
    /// It as what something is wrong with.
    pub fn item(&self) -> ItemRef {
        ItemRef { kind: "exception", name: self.name.as_str().into(), place: self.place.clone() }
    }
}

/// A text, or several.
#[derive(Clone, Debug)]
pub enum Entry {
    One(Origin),
    Many(Vec<Entry>, Place),
}

impl Entry {
    fn read(file: &Arc<SourceText>, node: &Node, depth: usize, findings: &mut Findings) -> Option<Entry> {
        let place = || Place { file: Arc::clone(file), span: node.span.clone() }.first_line();
        match &node.kind {
            Kind::Scalar(scalar) if scalar.text.trim().is_empty() => {
                let message = "a part of an exception is empty";
                findings.add(Diagnostic::new(Code::YamlValidate, place(), message, "expected a value"));
                None
            }
            Kind::Scalar(_) => Origin::of(file, node).map(Entry::One),
            Kind::Sequence(nodes) if depth > 0 => {
                let all: Vec<Option<Entry>> =
                    nodes.iter().map(|node| Entry::read(file, node, depth - 1, findings)).collect();
                Some(Entry::Many(all.into_iter().collect::<Option<_>>()?, place()))
            }
            _ => {
                let label = format!("this is {}", node.describe());
                let message = "a part of an exception has the wrong form";
                findings.add(Diagnostic::new(Code::YamlValidate, place(), message, label));
                None
            }
        }
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        match self {
            Entry::One(origin) => origin.whole(),
            Entry::Many(_, place) => place.clone(),
        }
    }

    /// The texts in it, if it is one or a list of such.
    pub fn texts(&self) -> Vec<&Origin> {
        match self {
            Entry::One(origin) => vec![origin],
            Entry::Many(all, _) => all.iter().flat_map(Entry::texts).collect(),
        }
    }
}

/// Reads the exceptions of a rule. `None` if something is wrong with them, which was said then.
pub fn read(item: &Item<'_>, append: bool, findings: &mut Findings) -> Option<Vec<Exception>> {
    let Some(node) = item.get("exceptions").filter(|node| !node.is_null()) else { return Some(Vec::new()) };
    let Kind::Sequence(nodes) = &node.kind else {
        let label = format!("this is {}", node.describe());
        let message = "exceptions must be a list";
        findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
        return None;
    };
    let mut exceptions: Vec<Exception> = Vec::new();
    let mut wrong = false;
    for node in nodes.iter() {
        let Some(exception) = one(item, node, append, findings) else {
            wrong = true;
            continue;
        };
        if exceptions.iter().any(|known| known.name == exception.name) {
            let message = format!("the rule has two exceptions of the name {}", exception.name);
            let place = exception.place.clone();
            let before = findings.count();
            findings.add(Diagnostic::new(Code::ExceptionNameNotUnique, place, message, "the second one"));
            findings.attribute_part(before, &exception.item());
        }
        exceptions.push(exception);
    }
    (!wrong).then_some(exceptions)
}

fn one(item: &Item<'_>, node: &Node, append: bool, findings: &mut Findings) -> Option<Exception> {
    let Some(exception) = Item::new(item.file, "exception", node) else {
        let label = format!("this is {}", node.describe());
        let message = "an exception must have name, fields and values";
        findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
        return None;
    };
    let before = findings.count();
    let read = parts(&exception, append, findings);
    let name = exception.get("name").and_then(Node::scalar).map_or("", |name| &name.text);
    findings.attribute_part(before, &exception.named(&name.into()));
    read
}

/// Reads the parts of an exception.
fn parts(exception: &Item<'_>, append: bool, findings: &mut Findings) -> Option<Exception> {
    exception.check_keys(&["name", "fields", "comps", "values"], findings);
    let name = exception.text("name", findings)?.scalar.text.clone();
    let mut entry = |key: &str| match exception.get(key) {
        Some(node) => Entry::read(exception.file, node, 1, findings).map(Some).ok_or(()),
        None => Ok(None),
    };
    let fields = entry("fields");
    let comps = entry("comps");
    if !append && fields == Ok(None) {
        exception.text("fields", findings);
        return None;
    }
    let mut values = Vec::new();
    match exception.get("values") {
        Some(Node { kind: Kind::Sequence(nodes), .. }) => {
            let all: Vec<Option<Entry>> =
                nodes.iter().map(|node| Entry::read(exception.file, node, 2, findings)).collect();
            values = all.into_iter().collect::<Option<_>>()?;
        }
        Some(node) if !node.is_null() => {
            let label = format!("this is {}", node.describe());
            let message = "the values of an exception must be a list";
            findings.add(Diagnostic::new(Code::YamlValidate, exception.place(node).first_line(), message, label));
            return None;
        }
        _ if append => {
            let message = format!("the exception {name} is appended without values");
            findings.add(Diagnostic::new(Code::AppendNoValues, exception.head(), message, "it changes nothing"));
        }
        _ => {}
    }
    Some(Exception { name, place: exception.head(), fields: fields.ok()?, comps: comps.ok()?, values })
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        let texts = |entry: &Entry| entry.texts().iter().map(|origin| origin.scalar.text.clone()).collect::<Vec<_>>();
        matches!(self, Entry::One(_)) == matches!(other, Entry::One(_)) && texts(self) == texts(other)
    }
}
