//! Whether the parts of an exception fit together.

use super::{Entry, Exception};
use crate::check::resolve;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::field::FieldSource;
use crate::static_fields::StaticFields;
use crate::suggest::nearest;
use crate::syntax::{self, FieldName, Literal, Modifier, Op, Operand};

/// An operator with its modifier, as `comps` has it.
pub(super) fn comparison(text: &str) -> Option<(Op, Option<Modifier>)> {
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
    let before = findings.count();
    let fine = fits(exception, source, findings);
    findings.attribute_part(before, &exception.item());
    fine
}

fn fits(exception: &Exception, source: Option<FieldSource>, findings: &mut Findings) -> bool {
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
            // Which of them there are is known where the condition is compiled.
            Ok((Operand::Field(FieldName { name, .. }), _)) if StaticFields::is_meant(&name.text) => None,
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
