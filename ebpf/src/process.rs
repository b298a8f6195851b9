//! Fork, exec, exit, signals: from their own tracepoints.

use crate::call::{arguments, begin, is_compat, number_of, plan_of};
use crate::capture::{EXEC_PLAN, EXIT_PLAN, FORK_PLAN, Offset as O, Plan, SIGNAL_PLAN, chunk, flag, kind};
use crate::event::TaskContext;
use crate::finish::{self, count_seen};
use crate::helpers::{self, Context, argument};
use crate::maps::{self, plan};
use crate::read::{Copied, field, has, member, number};
use crate::slot::{OfExec, OfExit, OfFork, OfSignal, Slot};
use crate::task;

/// Size of a kernel stack (THREAD_SIZE, `asm/page_64_types.h`), and of the registers at its end, for kernels that have no helper.
const STACK: u64 = 16 << 10;
const REGISTERS: u64 = 168;

/// A path of the kernel's is no longer.
const PATH: u32 = 4096;

/// Is the plan of this number one that somebody wants?
#[inline(always)]
fn wanted(number: u32) -> bool {
    matches!(plan(number), Some(plan) if plan.flags & Plan::WANTED != 0)
}

/// Which event it is: what the call is that led to it, or else what the plan is of.
#[inline(always)]
fn event_of(nr: u32, compat: bool, number: u32) -> u16 {
    if let Some(of_call) = plan_of(nr, compat)
        && let Some(plan) = plan(of_call)
        && plan.flags & Plan::TOLD_ELSEWHERE != 0
    {
        return plan.event;
    }
    match plan(number) {
        Some(plan) => plan.event,
        None => 0,
    }
}

/// Where the current task's registers are, as they were when it entered the kernel.
#[inline(always)]
fn registers(current: u64) -> u64 {
    if maps::has_registers() {
        helpers::current_registers()
    } else {
        field::<u64>(current, O::TASK_STACK).wrapping_add(STACK - REGISTERS)
    }
}

/// sched_process_fork: the maker, and what it made.
#[inline(always)]
pub fn forked(context: *const Context) {
    made(context, argument(context, 0), argument(context, 1));
}

/// The same as a tracepoint of perf, which passes the number of what was made.
#[inline(always)]
pub fn fork_traced(context: *const Context) {
    if !wanted(FORK_PLAN) {
        return;
    }
    let current = helpers::current();
    let number = word(context, maps::offset(O::FORK_CHILD));
    made(context, current, task::child(current, number));
}

/// A word of what a tracepoint of perf passes.
#[inline(always)]
fn word(context: *const Context, offset: u32) -> u32 {
    let mut value = 0;
    // SAFETY: there is room. It is copied, since the verifier has to know where in a context is read.
    unsafe { helpers::read_kernel((&raw mut value).cast(), 4, (context as u64).wrapping_add(offset.into())) };
    value
}

#[inline(always)]
fn made(context: *const Context, parent: u64, child: u64) {
    if !wanted(FORK_PLAN) || task::is_kernel_thread(parent) {
        return;
    }
    let at = registers(parent);
    let compat = is_compat::<Copied>(parent);
    let nr = number_of::<Copied>(at);
    count_seen(event_of(nr, compat, FORK_PLAN));
    if child == 0 {
        return finish::count_fault();
    }
    let Some(slot) = Slot::<OfFork>::of_cpu() else { return };
    begin(&slot, kind::FORK, if compat { flag::COMPAT } else { 0 });
    let args = arguments::<Copied>(at, compat);
    slot.set_call(nr, args, 0);
    slot.work().plan.set(FORK_PLAN);
    let [a, ..] = args;
    slot.work().args[0].set(if compat { a & 0xffff_ffff } else { a });
    slot.work().args[6].set(0);
    let made = slot.chunk::<TaskContext>(chunk::CHILD, 0);
    // SAFETY: there is room for it, and any bytes are one.
    task::fill(child, unsafe { &mut *made });
    slot.go_on(context);
}

/// sched_process_exec: the task, what it was called, and what it executes.
#[inline(always)]
pub fn executed(context: *const Context) {
    if !wanted(EXEC_PLAN) {
        return;
    }
    let program = argument(context, 2);
    let by_descriptor = has(O::BPRM_FDPATH) && field::<u64>(program, O::BPRM_FDPATH) != 0;
    runs(context, field(program, O::BPRM_FILENAME), by_descriptor);
}

