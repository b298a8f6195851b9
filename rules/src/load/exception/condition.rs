//! The conditions that exceptions are, put together as text, so that whatever is wrong is found where it stands.

use super::validate::comparison;
use super::{Entry, Exception};
use crate::syntax::{self, Literal, Op, Span};
use crate::text::{Origin, PiecedText};
use std::borrow::Cow;

/// The condition of a rule with its exceptions.
pub fn with_exceptions<'a>(condition: &'a PiecedText, exceptions: &[Exception]) -> Cow<'a, PiecedText> {
    if exceptions.iter().all(|exception| exception.values.is_empty()) {
        return Cow::Borrowed(condition);
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
    Cow::Owned(text)
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
