//! Exceptions of rules: `(condition) and not ((f1 c1 v1 and f2 c2 v2) or …)`, written as fields, comparisons and values.

use super::item::Item;
use crate::check::resolve;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, Place, SourceText};
use crate::field::FieldSource;
use crate::suggest::nearest;
use crate::syntax::{self, FieldName, Literal, Modifier, Op, Operand, Span};
use crate::text::{Origin, PiecedText};
use crate::yaml::{Kind, Node};
use std::rc::Rc;

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

/// A text, or several.
#[derive(Clone, Debug)]
pub enum Entry {
    One(Origin),
    Many(Vec<Entry>, Place),
}

impl Entry {
    fn read(file: &Rc<SourceText>, node: &Node, depth: usize, findings: &mut Findings) -> Option<Entry> {
        let place = || Place { file: Rc::clone(file), span: node.span.clone() }.first_line();
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
            findings.add(Diagnostic::new(Code::ExceptionNameNotUnique, place, message, "the second one"));
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
    exception.check_keys(&["name", "fields", "comps", "values"], findings);
    let name = exception.text("name", findings)?.scalar.text.clone();
    let mut entry = |key: &str| match exception.get(key) {
        Some(node) => Entry::read(item.file, node, 1, findings).map(Some).ok_or(()),
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
            let all: Vec<Option<Entry>> = nodes.iter().map(|node| Entry::read(item.file, node, 2, findings)).collect();
            values = all.into_iter().collect::<Option<_>>()?;
        }
        Some(node) if !node.is_null() => {
            let label = format!("this is {}", node.describe());
            let message = "the values of an exception must be a list";
            findings.add(Diagnostic::new(Code::YamlValidate, item.place(node).first_line(), message, label));
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

/// An operator with its modifier, as `comps` has it.
fn comparison(text: &str) -> Option<(Op, Option<Modifier>)> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    let op = Op::ALL.iter().copied().find(|op| op.name() == word).or((word == "==").then_some(Op::Eq))?;
    let modifier = match words.next() {
        Some(word) => Some(Modifier::ALL.iter().copied().find(|m| m.name() == word).filter(|_| op.takes_modifier())?),
        None => None,
    };
    words.next().is_none().then_some((op, modifier))
}

/// Checks fields and comparisons of an exception, and gives it comparisons if it has none. False if it is wrong.
pub fn validate(exception: &Exception, source: Option<FieldSource>, findings: &mut Findings) -> bool {
    let Some(fields) = &exception.fields else { return false };
    let mut fine = true;
    let mut wrong = |place: Place, message: String, label: &str, help: Option<String>| {
        findings.add(Diagnostic::new(Code::Validate, place, message, label).help(help));
        fine = false;
    };
    let single = matches!(fields, Entry::One(_));
    match (&exception.comps, fields) {
        (Some(comps @ Entry::Many(..)), Entry::One(_)) => {
            wrong(comps.place(), "Fields and comps must both be strings".to_owned(), "expected one comparison", None);
        }
        (Some(Entry::Many(comps, place)), Entry::Many(fields, _)) if comps.len() != fields.len() => {
            let message = "Fields and comps lists must have equal length".to_owned();
            let help = format!("there are {} fields and {} comps", fields.len(), comps.len());
            wrong(place.clone(), message, "not as many as fields", Some(help));
        }
        (Some(comps @ Entry::One(_)), Entry::Many(..)) => {
            let message = "Fields and comps lists must have equal length".to_owned();
            wrong(comps.place(), message, "expected a list of comparisons", None);
        }
        _ => {}
    }
    for comp in exception.comps.iter().flat_map(Entry::texts) {
        let text = comp.scalar.text.trim();
        match comparison(text) {
            None => {
                let help = nearest(text, Op::ALL.iter().map(|op| op.name())).map(|op| format!("did you mean {op}?"));
                wrong(comp.whole(), format!("{text} is no comparison"), "expected =, in, startswith, …", help);
            }
            Some((op, modifier)) if single && !op.takes_list() && modifier.is_none() => {
                let message = format!("{text} cannot compare with a list of values");
                let label = "expected in, pmatch, intersects, or a modifier such as startswith anyof";
                wrong(comp.whole(), message, label, None);
            }
            Some(_) => {}
        }
    }
    for field in fields.texts() {
        let text = &field.scalar.text;
        let problem = match syntax::parse_operand(text) {
            Ok((_, end)) if end < text.trim_end().len() => {
                Some((text.clone(), "expected a field alone".to_owned(), None))
            }
            Ok((Operand::Field(FieldName { name, arg }), _)) => {
                let arg = arg.as_ref().map(Literal::text);
                let found = resolve(&name.text, arg.as_deref(), source.unwrap_or(FieldSource::Any));
                found.err().map(|problem| problem.describe(&name.text))
            }
            Ok(_) => None,
            Err(error) => Some((error.message, error.label, error.help)),
        };
        if let Some((message, label, help)) = problem.filter(|_| source.is_some()) {
            let message = format!("the exception {} has a wrong field: {message}", exception.name);
            wrong(field.whole(), message, &label, help);
        }
    }
    for value in &exception.values {
        match (value, fields) {
            (Entry::Many(_, place), Entry::One(_)) => {
                let message = "the values of an exception with one field must be texts".to_owned();
                wrong(place.clone(), message, "expected a text", None);
            }
            (Entry::Many(values, place), Entry::Many(fields, _)) if values.len() != fields.len() => {
                let message = "Fields and values lists must have equal length".to_owned();
                let help = format!("there are {} fields and {} values", fields.len(), values.len());
                wrong(place.clone(), message, "not as many as fields", Some(help));
            }
            (Entry::One(origin), Entry::Many(..)) => {
                let message = "Fields and values lists must have equal length".to_owned();
                wrong(origin.whole(), message, "expected a list with a value for each field", None);
            }
            _ => {}
        }
    }
    fine
}

/// The condition of a rule with its exceptions.
pub fn with_exceptions(condition: &PiecedText, exceptions: &[Exception]) -> PiecedText {
    if exceptions.iter().all(|exception| exception.values.is_empty()) {
        return condition.clone();
    }
    let start = condition.start();
    let mut text = PiecedText::default();
    if let Some(place) = &start {
        text.push_made("(", place);
    }
    text.append_here(condition);
    if let Some(place) = &start {
        text.push_made(")", place);
    }
    for exception in exceptions.iter().filter(|exception| !exception.values.is_empty()) {
        text.push_made(" and not (", &exception.place);
        match &exception.fields {
            Some(Entry::One(field)) => single(exception, field, &mut text),
            Some(Entry::Many(fields, _)) => tuples(exception, fields, &mut text),
            None => {}
        }
        text.push_made(")", &exception.place);
    }
    text
}

fn single(exception: &Exception, field: &Origin, text: &mut PiecedText) {
    let at = &exception.place;
    text.push(field);
    text.push_made(" ", at);
    match &exception.comps {
        Some(Entry::One(comp)) => text.push(comp),
        _ => text.push_made("in", at),
    }
    text.push_made(" (", at);
    for (i, value) in exception.values.iter().flat_map(Entry::texts).enumerate() {
        if i > 0 {
            text.push_made(", ", at);
        }
        push_value(value, text);
    }
    text.push_made(")", at);
}

fn tuples(exception: &Exception, fields: &[Entry], text: &mut PiecedText) {
    let at = &exception.place;
    for (i, tuple) in exception.values.iter().enumerate() {
        text.push_made(if i > 0 { " or (" } else { "(" }, at);
        let Entry::Many(values, _) = tuple else { continue };
        for (k, (field, value)) in fields.iter().zip(values).enumerate() {
            if k > 0 {
                text.push_made(" and ", at);
            }
            if let Some(field) = field.texts().first() {
                text.push(field);
            }
            text.push_made(" ", at);
            let comp = match &exception.comps {
                Some(Entry::Many(comps, _)) => comps.get(k).and_then(|comp| comp.texts().first().copied()),
                _ => None,
            };
            match comp {
                Some(comp) => text.push(comp),
                None => text.push_made("=", at),
            }
            text.push_made(" ", at);
            let takes_list = comp
                .and_then(|comp| comparison(comp.scalar.text.trim()))
                .is_some_and(|(op, modifier)| op.takes_list() || modifier.is_some());
            let exists = comp.is_some_and(|comp| comp.scalar.text.trim() == Op::Exists.name());
            match value {
                _ if exists => {}
                Entry::Many(values, _) => {
                    text.push_made("(", at);
                    for (n, value) in values.iter().flat_map(Entry::texts).enumerate() {
                        if n > 0 {
                            text.push_made(", ", at);
                        }
                        push_value(value, text);
                    }
                    text.push_made(")", at);
                }
                Entry::One(value) if takes_list && !value.scalar.text.trim_start().starts_with('(') => {
                    text.push_made("(", at);
                    push_value(value, text);
                    text.push_made(")", at);
                }
                Entry::One(value) if takes_list => text.push(value),
                Entry::One(value) => push_value(value, text),
            }
        }
        text.push_made(")", at);
    }
}

/// A value as a condition has it: with quotes if it needs them and has none.
fn push_value(value: &Origin, text: &mut PiecedText) {
    let written = value.scalar.text.trim();
    let is_computed = syntax::Transformer::ALL
        .iter()
        .map(|t| t.name())
        .chain(["val"])
        .any(|name| written.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')));
    if written.starts_with(['"', '\'']) || is_computed || written.chars().all(syntax::is_bare) {
        return text.push(value);
    }
    let literal = Literal { bytes: written.as_bytes().to_vec(), span: Span::default(), quoted: true };
    text.push_made(&literal.to_string(), &value.whole());
}