/// The same as a tracepoint of perf, which passes what it was called alone: what begins like a name that the kernel makes from a
/// descriptor counts as one. The call's number is not there any more.
#[inline(always)]
pub fn exec_traced(context: *const Context) {
    if !wanted(EXEC_PLAN) {
        return;
    }
    // Where it lies, in the lower half.
    let at = word(context, maps::offset(O::EXEC_FILENAME)) & 0xffff;
    let filename = (context as u64).wrapping_add(at.into());
    runs(context, filename, number::<u64>(filename) == u64::from_le_bytes(*b"/dev/fd/"));
}

#[inline(always)]
fn runs(context: *const Context, filename: u64, by_descriptor: bool) {
    let current = helpers::current();
    let mut flags = if is_compat::<Copied>(current) { flag::COMPAT } else { 0 };
    if by_descriptor {
        flags |= flag::BY_DESCRIPTOR;
    }
    let nr = number_of::<Copied>(registers(current));
    count_seen(event_of(nr, flags & flag::COMPAT != 0, EXEC_PLAN));
    let Some(slot) = Slot::<OfExec>::of_cpu() else { return };
    begin(&slot, kind::EXEC, flags);
    slot.set_call(nr, [0; 6], 0);
    slot.work().plan.set(EXEC_PLAN);
    slot.work().args[6].set(0);
    let at = slot.open(chunk::FILENAME, 0);
    // SAFETY: there is room for any single copy.
    let copied = unsafe { helpers::read_kernel_string(slot.room(at), PATH, filename) };
    if copied > 0 {
        slot.close((copied as u32).wrapping_sub(1), 0);
    }
    slot.go_on(context);
}

/// sched_process_exit: of the current task, however the tracepoint passes it.
#[inline(always)]
pub fn ended(context: *const Context) {
    if !wanted(EXIT_PLAN) {
        return;
    }
    count_seen(event_of(u32::MAX, false, EXIT_PLAN));
    let Some(slot) = Slot::<OfExit>::of_cpu() else { return };
    let current = helpers::current();
    // As many as live, in an atomic_t.
    let last = number::<u32>(member(field(current, O::TASK_SIGNAL), O::SIGNAL_LIVE)) == 0;
    begin(&slot, kind::EXIT, if last { flag::LAST_THREAD } else { 0 });
    let code: u32 = field(current, O::TASK_EXIT_CODE);
    let heir = heir(current, last);
    slot.set_end(0, heir, i64::from(code as i32));
    slot.work().plan.set(EXIT_PLAN);
    finish::end::<OfExit>(context);
}

/// Who inherits the children of a task that ends: the init of its namespace, where no other can. 0 if it has none, or the answer
/// takes a search.
#[inline(always)]
fn heir(task: u64, last: bool) -> u32 {
    let children = member(task, O::TASK_CHILDREN);
    if number::<u64>(children) == children || !last {
        return 0;
    }
    let namespace = task::pid_namespace(task);
    if namespace == 0 {
        return 0;
    }
    let init: u64 = field(namespace, O::PIDNS_REAPER);
    if init == 0 { 0 } else { field(init, O::TASK_PID) }
}

/// signal_deliver: the signal, what is known of it, what is done about it.
#[inline(always)]
pub fn signalled(context: *const Context) {
    /// Reasons for which the structure holds a sender (`asm-generic/siginfo.h`).
    const USER: i32 = 0;
    const QUEUE: i32 = -1;
    const MESSAGE: i32 = -3;
    const TKILL: i32 = -6;
    const SIGCHLD: u64 = 17;
    if !wanted(SIGNAL_PLAN) {
        return;
    }
    count_seen(event_of(u32::MAX, false, SIGNAL_PLAN));
    let Some(slot) = Slot::<OfSignal>::of_cpu() else { return };
    let (signal, info) = (argument(context, 0), argument(context, 1));
    begin(&slot, kind::SIGNAL, 0);
    let mut sender = 0;
    // Instead of a structure the kernel may pass a small number.
    if info > 1 {
        let code: i32 = field(info, O::SIGINFO_CODE);
        if matches!(code, USER | QUEUE | MESSAGE | TKILL) || signal == SIGCHLD && code > 0 {
            sender = field(info, O::SIGINFO_PID);
        }
    }
    slot.set_end(sender, signal as u32, 0);
    slot.work().plan.set(SIGNAL_PLAN);
    finish::end::<OfSignal>(context);
}
