//! What is probably not meant.

use super::values::ValueRef;
use super::{Problem, Subject};
use crate::code::Code;
use crate::field::Field;
use crate::suggest::nearest;
use crate::syntax::{Op, Transformer};
use kestrel_core::schema;

/// Looks at a value that a field, if it is one, is compared with as text.
pub fn value(subject: &mut Subject<'_>, field: Option<Field>, op: Op, value: &ValueRef<'_>) {
    let Ok(text) = std::str::from_utf8(&value.literal.bytes) else { return };
    let mut warn = |code: Code, message: String, label: String| {
        let problem = Problem::warning(code, value.place(subject), message, label);
        value.problem(subject, problem);
    };
    if op == Op::Regex && is_plain(text) {
        let message = format!("the regular expression {text} looks for a plain text");
        warn(Code::ConditionWarning, message, "=, contains, startswith or endswith cost less".to_owned());
    }
    if text.contains('.') && Field::by_name(text).is_some() {
        let message = format!("{text} is compared with as a text, but is the name of a field");
        warn(Code::ConditionWarning, message, format!("to compare with its value, write val({text})"));
    }
    if text.ends_with(')')
        && Transformer::ALL
            .iter()
            .map(|t| t.name())
            .chain(["val"])
            .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    {
        let message = format!("{text} is compared with as a text, but is a transformer");
        warn(Code::ConditionWarning, message, "to compare with what it makes, leave the quotes out".to_owned());
    }
    let name = field.map_or("", |field| field.def().name);
    if text == "<NA>" && (name.starts_with("ka.") || name.starts_with("jevt.")) {
        let message = format!("{name} is compared with <NA>, which a missing value is not");
        warn(Code::UnsafeNaCheck, message, format!("write {name} exists, or not {name} exists"));
    }
}

/// Looks at the name of an event.
pub fn event(subject: &mut Subject<'_>, value: &ValueRef<'_>) {
    let text = value.literal.text();
    if schema::by_name(&text).is_some() {
        return;
    }
    let help =
        nearest(&text, schema::EVENTS.iter().map(|event| event.name)).map(|name| format!("did you mean {name}?"));
    let message = format!("there is no event {text} in this version");
    let problem = Problem::warning(Code::ConditionWarning, value.place(subject), message, "it never happens");
    let help = help.or_else(|| Some("`kestrel --list-events` lists the events".to_owned()));
    value.problem(subject, problem.help(help));
}

/// True for an expression that `=`, `contains`, `startswith` or `endswith` could stand for.
fn is_plain(regex: &str) -> bool {
    let inner = regex.strip_prefix('^').unwrap_or(regex);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let inner = [".*", ".+"].iter().find_map(|any| inner.strip_prefix(any)).unwrap_or(inner);
    let inner = [".*", ".+"].iter().find_map(|any| inner.strip_suffix(any)).unwrap_or(inner);
    !inner.contains(['.', '+', '*', '?', '^', '$', '(', ')', '[', ']', '{', '}', '|', '\\'])
}
