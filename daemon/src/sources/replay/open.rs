//! A file of whatever kind can be replayed, by its first bytes.

use super::{ReplayError, Tape, about};
use crate::recording::{Machine, Reader, RecordingError, Span, Step};
use crate::sources::scap::Importer;
use crate::state::LIFECYCLE;
use flate2::read::MultiGzDecoder;
use kestrel_core::schema::EventSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The first bytes of what gzip packed (RFC 1952), and of a capture's section header.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const SECTION: [u8; 4] = 0x0A0D_0D0A_u32.to_ne_bytes();

/// A capture, packed or not.
type Capture = Box<dyn Read>;

/// A file that can be replayed.
#[derive(Debug)]
pub enum AnyTape {
    /// A recording of Kestrel's, and its length in bytes.
    Recording(Box<Reader<File>>),
    /// A capture of Falco's or sysdig's, and its length in bytes as it lies there.
    Scap(Box<Importer<Capture>>, u64),
}

impl AnyTape {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ReplayError`] if it is of no kind that can be replayed, or its beginning is damaged.
    pub fn open(path: &Path) -> Result<AnyTape, ReplayError> {
        AnyTape::of(path).map_err(|error| ReplayError { path: path.to_owned(), error })
    }

    fn of(path: &Path) -> Result<AnyTape, RecordingError> {
        let mut file = File::open(path)?;
        let mut first = Vec::new();
        file.by_ref().take(SECTION.len() as u64).read_to_end(&mut first)?;
        file.seek(SeekFrom::Start(0))?;
        let len = file.metadata()?.len();
        let capture = |input: Capture| Ok(AnyTape::Scap(Box::new(Importer::open(input)?), len));
        if first.starts_with(&GZIP) {
            return capture(Box::new(MultiGzDecoder::new(BufReader::new(file))));
        }
        if first == SECTION {
            return capture(Box::new(file));
        }
        let reader = Reader::open(file)?;
        if !reader.unknown_events().is_empty() {
            let names = reader.unknown_events().join(", ");
            let path = path.display();
            log::warn!("{path}: records of these events are skipped, for this kestrel does not know them: {names}");
        }
        Ok(AnyTape::Recording(Box::new(reader)))
    }

    /// The machine that the records are of.
    pub fn machine(&self) -> &Machine {
        match self {
            AnyTape::Recording(reader) => &reader.opening().machine,
            AnyTape::Scap(importer, _) => importer.machine(),
        }
    }

    /// What the file is, in lines: what its beginning says, and what the index of its records says if it has one.
    ///
    /// # Errors
    /// [`RecordingError`] if it cannot be read.
    pub fn summary(&mut self) -> Result<String, RecordingError> {
        match self {
            AnyTape::Recording(reader) => about::recording(reader),
            AnyTape::Scap(importer, len) => Ok(about::capture(importer.machine(), *len)),
        }
    }

    /// Hands out what lies in this span; besides, what the process table is made from before it, and what need not be passed over.
    /// To be called before anything is read.
    ///
    /// # Errors
    /// [`RecordingError`] if it cannot be read.
    pub fn within(&mut self, span: Span) -> Result<(), RecordingError> {
        match self {
            AnyTape::Recording(reader) => reader.within(span, &LIFECYCLE.into_iter().collect()),
            AnyTape::Scap(..) => Ok(()),
        }
    }

    /// Records that were passed over because they lie outside the span.
    pub fn outside(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.outside(),
            AnyTape::Scap(..) => 0,
        }
    }

    /// Length of the file in bytes; `None` if what is read of it is longer than it.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            AnyTape::Recording(reader) => Some(reader.len()),
            AnyTape::Scap(..) => None,
        }
    }
}

impl Tape for AnyTape {
    #[inline]
    fn advance(&mut self) -> Result<Step, RecordingError> {
        match self {
            AnyTape::Recording(reader) => reader.advance(),
            AnyTape::Scap(importer, _) => importer.advance(),
        }
    }

    #[inline]
    fn record(&self) -> &[u8] {
        match self {
            AnyTape::Recording(reader) => reader.record(),
            AnyTape::Scap(importer, _) => importer.record(),
        }
    }

    fn want(&mut self, events: &EventSet) {
        match self {
            AnyTape::Recording(reader) => reader.want(events),
            AnyTape::Scap(importer, _) => importer.want(events),
        }
    }

    fn position(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.position(),
            AnyTape::Scap(importer, _) => importer.position(),
        }
    }

    fn skipped(&self) -> u64 {
        match self {
            AnyTape::Recording(reader) => reader.skipped(),
            AnyTape::Scap(importer, _) => importer.skipped(),
        }
    }

    fn was_closed(&self) -> bool {
        match self {
            AnyTape::Recording(reader) => reader.was_closed(),
            AnyTape::Scap(importer, _) => importer.was_closed(),
        }
    }
}
