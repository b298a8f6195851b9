//! One event from the probe to the ring: which it is, whether it was asked for, the gate, the program's verdict, the slot, the
//! filler, the commit.
#![forbid(unsafe_code)]

use crate::Recorder;
use crate::current::Current;
use crate::ffi::{self, Seen};
use crate::request::Carried;
use crate::wanted::{Asked, Wanted};
use kestrel_core::event::{Flags, Overflow, RecordHeader, RecordWriter, TaskContext};
use kestrel_core::fill::{self, Call, Delivered, Draft, Exit, Fault, Kernel, Moment};
use kestrel_core::filter::{Early, Evaluation, MomentView, Program, Reached, Step, Verdict, View};
use kestrel_core::schema::{self, EventId, Recipe, id};
use kestrel_ringbuf::{Cause, Class, Gate, Nested, Slot, Wake};

/// Longest time that a consumer can ask to be left asleep: a greater wish is a mistake, or worse.
const LONGEST_SLEEP_US: u32 = 10_000_000;

/// How the shim takes a wake-up: 0 none, 1 now, else after so many nanoseconds.
#[inline]
pub(crate) fn answer(wake: Wake) -> u64 {
    match wake {
        Wake::No => 0,
        Wake::Now | Wake::After(0) => 1,
        Wake::After(us) if us > LONGEST_SLEEP_US => u64::from(LONGEST_SLEEP_US) * 1000,
        Wake::After(us) => u64::from(us) * 1000,
    }
}

/// A system call of the native table returned, which the shim's bitmap has told to be asked for. What is done with it has functions
/// of its own, so that none saves registers for another. Each gives what the shim is to be told ([`answer`]).
#[inline]
pub(crate) fn native_exit(wanted: &Wanted, recorder: &Recorder, program: Option<&Program<'_>>, seen: &Seen) -> u64 {
    let Some(event) = wanted.native(seen.nr) else { return other_exit(wanted, recorder, program, seen) };
    match program {
        Some(program) => judged(recorder, program, seen, event),
        None => kept(recorder, seen, event),
    }
}

/// The same, judged by a program: most of them are rejected here, and nothing is copied for them.
#[inline(never)]
fn judged(recorder: &Recorder, program: &Program<'_>, seen: &Seen, event: EventId) -> u64 {
    // For native calls the bitmap says the same as the bits of the events, so that those are not looked at.
    match Evaluation::early(program, event, &seen.registers) {
        Early::Rejected => {
            // Whether it is counted as rejected or as dropped, there is nobody to wake.
            if let Ok(gate) = recorder.producer.enter() {
                recorder.counts.0.count_rejected_at_once(event);
                gate.filtered();
            }
            0
        }
        Early::Kept => kept(recorder, seen, event),
        Early::Undecided(reached) => undecided(recorder, program, seen, event, reached),
    }
}

/// A system call of the native table that is wanted, whatever it says.
#[inline(never)]
fn kept(recorder: &Recorder, seen: &Seen, event: EventId) -> u64 {
    let Some(recipe) = schema::recipe(event) else { return 0 };
    let Ok(gate) = enter(recorder, event) else { return 0 };
    let Ok(mut slot) = gate.reserve(class(recipe)) else { return 0 };
    let written = RecordWriter::begin(slot.bytes(), recipe.sources.len()).and_then(|mut out| {
        let begin = fill::registers(event, recipe.sources, &seen.registers, &mut out)?;
        if begin < recipe.sources.len() {
            // A place of its own, or the writer would lie in memory for the others too.
            let mut out = out;
            return rest(&mut out, seen, event, begin);
        }
        ffi::current_task(out.task());
        Ok(fill::registers_exit(event, &seen.registers, stamp(seen), out))
    });
    answer(match written {
        Ok(len) => slot.commit(len),
        Err(Overflow) => too_long(slot),
    })
}

/// A system call of the native table, of which more than the registers is asked.
#[inline(never)]
fn undecided(recorder: &Recorder, program: &Program<'_>, seen: &Seen, event: EventId, reached: Reached) -> u64 {
    match Evaluation::from(program, event, reached) {
        None => kept(recorder, seen, event),
        Some(evaluation) if evaluation.is_at_path(&seen.registers) => {
            answer(by_path(recorder, evaluation, seen, event))
        }
        Some(_) => by_draft(recorder, program, seen, event, reached),
    }
}

