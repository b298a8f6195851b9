//! Signals that reach a process, from their own tracepoint.

use crate::event::{Overflow, RecordHeader, RecordWriter, TaskContext};
use crate::schema::{self, id};

/// A signal that is delivered to the current task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Process that sent it, as the receiver's pid namespace numbers it; 0 if the kernel did, or it is not known.
    pub sender: u32,
    /// The signal (signal(7)).
    pub signal: u32,
}

/// Writes the record of a signal that is delivered to the task of this context.
///
/// The context is handed in because it is filled where the tracepoint fires: with the lock of the task's signals held.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record.
pub fn signal_delivered(
    task: &TaskContext,
    delivered: Delivered,
    stamp: RecordHeader,
    buf: &mut [u8],
) -> Result<usize, Overflow> {
    const SENDER: usize = schema::index_of(id::SIGNALDELIVER, "spid");
    const SIGNAL: usize = schema::index_of(id::SIGNALDELIVER, "sig");
    let recipe = schema::recipe(id::SIGNALDELIVER).ok_or(Overflow)?;
    let mut out = RecordWriter::begin(buf, recipe.sources.len())?;
    *out.task()? = *task;
    out.number(SENDER, delivered.sender.into())?;
    out.number(SIGNAL, delivered.signal.into())?;
    out.finish(RecordHeader { event: id::SIGNALDELIVER.0, ..stamp })
}
