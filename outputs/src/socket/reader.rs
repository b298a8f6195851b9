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
    /// One or more, gathered: what is about records, and alerts between. Small pieces would take the place of what lives long,
    /// and leave holes there.
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

/// What waits, in numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    /// Alerts, and what is said about them.
    alerts: usize,
    /// Their bytes.
    alert_bytes: usize,
    /// Bytes about records.
    record_bytes: usize,
}

impl Amount {
    fn of_alert(bytes: usize) -> Amount {
        Amount { alerts: 1, alert_bytes: bytes, record_bytes: 0 }
    }

    fn of_records(bytes: usize) -> Amount {
        Amount { record_bytes: bytes, ..Amount::default() }
    }

    fn add(&mut self, more: Amount) {
        self.alerts += more.alerts;
        self.alert_bytes += more.alert_bytes;
        self.record_bytes += more.record_bytes;
    }

    fn subtract(&mut self, less: Amount) {
        self.alerts -= less.alerts;
        self.alert_bytes -= less.alert_bytes;
        self.record_bytes -= less.record_bytes;
    }
}

/// Frames that wait for one reader.
#[derive(Debug, Default)]
pub struct Pending {
    /// Pieces, each with what is in it.
    frames: VecDeque<(Frames, Amount)>,
    /// What is in all of them.
    all: Amount,
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
        if self.all.alerts > 0 && self.all.alert_bytes + frame.len() > MAX_BYTES {
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
        if self.gathering().is_none() {
            self.frames.push_back((Frames::Gathered(Vec::new()), Amount::default()));
        }
        let Some(bytes) = self.gathering() else { return false };
        let before = bytes.len();
        let taken = frame.append_to(bytes);
        let added = bytes.len() - before;
        self.gathered += added;
        self.count(Amount::of_records(added));
        taken
    }

    /// The same with a frame that others get as well.
    pub fn share_of_records(&mut self, frame: &Rc<[u8]>, most: usize) -> bool {
        if !self.has_room(frame.len(), most) {
            return false;
        }
        self.tell();
        self.gathered += frame.len();
        self.frames.push_back((Frames::Shared(Rc::clone(frame)), Amount::default()));
        self.count(Amount::of_records(frame.len()));
        true
    }

    fn has_room(&self, length: usize, most: usize) -> bool {
        self.all.record_bytes == 0 || self.all.record_bytes + length <= most
    }

    /// The last piece, if more can be gathered in it.
    fn gathering(&mut self) -> Option<&mut Vec<u8>> {
        match self.frames.back_mut() {
            Some((Frames::Gathered(bytes), _)) if bytes.len() < GATHERED => Some(bytes),
            _ => None,
        }
    }

    /// Counts what came into the last piece.
    fn count(&mut self, amount: Amount) {
        if let Some((_, piece)) = self.frames.back_mut() {
            piece.add(amount);
            self.all.add(amount);
        }
    }

    /// A record is lost to this reader.
    pub fn lose_record(&mut self) {
        self.untold_records += 1;
    }

    /// True if so much is gathered that it is to be written.
    pub fn is_due(&self) -> bool {
        self.gathered >= GATHERED
    }

    /// Alerts that wait, with what is said about them. One in a piece that is being written still counts.
    pub fn alerts(&self) -> usize {
        self.all.alerts
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
            let Some((frames, amount)) = self.frames.front() else {
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
                self.all.subtract(*amount);
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
            let amount = Amount::of_records(frame.len());
            match self.gathering() {
                Some(bytes) => bytes.extend_from_slice(&frame),
                None => self.frames.push_back((Frames::Gathered(frame), Amount::default())),
            }
            self.count(amount);
        }
    }

    fn add(&mut self, frame: Rc<[u8]>) {
        let amount = Amount::of_alert(frame.len());
        match self.gathering() {
            Some(bytes) => bytes.extend_from_slice(&frame),
            None => self.frames.push_back((Frames::Shared(frame), Amount::default())),
        }
        self.count(amount);
    }
}

/// Bytes of a frame about records, at most.
fn at_most(frame: &Frame<'_>) -> usize {
    /// The header, the variant, and two numbers.
    const AROUND: usize = 32;
    AROUND
        + match frame {
            Frame::Opening(bytes)
            | Frame::Users(bytes)
            | Frame::Process(bytes)
            | Frame::Container(bytes)
            | Frame::Record { bytes, .. } => bytes.len(),
            Frame::Recorded { events, .. } => 3 * events.len(),
            Frame::Refused(text) => text.len(),
            Frame::Alert(_) | Frame::Lost(_) | Frame::RecordsLost(_) => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::super::frame::FrameReader;
    use super::*;
    use crate::{Alert, Priority};

    #[test]
    fn alerts_between_records_wait_in_few_pieces_and_in_order() {
        const EACH: u64 = 500;
        let alert = Alert {
            time_ns: 1,
            priority: Priority::Warning,
            rule: "a rule".into(),
            source: "syscall".into(),
            tags: Vec::new().into(),
            hostname: "machine".into(),
            message: "a".repeat(200),
            fields: Vec::new(),
        };
        let alert: Rc<[u8]> = Frame::Alert(alert).encode().unwrap().into();
        let mut pending = Pending::default();
        for number in 0..EACH {
            assert!(pending.push_of_records(&Frame::Record { number, bytes: (&[7; 100][..]).into() }, 1 << 20));
            assert!(pending.push(&alert));
        }
        assert_eq!(pending.alerts() as u64, EACH);
        assert!(pending.frames.len() < 5, "{} pieces", pending.frames.len());
        let mut written = Vec::new();
        pending.write(&mut written).unwrap();
        assert!(pending.is_empty());
        assert_eq!((pending.all.alerts, pending.all.alert_bytes, pending.all.record_bytes), (0, 0, 0));
        let mut frames = FrameReader::default();
        frames.push(&written);
        for expected in 0..EACH {
            assert!(
                matches!(frames.next_frame(), Ok(Some(Frame::Record { number, .. })) if number == expected),
                "the record {expected} is not there"
            );
            assert!(matches!(frames.next_frame(), Ok(Some(Frame::Alert(_)))), "the alert {expected} is not there");
        }
        assert!(matches!(frames.next_frame(), Ok(None)));
    }
}