/// A system call of the native table that something else decides upon than a path.
#[inline(never)]
fn by_draft(recorder: &Recorder, program: &Program<'_>, seen: &Seen, event: EventId, reached: Reached) -> u64 {
    let mut call = call(event, seen);
    fill::unpack(&Current, &mut call);
    answer(judge(recorder, Some(program), &Current, &call, seen, Flags::default(), reached))
}

/// A system call of the native table that a path decides upon.
#[inline]
fn by_path(recorder: &Recorder, mut evaluation: Evaluation<'_>, seen: &Seen, event: EventId) -> Wake {
    let Some(recipe) = schema::recipe(event) else { return Wake::No };
    let Ok(gate) = enter(recorder, event) else { return Wake::No };
    let Ok(mut slot) = gate.reserve(class(recipe)) else { return Wake::No };
    let written = match RecordWriter::begin(slot.bytes(), recipe.sources.len()) {
        Ok(mut out) => match evaluation.by_path(&Current, &seen.registers, &mut out) {
            Step::Done(Verdict::Reject) => {
                recorder.counts.0.count_rejected(event);
                slot.filtered();
                return Wake::No;
            }
            Step::Done(Verdict::Keep) => {
                let begin = usize::from(out.written(0).is_some());
                rest(&mut out, seen, event, begin).map(Some)
            }
            Step::Later => asked_on(out, evaluation, seen, event),
        },
        Err(overflow) => Err(overflow),
    };
    end(recorder, slot, event, written)
}

/// Writes the rest of a record that was begun, of whose parameters those before `begin` are written. Gives its length.
#[inline(never)]
fn rest(out: &mut RecordWriter<'_>, seen: &Seen, event: EventId, begin: usize) -> Result<usize, Overflow> {
    let mut call = call(event, seen);
    fill::unpack(&Current, &mut call);
    fill::unpacked_exit(&Current, &call, Flags::default(), begin, stamp(seen), out)
}

/// The same, if the rest of the program wants it; `None` if not. Of the parameters at most the first is written.
#[inline(never)]
fn asked_on(
    out: RecordWriter<'_>,
    mut evaluation: Evaluation<'_>,
    seen: &Seen,
    event: EventId,
) -> Result<Option<usize>, Overflow> {
    let mut call = call(event, seen);
    fill::unpack(&Current, &mut call);
    let mut draft = Draft::begin(&Current, &call, Flags::default());
    draft.take(out);
    if !wants(&mut evaluation, &mut draft) {
        return Ok(None);
    }
    draft.finish(stamp(seen)).map(Some)
}

/// Ends the slot of an event by what came of its record: its length if one was written, `None` if the event is rejected.
#[inline(never)]
fn end(recorder: &Recorder, slot: Slot<'_>, event: EventId, written: Result<Option<usize>, Overflow>) -> Wake {
    match written {
        Ok(Some(len)) => slot.commit(len),
        Ok(None) => {
            recorder.counts.0.count_rejected(event);
            slot.filtered();
            Wake::No
        }
        Err(Overflow) => too_long(slot),
    }
}

/// The record does not fit.
#[inline]
fn too_long(slot: Slot<'_>) -> Wake {
    slot.dropped(Cause::TooLong);
    Wake::No
}

/// A call as it came in.
#[inline]
fn call(event: EventId, seen: &Seen) -> Call {
    let registers = &seen.registers;
    Call { event, nr: seen.nr, args: registers.args(), ret: registers.ret(), compat: seen.compat != 0, lost: false }
}

/// A system call of the 32-bit table returned, or one whose success is told elsewhere, or one that is no event.
#[inline(never)]
pub(crate) fn other_exit(wanted: &Wanted, recorder: &Recorder, program: Option<&Program<'_>>, seen: &Seen) -> u64 {
    let mut call = match wanted.look_up(seen.nr, seen.compat != 0) {
        Some(Asked::Event(event)) => call(event, seen),
        Some(Asked::Multiplexed) => {
            match fill::multiplexed(&Current, seen.nr, seen.registers.args(), seen.registers.ret()) {
                Some(call) => call,
                None => return 0,
            }
        }
        None => return 0,
    };
    if !wanted.contains(call.event) || call.ret >= 0 && told_elsewhere(call.event) {
        return 0;
    }
    fill::unpack(&Current, &mut call);
    answer(judge(recorder, program, &Current, &call, seen, Flags::default(), Reached::default()))
}

