//! YAML as a tree in which every scalar knows where each of its characters stands in the file.
//!
//! Bounded: files, nodes, depth and what aliases expand to.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Place, SourceText};
use granit_parser::{Event, Parser, ScalarStyle, Span};
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Greatest file, in bytes.
pub const MAX_BYTES: usize = 32 << 20;
/// Values of a file; what an alias stands for counts again.
const MAX_NODES: usize = 2_000_000;
const MAX_DEPTH: usize = 64;

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    Scalar(Arc<Scalar>),
    Sequence(Arc<Vec<Node>>),
    Mapping(Arc<Vec<(Node, Node)>>),
}

/// A scalar: its text, and where each byte of it stands.
#[derive(Debug)]
pub struct Scalar {
    pub text: String,
    /// It stands without quotes, on its line.
    plain: bool,
    offsets: Offsets,
}

/// Where each byte of a scalar's text stands in the file.
#[derive(Debug)]
enum Offsets {
    /// The text stands there as it is, from this byte on.
    AsItIs(u32),
    /// Pieces of the text: where each begins in it, and in the file. The file has it there as it is, or a single byte stands for
    /// something longer.
    Pieces(Vec<(u32, u32)>),
}

impl Scalar {
    /// A scalar that is all of a file.
    pub fn whole(text: &str) -> Scalar {
        Scalar { text: text.to_owned(), plain: true, offsets: Offsets::AsItIs(0) }
    }

    /// The bytes of the file that a part of the text stands for.
    pub fn locate(&self, part: Range<usize>) -> Range<usize> {
        let at = |index: usize| match &self.offsets {
            Offsets::AsItIs(base) => *base as usize + index.min(self.text.len()),
            Offsets::Pieces(pieces) => {
                let index = index.min(self.text.len()) as u32;
                let after = pieces.partition_point(|(begin, _)| *begin <= index);
                let piece = after.checked_sub(1).and_then(|last| pieces.get(last));
                piece.map_or(0, |(begin, offset)| offset + (index - begin)) as usize
            }
        };
        let start = at(part.start);
        // The end is behind the last character, not at the next one, which may stand lines below.
        let end = if part.end > part.start { at(part.end - 1) + 1 } else { start };
        start..end.max(start)
    }
}

impl Node {
    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Arc<Scalar>> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// True for a plain scalar that stands for nothing (YAML 1.2, 10.3.2).
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.plain && matches!(&*scalar.text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, in words.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(_) => "a value",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}

/// Reads every document of a file.
pub fn parse(file: &Arc<SourceText>) -> Result<Vec<Node>, Box<Diagnostic>> {
    let place = |span: Range<usize>| Place { file: Arc::clone(file), span };
    if file.text.len() > MAX_BYTES {
        let message = format!("the file is longer than {MAX_BYTES} bytes");
        return Err(wrong(place(0..0), message, ""));
    }
    let mut builder = Builder { file, nodes: 0, open: Vec::new(), anchors: HashMap::new(), documents: Vec::new() };
    for event in Parser::new_from_str(&file.text) {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(file.text.len());
                return Err(wrong(place(at..at), "this is not YAML", error.info()));
            }
        }
    }
    Ok(builder.documents)
}

fn wrong(place: Place, message: impl Into<String>, label: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::YamlParse, place, message, label))
}

struct Builder<'a> {
    file: &'a Arc<SourceText>,
    nodes: usize,
    /// Collections that are not closed yet: the node, its anchor, and a key that waits for its value.
    open: Vec<(Node, usize, Option<Node>)>,
    anchors: HashMap<usize, Node>,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: Arc::clone(self.file), span }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Diagnostic>> {
        let range = span.byte_range().unwrap_or(0..0);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let source = self.file.text.get(range.clone()).unwrap_or("");
                let offsets = offsets(&text, source, range.start, style);
                let kind = Kind::Scalar(Arc::new(Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    offsets,
                }));
                self.add(Node { kind, span: range }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(Node { kind: Kind::Sequence(Arc::default()), span: range }, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(Node { kind: Kind::Mapping(Arc::default()), span: range }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((mut node, anchor, _)) => {
                    node.span.end = range.end.max(node.span.end);
                    self.add(node, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    let (nodes, depth) = extent(&node);
                    if self.open.len() + depth > MAX_DEPTH {
                        return Err(self.too_deep(range));
                    }
                    self.nodes += nodes;
                    self.add(Node { span: range, ..node }, 0)
                }
                None => {
                    let label = "refers to nothing before it";
                    Err(wrong(self.place(range), "no such anchor", label))
                }
            },
            _ => Ok(()),
        }
    }

    fn too_deep(&self, span: Range<usize>) -> Box<Diagnostic> {
        let label = format!("deeper than {MAX_DEPTH}");
        wrong(self.place(span), "the file is nested too deeply", label)
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), Box<Diagnostic>> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(node.span));
        }
        self.open.push((node, anchor, None));
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Box<Diagnostic>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            let label = "aliases count as what they stand for";
            return Err(wrong(self.place(node.span), message, label));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            // Nobody else has an open collection yet: there is nothing to copy.
            Some((Node { kind: Kind::Sequence(items), .. }, ..)) => Arc::make_mut(items).push(node),
            Some((Node { kind: Kind::Mapping(pairs), .. }, _, key)) => match key.take() {
                None => *key = Some(node),
                Some(key) => Arc::make_mut(pairs).push((key, node)),
            },
            Some(_) => {}
        }
        Ok(())
    }
}

