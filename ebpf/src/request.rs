//! What io_uring does in a program's name: requests that open, link, rename, remove and make files, and that connect sockets.
//!
//! No tracepoint tells what they were about, so the functions that carry them out are probed (kprobes), which costs nothing where
//! nobody uses io_uring:
//!
//! ```text
//!   entry   ─▶ names and numbers are kept for the task, since the function frees them
//!   return  ─▶ the capture of the system call that the request stands for, its names under addresses that no program has
//! ```

use crate::call::begin;
use crate::capture::request::{HOW, NAME, NAMES, NATIVE, NO_NUMBER, UnderWay};
use crate::capture::{Offset as O, Plan, chunk, flag, kind};
use crate::finish::count_seen;
use crate::helpers::{self, Context, argument};
use crate::maps::{REQUESTS, plan};
use crate::read::{field, member};
use crate::slot::{OfRequest, Slot};

/// Where a probed function's arguments and result lie in `struct pt_regs` (`asm/ptrace.h`), in words.
const FIRST: usize = 14;
const THIRD: usize = 12;
const RESULT: usize = 10;

/// The request has a file of the ring's own table (REQ_F_FIXED_FILE, `linux/io_uring_types.h`).
const FIXED_FILE: u32 = 1;

/// `IORING_OP_*` (`linux/io_uring.h`).
mod opcode {
    pub const CONNECT: u8 = 16;
    pub const OPENAT: u8 = 18;
    pub const OPENAT2: u8 = 28;
    pub const RENAMEAT: u8 = 35;
    pub const UNLINKAT: u8 = 36;
    pub const MKDIRAT: u8 = 37;
    pub const SYMLINKAT: u8 = 38;
    pub const LINKAT: u8 = 39;
}

/// Copies the name that a member points to (`struct filename`).
#[inline(always)]
fn keep_name(kept: &mut UnderWay, which: usize, filename: u64) {
    let from: u64 = field(filename, O::FILENAME_NAME);
    // SAFETY: there is room.
    let copied = unsafe { helpers::read_kernel_string(kept.names[which].as_mut_ptr(), NAME as u32, from) };
    kept.lens[which] = if copied < 1 { 0 } else { copied as u32 };
}

/// A function begins to carry out a request.
#[inline(always)]
pub fn entered(context: *const Context) {
    let Some(slot) = Slot::<OfRequest>::of_cpu() else { return };
    let request = argument(context, FIRST);
    // SAFETY: there is room for it in a slot of this kind, and any bytes are one.
    let kept = unsafe { &mut *slot.room(0).cast::<UnderWay>() };
    kept.request = request;
    kept.file = 0;
    kept.lens = [0; 2];
    kept.own_table = 0;
    kept.fd = NO_NUMBER;
    if field::<u32>(request, O::REQUEST_FLAGS) & FIXED_FILE == 0 {
        kept.fd = field(request, O::REQUEST_FD);
    }
    kept.how = [0; 3];
    let command = member(request, O::REQUEST_CMD);
    let fd = |of: O| i64::from(field::<i32>(command, of)) as u64;
    let [first, second] = NAMES;
    let (nr, args) = match field::<u8>(request, O::REQUEST_OPCODE) {
        code @ (opcode::OPENAT | opcode::OPENAT2) => {
            kept.how = field(command, O::URING_OPEN_HOW);
            kept.own_table = u32::from(field::<u32>(command, O::URING_OPEN_SLOT) != 0);
            keep_name(kept, 0, field(command, O::URING_OPEN_NAME));
            let dir = fd(O::URING_OPEN_DIR);
            let [flags, mode, _] = kept.how;
            if code == opcode::OPENAT {
                (NATIVE.openat, [dir, first, flags, mode, 0, 0])
            } else {
                (NATIVE.openat2, [dir, first, HOW, 24, 0, 0])
            }
        }
        opcode::UNLINKAT => {
            keep_name(kept, 0, field(command, O::URING_UNLINK_NAME));
            let flags: u32 = field(command, O::URING_UNLINK_FLAGS);
            (NATIVE.unlinkat, [fd(O::URING_UNLINK_DIR), first, flags.into(), 0, 0, 0])
        }
        opcode::MKDIRAT => {
            keep_name(kept, 0, field(command, O::URING_MKDIR_NAME));
            let mode: u16 = field(command, O::URING_MKDIR_MODE);
            (NATIVE.mkdirat, [fd(O::URING_MKDIR_DIR), first, mode.into(), 0, 0, 0])
        }
        opcode::RENAMEAT => {
            keep_name(kept, 0, field(command, O::URING_RENAME_OLD));
            keep_name(kept, 1, field(command, O::URING_RENAME_NEW));
            let flags: u32 = field(command, O::URING_RENAME_FLAGS);
            let (old, new) = (fd(O::URING_RENAME_OLD_DIR), fd(O::URING_RENAME_NEW_DIR));
            (NATIVE.renameat2, [old, first, new, second, flags.into(), 0])
        }
        code @ (opcode::LINKAT | opcode::SYMLINKAT) => {
            keep_name(kept, 0, field(command, O::URING_LINK_OLD));
            keep_name(kept, 1, field(command, O::URING_LINK_NEW));
            let flags: u32 = field(command, O::URING_LINK_FLAGS);
            let (old, new) = (fd(O::URING_LINK_OLD_DIR), fd(O::URING_LINK_NEW_DIR));
            if code == opcode::LINKAT {
                (NATIVE.linkat, [old, first, new, second, flags.into(), 0])
            } else {
                (NATIVE.symlinkat, [first, new, second, 0, 0, 0])
            }
        }
        opcode::CONNECT => {
            let address: u64 = field(command, O::URING_CONNECT_ADDRESS);
            let len: u32 = field(command, O::URING_CONNECT_LEN);
            (NATIVE.connect, [kept.fd as u64, address, len.into(), 0, 0, 0])
        }
        _ => return,
    };
    kept.nr = nr;
    kept.args = args;
    // One that finds no room is not seen.
    helpers::update(&REQUESTS, helpers::thread(), slot.room(0));
}

