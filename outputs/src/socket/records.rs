//! Readers that want records, as whoever has records sees them.

use super::frame::{Frame, RecordsWanted};
use super::reader::Pending;
use mio::net::UnixStream;
use std::rc::Rc;

/// Bytes of records that wait for all readers together, at most.
const MAX_BYTES: usize = 8 << 20;

/// Of these, for one reader: what comes in one turn of a loop, and no more, even if it reads alone.
const MAX_BYTES_EACH: usize = 1 << 20;

/// Bytes that may wait for each of so many readers.
pub fn most_for_each(readers: usize) -> usize {
    (MAX_BYTES / readers.max(1)).min(MAX_BYTES_EACH)
}

/// What became of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordStats {
    /// Readers that want some now.
    pub readers: u64,
    /// Records that were given to a reader, once for each.
    pub given: u64,
    /// Records that a reader was too slow for, once for each.
    pub lost: u64,
}

/// A reader that wants records.
#[derive(Debug)]
pub struct RecordReader<'a> {
    pub(super) number: u64,
    pub(super) wanted: &'a RecordsWanted,
    pub(super) pending: &'a mut Pending,
    pub(super) stream: &'a mut UnixStream,
    pub(super) stats: &'a mut RecordStats,
    pub(super) system_calls: &'a mut u64,
    /// Bytes about records that may wait for it.
    pub(super) most: usize,
}

impl RecordReader<'_> {
    /// Its number: none has one that another had.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What it asked for.
    pub fn wanted(&self) -> &RecordsWanted {
        self.wanted
    }

    /// Gives it a record. False if it is too slow: the record is lost to it, and it is told so.
    pub fn record(&mut self, number: u64, bytes: &[u8]) -> bool {
        let taken = self.say(&Frame::Record { number, bytes: bytes.into() });
        if taken {
            self.stats.given += 1;
        } else {
            self.lose();
        }
        taken
    }

    /// A record is lost to it.
    pub fn lose(&mut self) {
        self.pending.lose_record();
        self.stats.lost += 1;
    }

    /// Says something about records. False if it is too slow.
    pub fn say(&mut self, frame: &Frame<'_>) -> bool {
        let taken = self.pending.push_of_records(frame, self.most);
        self.write_if_due();
        taken
    }

    /// The same with a frame that others are told as well.
    pub fn share(&mut self, frame: &Rc<[u8]>) -> bool {
        let taken = self.pending.share_of_records(frame, self.most);
        self.write_if_due();
        taken
    }

    /// In the middle of a turn as well: much comes in one.
    fn write_if_due(&mut self) {
        if self.pending.is_due() {
            *self.system_calls += 1;
            // One that is gone is found out about by the poll.
            let _ = self.pending.write(self.stream);
        }
    }
}
