//! What is wrong with a file of tests, and where.

use crate::config::distance;
use crate::document;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_saphyr::Location;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Problems of one file that are said; of what is beyond only the number.
const MOST: usize = 100;

/// A file of tests: its name and its text.
#[derive(Debug)]
pub struct SourceText {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    source: Arc<SourceText>,
    span: Range<usize>,
    message: String,
    label: String,
    help: Option<String>,
}

impl Problem {
    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.source.text;
        let start = text.floor_char_boundary(self.span.start);
        // What is empty or goes on over lines is pointed at where it begins.
        let line = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let end = text.floor_char_boundary(self.span.end).clamp(start, line.max(start));
        let annotation = AnnotationKind::Primary.span(start..end).label(&self.label);
        let snippet = Snippet::source(text).path(&self.source.name).annotation(annotation);
        let mut report = Level::ERROR.primary_title(self.message.clone()).element(snippet);
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help.clone()));
        }
        f.write_str(&Renderer::plain().render(&[report]))
    }
}

/// What was found to be wrong so far.
#[derive(Debug)]
pub struct Problems {
    source: Arc<SourceText>,
    found: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Nothing is wrong yet.
    pub fn of(source: SourceText) -> Problems {
        Problems { source: Arc::new(source), found: Vec::new(), more: 0 }
    }

    /// Something is wrong at a place: what, and what to say below the text there.
    pub fn add(&mut self, at: &Location, message: impl Into<String>, label: impl Into<String>) {
        self.at(document::span(at), message.into(), label.into(), None);
    }

    /// A word is not one of those that there are, which the message says. The nearest is suggested, if one is near.
    pub fn unknown<'a>(
        &mut self,
        at: &Location,
        message: String,
        word: &str,
        known: impl Iterator<Item = &'a str>,
        otherwise: &str,
    ) {
        let limit = 1 + word.chars().count() / 4;
        let near = known.map(|name| (distance(name, word), name)).filter(|(d, _)| *d <= limit).min();
        let help = match near {
            Some((_, name)) => format!("did you mean {name}?"),
            None => otherwise.to_owned(),
        };
        let help = (!help.is_empty()).then_some(help);
        self.at(document::span(at), message, "unknown".to_owned(), help);
    }

    /// Something is wrong at these bytes of the text.
    pub fn at(&mut self, span: Range<usize>, message: String, label: String, help: Option<String>) {
        if self.found.len() == MOST {
            self.more += 1;
            return;
        }
        self.found.push(Problem { source: Arc::clone(&self.source), span, message, label, help });
    }

    /// The text that is looked at.
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// True if nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What is wrong, in the order of the text.
    pub fn into_found(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.span.start);
        if self.more > 0 {
            let message = format!("{} more things are wrong in this file", self.more);
            self.found.push(Problem { source: self.source, span: 0..0, message, label: String::new(), help: None });
        }
        self.found
    }
}
