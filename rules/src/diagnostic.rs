//! What is wrong with rule files, and where.

use crate::code::Code;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Diagnostics of one kind that are kept; what is wrong beyond them is counted.
const MAX_DIAGNOSTICS: usize = 1_000;

/// Characters of a line that are shown before and behind what is wrong.
const MARGIN: usize = 200;

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
    /// Its number among the files.
    pub index: usize,
    pub name: String,
    pub text: String,
}

/// A place in a rule file.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub file: Arc<SourceText>,
    /// Bytes of the text.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column, counted from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.span.start).unwrap_or("");
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The first line of it: for an item as a whole, its head.
    pub fn first_line(&self) -> Place {
        let text = self.file.text.get(self.span.clone()).unwrap_or("");
        let len = text.lines().next().map_or(0, |line| line.trim_end().len());
        Place { file: Arc::clone(&self.file), span: self.span.start..self.span.start + len }
    }

    /// The lines around it, of a long one a part; where it stands in them; and the number of the first of them.
    fn window(&self) -> (&str, Range<usize>, usize) {
        let text = self.file.text.as_str();
        let start = floor(text, self.span.start.min(text.len()));
        let end = floor(text, self.span.end.clamp(start, text.len()));
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1).max(floor(text, start.saturating_sub(MARGIN)));
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let to = line_end.min(floor(text, (end + MARGIN).min(text.len())));
        let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..from]).count() + 1;
        (&text[from..to], start - from..end - from, line)
    }
}

/// The greatest border between characters up to there.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A second place that explains the first: the use of a macro in which something is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub message: String,
    pub place: Place,
}

/// The item that something is wrong with.
#[derive(Clone, Debug)]
pub(crate) struct ItemRef {
    /// `rule`, `macro`, `list` and so on; `rules content` is a file as a whole.
    pub kind: &'static str,
    pub name: Arc<str>,
    pub place: Place,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) place: Place,
    pub(crate) help: Option<String>,
    pub(crate) notes: Vec<Note>,
    pub(crate) item: Option<ItemRef>,
    /// A part of the item that has a name of its own: an exception of a rule.
    pub(crate) part: Option<ItemRef>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, place: Place, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            label: label.into(),
            place,
            help: None,
            notes: Vec::new(),
            item: None,
            part: None,
        }
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help;
        self
    }

    pub(crate) fn of(mut self, item: &ItemRef) -> Diagnostic {
        self.item.get_or_insert_with(|| item.clone());
        self
    }

    /// True if both say the same of the same place.
    pub(crate) fn repeats(&self, other: &Diagnostic) -> bool {
        self.place.span == other.place.span
            && Arc::ptr_eq(&self.place.file, &other.place.file)
            && self.code == other.code
            && self.message == other.message
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What kind of thing is wrong.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, or what was probably meant.
    pub fn hint(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// File, line and column, the latter two counted from 1.
    pub fn position(&self) -> (&str, usize, usize) {
        let (line, column) = self.place.line_column();
        (&self.place.file.name, line, column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (text, span, line) = self.place.window();
        let annotation = AnnotationKind::Primary.span(span).label(&self.label);
        let snippet = Snippet::source(text).line_start(line).path(&self.place.file.name).annotation(annotation);
        let mut group = level.primary_title(self.message.as_str()).id(self.code.name()).element(snippet);
        for note in &self.notes {
            let (text, span, line) = note.place.window();
            let annotation = AnnotationKind::Context.span(span);
            let snippet = Snippet::source(text).line_start(line).path(&note.place.file.name).annotation(annotation);
            group = group.element(Level::NOTE.message(note.message.as_str())).element(snippet);
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

/// Everything that is wrong with a set of rule files.
#[derive(Clone, Debug, Default)]
pub struct LoadErrors {
    /// Why the files cannot be used.
    pub errors: Vec<Diagnostic>,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// How many more errors there are than were kept.
    pub more: usize,
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.errors.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        if self.more > 0 {
            write!(f, "\n\nand {} more errors", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

/// What was found so far. The same is not said twice.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub errors: Vec<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
    pub more: usize,
}

impl Findings {
    /// Puts them in the order of the files.
    pub fn sort(&mut self) {
        let place = |diagnostic: &Diagnostic| (diagnostic.place.file.index, diagnostic.place.span.start);
        self.errors.sort_by_key(place);
        self.warnings.sort_by_key(place);
    }

    /// How many errors and warnings there are.
    pub fn count(&self) -> (usize, usize) {
        (self.errors.len(), self.warnings.len())
    }

    /// Says of what was found since then that it is about an item, where that was not said.
    pub fn attribute(&mut self, since: (usize, usize), item: &ItemRef) {
        for diagnostic in self.errors.iter_mut().skip(since.0).chain(self.warnings.iter_mut().skip(since.1)) {
            diagnostic.item.get_or_insert_with(|| item.clone());
        }
    }

    /// Says of what was found since then that it is about a part of an item.
    pub fn attribute_part(&mut self, since: (usize, usize), part: &ItemRef) {
        for diagnostic in self.errors.iter_mut().skip(since.0).chain(self.warnings.iter_mut().skip(since.1)) {
            diagnostic.part.get_or_insert_with(|| part.clone());
        }
    }

    pub fn add(&mut self, diagnostic: Diagnostic) {
        let known = match diagnostic.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        // What repeats is of one macro, and found again soon after.
        if known.iter().rev().any(|other| other.repeats(&diagnostic)) {
            return;
        }
        if known.len() < MAX_DIAGNOSTICS {
            known.push(diagnostic);
        } else if diagnostic.severity() == Severity::Error {
            self.more += 1;
        }
    }
}
