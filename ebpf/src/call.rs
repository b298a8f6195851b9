//! System calls that returned.

use crate::capture::{
    CALLS, COMPAT_PLANS, CaptureHead, NATIVE_PLANS, Offset as O, Op, Plan, SUBCALLS, Structure, flag, kind, op,
};
use crate::finish::{self, count_rejected};
use crate::helpers::{self, Context, argument};
use crate::judge::{self, verdict};
use crate::maps::{self, CALL_OPERATIONS, native_plan, plan};
use crate::read::{Copied, Read, Typed, number};
use crate::slot::{Kind, OfCall, Slot};

/// The bit of x32 calls (`asm/unistd.h`).
const X32: u32 = 0x4000_0000;

/// The running task came in by the 32-bit table (TS_COMPAT, `asm/thread_info.h`).
const TS_COMPAT: u32 = 2;

/// Where `orig_ax` lies in `struct pt_regs` (`asm/ptrace.h`), which is an ABI.
const ORIG_AX: u64 = 120;

/// Registers of the entry, up to `orig_ax`.
type Registers = [u64; 16];

/// Did the task come in by the 32-bit table?
#[inline(always)]
pub fn is_compat<R: Read>(task: u64) -> bool {
    R::field::<u32>(task, O::TASK_STATUS) & TS_COMPAT != 0
}

/// Number of the call, without x32's bit.
#[inline(always)]
pub fn number_of<R: Read>(registers: u64) -> u32 {
    without_x32(R::number::<u64>(registers.wrapping_add(ORIG_AX)) as u32)
}

#[inline(always)]
fn without_x32(nr: u32) -> u32 {
    if nr >= CALLS { nr & !X32 } else { nr }
}

/// Number of the plan of a call; `None` beyond the tables.
#[inline(always)]
pub fn plan_of(nr: u32, compat: bool) -> Option<u32> {
    if nr >= CALLS {
        return None;
    }
    Some(if compat { COMPAT_PLANS + nr } else { NATIVE_PLANS + nr })
}

/// The arguments in the registers: r15 is the first of them, then r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di.
#[inline(always)]
pub fn arguments<R: Read>(registers: u64, compat: bool) -> [u64; 6] {
    if R::IS_TYPED {
        let word = |n: u64| R::number::<u64>(registers.wrapping_add(n * 8));
        if compat {
            return [word(5), word(11), word(12), word(13), word(14), word(4)];
        }
        return [word(14), word(13), word(12), word(7), word(9), word(8)];
    }
    let [_, _, _, _, bp, bx, _, r10, r9, r8, _, cx, dx, si, di, _]: Registers = number(registers);
    if compat { [bx, cx, dx, si, di, bp] } else { [di, si, dx, r10, r8, r9] }
}

/// Begins a capture, of which neither time nor task is known yet.
#[inline(always)]
fn prepare<K: Kind>(slot: &Slot<K>, kind: u8, flags: u8, cpu: u32) {
    slot.work().at.set(0);
    slot.work().end.set(size_of::<CaptureHead>() as u32);
    slot.work().too_long.set(0);
    slot.work().relative.set(0);
    slot.work().entries.set(0);
    slot.work().turns.set(0);
    slot.work().compat.set(u32::from(flags & flag::COMPAT));
    slot.work().chunk.set(0);
    // What was copied for the capture before may be another's by now.
    slot.work().named.set(0);
    slot.begin_head(kind, flags, cpu);
}

/// Begins a capture: head, and context of the current task.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, kind: u8, flags: u8) {
    prepare(slot, kind, flags, helpers::cpu());
    slot.stamp();
    slot.fill_task();
}

/// sys_exit: the registers, and what the call returned.
#[inline(always)]
pub fn returned(context: *const Context) {
    let ret = argument(context, 1) as i64;
    if maps::follows_types() {
        let registers = if maps::can_cast() {
            helpers::cast(argument(context, 0), Structure::Registers)
        } else {
            helpers::current_registers()
        };
        ended::<Typed>(context, number_of::<Typed>(registers), ret, || registers);
    } else {
        let registers = argument(context, 0);
        ended::<Copied>(context, number_of::<Copied>(registers), ret, || registers);
    }
}

/// The same as a tracepoint of perf, which passes the call's number, and what it returned.
#[inline(always)]
pub fn traced(context: *const Context) {
    let (nr, ret) = (without_x32(argument(context, 1) as u32), argument(context, 2) as i64);
    if maps::follows_types() {
        ended::<Typed>(context, nr, ret, helpers::current_registers);
    } else {
        ended::<Copied>(context, nr, ret, helpers::current_registers);
    }
}

