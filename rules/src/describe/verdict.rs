//! Whether rule files are valid, and why not: as text and as JSON.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, ItemRef, Place, SourceText};
use crate::load::{self, RuleSource};
use crate::static_fields::StaticFields;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// What is to be said about one file.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// Why it cannot be used.
    pub errors: Vec<Diagnostic>,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Validates files. Together, since macros and lists of one can be used in the next.
pub fn validate(sources: &[RuleSource], static_fields: &StaticFields) -> Vec<Verdict> {
    let (_, findings) = load::load(sources, static_fields);
    let of = |all: &[Diagnostic], index: usize| {
        all.iter().filter(|diagnostic| diagnostic.place.file.index == index).cloned().collect()
    };
    let verdict = |(index, source): (usize, &RuleSource)| Verdict {
        name: source.name.clone(),
        errors: of(&findings.errors, index),
        warnings: of(&findings.warnings, index),
    };
    sources.iter().enumerate().map(verdict).collect()
}

impl Verdict {
    /// On a file that cannot be read.
    pub fn unreadable(name: &str, reason: &str) -> Verdict {
        let file = Arc::new(SourceText { index: 0, name: name.to_owned(), text: String::new() });
        let place = Place { file, span: 0..0 };
        let content = ItemRef { kind: "rules content", name: "".into(), place: place.clone() };
        let message = format!("the file cannot be read: {reason}");
        let error = Diagnostic::new(Code::FileRead, place, message, "").of(&content);
        Verdict { name: name.to_owned(), errors: vec![error], warnings: Vec::new() }
    }

    /// True if nothing is wrong.
    pub fn is_successful(&self) -> bool {
        self.errors.is_empty()
    }

    fn to_json(&self) -> Value {
        // The form of the YAML is what these are about.
        let of_form =
            |code: Code| matches!(code, Code::YamlParse | Code::YamlValidate | Code::UnknownKey | Code::UnknownItem);
        let form: Vec<&Diagnostic> =
            self.errors.iter().chain(&self.warnings).filter(|diagnostic| of_form(diagnostic.code)).collect();
        json!({
            "name": self.name,
            "successful": self.is_successful(),
            "schema_valid": form.is_empty(),
            "schema_warnings": form.iter().map(|diagnostic| diagnostic.message()).collect::<Vec<_>>(),
            "errors": self.errors.iter().map(diagnostic).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(diagnostic).collect::<Vec<_>>(),
        })
    }
}

/// All verdicts as one document.
pub fn as_json(verdicts: &[Verdict]) -> Value {
    json!({ "falco_load_results": verdicts.iter().map(Verdict::to_json).collect::<Vec<_>>() })
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    let mut locations = Vec::new();
    for item in diagnostic.item.iter().chain(&diagnostic.part) {
        locations.push(location(item.kind, &item.name, &item.place));
    }
    locations.extend(diagnostic.notes.iter().rev().map(|note| location(&note.message, "", &note.place)));
    locations.push(location("", "", &diagnostic.place));
    json!({
        "code": diagnostic.code.name(),
        "codedesc": diagnostic.code.description(),
        "message": diagnostic.message,
        "context": { "locations": locations, "snippet": diagnostic.to_string() },
    })
}

fn location(kind: &str, name: &str, place: &Place) -> Value {
    let (line, column) = place.line_column();
    // Falco counts lines and columns from 0.
    json!({
        "item_type": kind,
        "item_name": name,
        "position": { "name": place.file.name, "line": line - 1, "column": column - 1, "offset": place.span.start },
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (self.errors.as_slice(), self.warnings.as_slice()) {
            ([], []) => "Ok",
            ([], _) => "Ok, with warnings",
            _ => "Invalid",
        };
        write!(f, "{}: {word}", self.name)?;
        for diagnostic in self.errors.iter().chain(&self.warnings) {
            write!(f, "\n{diagnostic}\n")?;
        }
        Ok(())
    }
}
