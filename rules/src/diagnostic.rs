//! What is wrong with rule files, and where.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The files cannot be used.
    Error,
    /// They can, but probably do not mean what was wanted.
    Warning,
}

/// A rule file: its name and its text.
#[derive(Debug)]
pub(crate) struct SourceText {
    pub name: String,
    pub text: String,
}

/// A place in a rule file.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub file: Rc<SourceText>,
    /// Bytes of the text.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column, counted from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.span.start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) place: Place,
    pub(crate) help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(place: Place, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Error, message: message.into(), label: label.into(), place, help: None }
    }

    pub(crate) fn warning(place: Place, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(place, message, label) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// File, line and column, the latter two counted from 1.
    pub fn position(&self) -> (&str, usize, usize) {
        let (line, column) = self.place.line_column();
        (&self.place.file.name, line, column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let text = &self.place.file.text;
        // A span at the very end, or an empty one, still needs a character to point at.
        let start = self.place.span.start.min(text.len());
        let end = self.place.span.end.clamp(start, text.len());
        let annotation = AnnotationKind::Primary.span(start..end).label(&self.label);
        let snippet = Snippet::source(text).path(&self.place.file.name).annotation(annotation);
        let mut report = vec![level.primary_title(self.message.clone()).element(snippet)];
        if let Some(help) = &self.help {
            report[0] = report[0].clone().element(Level::HELP.message(help.clone()));
        }
        f.write_str(&Renderer::plain().render(&report))
    }
}

/// Everything that is wrong with a set of rule files.
#[derive(Clone, Debug)]
pub struct LoadErrors(pub Vec<Diagnostic>);

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}
