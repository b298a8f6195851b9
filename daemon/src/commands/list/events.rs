//! Lists of events.

use kestrel_core::schema::{EVENTS, Event, Param, Type};
use serde::Serialize;
use std::fmt::Write;

/// For people at a terminal: a heading for each category, a line for each event.
pub fn text() -> String {
    let mut out = String::new();
    for (category, events) in categories() {
        let _ = writeln!(out, "{}{category}\n", if out.is_empty() { "" } else { "\n" });
        let width = events.iter().map(|event| event.name.len()).max().unwrap_or(0);
        for event in events {
            let params = params(event, |param| format!("{}: {}", param.name, type_name(&param.ty)));
            let _ = writeln!(out, "  {:width$}  {params}", event.name);
        }
    }
    out
}

/// A page with a table for each category.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Events\n\n\
         What `evt.type` can be, and the parameters that `evt.arg` has then.\n",
    );
    for (category, events) in categories() {
        let _ = write!(out, "\n## {category}\n\n| event | parameters |\n|---|---|\n");
        for event in events {
            let params = params(event, |param| format!("`{}` {}", param.name, type_name(&param.ty)));
            let _ = writeln!(out, "| `{}` | {params} |", event.name);
        }
    }
    out
}

/// An event, as programs read it.
#[derive(Debug, Serialize)]
pub struct Described {
    name: &'static str,
    category: &'static str,
    params: Vec<DescribedParam>,
}

/// A parameter, as programs read it.
#[derive(Debug, Serialize)]
struct DescribedParam {
    name: &'static str,
    #[serde(rename = "type")]
    ty: &'static str,
    /// Names of flags or values, if it has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<&'static str>,
}

/// The events, for programs.
pub fn described() -> Vec<Described> {
    let param = |param: &Param| DescribedParam {
        name: param.name,
        ty: type_name(&param.ty),
        names: match param.ty {
            Type::Flags(names) | Type::Enum(names) => names.entries.iter().map(|entry| entry.name).collect(),
            _ => Vec::new(),
        },
    };
    let event = |event: &Event| Described {
        name: event.name,
        category: event.category.name(),
        params: event.params.iter().map(param).collect(),
    };
    EVENTS.iter().map(event).collect()
}

/// The categories in the order in which the table first has them, each with its events.
fn categories() -> Vec<(&'static str, Vec<&'static Event>)> {
    let mut categories: Vec<(&str, Vec<&Event>)> = Vec::new();
    for event in EVENTS {
        let name = event.category.name();
        match categories.iter_mut().find(|(category, _)| *category == name) {
            Some((_, events)) => events.push(event),
            None => categories.push((name, vec![event])),
        }
    }
    categories
}

fn params(event: &Event, show: impl Fn(&Param) -> String) -> String {
    event.params.iter().map(show).collect::<Vec<_>>().join(", ")
}

/// Name of a parameter's type.
fn type_name(ty: &Type) -> &'static str {
    match ty {
        Type::Errno => "result",
        Type::Int => "int",
        Type::Uint => "uint",
        Type::Hex => "hex",
        Type::Octal => "octal",
        Type::Pid => "pid",
        Type::Uid => "uid",
        Type::Gid => "gid",
        Type::Signal => "signal",
        Type::Flags(_) => "flags",
        Type::Enum(_) => "enum",
        Type::Time => "time",
        Type::Span => "reltime",
        Type::Fd => "fd",
        Type::FdList => "fdlist",
        Type::Path => "path",
        Type::String => "string",
        Type::Strings => "strings",
        Type::Bytes => "bytes",
        Type::Address => "address",
        Type::Tuple => "tuple",
    }
}
