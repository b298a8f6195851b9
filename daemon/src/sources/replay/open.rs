//! A file of whatever kind can be replayed, by its first bytes.

use super::{ReplayError, Tape, about};
use crate::recording::{Machine, Opening, Reader, RecordingError, Step};
use kestrel_core::schema::EventSet;
use std::fs::File;
use std::path::Path;

/// A file that can be replayed.
#[derive(Debug)]
pub enum AnyTape {
    /// A recording of Kestrel's.
    Recording(Box<Reader<File>>),
}

impl AnyTape {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ReplayError`] if it is of no kind that can be replayed, or its beginning is damaged.
    pub fn open(path: &Path) -> Result<AnyTape, ReplayError> {
        let failed = |error| ReplayError { path: path.to_owned(), error };
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        let reader = Reader::open(file).map_err(failed)?;
        if !reader.unknown_events().is_empty() {
            let names = reader.unknown_events().join(", ");
            log::warn!(
                "{}: records of these events are skipped, for this kestrel does not know them: {names}",
                path.display()
            );
        }
        Ok(AnyTape::Recording(Box::new(reader)))
    }

    /// The machine that the records are of.
    pub fn machine(&self) -> &Machine {
        match self {
            AnyTape::Recording(reader) => &reader.opening().machine,
        }
    }

    /// What a recording of Kestrel's says of itself.
    pub fn opening(&self) -> Option<&Opening> {
        match self {
            AnyTape::Recording(reader) => Some(reader.opening()),
        }
    }

    /// What the file is, in lines: what its opening says, and what the index of its records says if it has one.
    ///
    /// # Errors
    /// [`RecordingError`] if it cannot be read.
    pub fn summary(&mut self) -> Result<String, RecordingError> {
        match self {
            AnyTape::Recording(reader) => about::recording(reader),
        }
    }

    /// Length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.len(),
        }
    }
}

impl Tape for AnyTape {
    #[inline]
    fn advance(&mut self) -> Result<Step, RecordingError> {
        match self {
            AnyTape::Recording(reader) => reader.advance(),
        }
    }

    #[inline]
    fn record(&self) -> &[u8] {
        match self {
            AnyTape::Recording(reader) => reader.record(),
        }
    }

    fn want(&mut self, events: &EventSet) {
        match self {
            AnyTape::Recording(reader) => reader.want(events),
        }
    }

    fn position(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.position(),
        }
    }

    fn skipped(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.skipped(),
        }
    }

    fn was_closed(&self) -> bool {
        match self {
            AnyTape::Recording(reader) => reader.was_closed(),
        }
    }
}
