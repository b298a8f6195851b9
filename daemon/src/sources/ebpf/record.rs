//! Captures become records: which event it was, and the fillers over what was copied.

use super::captured::Captured;
use kestrel_core::capture::{CALLS, flag, kind};
use kestrel_core::event::{Flags, Overflow, RecordHeader};
use kestrel_core::fill::{self, Call, Delivered, Draft, Exit};
use kestrel_core::schema::{Abi, EventId, EventSet, I386_IPC, I386_SOCKETCALL, event_of, id};

/// What the kernel passes when it makes a worker thread for a process in some other call, such as io_uring_enter(2):
/// CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_UNTRACED | CLONE_IO (`kernel/fork.c`,
/// `create_io_thread`).
const WORKER_FLAGS: u64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x80_0000 | 0x8000_0000;

/// Which event each system call is, of both tables.
#[derive(Debug)]
pub struct Numbers {
    native: Vec<Option<EventId>>,
    compat: Vec<Option<EventId>>,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers {
            native: (0..CALLS).map(|nr| event_of(Abi::NATIVE, nr)).collect(),
            compat: (0..CALLS).map(|nr| event_of(Abi::I386, nr)).collect(),
        }
    }
}

impl Numbers {
    fn event(&self, nr: u32, compat: bool) -> Option<EventId> {
        let table = if compat { &self.compat } else { &self.native };
        table.get(nr as usize).copied().flatten()
    }
}

/// What became of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A record of so many bytes.
    Record(usize),
    /// Nobody wants it: one of the events that share a tracepoint.
    Unwanted,
    /// The record would have been longer than one may be.
    TooLong,
}

/// Writes the record of a capture to the front of `room`.
pub fn write(captured: &Captured<'_>, numbers: &Numbers, wanted: &EventSet, room: &mut [u8]) -> Written {
    let head = &captured.head;
    let compat = head.flags & flag::COMPAT != 0;
    let stamp = RecordHeader { cpu: head.cpu, seq: head.seq, time_ns: captured.time_ns(), ..RecordHeader::default() };
    let asked = |event| wanted.contains(event);
    let written = match head.kind {
        kind::CALL => {
            let many = compat && matches!(head.nr, I386_SOCKETCALL | I386_IPC);
            let call = if many {
                fill::multiplexed(captured, head.nr, head.args, head.ret)
            } else {
                numbers.event(head.nr, compat).map(|event| Call {
                    event,
                    nr: head.nr,
                    args: head.args,
                    ret: head.ret,
                    compat,
                    lost: false,
                })
            };
            match call.filter(|call| asked(call.event)) {
                Some(call) if head.flags & flag::REQUEST != 0 => requested(captured, &call, stamp, room),
                Some(call) => fill::syscall_exit(captured, &call, stamp, room),
                None => return Written::Unwanted,
            }
        }
        kind::FORK => {
            let (call, child) = (fork(head.nr, head.args, compat, numbers), captured.child());
            match child.filter(|_| asked(call.event)) {
                Some(child) => fill::process_fork(captured, &call, &child, stamp, room),
                None => return Written::Unwanted,
            }
        }
        kind::EXEC => {
            // On x86 the number in the registers is execve's by now, whichever call it was.
            let event = match numbers.event(head.nr, compat) {
                Some(event) if event == id::EXECVEAT => event,
                _ if head.flags & flag::BY_DESCRIPTOR != 0 => id::EXECVEAT,
                _ => id::EXECVE,
            };
            if !asked(event) {
                return Written::Unwanted;
            }
            fill::process_exec(captured, event, captured.filename(), compat, stamp, room)
        }
        kind::EXIT if asked(id::PROCEXIT) => {
            let exit =
                Exit { code: head.ret as i32, reaper_tid: head.value, group_dead: head.flags & flag::LAST_THREAD != 0 };
            fill::process_exit(captured, exit, stamp, room)
        }
        kind::SIGNAL if asked(id::SIGNALDELIVER) => {
            let delivered = Delivered { sender: head.nr, signal: head.value };
            fill::moment(&head.task, &delivered, stamp, room)
        }
        _ => return Written::Unwanted,
    };
    match written {
        Ok(len) => Written::Record(len),
        Err(Overflow) => Written::TooLong,
    }
}

/// What was done by a request of io_uring.
fn requested(captured: &Captured<'_>, call: &Call, stamp: RecordHeader, room: &mut [u8]) -> Result<usize, Overflow> {
    let mut draft = Draft::begin(captured, call, Flags::IO_URING);
    draft.place(room)?;
    draft.finish(stamp)
}

/// The call that made a task.
fn fork(nr: u32, args: [u64; 6], compat: bool, numbers: &Numbers) -> Call {
    let call = Call { event: id::CLONE, nr, args, ret: 0, compat, lost: false };
    match numbers.event(nr, compat) {
        Some(event) if matches!(event, id::CLONE | id::CLONE3 | id::FORK | id::VFORK) => Call { event, ..call },
        _ => Call { args: [WORKER_FLAGS, 0, 0, 0, 0, 0], ..call },
    }
}
