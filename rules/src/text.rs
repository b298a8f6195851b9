//! Text that was put together from several places of rule files, such as a condition that others were appended to, and that
//! still knows where each part of it came from.

use crate::diagnostic::{Place, SourceText};
use crate::yaml::{Node, Scalar};
use std::ops::Range;
use std::sync::Arc;

/// A scalar and the file that it stands in.
#[derive(Clone, Debug)]
pub struct Origin {
    pub file: Arc<SourceText>,
    pub scalar: Arc<Scalar>,
}

impl Origin {
    /// Where a part of the scalar's text stands.
    pub fn place(&self, span: Range<usize>) -> Place {
        Place { file: Arc::clone(&self.file), span: self.scalar.locate(span) }
    }

    /// Where all of it stands.
    pub fn whole(&self) -> Place {
        self.place(0..self.scalar.text.len())
    }

    /// The scalar of a node, if it is one.
    pub fn of(file: &Arc<SourceText>, node: &Node) -> Option<Origin> {
        Some(Origin { file: Arc::clone(file), scalar: Arc::clone(node.scalar()?) })
    }
}

/// Text, piece by piece.
#[derive(Clone, Debug, Default)]
pub struct PiecedText {
    text: String,
    /// Where each piece begins in `text`, and where it came from.
    pieces: Vec<(usize, Piece)>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// The text of a scalar.
    Scalar(Origin),
    /// Text that stands in no file, but belongs to a place.
    Made(Place),
}

impl PiecedText {
    /// The text of one scalar.
    pub fn new(origin: &Origin) -> PiecedText {
        let mut text = PiecedText::default();
        text.push(origin);
        text
    }

    /// Adds the text of a scalar.
    pub fn push(&mut self, origin: &Origin) {
        self.pieces.push((self.text.len(), Piece::Scalar(origin.clone())));
        self.text.push_str(&origin.scalar.text);
    }

    /// Adds text that stands in no file, but belongs to a place.
    pub fn push_made(&mut self, text: &str, place: &Place) {
        self.pieces.push((self.text.len(), Piece::Made(place.clone())));
        self.text.push_str(text);
    }

    /// Adds another text, behind a blank.
    pub fn append(&mut self, other: &PiecedText) {
        if let Some(place) = other.start() {
            self.push_made(" ", &place);
        }
        self.append_here(other);
    }

    /// Adds another text right here.
    pub fn append_here(&mut self, other: &PiecedText) {
        let base = self.text.len();
        self.pieces.extend(other.pieces.iter().map(|(at, piece)| (at + base, piece.clone())));
        self.text.push_str(&other.text);
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the first piece stands.
    pub fn start(&self) -> Option<Place> {
        self.pieces.first().map(|(_, piece)| match piece {
            Piece::Scalar(origin) => origin.whole(),
            Piece::Made(place) => place.clone(),
        })
    }

    /// Where a part of it stands: as much of it as is of one piece. `None` for a text without pieces.
    pub fn place(&self, span: Range<usize>) -> Option<Place> {
        let index = self.pieces.partition_point(|(at, _)| *at <= span.start).saturating_sub(1);
        let (at, piece) = self.pieces.get(index)?;
        let end = self.pieces.get(index + 1).map_or(self.text.len(), |(next, _)| *next);
        Some(match piece {
            Piece::Scalar(origin) => origin.place(span.start - at..span.end.min(end).max(span.start) - at),
            Piece::Made(place) => place.clone(),
        })
    }
}
