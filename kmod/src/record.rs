//! One event from the probe to the ring: which it is, whether it was asked for, the gate, the slot, the filler, the commit.
#![forbid(unsafe_code)]

use crate::current::Current;
use crate::ffi::{self, Seen};
use crate::request::Carried;
use crate::wanted::{Asked, Wanted};
use kestrel_core::event::{Flags, Overflow, RecordHeader, TaskContext};
use kestrel_core::fill::{self, Call, Delivered, Exit};
use kestrel_core::schema::{self, EventId, id};
use kestrel_ringbuf::{Cause, Class, Producer, Wake};

/// A system call returned.
#[inline]
pub(crate) fn sys_exit(wanted: &Wanted, producer: &Producer, seen: &Seen) -> Wake {
    let compat = seen.compat != 0;
    let call = match wanted.look_up(seen.nr, compat) {
        Some(Asked::Event(event)) => Call { event, nr: seen.nr, args: seen.args, ret: seen.ret, compat, lost: false },
        Some(Asked::Multiplexed) => match fill::multiplexed(&Current, seen.nr, seen.args, seen.ret) {
            Some(call) => call,
            None => return Wake::No,
        },
        None => return Wake::No,
    };
    if !wanted.contains(call.event) || seen.ret >= 0 && told_elsewhere(call.event) {
        return Wake::No;
    }
    write(producer, call.event, seen, |stamp, room| fill::syscall_exit(&Current, &call, stamp, room))
}

/// The calls whose success the tracepoints of fork and exec tell.
fn told_elsewhere(event: EventId) -> bool {
    makes_task(event) || event == id::EXECVE || event == id::EXECVEAT
}

fn makes_task(event: EventId) -> bool {
    event == id::CLONE || event == id::CLONE3 || event == id::FORK || event == id::VFORK
}

/// What the kernel passes when it makes a worker thread for a process in some other call, such as io_uring_enter(2):
/// CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_UNTRACED | CLONE_IO (`kernel/fork.c`,
/// `create_io_thread`).
const WORKER_FLAGS: u64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x80_0000 | 0x8000_0000;

/// The current task made another.
pub(crate) fn fork(wanted: &Wanted, producer: &Producer, seen: &Seen, child: &TaskContext) -> Wake {
    let compat = seen.compat != 0;
    let call = match wanted.look_up(seen.nr, compat) {
        Some(Asked::Event(event)) if makes_task(event) => {
            Call { event, nr: seen.nr, args: seen.args, ret: 0, compat, lost: false }
        }
        _ => Call { event: id::CLONE, nr: seen.nr, args: [WORKER_FLAGS, 0, 0, 0, 0, 0], ret: 0, compat, lost: false },
    };
    if !wanted.contains(call.event) {
        return Wake::No;
    }
    write(producer, call.event, seen, |stamp, room| fill::process_fork(&Current, &call, child, stamp, room))
}

/// The current task runs a new program. `by_descriptor` says that its name was made from a descriptor.
pub(crate) fn exec(wanted: &Wanted, producer: &Producer, seen: &Seen, filename: &[u8], by_descriptor: bool) -> Wake {
    let compat = seen.compat != 0;
    let event = match wanted.look_up(seen.nr, compat) {
        Some(Asked::Event(event)) if event == id::EXECVEAT => event,
        _ if by_descriptor => id::EXECVEAT,
        _ => id::EXECVE,
    };
    if !wanted.contains(event) {
        return Wake::No;
    }
    write(producer, event, seen, |stamp, room| fill::process_exec(&Current, event, filename, compat, stamp, room))
}

/// The current task ends.
pub(crate) fn exit(wanted: &Wanted, producer: &Producer, seen: &Seen, exit: Exit) -> Wake {
    if !wanted.contains(id::PROCEXIT) {
        return Wake::No;
    }
    write(producer, id::PROCEXIT, seen, |stamp, room| fill::process_exit(&Current, exit, stamp, room))
}

/// A signal reaches the current task, the lock of whose signals is held.
pub(crate) fn signal(wanted: &Wanted, producer: &Producer, seen: &Seen, delivered: Delivered) -> Wake {
    if !wanted.contains(id::SIGNALDELIVER) {
        return Wake::No;
    }
    let mut receiver = TaskContext::default();
    ffi::receiving_task(&mut receiver);
    write(producer, id::SIGNALDELIVER, seen, |stamp, room| fill::signal_delivered(&receiver, delivered, stamp, room))
}

/// Most requests that are counted as missed at once: more than can be under way.
const MOST_MISSED: u32 = 1024;

/// A request of io_uring was carried out. `missed` others were not followed: each counts as dropped.
pub(crate) fn request(wanted: &Wanted, producer: &Producer, seen: &Seen, carried: &Carried<'_>, missed: u32) -> Wake {
    for _ in 0..if missed > MOST_MISSED { MOST_MISSED } else { missed } {
        if let Ok(gate) = producer.enter() {
            gate.dropped(Cause::Fault);
        }
    }
    let Some(event) = carried.event().filter(|event| wanted.contains(*event)) else { return Wake::No };
    let call = carried.call(event, seen.ret);
    write(producer, event, seen, |stamp, room| {
        let stamp = RecordHeader { flags: Flags::IO_URING.0, ..stamp };
        fill::syscall_exit(carried, &call, stamp, room)
    })
}

/// Writes one record in place. Whatever keeps it from being delivered, the ring counts it by its cause.
#[inline]
fn write(
    producer: &Producer,
    event: EventId,
    seen: &Seen,
    filler: impl FnOnce(RecordHeader, &mut [u8]) -> Result<usize, Overflow>,
) -> Wake {
    let class = match schema::recipe(event) {
        Some(recipe) if recipe.lifecycle => Class::Lifecycle,
        _ => Class::Ordinary,
    };
    let Ok(gate) = producer.enter() else { return Wake::No };
    let Ok(mut slot) = gate.reserve(class) else { return Wake::No };
    // The sequence number is the ring's to give, at the commit.
    let stamp = RecordHeader { cpu: seen.cpu, time_ns: seen.time_ns, ..RecordHeader::default() };
    match filler(stamp, slot.bytes()) {
        Ok(len) => slot.commit(len),
        Err(Overflow) => {
            slot.dropped(Cause::TooLong);
            Wake::No
        }
    }
}
