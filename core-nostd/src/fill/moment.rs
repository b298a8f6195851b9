//! What tracepoints of their own tell as a few numbers: signals that are delivered, page faults.

use crate::event::{Overflow, RecordHeader, RecordWriter, TaskContext};
use crate::schema::{self, EventId, id};

/// Something that happens to a task outside of a system call, told as numbers.
pub trait Moment {
    /// The event that it is.
    const EVENT: EventId;

    /// The parameter of this index; `None` if the event has none, or has it from the task.
    fn number(&self, param: usize) -> Option<u64>;
}

/// A signal that is delivered to the current task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Process that sent it, as the receiver's pid namespace numbers it; 0 if the kernel did, or it is not known.
    pub sender: u32,
    /// The signal (signal(7)).
    pub signal: u32,
}

impl Moment for Delivered {
    const EVENT: EventId = id::SIGNALDELIVER;

    fn number(&self, param: usize) -> Option<u64> {
        const SENDER: usize = schema::index_of(id::SIGNALDELIVER, "spid");
        const SIGNAL: usize = schema::index_of(id::SIGNALDELIVER, "sig");
        match param {
            SENDER => Some(self.sender.into()),
            SIGNAL => Some(self.signal.into()),
            _ => None,
        }
    }
}

/// A page fault of the current task, in user mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Address that was accessed.
    pub address: u64,
    /// Address of the instruction that did.
    pub instruction: u64,
    /// What the processor says of it: `enum x86_pf_error_code` of `asm/trap_pf.h`.
    pub code: u64,
}

impl Fault {
    /// The code as the flags of the parameter `error`, in which either answer to a question is a flag.
    pub const fn flags(&self) -> u64 {
        const fn either(code: u64, bit: u64, yes: u64, no: u64) -> u64 {
            if code & bit != 0 { yes } else { no }
        }
        either(self.code, 1, 0x1, 0x2)
            | either(self.code, 1 << 1, 0x4, 0x8)
            | either(self.code, 1 << 2, 0x10, 0x20)
            | either(self.code, 1 << 3, 0x40, 0)
            | either(self.code, 1 << 4, 0x80, 0)
    }
}

impl Moment for Fault {
    const EVENT: EventId = id::PAGE_FAULT;

    fn number(&self, param: usize) -> Option<u64> {
        const ADDRESS: usize = schema::index_of(id::PAGE_FAULT, "addr");
        const INSTRUCTION: usize = schema::index_of(id::PAGE_FAULT, "ip");
        const ERROR: usize = schema::index_of(id::PAGE_FAULT, "error");
        match param {
            ADDRESS => Some(self.address),
            INSTRUCTION => Some(self.instruction),
            ERROR => Some(self.flags()),
            _ => None,
        }
    }
}

/// Writes the record of what happens to the task of this context.
///
/// The context is handed in because the tracepoint says how it may be filled: that of signals fires with the lock of the task's
/// signals held.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record.
pub fn moment<M: Moment>(
    task: &TaskContext,
    moment: &M,
    stamp: RecordHeader,
    buf: &mut [u8],
) -> Result<usize, Overflow> {
    let recipe = schema::recipe(M::EVENT).ok_or(Overflow)?;
    let mut out = RecordWriter::begin(buf, recipe.sources.len())?;
    *out.task() = *task;
    for param in 0..recipe.sources.len() {
        if let Some(number) = moment.number(param) {
            out.number(param, number)?;
        }
    }
    Ok(out.finish(RecordHeader { event: M::EVENT.0, ..stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_what_was_and_what_was_not() {
        let flags = |code| Fault { code, ..Fault::default() }.flags();
        // Not present, read, by user space; and all of the opposite, with a reserved bit and an instruction fetched.
        assert_eq!(flags(0b00100), 0x2 | 0x8 | 0x10);
        assert_eq!(flags(0b11011), 0x1 | 0x4 | 0x20 | 0x40 | 0x80);
    }
}