/// The calls whose success the tracepoints of fork and exec tell.
pub(crate) fn told_elsewhere(event: EventId) -> bool {
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
pub(crate) fn fork(wanted: &Wanted, recorder: &Recorder, seen: &Seen, child: &TaskContext) -> Wake {
    let compat = seen.compat != 0;
    let call = match wanted.look_up(seen.nr, compat) {
        Some(Asked::Event(event)) if makes_task(event) => Call { ret: 0, ..call(event, seen) },
        _ => Call { event: id::CLONE, nr: seen.nr, args: [WORKER_FLAGS, 0, 0, 0, 0, 0], ret: 0, compat, lost: false },
    };
    if !wanted.contains(call.event) {
        return Wake::No;
    }
    write(recorder, call.event, seen, |stamp, room| fill::process_fork(&Current, &call, child, stamp, room))
}

/// The current task runs a new program. `by_descriptor` says that its name was made from a descriptor.
pub(crate) fn exec(wanted: &Wanted, recorder: &Recorder, seen: &Seen, filename: &[u8], by_descriptor: bool) -> Wake {
    let compat = seen.compat != 0;
    let event = match wanted.look_up(seen.nr, compat) {
        Some(Asked::Event(event)) if event == id::EXECVEAT => event,
        _ if by_descriptor => id::EXECVEAT,
        _ => id::EXECVE,
    };
    if !wanted.contains(event) {
        return Wake::No;
    }
    write(recorder, event, seen, |stamp, room| fill::process_exec(&Current, event, filename, compat, stamp, room))
}

/// The current task ends.
pub(crate) fn exit(wanted: &Wanted, recorder: &Recorder, seen: &Seen, exit: Exit) -> Wake {
    if !wanted.contains(id::PROCEXIT) {
        return Wake::No;
    }
    write(recorder, id::PROCEXIT, seen, |stamp, room| fill::process_exit(&Current, exit, stamp, room))
}

/// A signal reaches the current task, the lock of whose signals is held.
pub(crate) fn signal(
    wanted: &Wanted,
    recorder: &Recorder,
    program: Option<&Program<'_>>,
    seen: &Seen,
    delivered: Delivered,
) -> Wake {
    moment(wanted, recorder, program, seen, delivered, ffi::receiving_task)
}

/// The current task, in user mode, accessed memory that the processor could not give it at once.
pub(crate) fn page_fault(
    wanted: &Wanted,
    recorder: &Recorder,
    program: Option<&Program<'_>>,
    seen: &Seen,
    fault: Fault,
) -> Wake {
    moment(wanted, recorder, program, seen, fault, ffi::current_task)
}

/// Something happens to the current task outside of a system call; `fill_task` fills its context.
#[inline]
fn moment<M: Moment + Copy>(
    wanted: &Wanted,
    recorder: &Recorder,
    program: Option<&Program<'_>>,
    seen: &Seen,
    moment: M,
    fill_task: impl Fn(&mut TaskContext),
) -> Wake {
    if !wanted.contains(M::EVENT) {
        return Wake::No;
    }
    let Ok(gate) = enter(recorder, M::EVENT) else { return Wake::No };
    let mut view = MomentView::new(moment, || {
        let mut task = TaskContext::default();
        fill_task(&mut task);
        task
    });
    if let Some(mut evaluation) = program.and_then(|program| Evaluation::of(program, M::EVENT))
        && !wants(&mut evaluation, &mut view)
    {
        return reject(recorder, gate, M::EVENT);
    }
    let task = *view.task();
    record(gate, M::EVENT, seen, |stamp, room| fill::moment(&task, &moment, stamp, room))
}

/// Most requests that are counted as missed at once: more than can be under way.
const MOST_MISSED: u32 = 1024;

/// A request of io_uring was carried out. `missed` others were not followed: each counts as dropped.
pub(crate) fn request(
    wanted: &Wanted,
    recorder: &Recorder,
    program: Option<&Program<'_>>,
    seen: &Seen,
    carried: &Carried<'_>,
    missed: u32,
) -> Wake {
    for _ in 0..if missed > MOST_MISSED { MOST_MISSED } else { missed } {
        if let Ok(gate) = recorder.producer.enter() {
            gate.dropped(Cause::Fault);
        }
    }
    let Some(event) = carried.event().filter(|event| wanted.contains(*event)) else { return Wake::No };
    let call = carried.call(event, seen.registers.ret());
    judge(recorder, program, carried, &call, seen, Flags::IO_URING, Reached::default())
}

/// Asks the program, if there is one that judges the event, and writes the record if it is wanted. `reached` is how far registers
/// alone brought it.
///
/// What registers and task tell is asked for before anything is reserved: an event that is rejected by those needs no room, and
/// is rejected in a full ring too. Where room is needed to tell and there is none, the event counts as dropped.
#[inline]
fn judge<K: Kernel>(
    recorder: &Recorder,
    program: Option<&Program<'_>>,
    kernel: &K,
    call: &Call,
    seen: &Seen,
    flags: Flags,
    reached: Reached,
) -> Wake {
    let event = call.event;
    let Ok(gate) = enter(recorder, event) else { return Wake::No };
    let mut draft = Draft::begin(kernel, call, flags);
    let mut evaluation = program.and_then(|program| Evaluation::from(program, event, reached));
    if let Some(under_way) = &mut evaluation
        && !under_way.needs_room()
    {
        match under_way.go(&mut draft) {
            Step::Done(Verdict::Reject) => return reject(recorder, gate, event),
            Step::Done(Verdict::Keep) => evaluation = None,
            Step::Later => {}
        }
    }
    let Ok(mut slot) = gate.reserve(class_of(event)) else { return Wake::No };
    let written = match draft.place(slot.bytes()) {
        Ok(()) if evaluation.as_mut().is_none_or(|under_way| wants(under_way, &mut draft)) => {
            draft.finish(stamp(seen)).map(Some)
        }
        Ok(()) => Ok(None),
        Err(overflow) => Err(overflow),
    };
    end(recorder, slot, event, written)
}

/// Is the event wanted, as far as can ever be told?
#[inline]
fn wants<V: View>(evaluation: &mut Evaluation<'_>, view: &mut V) -> bool {
    evaluation.go(view) != Step::Done(Verdict::Reject)
}

/// The program said no: nothing happened, but it is counted.
#[inline]
fn reject(recorder: &Recorder, gate: Gate<'_>, event: EventId) -> Wake {
    count_rejected(recorder, gate, event);
    Wake::No
}

#[inline]
fn count_rejected(recorder: &Recorder, gate: Gate<'_>, event: EventId) {
    recorder.counts.0.count_rejected(event);
    gate.filtered();
}

/// Begins to handle an event that was asked for.
#[inline]
fn enter(recorder: &Recorder, event: EventId) -> Result<Gate<'_>, Nested> {
    let gate = recorder.producer.enter()?;
    recorder.counts.0.count_seen(event);
    Ok(gate)
}

