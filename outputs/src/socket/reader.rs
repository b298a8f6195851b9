//! What waits for one reader. Pure but for the stream: one that is slow loses its own alerts and records, and is told how many.

use super::frame::{Frame, MAX_FRAME};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

/// Bytes of alerts that wait for one reader, at most. One frame may always wait.
pub const MAX_BYTES: usize = 256 << 10;

/// Bytes of records that are gathered before they are written.
pub const GATHERED: usize = 64 << 10;

/// Frames that wait, one or more in a piece.
#[derive(Debug)]
enum Frames {
    /// One that other readers get as well.
    Shared(Rc<[u8]>),
    /// One or more about records, gathered.
    Gathered(Vec<u8>),
}

impl Frames {
    fn bytes(&self) -> &[u8] {
        match self {
            Frames::Shared(bytes) => bytes,
            Frames::Gathered(bytes) => bytes,
        }
    }
}

/// Frames that wait for one reader.
#[derive(Debug, Default)]
pub struct Pending {
    /// True for those that are about records.
    frames: VecDeque<(Frames, bool)>,
    /// Alerts, and what is said about them.
    alerts: usize,
    /// Their bytes.
    bytes: usize,
    /// Bytes about records.
    record_bytes: usize,
    written: usize,
    /// Bytes about records that came since something was last written.
    gathered: usize,
    /// Alerts that were left out since the reader was last told.
    untold: u64,
    /// Records likewise.
    untold_records: u64,
}

impl Pending {
    /// Takes an alert's frame. False if there is no room for it: then it is lost to this reader.
    pub fn push(&mut self, frame: &Rc<[u8]>) -> bool {
        if self.bytes > 0 && self.bytes + frame.len() > MAX_BYTES {
            self.untold += 1;
            return false;
        }
        self.tell();
        self.add(Rc::clone(frame));
        true
    }

    /// Takes a frame about records, if no more than `most` bytes of them wait then. False, and nothing, if there is no room.
    /// One may always wait.
    pub fn push_of_records(&mut self, frame: &Frame<'_>, most: usize) -> bool {
        let length = at_most(frame);
        // Looked at before anything is told: what is told takes room as well.
        if length > MAX_FRAME || !self.has_room(length, most) {
            return false;
        }
        self.tell();
        if !matches!(self.frames.back(), Some((Frames::Gathered(bytes), _)) if bytes.len() < GATHERED) {
            self.frames.push_back((Frames::Gathered(Vec::new()), true));
        }
        let Some((Frames::Gathered(bytes), _)) = self.frames.back_mut() else { return false };
        let before = bytes.len();
        let taken = frame.append_to(bytes);
        let added = bytes.len() - before;
        self.gathered += added;
        self.record_bytes += added;
        taken
    }

    /// The same with a frame that others get as well.
    pub fn share_of_records(&mut self, frame: &Rc<[u8]>, most: usize) -> bool {
        if !self.has_room(frame.len(), most) {
            return false;
        }
        self.tell();
        self.gathered += frame.len();
        self.record_bytes += frame.len();
        self.frames.push_back((Frames::Shared(Rc::clone(frame)), true));
        true
    }

    fn has_room(&self, length: usize, most: usize) -> bool {
        self.record_bytes == 0 || self.record_bytes + length <= most
    }

    /// A record is lost to this reader.
    pub fn lose_record(&mut self) {
        self.untold_records += 1;
    }

    /// True if so much is gathered that it is to be written.
    pub fn is_due(&self) -> bool {
        self.gathered >= GATHERED
    }

    /// Alerts that wait, with what is said about them.
    pub fn alerts(&self) -> usize {
        self.alerts
    }

    /// True if something about records came since something was last written.
    pub fn has_gathered(&self) -> bool {
        self.gathered > 0 || self.untold_records > 0
    }

    /// Writes what can be written now, and what the reader must be told when it has room.
    ///
    /// # Errors
    /// What the stream said, but for `WouldBlock`.
    pub fn write(&mut self, to: &mut impl Write) -> io::Result<()> {
        self.gathered = 0;
        loop {
            let Some((frames, of_records)) = self.frames.front() else {
                if self.untold == 0 && self.untold_records == 0 {
                    return Ok(());
                }
                self.tell();
                continue;
            };
            let bytes = frames.bytes();
            match to.write(&bytes[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.written == bytes.len() {
                self.written = 0;
                *(if *of_records { &mut self.record_bytes } else { &mut self.bytes }) -= bytes.len();
                self.alerts -= usize::from(!of_records);
                self.frames.pop_front();
            }
        }
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.untold == 0 && self.untold_records == 0
    }

    /// Says what is missing here, before anything that follows.
    fn tell(&mut self) {
        if self.untold > 0
            && let Some(frame) = Frame::Lost(std::mem::take(&mut self.untold)).encode()
        {
            self.add(frame.into());
        }
        if self.untold_records > 0
            && let Some(frame) = Frame::RecordsLost(std::mem::take(&mut self.untold_records)).encode()
        {
            self.record_bytes += frame.len();
            self.frames.push_back((Frames::Gathered(frame), true));
        }
    }

    fn add(&mut self, frame: Rc<[u8]>) {
        self.alerts += 1;
        self.bytes += frame.len();
        self.frames.push_back((Frames::Shared(frame), false));
    }
}

/// Bytes of a frame about records, at most.
fn at_most(frame: &Frame<'_>) -> usize {
    /// The header, the variant, and two numbers.
    const AROUND: usize = 32;
    AROUND
        + match frame {
            Frame::Opening(bytes) | Frame::Users(bytes) | Frame::Process(bytes) | Frame::Record { bytes, .. } => {
                bytes.len()
            }
            Frame::Recorded { events, .. } => 3 * events.len(),
            Frame::Refused(text) => text.len(),
            Frame::Alert(_) | Frame::Lost(_) | Frame::RecordsLost(_) => 0,
        }
}
