//! Output formats: text with fields in it.
//!
//! ```text
//!  File opened (file=%fd.name process=%12proc.name user=%toupper(user.name))
//!                    │                 │                   │
//!                  field   in 12 characters, filled   what a transformer makes
//! ```

mod computed;

use crate::check::{MAX_PROBLEMS, Operands, Problem, Subject, Use};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef, LoadErrors, SourceText};
use crate::facts::{Facts, FieldRef, Value};
use crate::field::FieldSource;
use crate::plan::Builder;
use crate::static_fields::StaticFields;
use crate::syntax::{self, FieldName, Operand, Span};
use crate::text::{Origin, PiecedText};
use crate::yaml::Scalar;
use bumpalo::Bump;
use computed::Computed;
use std::fmt::Write;
use std::sync::Arc;

/// Characters that a value can be made to take.
const MAX_WIDTH: usize = 1_000;

/// A field that was replaced by nothing long ago; rules still name it.
const CONTAINER_INFO: &str = "container.info";

/// A rule's output.
#[derive(Clone, Debug, Default)]
pub struct OutputFormat {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value { name: String, value: Computed, width: Option<usize> },
}

impl OutputFormat {
    /// Reads a format that stands in no rule, for events of a source. `name` stands for it in messages.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with it.
    pub fn parse(name: &str, text: &str, source: FieldSource) -> Result<OutputFormat, LoadErrors> {
        OutputFormat::parse_with(name, text, source, &StaticFields::default())
    }

    /// The same, where texts of the configuration can be named.
    ///
    /// # Errors
    /// As [`OutputFormat::parse`].
    pub fn parse_with(
        name: &str,
        text: &str,
        source: FieldSource,
        static_fields: &StaticFields,
    ) -> Result<OutputFormat, LoadErrors> {
        let file = Arc::new(SourceText { index: 0, name: name.to_owned(), text: text.to_owned() });
        let origin = Origin { file, scalar: Arc::new(Scalar::whole(text)) };
        let item = ItemRef { kind: "output", name: name.into(), place: origin.whole() };
        let (format, problems) = OutputFormat::compile(&PiecedText::new(&origin), &item, source, static_fields);
        let mut findings = Findings::default();
        problems.into_iter().for_each(|problem| findings.add(problem.diagnostic));
        format.ok_or_else(|| findings.into())
    }

    /// Reads the format of a rule: `%field`, `%field[argument]`, `%transformer(field)`, each with a width behind the
    /// percent sign if it has one, and `%%` for a percent sign. A star at the beginning is Falco's, and means nothing here:
    /// what is missing is always shown as `<NA>`.
    pub(crate) fn compile(
        text: &PiecedText,
        item: &ItemRef,
        source: FieldSource,
        static_fields: &StaticFields,
    ) -> (Option<OutputFormat>, Vec<Problem>) {
        let mut subject = Subject {
            kind: "rule",
            name: &item.name,
            text,
            source,
            static_fields: static_fields.clone(),
            sees: 0,
            problems: Vec::new(),
            item,
        };
        let format = parse(text.as_str(), &mut subject);
        let mut problems = subject.problems;
        for problem in &mut problems {
            if problem.diagnostic.code == Code::ConditionError {
                problem.diagnostic.code = Code::OutputError;
            }
        }
        (format, problems)
    }

    /// Writes the output with the values of an event; a missing one is `<NA>`. Whatever is not UTF-8 becomes U+FFFD; making
    /// control characters harmless is the business of whoever writes lines.
    pub fn render(&self, facts: &impl Facts, out: &mut String) {
        let arena = Bump::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value { value, width, .. } => {
                    let start = out.len();
                    write_value(out, value.of(facts, &arena));
                    if let Some(width) = *width {
                        let end = out[start..].char_indices().nth(width).map_or(out.len(), |(at, _)| start + at);
                        out.truncate(end);
                        let missing = width - out[start..].chars().count();
                        out.extend(std::iter::repeat_n(' ', missing));
                    }
                }
            }
        }
    }

    /// Each value in it: its name as written, the field if it is one alone, and its value for an event.
    pub fn each_value(&self, facts: &impl Facts, mut each: impl FnMut(&str, Option<&FieldRef>, Value<'_>)) {
        let arena = Bump::new();
        for part in &self.parts {
            if let Part::Value { name, value, .. } = part {
                each(name, value.field(), value.of(facts, &arena));
            }
        }
    }

    /// The values in it, with their names as written, and every field that each needs.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldRef)> {
        self.parts.iter().flat_map(|part| {
            let (name, fields) = match part {
                Part::Text(_) => ("", Vec::new()),
                Part::Value { name, value, .. } => (name.as_str(), value.fields()),
            };
            fields.into_iter().map(move |field| (name, field))
        })
    }
}

