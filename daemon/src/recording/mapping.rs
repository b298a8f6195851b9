//! Records of another table of events, by name.

use super::{EventRow, ParamRow};
use kestrel_core::event::{MAX_RECORD, Overflow, Record, RecordWriter};
use kestrel_core::schema::{self, EVENTS, EventId, EventSet};
use zerocopy::IntoBytes;

/// This build's table of events, as a file describes it.
pub fn table() -> Vec<EventRow> {
    let row = |event: &schema::Event| EventRow {
        name: event.name.to_owned(),
        params: event
            .params
            .iter()
            .map(|param| ParamRow { name: param.name.to_owned(), encoding: param.ty.encoding() })
            .collect(),
    };
    EVENTS.iter().map(row).collect()
}

/// One event of the writer, here.
#[derive(Debug)]
struct Mapped {
    id: EventId,
    /// For each parameter of ours, the writer's.
    params: Vec<Option<usize>>,
}

/// From the writer's table to ours.
#[derive(Debug)]
pub struct Mapping {
    /// By the writer's id; `None` for events that this build does not know.
    events: Vec<Option<Mapped>>,
    /// Names of those.
    unknown: Vec<String>,
    buf: Vec<u64>,
}

impl Mapping {
    /// The mapping of this table; `None` if it is our own.
    pub fn new(fingerprint: u64, events: &[EventRow]) -> Option<Mapping> {
        if fingerprint == schema::FINGERPRINT {
            return None;
        }
        let mapped = |row: &EventRow| {
            let id = schema::by_name(&row.name)?;
            // A parameter that is written otherwise is another one, whatever its name.
            let place = |param: &schema::Param| {
                row.params.iter().position(|p| p.name == param.name && p.encoding == param.ty.encoding())
            };
            Some(Mapped { id, params: schema::get(id)?.params.iter().map(place).collect() })
        };
        let all: Vec<Option<Mapped>> = events.iter().map(mapped).collect();
        let unknown = events.iter().zip(&all).filter(|(_, mapped)| mapped.is_none());
        let unknown = unknown.map(|(row, _)| row.name.clone()).collect();
        Some(Mapping { events: all, unknown, buf: vec![0; MAX_RECORD / size_of::<u64>()] })
    }

    /// Names of the writer's events that this build does not know.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// The writer's ids of these events.
    pub fn theirs(&self, ours: &EventSet) -> EventSet {
        let ids = (0u16..).zip(&self.events);
        let wanted = ids.filter(|(_, mapped)| mapped.as_ref().is_some_and(|mapped| ours.contains(mapped.id)));
        wanted.map(|(id, _)| EventId(id)).collect()
    }

    /// Our event for the writer's id.
    pub fn ours(&self, theirs: EventId) -> Option<EventId> {
        self.events.get(usize::from(theirs.0))?.as_ref().map(|mapped| mapped.id)
    }

    /// Makes a record of the writer's one of ours, and gives its length: 0 if its event is not known here, or the bytes are
    /// none.
    pub fn translate(&mut self, bytes: &[u8]) -> usize {
        let Ok(record) = Record::parse(bytes) else { return 0 };
        match self.events.get(usize::from(record.header().event)) {
            Some(Some(mapped)) => Self::rewrite(&record, mapped, self.buf.as_mut_bytes()).unwrap_or(0),
            _ => 0,
        }
    }

    /// The bytes that the record was made in which was translated last.
    pub fn translated(&self) -> &[u8] {
        self.buf.as_bytes()
    }

    fn rewrite(record: &Record<'_>, mapped: &Mapped, buf: &mut [u8]) -> Result<usize, Overflow> {
        let mut writer = RecordWriter::begin(buf, mapped.params.len())?;
        *writer.task() = *record.task();
        for (index, place) in mapped.params.iter().enumerate() {
            if let Some(param) = place.and_then(|place| record.param(place)) {
                writer.bytes(index, param.0)?;
            }
        }
        let mut header = *record.header();
        header.event = mapped.id.0;
        Ok(writer.finish(header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_builder::{RecordBuilder, encode};
    use kestrel_core::event::{PathFlags, TaskContext};
    use kestrel_core::schema::id;

    fn openat() -> Vec<u64> {
        let task = TaskContext { pid: 7, ..TaskContext::default() };
        let record = RecordBuilder::new(id::OPENAT, task, 99).unwrap();
        let name = encode::path(b"x", b"/etc/x", PathFlags::RESOLVED);
        record.with("name", name).with("flags", encode::number(3)).build().unwrap()
    }

    #[test]
    fn the_same_table_needs_no_mapping() {
        assert!(Mapping::new(schema::FINGERPRINT, &table()).is_none());
    }

    #[test]
    fn a_table_in_another_order_is_read_by_name() {
        let mut theirs = table();
        theirs.reverse();
        for row in &mut theirs {
            row.params.reverse();
        }
        let ours = openat();
        let there = (EVENTS.len() - 1 - usize::from(id::OPENAT.0)) as u16;
        // The record, as that table's kernel writes it.
        let record = Record::parse(ours.as_bytes()).unwrap();
        let mut buf = vec![0u64; MAX_RECORD / 8];
        let params = record.param_count();
        let mut writer = RecordWriter::begin(buf.as_mut_bytes(), params).unwrap();
        *writer.task() = *record.task();
        for index in 0..params {
            if let Some(param) = record.param(index) {
                writer.bytes(params - 1 - index, param.0).unwrap();
            }
        }
        let mut header = *record.header();
        header.event = there;
        let len = writer.finish(header);

        let mut mapping = Mapping::new(1, &theirs).unwrap();
        assert_eq!(mapping.unknown(), [""; 0]);
        let len = mapping.translate(&buf.as_bytes()[..len]);
        let read = Record::parse(&mapping.translated()[..len]).unwrap();
        assert_eq!(read.header().event, id::OPENAT.0);
        assert_eq!((read.header().time_ns, read.task().pid), (99, 7));
        for index in 0..params {
            assert_eq!(read.param(index), record.param(index));
        }
        let wanted = [id::OPENAT].into_iter().collect();
        assert_eq!(mapping.theirs(&wanted).iter().collect::<Vec<_>>(), [EventId(there)]);
    }

    #[test]
    fn what_only_the_writer_knows_is_named_and_what_is_written_otherwise_is_absent() {
        let mut theirs = table();
        theirs[usize::from(id::KILL.0)].name = "teleport".to_owned();
        let row = &mut theirs[usize::from(id::OPENAT.0)];
        row.params.iter_mut().find(|param| param.name == "name").unwrap().encoding = 4;
        let mut mapping = Mapping::new(1, &theirs).unwrap();
        assert_eq!(mapping.unknown(), ["teleport"]);
        let record = openat();
        let len = mapping.translate(record.as_bytes());
        let read = Record::parse(&mapping.translated()[..len]).unwrap();
        let params = schema::get(id::OPENAT).unwrap().params;
        let at = |name| params.iter().position(|param| param.name == name).unwrap();
        assert_eq!(read.param(at("name")), None);
        assert_eq!(read.param(at("flags")).unwrap().uint(), Some(3));
        let kill = RecordBuilder::new(id::KILL, TaskContext::default(), 1).unwrap().build().unwrap();
        assert_eq!(mapping.translate(kill.as_bytes()), 0);
    }
}