#[inline]
fn class(recipe: &Recipe) -> Class {
    if recipe.lifecycle { Class::Lifecycle } else { Class::Ordinary }
}

#[inline]
fn class_of(event: EventId) -> Class {
    schema::recipe(event).map_or(Class::Ordinary, class)
}

/// CPU and time of a record. The time is that at which it is certain that there will be one. The sequence number is the ring's to give, at the commit.
fn stamp(seen: &Seen) -> RecordHeader {
    let time_ns = ffi::now();
    RecordHeader { cpu: seen.cpu, time_ns, ..RecordHeader::default() }
}

/// Writes the record of an event that is always wanted.
#[inline]
fn write(
    recorder: &Recorder,
    event: EventId,
    seen: &Seen,
    filler: impl FnOnce(RecordHeader, &mut [u8]) -> Result<usize, Overflow>,
) -> Wake {
    match enter(recorder, event) {
        Ok(gate) => record(gate, event, seen, filler),
        Err(Nested) => Wake::No,
    }
}

/// Writes one record in place. Whatever keeps it from being delivered, the ring counts it by its cause.
#[inline]
fn record(
    gate: Gate<'_>,
    event: EventId,
    seen: &Seen,
    filler: impl FnOnce(RecordHeader, &mut [u8]) -> Result<usize, Overflow>,
) -> Wake {
    let Ok(mut slot) = gate.reserve(class_of(event)) else { return Wake::No };
    match filler(stamp(seen), slot.bytes()) {
        Ok(len) => slot.commit(len),
        Err(Overflow) => too_long(slot),
    }
}