fn parse(text: &str, subject: &mut Subject<'_>) -> Option<OutputFormat> {
    let mut format = OutputFormat::default();
    let mut literal = String::new();
    let mut fine = true;
    let lead = text.len() - text.trim_start().len();
    let mut at = if text[lead..].starts_with('*') { lead + 1 } else { lead };
    let text = text.trim_end();
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if !fine && subject.problems.len() >= MAX_PROBLEMS {
            return None;
        }
        if c != '%' {
            literal.push(c);
            at += c.len_utf8();
            continue;
        }
        let rest = &text[at + 1..];
        if rest.starts_with('%') {
            literal.push('%');
            at += 2;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let start = at + 1 + digits;
        if !text[start..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            literal.push('%');
            at += 1;
            continue;
        }
        let width = (digits > 0).then(|| rest[..digits].parse().unwrap_or(usize::MAX));
        if width.is_some_and(|width| width > MAX_WIDTH) {
            let place = subject.place(&Span(at..start));
            let message = format!("a value cannot be made {} characters wide", &rest[..digits]);
            let label = format!("expected at most {MAX_WIDTH}");
            subject.problems.push(problem(Code::OutputError, place, message, label));
            fine = false;
        }
        let end = match value(text, start, subject) {
            Parsed::Value(name, value, end) => {
                if !literal.is_empty() {
                    format.parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                format.parts.push(Part::Value { name, value, width });
                end
            }
            Parsed::Nothing(end) => end,
            Parsed::Wrong(end) => {
                fine = false;
                end
            }
        };
        at = end.max(at + 1);
    }
    if !literal.is_empty() {
        format.parts.push(Part::Text(literal));
    }
    fine.then_some(format)
}

/// What stands behind a percent sign, and where it ends.
enum Parsed {
    Value(String, Computed, usize),
    Nothing(usize),
    Wrong(usize),
}

fn value(text: &str, start: usize, subject: &mut Subject<'_>) -> Parsed {
    // Its place in the text is what spans are about: what stands before it is left out of sight, not cut off.
    let (mut operand, end) = match syntax::parse_operand(&text[start..]) {
        Ok((operand, len)) => (operand, start + len),
        Err(error) => {
            let span = start + error.span.start..start + error.span.end;
            let end = span.end.clamp(start + 1, text.len());
            let place = subject.place(&Span(span));
            let mut found = problem(Code::OutputError, place, error.message, error.label);
            found.diagnostic.help = error.help;
            subject.problems.push(found);
            return Parsed::Wrong((end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len()));
        }
    };
    if matches!(&operand, Operand::Field(FieldName { name, arg: None }) if name.text == CONTAINER_INFO) {
        let place = subject.place(&Span(start..end));
        let message = "the field container.info should not be used any more";
        let found = problem(Code::DeprecatedItem, place, message, "it stands for nothing");
        subject.problems.push(found);
        return Parsed::Nothing(end);
    }
    shift(&mut operand, start);
    let mut builder = Builder::default();
    let checked = Operands { builder: &mut builder, subject, wanted: Use::Output }.operand(&operand);
    match checked.and_then(|checked| Computed::new(&builder, checked.id)) {
        Some(computed) => Parsed::Value(text[start..end].to_owned(), computed, end),
        None => Parsed::Wrong(end),
    }
}

/// Moves every span of an operand.
fn shift(operand: &mut Operand, by: usize) {
    let moved = |span: &mut Span| span.0 = span.0.start + by..span.0.end + by;
    match operand {
        Operand::Literal(literal) => moved(&mut literal.span),
        Operand::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Operand::Field(field) => {
            moved(&mut field.name.span);
            field.arg.iter_mut().for_each(|arg| moved(&mut arg.span));
        }
        Operand::Call(call) => {
            moved(&mut call.span);
            call.args.iter_mut().for_each(|arg| shift(arg, by));
            call.option.iter_mut().for_each(|option| moved(&mut option.span));
        }
    }
}

fn problem(
    code: Code,
    place: crate::diagnostic::Place,
    message: impl Into<String>,
    label: impl Into<String>,
) -> Problem {
    Problem { diagnostic: Diagnostic::new(code, place, message, label), unknown: false }
}

/// Writes a value as outputs show it.
pub(crate) fn write_value(out: &mut String, value: Value<'_>) {
    // Writing to memory cannot fail.
    let _ = match value {
        Value::Missing => write!(out, "<NA>"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Uint(n) => write!(out, "{n}"),
        Value::Double(n) => write!(out, "{n}"),
        Value::Str(bytes) => write!(out, "{}", String::from_utf8_lossy(bytes)),
        Value::Ip(ip) => write!(out, "{ip}"),
        Value::Any(values) | Value::List(values) => {
            let list = matches!(value, Value::List(_));
            out.push_str(if list { "(" } else { "" });
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, *value);
            }
            out.push_str(if list { ")" } else { "" });
            Ok(())
        }
    };
}