/// An open puts its file into the ring's own table, where it has no descriptor: `io_fixed_fd_install`.
#[inline(always)]
pub fn installed(context: *const Context) {
    if let Some(kept) = kept(helpers::thread()) {
        // SAFETY: it is the task's own, which is here.
        unsafe { (*kept).file = argument(context, THIRD) };
    }
}

#[inline(always)]
fn kept(thread: u64) -> Option<*mut UnderWay> {
    let kept = helpers::lookup_key(&REQUESTS, (&raw const thread).cast());
    if kept.is_null() { None } else { Some(kept.cast()) }
}

/// The function returns.
#[inline(always)]
pub fn returned(context: *const Context) {
    let thread = helpers::thread();
    let Some(kept) = kept(thread) else { return };
    // Anything else: it is tried again, or goes on elsewhere, and comes back here then.
    if argument(context, RESULT) as u32 == 0 {
        // SAFETY: a value of the map is one; it is the task's own, which is here.
        captured(context, unsafe { &*kept });
    }
    helpers::delete(&REQUESTS, thread);
}

#[inline(always)]
fn captured(context: *const Context, kept: &UnderWay) {
    let Some(slot) = Slot::<OfRequest>::of_cpu() else { return };
    let Some(todo) = plan(kept.nr) else { return };
    if todo.flags & Plan::WANTED == 0 {
        return;
    }
    count_seen(todo.event);
    let mut ret = i64::from(field::<i32>(kept.request, O::REQUEST_RES));
    begin(&slot, kind::CALL, flag::REQUEST);
    let work = slot.work();
    work.file.set(kept.file);
    work.file_number.set(NO_NUMBER as u32);
    if kept.nr == NATIVE.connect {
        work.file.set(field(kept.request, O::REQUEST_FILE));
        work.file_number.set(kept.fd as u32);
    } else if kept.own_table != 0 && ret >= 0 {
        // What was opened into the ring's own table has a place there, which is no descriptor.
        ret = NO_NUMBER.into();
    }
    slot.set_call(kept.nr, kept.args, ret);
    work.plan.set(kept.nr);
    let [a, b, c, d, e, f] = kept.args;
    work.args[0].set(a);
    work.args[1].set(b);
    work.args[2].set(c);
    work.args[3].set(d);
    work.args[4].set(e);
    work.args[5].set(f);
    work.args[6].set(ret as u64);
    work.names_relative.set(0);
    put_name(&slot, kept, 0);
    put_name(&slot, kept, 1);
    let at = slot.open(chunk::BYTES, HOW);
    // SAFETY: there is room for any single copy.
    unsafe { slot.room(at).cast::<[u64; 3]>().write(kept.how) };
    slot.close(24, 0);
    // The text that a request is judged by would be the kernel's: it is kept.
    work.judging.kept.set(1);
    slot.go_on(context);
}

#[inline(always)]
fn put_name(slot: &Slot<OfRequest>, kept: &UnderWay, which: usize) {
    let len = kept.lens[which];
    if len == 0 {
        return;
    }
    let at = slot.open(chunk::STRING, NAMES[which]);
    let len = len.wrapping_sub(1) & (NAME as u32 - 1);
    // SAFETY: there is room for any single copy.
    unsafe { helpers::read_kernel(slot.room(at), len, kept.names[which].as_ptr() as u64) };
    slot.close(len, 0);
    if len == 0 || slot.number_at::<u8>(at) != b'/' {
        slot.work().names_relative.set(slot.work().names_relative.get() | 1 << which);
    }
}