/// A call of this number returned. `registers` gives what the task entered the kernel with.
#[inline(always)]
fn ended<R: Read>(context: *const Context, nr: u32, mut ret: i64, registers: impl FnOnce() -> u64) {
    let Some(mut todo) = native_plan(nr) else { return };
    let Some(mut index) = plan_of(nr, false) else { return };
    if todo.flags & Plan::EITHER == 0 {
        return;
    }
    let compat = is_compat::<R>(R::current());
    if compat {
        index = index.wrapping_sub(NATIVE_PLANS).wrapping_add(COMPAT_PLANS);
        match plan(index) {
            Some(other) => todo = other,
            None => return,
        }
    }
    if todo.flags & Plan::WANTED == 0 {
        return;
    }
    let args = arguments::<R>(registers(), compat);
    if compat {
        ret = i64::from(ret as i32);
    }
    if todo.flags & Plan::MANY != 0 {
        // The upper half of ipc's is a version.
        let which = (args[0] as u32) & 0xffff;
        if which >= SUBCALLS {
            return;
        }
        index = u32::from(todo.others).wrapping_add(which);
        match plan(index) {
            Some(other) => todo = other,
            None => return,
        }
        if todo.flags & Plan::WANTED == 0 {
            return;
        }
    }
    if todo.flags & Plan::TOLD_ELSEWHERE != 0 && ret >= 0 {
        return;
    }
    let cpu = helpers::cpu();
    let Some(figures) = finish::figures(cpu) else { return };
    figures.count_seen(todo.event);
    let head_flags = if compat { flag::COMPAT } else { 0 };
    if todo.flags & (Plan::JUDGED | Plan::BEHIND) == 0 && todo.ops[0].kind == op::END {
        return finish::bare::<R>(figures, todo, |head| {
            // SAFETY: there is room for a head.
            unsafe {
                (*head).kind = kind::CALL;
                (*head).flags = head_flags;
                (*head).cpu = cpu as u16;
                (*head).value = 0;
                (*head).nr = nr;
                (*head).args = args;
                (*head).ret = ret;
            }
        });
    }
    let Some(slot) = Slot::<OfCall>::at(cpu) else { return };
    prepare(&slot, kind::CALL, head_flags, cpu);
    slot.set_call(nr, args, ret);
    let work = slot.work();
    work.plan.set(index);
    let narrow = |arg: u64| if compat { arg & 0xffff_ffff } else { arg };
    let [a, b, c, d, e, f] = args;
    work.args[0].set(narrow(a));
    work.args[1].set(narrow(b));
    work.args[2].set(narrow(c));
    work.args[3].set(narrow(d));
    work.args[4].set(narrow(e));
    work.args[5].set(narrow(f));
    work.args[6].set(ret as u64);
    if todo.flags & Plan::BEHIND != 0 {
        let list = if todo.flags & Plan::LIST_FIRST != 0 { narrow(a) } else { narrow(b) };
        if let Some(at) = slot.copy_user(list, u32::from(todo.words & 7) * 4) {
            work.args[0].set(slot.number_at::<u32>(at).into());
            work.args[1].set(slot.number_at::<u32>(at.wrapping_add(4)).into());
            work.args[2].set(slot.number_at::<u32>(at.wrapping_add(8)).into());
            work.args[3].set(slot.number_at::<u32>(at.wrapping_add(12)).into());
            work.args[4].set(slot.number_at::<u32>(at.wrapping_add(16)).into());
            work.args[5].set(slot.number_at::<u32>(at.wrapping_add(20)).into());
        }
    }
    let mut said = verdict::KEPT;
    if todo.flags & Plan::JUDGED == 0 {
        work.judging.kept.set(1);
    } else {
        if todo.flags & Plan::JUDGED_BY_TASK != 0 {
            slot.fill_task_by::<R>();
        }
        // NOTE: from here on nothing is used that was found out before, but from the slot and the plan: the verifier goes through
        // what follows once for each thing that it knows to be different.
        said = judge::begin(&slot, todo);
        if said == verdict::REJECTED {
            return count_rejected(todo.event);
        }
    }
    // What is rejected needs no time.
    slot.stamp();
    // SAFETY: it is there.
    let flags = unsafe { core::ptr::read_volatile(&raw const todo.flags) };
    if said == verdict::UNDECIDED && flags & Plan::LATER == 0 {
        // As an operation before the first, which goes on with that one.
        work.at.set(u32::MAX);
        work.op.set(Op { kind: op::END, arg: Op::NONE, len_arg: Op::NONE, flags: 0, max: 0, offset: 0 });
        helpers::tail_call(context, &CALL_OPERATIONS, op::JUDGE.into());
    }
    let is_there = flags & Plan::JUDGED != 0 && flags & Plan::JUDGED_BY_TASK != 0;
    if flags & Plan::LATER == 0 && !is_there {
        slot.fill_task_by::<R>();
    }
    // SAFETY: it is there.
    let first = unsafe { core::ptr::read_volatile(&raw const todo.ops[0].kind) };
    if first == op::END {
        return finish::whole(&slot, todo);
    }
    slot.go_on(context);
}
