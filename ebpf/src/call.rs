//! System calls that returned.

use crate::capture::{CALLS, COMPAT_PLANS, CaptureHead, NATIVE_PLANS, Offset as O, Plan, SUBCALLS, flag, kind};
use crate::finish::{count_rejected, count_seen};
use crate::helpers::{self, Context, argument};
use crate::judge;
use crate::read::{field, number};
use crate::slot::{Kind, OfCall, Slot, plan};

/// The bit of x32 calls (`asm/unistd.h`).
const X32: u32 = 0x4000_0000;

/// The running task came in by the 32-bit table (TS_COMPAT, `asm/thread_info.h`).
const TS_COMPAT: u32 = 2;

/// Where `orig_ax` lies in `struct pt_regs` (`asm/ptrace.h`), which is an ABI.
const ORIG_AX: u64 = 120;

/// Registers of the entry, up to `orig_ax`.
pub type Registers = [u64; 16];

/// Did the task come in by the 32-bit table?
#[inline(always)]
pub fn is_compat(task: u64) -> bool {
    field::<u32>(task, O::TASK_STATUS) & TS_COMPAT != 0
}

/// Number of the call, without x32's bit.
#[inline(always)]
pub fn number_of(registers: u64) -> u32 {
    let nr = number::<u64>(registers.wrapping_add(ORIG_AX)) as u32;
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
pub fn arguments(registers: &Registers, compat: bool) -> [u64; 6] {
    let [_, _, _, _, bp, bx, _, r10, r9, r8, _, cx, dx, si, di, _] = *registers;
    if compat { [bx, cx, dx, si, di, bp] } else { [di, si, dx, r10, r8, r9] }
}

/// Begins a capture: head, and context of the task; 0 if that is filled in later.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, kind: u8, flags: u8, task: u64) {
    slot.work().at.set(0);
    slot.work().end.set(size_of::<CaptureHead>() as u32);
    slot.work().too_long.set(0);
    slot.work().relative.set(0);
    slot.work().entries.set(0);
    slot.work().compat.set(u32::from(flags & flag::COMPAT));
    slot.work().chunk.set(0);
    slot.begin_head(kind, flags);
    if task != 0 {
        slot.fill_task(task);
    }
}

/// sys_exit: the registers, and what the call returned.
#[inline(always)]
pub fn returned(context: *const Context) {
    ended(context, argument(context, 0), argument(context, 1) as i64);
}

/// The same as a tracepoint of perf, which passes the call's number, and what it returned.
#[inline(always)]
pub fn traced(context: *const Context) {
    ended(context, helpers::current_registers(), argument(context, 2) as i64);
}

#[inline(always)]
fn ended(context: *const Context, registers: u64, mut ret: i64) {
    let current = helpers::current();
    let nr = number_of(registers);
    let compat = is_compat(current);
    let Some(mut index) = plan_of(nr, compat) else { return };
    let Some(mut todo) = plan(index) else { return };
    if todo.flags & Plan::WANTED == 0 {
        return;
    }
    let registers: Registers = number(registers);
    let args = arguments(&registers, compat);
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
    count_seen(todo.event);
    let Some(slot) = Slot::<OfCall>::of_cpu() else { return };
    let judged = todo.flags & Plan::JUDGED != 0;
    let later = todo.flags & Plan::LATER != 0;
    let at_once = if judged { todo.flags & Plan::JUDGED_BY_TASK != 0 } else { !later };
    begin(&slot, kind::CALL, if compat { flag::COMPAT } else { 0 }, if at_once { current } else { 0 });
    slot.set_call(nr, args, ret);
    slot.work().plan.set(index);
    let narrow = |arg: u64| if compat { arg & 0xffff_ffff } else { arg };
    let [a, b, c, d, e, f] = args;
    let work = slot.work();
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
    if judged {
        if judge::begin(&slot, todo, ret < 0, compat) {
            return count_rejected(todo.event);
        }
        if !at_once && !later {
            slot.fill_task(current);
        }
    } else {
        work.judging.kept.set(1);
    }
    slot.go_on(context);
}
