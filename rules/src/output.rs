//! Output formats: text with fields in it.

use crate::check::{FieldProblem, resolve};
use crate::facts::{Facts, FieldRef, Value};
use std::fmt::Write;
use std::ops::Range;

/// A rule's output.
#[derive(Clone, Debug, Default)]
pub struct OutputFormat {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Field { name: String, field: FieldRef },
}

/// A format that is none: where, and what is wrong.
pub(crate) struct FormatError {
    pub span: Range<usize>,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

impl OutputFormat {
    /// Reads a format: `%field`, `%field[argument]`, and `%%` for a percent sign.
    pub(crate) fn parse(text: &str) -> Result<OutputFormat, Vec<FormatError>> {
        let mut format = OutputFormat::default();
        let mut errors = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
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
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
            // A dot at the end ends the sentence, not the name.
            let name = rest[..len].trim_end_matches('.');
            let mut end = at + 1 + name.len();
            let mut arg = None;
            if name.is_empty() {
                literal.push('%');
                at += 1;
                continue;
            }
            if let Some(inside) = text[end..].strip_prefix('[')
                && let Some(close) = inside.find(']')
            {
                arg = Some(&inside[..close]);
                end += close + 2;
            }
            match resolve(name, arg) {
                Ok(field) => {
                    if !literal.is_empty() {
                        format.parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    format.parts.push(Part::Field { name: text[at + 1..end].to_owned(), field });
                }
                Err(problem) => {
                    let (message, label, help) = FieldProblem::describe(&problem, name);
                    errors.push(FormatError { span: at..end, message, label, help });
                }
            }
            at = end;
        }
        if !literal.is_empty() {
            format.parts.push(Part::Text(literal));
        }
        if errors.is_empty() { Ok(format) } else { Err(errors) }
    }

    /// Writes the output with the fields of an event; a missing one is `<NA>`. Whatever is not UTF-8 becomes U+FFFD; making
    /// control characters harmless is the business of whoever writes lines.
    pub fn render(&self, facts: &impl Facts, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field { field, .. } => write_value(out, facts.value(field)),
            }
        }
    }

    /// The fields in it, with their names as written.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldRef)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Field { name, field } => Some((name.as_str(), field)),
        })
    }
}

/// Writes a value as outputs show it.
fn write_value(out: &mut String, value: Value<'_>) {
    // Writing to memory cannot fail.
    let _ = match value {
        Value::Missing => write!(out, "<NA>"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Uint(n) => write!(out, "{n}"),
        Value::Str(bytes) => write!(out, "{}", String::from_utf8_lossy(bytes)),
        Value::Ip(ip) => write!(out, "{ip}"),
        Value::Any(values) => {
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, *value);
            }
            Ok(())
        }
    };
}
