//! Records as the kernel module writes them, from values that are at hand: for rule tests, and for the daemon's own.
//!
//! What is built goes through [`RecordWriter`], so it is laid out as every record is. Nothing is checked against what a call
//! would do: who builds a record says what is in it.
//!
//! | file | is about |
//! |---|---|
//! | `encode.rs` | the bytes of one parameter |
//! | `process.rs` | the records that the process table is made from |

pub mod encode;
mod process;

pub use process::{Program, exec, fork};

use kestrel_core::event::{Flags, MAX_RECORD, Overflow, RecordHeader, RecordWriter, TaskContext};
use kestrel_core::schema::{self, Event, EventId};
use zerocopy::IntoBytes;

/// A record to be.
#[derive(Clone, Debug)]
pub struct RecordBuilder {
    /// The task that it belongs to.
    pub task: TaskContext,
    /// Its time, ns since the epoch.
    pub time_ns: u64,
    /// The CPU that it happened on.
    pub cpu: u16,
    id: EventId,
    event: &'static Event,
    flags: Flags,
    params: Vec<(usize, Vec<u8>)>,
}

impl RecordBuilder {
    /// A record of this event, all parameters absent; `None` if the schema has no such event.
    pub fn new(id: EventId, task: TaskContext, time_ns: u64) -> Option<RecordBuilder> {
        let event = schema::get(id)?;
        Some(RecordBuilder { task, time_ns, cpu: 0, id, event, flags: Flags::default(), params: Vec::new() })
    }

    /// The event's row of the schema.
    pub fn event(&self) -> &'static Event {
        self.event
    }

    /// The parameter at this index of the schema, as [`encode`] writes it. Of two for one index the later counts; one beyond
    /// the event's parameters makes [`RecordBuilder::build`] fail.
    pub fn set(&mut self, index: usize, bytes: impl Into<Vec<u8>>) {
        self.params.push((index, bytes.into()));
    }

    /// Like [`RecordBuilder::set`], by the parameter's name.
    ///
    /// # Panics
    /// If the event has no parameter of this name.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> RecordBuilder {
        let index = self.event.params.iter().position(|param| param.name == name);
        self.set(index.unwrap_or_else(|| panic!("{} has no parameter {name}", self.event.name)), bytes);
        self
    }

    /// Sets flags.
    pub fn flag(&mut self, flags: Flags) {
        self.flags.insert(flags);
    }

    /// The record, in words so that it is aligned.
    ///
    /// # Errors
    /// [`Overflow`] if it would be longer than [`MAX_RECORD`].
    pub fn build(&self) -> Result<Vec<u64>, Overflow> {
        let mut buf = vec![0u64; MAX_RECORD / size_of::<u64>()];
        let mut writer = RecordWriter::begin(buf.as_mut_bytes(), self.event.params.len())?;
        *writer.task() = self.task;
        for (index, bytes) in &self.params {
            writer.bytes(*index, bytes)?;
        }
        writer.flag(self.flags);
        let header = RecordHeader { event: self.id.0, cpu: self.cpu, time_ns: self.time_ns, ..RecordHeader::default() };
        let len = writer.finish(header);
        // Many may be kept: without the room that a longer one would have needed.
        Ok(buf[..len / size_of::<u64>()].to_vec())
    }
}
