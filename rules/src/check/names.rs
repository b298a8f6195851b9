//! Fields by their names.

use crate::facts::{FieldArg, FieldRef};
use crate::field::{ArgRule, FIELDS, Field, FieldSource};
use crate::suggest::nearest;

/// Why a name is no field.
#[derive(Clone, Copy, Debug)]
pub enum FieldProblem {
    /// There is none of that name.
    Unknown,
    /// Events of this source do not have it; those of that one do.
    OtherSource(FieldSource),
    /// It takes no argument.
    NoArg,
    /// It needs one.
    NeedsArg,
    /// Its argument should be this.
    BadArg(&'static str),
}

impl FieldProblem {
    /// Message, label and help.
    pub fn describe(&self, name: &str) -> (String, String, Option<String>) {
        match self {
            FieldProblem::Unknown => {
                let help = nearest(name, FIELDS.iter().map(|def| def.name)).map(|name| format!("did you mean {name}?"));
                (
                    format!("there is no field {name}"),
                    "unknown field".to_owned(),
                    help.or_else(|| Some("`kestrel --list` lists the fields".to_owned())),
                )
            }
            FieldProblem::OtherSource(source) => {
                let source = source.name().unwrap_or("another");
                let label = format!("only events of the source {source} have it");
                (format!("{name} is no field of the rule's source"), label, Some(format!("write source: {source}")))
            }
            FieldProblem::NoArg => (format!("{name} takes no argument"), "leave the argument out".to_owned(), None),
            FieldProblem::NeedsArg => (format!("{name} needs an argument"), format!("write {name}[…]"), None),
            FieldProblem::BadArg(expected) => {
                (format!("the argument of {name} is wrong"), format!("expected {expected}"), None)
            }
        }
    }

    /// True if the field is not known here.
    pub fn is_unknown(self) -> bool {
        matches!(self, FieldProblem::Unknown | FieldProblem::OtherSource(_))
    }
}

/// The field of a name and what stood in brackets, for events of a source. `evt.arg.flags` is `evt.arg[flags]`,
/// `evt.abspath.src` is `evt.abspath[src]`.
pub fn resolve(name: &str, arg: Option<&str>, source: FieldSource) -> Result<FieldRef, FieldProblem> {
    let (field, arg) = match Field::by_name(name) {
        Some(field) => (field, arg),
        None => {
            let dotted = ["evt.arg", "evt.rawarg", "evt.abspath", "evt.type.is"]
                .into_iter()
                .find_map(|base| Some((Field::by_name(base)?, name.strip_prefix(base)?.strip_prefix('.')?)));
            match dotted {
                Some((field, rest)) if arg.is_none() && !rest.is_empty() => (field, Some(rest)),
                _ => return Err(FieldProblem::Unknown),
            }
        }
    };
    if !field.def().source().covers(source) {
        return Err(FieldProblem::OtherSource(field.def().source()));
    }
    let rule = field.def().arg;
    let index = |text: &str| text.parse().ok().map(FieldArg::Index);
    let arg = match (rule, arg) {
        (rule, None) if rule.is_required() => return Err(FieldProblem::NeedsArg),
        (_, None) => None,
        (ArgRule::None, Some(_)) => return Err(FieldProblem::NoArg),
        (rule, Some("")) => return Err(FieldProblem::BadArg(expected(rule))),
        (ArgRule::OptionalIndex, Some(text)) => Some(index(text).ok_or(FieldProblem::BadArg(expected(rule)))?),
        (ArgRule::OptionalEnd, Some(text)) if !matches!(text, "src" | "dst") => {
            return Err(FieldProblem::BadArg(expected(rule)));
        }
        (ArgRule::OptionalName | ArgRule::OptionalEnd | ArgRule::Name, Some(text)) => Some(FieldArg::Name(text.into())),
        (ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex, Some(text)) => {
            Some(index(text).unwrap_or_else(|| FieldArg::Name(text.into())))
        }
    };
    Ok(FieldRef { field, arg })
}

/// What a message says that an argument must be.
fn expected(rule: ArgRule) -> &'static str {
    match rule {
        ArgRule::None => "no argument",
        ArgRule::OptionalIndex => "a number",
        ArgRule::OptionalName | ArgRule::Name => "a name",
        ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex => "a name or a number",
        ArgRule::OptionalEnd => "src or dst",
    }
}