/// How many nodes a node stands for, and how deep they nest.
fn extent(node: &Node) -> (usize, usize) {
    let (mut nodes, mut depth) = (1, 0);
    let mut add = |child: &Node| {
        let below = extent(child);
        nodes += below.0;
        depth = depth.max(below.1);
    };
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(add),
        Kind::Mapping(pairs) => pairs.iter().for_each(|(key, value)| {
            add(key);
            add(value);
        }),
    }
    (nodes, depth + 1)
}

/// Finds each byte of a scalar's text in its source. Both hold the same characters in the same order, apart from white
/// space, which folding changes, and escapes.
fn offsets(text: &str, source: &str, base: usize, style: ScalarStyle) -> Offsets {
    let is_quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let quote = usize::from(is_quoted);
    if !text.contains('\n') && source.get(quote..).is_some_and(|rest| rest.starts_with(text)) {
        return Offsets::AsItIs((base + quote) as u32);
    }
    let mut at = match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
        // The first line of a block scalar is its indicator, if the span includes it.
        ScalarStyle::Literal | ScalarStyle::Folded if source.starts_with(['|', '>']) => {
            source.find('\n').map_or(source.len(), |end| end + 1)
        }
        _ => 0,
    };
    let mut pieces = Vec::new();
    // Where a piece would go on.
    let mut next = None;
    let mut piece = |begin: usize, at: usize, len: usize| {
        let (begin, offset) = (begin as u32, (base + at) as u32);
        if next != Some((begin, offset)) {
            pieces.push((begin, offset));
        }
        next = Some((begin + len as u32, offset + len as u32));
    };
    let mut done = 0;
    while let Some(c) = text[done..].chars().next() {
        let rest = source.get(at..).unwrap_or("");
        if c.is_whitespace() {
            let len = c.len_utf8();
            piece(done, at, len);
            done += len;
            match rest.chars().next() {
                Some('\n') => at += rest.len() - rest.trim_start().len(),
                Some(blank) if blank.is_whitespace() => at += blank.len_utf8(),
                Some('\\') => at += escape_len(rest),
                _ => {}
            }
            continue;
        }
        at += rest.len() - rest.trim_start().len();
        // Outside of quotes a word stands there as it is.
        let word = text[done..].find(char::is_whitespace).map_or(text.len(), |end| done + end);
        if !is_quoted && source.get(at..).is_some_and(|rest| rest.starts_with(&text[done..word])) {
            let len = word - done;
            piece(done, at, len);
            (done, at) = (word, at + len);
            continue;
        }
        let mut rest = source.get(at..).unwrap_or("");
        // A line of a double-quoted scalar that ends in a backslash goes on where the next one begins.
        while let Some(next) = rest.strip_prefix("\\\n").or_else(|| rest.strip_prefix("\\\r\n")) {
            rest = next.trim_start();
            at = source.len() - rest.len();
        }
        piece(done, at, c.len_utf8());
        done += c.len_utf8();
        match rest.chars().next() {
            Some('\'') if matches!(style, ScalarStyle::SingleQuoted) => at += 2,
            Some('\\') if matches!(style, ScalarStyle::DoubleQuoted) => at += escape_len(rest),
            Some(found) => at += found.len_utf8(),
            None => {}
        }
    }
    piece(text.len(), at, 0);
    Offsets::Pieces(pieces)
}

/// Length of an escape sequence of a double-quoted scalar (YAML 1.2, 5.7).
fn escape_len(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 2,
    }
}
