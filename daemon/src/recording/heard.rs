//! Records that come one by one from a kestrel that runs. What comes before them is what a file begins with: its head, and its
//! opening. So one build understands the records of another as far as it understands its recordings.

use super::layout::{FILE_HEAD, FileHead};
use super::mapping::Mapping;
use super::{Opening, RecordingError};
use kestrel_core::event::MAX_RECORD;
use kestrel_core::schema::{EventId, EventSet};
use zerocopy::IntoBytes;

/// What is said before records.
pub fn told_first(opening: &Opening) -> Vec<u8> {
    let head = FileHead::ours();
    // Writing to memory cannot fail, and a head without an opening is refused by whoever hears it.
    postcard::to_extend(opening, head.as_bytes().to_vec()).unwrap_or_default()
}

/// Understands records by what was said before them.
#[derive(Debug)]
pub struct Heard {
    opening: Opening,
    mapping: Option<Mapping>,
    /// The record that was heard last, in words so that it is aligned.
    record: Vec<u64>,
}

impl Heard {
    /// Takes what is said before records.
    ///
    /// # Errors
    /// [`RecordingError`] if this build cannot understand them.
    pub fn first(bytes: &[u8]) -> Result<Heard, RecordingError> {
        let fingerprint = FileHead::read(bytes)?;
        let opening = bytes.get(FILE_HEAD..).and_then(|rest| postcard::take_from_bytes::<Opening>(rest).ok());
        let (opening, _) = opening.ok_or(RecordingError::Head)?;
        let mapping = Mapping::new(fingerprint, &opening.events);
        Ok(Heard { opening, mapping, record: Vec::new() })
    }

    /// The machine that the records are of, and the table of events.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Events that the other side knows and this build does not.
    pub fn unknown_events(&self) -> &[String] {
        self.mapping.as_ref().map_or(&[], Mapping::unknown)
    }

    /// This build's events for the other side's ids.
    pub fn events(&self, ids: &[u16]) -> EventSet {
        let ids = ids.iter().map(|id| EventId(*id));
        match &self.mapping {
            None => ids.filter(|id| kestrel_core::schema::get(*id).is_some()).collect(),
            Some(mapping) => ids.filter_map(|id| mapping.ours(id)).collect(),
        }
    }

    /// A record as this build understands it; nothing else of it was checked. Empty if it does not.
    pub fn record(&mut self, bytes: &[u8]) -> &[u8] {
        if bytes.len() > MAX_RECORD {
            return &[];
        }
        self.record.clear();
        self.record.resize(bytes.len().div_ceil(size_of::<u64>()), 0);
        self.record.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        let whole = &self.record.as_bytes()[..bytes.len()];
        match &mut self.mapping {
            None => whole,
            Some(mapping) => {
                let len = mapping.translate(whole);
                &mapping.translated()[..len]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_builder::RecordBuilder;
    use crate::recording::Machine;
    use kestrel_core::event::{Record, TaskContext};
    use kestrel_core::schema::{self, id};

    fn opening() -> Opening {
        Opening::new(Machine { hostname: "router7".to_owned(), ..Machine::default() }, "")
    }

    #[test]
    fn records_are_understood_by_what_was_said_before_them() {
        let mut heard = Heard::first(&told_first(&opening())).unwrap();
        assert_eq!(heard.opening(), &opening());
        let kill = RecordBuilder::new(id::KILL, TaskContext::default(), 9).unwrap().build().unwrap();
        // Wherever it lies.
        let moved = [&[0], kill.as_bytes()].concat();
        assert_eq!(heard.record(&moved[1..]), kill.as_bytes());
        assert_eq!(heard.events(&[id::KILL.0, u16::MAX]).iter().collect::<Vec<_>>(), [id::KILL]);
        assert_eq!(heard.record(&vec![0; MAX_RECORD + 8]), b"");
    }

    #[test]
    fn another_table_is_understood_by_name_and_what_is_not_known_is_nothing() {
        let mut theirs = opening();
        theirs.events.reverse();
        theirs.events[0].name = "teleport".to_owned();
        let mut bytes = told_first(&theirs);
        // Another fingerprint (and its checksum), as another build has it.
        bytes[20] ^= 1;
        let crc = crc32fast::hash(&bytes[..28]).to_le_bytes();
        bytes[28..32].copy_from_slice(&crc);
        let mut heard = Heard::first(&bytes).unwrap();
        assert_eq!(heard.unknown_events(), ["teleport"]);
        let there = (schema::EVENTS.len() - 1) as u16 - id::KILL.0;
        let ours = RecordBuilder::new(id::KILL, TaskContext::default(), 9).unwrap().build().unwrap();
        let mut sent = ours.clone();
        let at =
            kestrel_core::event::RecordHeader { event: there, ..*Record::parse(ours.as_bytes()).unwrap().header() };
        sent.as_mut_bytes()[..at.as_bytes().len()].copy_from_slice(at.as_bytes());
        let read = Record::parse(heard.record(sent.as_bytes())).unwrap();
        assert_eq!((read.header().event, read.header().time_ns), (id::KILL.0, 9));
        assert_eq!(heard.events(&[there, 0]).iter().collect::<Vec<_>>(), [id::KILL]);
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let good = told_first(&opening());
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            Heard::first(&bytes).unwrap_err().to_string()
        };
        let with_crc = |bytes: &mut Vec<u8>| {
            let crc = crc32fast::hash(&bytes[..28]).to_le_bytes();
            bytes[28..32].copy_from_slice(&crc);
        };
        let all = [
            refused(&|bytes| bytes.clear()),
            refused(&|bytes| bytes.truncate(31)),
            refused(&|bytes| bytes.truncate(40)),
            refused(&|bytes| bytes[20] ^= 1),
            refused(&|bytes| {
                bytes[16] ^= 0x40;
                with_crc(bytes);
            }),
            refused(&|bytes| {
                bytes.swap(14, 15);
                with_crc(bytes);
            }),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
