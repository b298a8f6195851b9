//! Recordings as a source: records that happened once, as fast as they are taken or at the pace at which they happened.
//!
//! ```text
//!   tape (a file) ──▶ ReplaySource ──records──▶ loop ──▶ handler
//!                         │                                │
//!                         └───── Playback, shared: ────────┘
//!               processes, containers and users that the file tells of; a pause; the next record's turn; the end
//! ```
//!
//! Nothing of the machine it runs on is asked: two replays of a file come to the same.
//!
//! | file | is about |
//! |---|---|
//! | `about.rs` | what a file is, in lines |
//! | `open.rs` | a file, by its first bytes |
//! | `playback.rs` | what the source and who takes its records share |
//! | `pace.rs` | when a record's turn is |

mod about;
mod open;
mod pace;
mod playback;

pub use open::AnyTape;
pub use playback::{News, Playback};

use super::{Accounts, Source, SourceError};
use crate::recording::{Reader, RecordingError, Step};
use kestrel_core::event::RecordHeader;
use kestrel_core::schema::EventSet;
use kestrel_ringbuf::Counters;
use mio::{Registry, Token};
use pace::Pace;
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;
use zerocopy::FromBytes;

/// A recording that cannot be read, or not any further.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct ReplayError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub error: RecordingError,
}

/// A file that records are read from, one after the other.
pub trait Tape {
    /// Reads what comes next.
    ///
    /// # Errors
    /// [`RecordingError`] where nothing more can be read.
    fn advance(&mut self) -> Result<Step, RecordingError>;

    /// The record that was read last.
    fn record(&self) -> &[u8];

    /// Hands out records of these events only.
    fn want(&mut self, events: &EventSet);

    /// Bytes of the file that were read.
    fn position(&self) -> u64;

    /// Records that were passed over because nobody wants their events.
    fn skipped(&self) -> u64;

    /// True once the end was read, if the file was ended in peace.
    fn was_closed(&self) -> bool;
}

impl<R: Read + Seek> Tape for Reader<R> {
    fn advance(&mut self) -> Result<Step, RecordingError> {
        Reader::advance(self)
    }

    fn record(&self) -> &[u8] {
        Reader::record(self)
    }

    fn want(&mut self, events: &EventSet) {
        Reader::want(self, events);
    }

    fn position(&self) -> u64 {
        Reader::position(self)
    }

    fn skipped(&self) -> u64 {
        Reader::skipped(self)
    }

    fn was_closed(&self) -> bool {
        Reader::was_closed(self)
    }
}

/// A recording as a source.
#[derive(Debug)]
pub struct ReplaySource<T> {
    path: PathBuf,
    tape: T,
    playback: Rc<Playback>,
    pace: Option<Pace>,
    /// A record was read whose turn has not come.
    waits: bool,
    counters: Counters,
}

impl<T: Tape> ReplaySource<T> {
    /// Plays this tape, of the file at `path`: as fast as its records are taken, or in `real_time`.
    pub fn new(path: PathBuf, tape: T, playback: Rc<Playback>, real_time: bool) -> ReplaySource<T> {
        let pace = real_time.then(Pace::default);
        ReplaySource { path, tape, playback, pace, waits: false, counters: Counters::default() }
    }

    /// Reads up to the next record; false if there is none.
    #[inline]
    fn read(&mut self) -> Result<bool, SourceError> {
        loop {
            let step = self.tape.advance().map_err(|error| ReplayError { path: self.path.clone(), error });
            match step? {
                Step::Record => return Ok(true),
                Step::Processes(entries) => self.playback.tell(News::Processes(entries)),
                Step::Users(lists) => self.playback.tell(News::Users(lists)),
                Step::Containers(entries) => self.playback.tell(News::Containers(entries)),
                Step::End => {
                    if !self.tape.was_closed() {
                        log::warn!("{}: it was not ended: whoever recorded it was interrupted", self.path.display());
                    }
                    self.playback.end();
                    return Ok(false);
                }
            }
        }
    }

    /// True if the turn of the record that was read has come.
    fn has_come(&mut self) -> bool {
        let Some(pace) = &mut self.pace else { return true };
        let time_ns = RecordHeader::ref_from_prefix(self.tape.record()).map_or(0, |(header, _)| header.time_ns);
        let due = pace.wait(time_ns, Instant::now());
        self.playback.set_due(due);
        self.waits = due.is_some();
        due.is_none()
    }
}

impl<T: Tape> Source for ReplaySource<T> {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn register(&mut self, _registry: &Registry, _base: Token) -> Result<(), SourceError> {
        Ok(())
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.tape.want(events);
        Ok(())
    }

    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.tape.want(events);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        if self.playback.is_paused() || self.playback.has_ended() {
            return Ok(None);
        }
        if !(self.waits || self.read()?) || !self.has_come() {
            return Ok(None);
        }
        self.counters.seen += 1;
        self.counters.delivered += 1;
        Ok(Some(self.tape.record()))
    }

    fn release(&mut self) {
        self.playback.set_position(self.tape.position(), self.tape.skipped());
    }

    fn arm(&mut self) -> bool {
        true
    }

    fn disarm(&mut self) {}

    fn stop(&mut self) -> Result<(), SourceError> {
        // Who stops a playback does not want the rest of it.
        self.playback.end();
        Ok(())
    }

    fn counters(&self) -> Counters {
        self.counters
    }

    fn accounts(&self) -> Accounts {
        Accounts { counters: self.counters, ..Accounts::default() }
    }
}
