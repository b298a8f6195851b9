//! User memory: strings, bytes, vectors, messages, lists.

use crate::capture::request::NAMES;
use crate::capture::{
    BUFFER_BYTES, MOST_BUFFERS, MOST_DESCRIBED, MOST_LENGTHS, MOST_STRINGS, Offset as O, Op, chunk, op,
};
use crate::file::{describe, due};
use crate::helpers::{self, Context};
use crate::read::field;
use crate::slot::{Kind, Slot, go_to};
use core::cell::Cell;

/// One byte more than a path may have, and the NUL: so that one that is cut is told from one that is not.
const STRING: u32 = 4098;

/// Bytes of argument and environment strings that are copied, each (`fill::STRINGS_BYTES`).
const STRINGS: u32 = 4096;

const PAGE: u64 = 4096;

/// Copies a string; gives where it is.
#[inline(always)]
fn copy_string<K: Kind>(slot: &Slot<K>, address: u64) -> Option<u32> {
    let at = slot.open(chunk::STRING, address);
    // SAFETY: there is room for any single copy.
    let copied = unsafe { helpers::read_user_string(slot.room(at), STRING, address) };
    if copied < 0 {
        return None;
    }
    // Of an empty string, older kernels do not count the NUL.
    let len = if copied == 0 { 0 } else { (copied as u32).wrapping_sub(1) };
    slot.close(len, if len >= STRING - 1 { chunk::CUT } else { 0 });
    slot.work().relative.set(u32::from(len == 0 || slot.number_at::<u8>(at) != b'/'));
    Some(at)
}

/// [`op::STRING`].
#[inline(always)]
pub fn string<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let address = slot.argument(todo.arg);
    slot.work().relative.set(0);
    if K::IS_REQUEST {
        // The names of a request are there.
        let which = if address == NAMES[0] { 1 } else { 2 };
        slot.work().relative.set(slot.work().names_relative.get() & which);
        return slot.next(context);
    }
    if address != 0 && due(&slot, &todo) {
        let _ = copy_string(&slot, address);
    }
    slot.next(context);
}

/// A word of the caller's in user memory; 0 if it cannot be read.
#[inline(always)]
fn word(address: u64, compat: bool) -> u64 {
    let mut value: u64 = 0;
    let len = if compat { 4 } else { 8 };
    // SAFETY: there is room.
    unsafe { helpers::read_user((&raw mut value).cast(), len, address) };
    value
}

/// [`op::BYTES`].
#[inline(always)]
pub fn bytes<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let address = slot.argument(todo.arg);
    if address == 0 || !due(&slot, &todo) {
        return slot.next(context);
    }
    let mut len = u64::from(todo.max);
    if todo.len_arg < Op::NONE {
        let mut given = slot.argument(todo.len_arg);
        if todo.flags & Op::LEN_BEHIND != 0 {
            // The fillers ask for the number, too.
            given = match slot.copy_user(given, 4) {
                Some(at) => slot.number_at::<u32>(at).into(),
                None => 0,
            };
        }
        if given < len {
            len = given;
        }
    }
    let returned = slot.argument(Op::RETURNED);
    if todo.flags & Op::MOVED != 0 && returned < len {
        len = returned;
    }
    let from = address.wrapping_add(todo.offset.into());
    if len > 0 {
        slot.copy_user(from, len as u32);
    }
    slot.next_or_end(context);
}

/// The strings from one address to another, as far as they are in memory.
#[inline(always)]
fn strings<K: Kind>(context: *const Context, kind: u8, from: O, end: O) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let mm: u64 = field(helpers::current(), O::TASK_MM);
    if mm == 0 {
        return slot.next(context);
    }
    let (from, end): (u64, u64) = (field(mm, from), field(mm, end));
    if end < from {
        return slot.next(context);
    }
    let mut want = end.wrapping_sub(from);
    let mut flags = 0;
    if want > STRINGS.into() {
        want = STRINGS.into();
        flags = chunk::CUT;
    }
    let want = want as u32 & 0x1fff;
    let at = slot.open(kind, 0);
    // SAFETY: there is room for any single copy.
    if want == STRINGS && unsafe { helpers::read_user(slot.room(at), STRINGS, from) } == 0 {
        slot.close(want, flags);
        return slot.next(context);
    }
    // SAFETY: as above.
    if want < STRINGS && unsafe { helpers::read_user(slot.room(at), want & 0xfff, from) } == 0 {
        slot.close(want, flags);
        return slot.next(context);
    }
    // Not all of it is in memory: as far as the first page goes.
    let first = (PAGE.wrapping_sub(from & (PAGE - 1))) as u32;
    let first = if first < want { first } else { want } & 0xfff;
    // SAFETY: as above.
    if first > 0 && unsafe { helpers::read_user(slot.room(at), first, from) } == 0 {
        slot.close(first, chunk::CUT);
    }
    slot.next(context);
}

/// [`op::ARGUMENTS`].
#[inline(always)]
pub fn arguments<K: Kind>(context: *const Context) {
    strings::<K>(context, chunk::ARGUMENTS, O::MM_ARG_START, O::MM_ARG_END);
}

/// [`op::ENVIRONMENT`].
#[inline(always)]
pub fn environment<K: Kind>(context: *const Context) {
    strings::<K>(context, chunk::ENVIRONMENT, O::MM_ENV_START, O::MM_ENV_END);
}

/// Copies a vector, and the first bytes of what it leads to.
#[inline(always)]
fn copy_vector<K: Kind>(slot: &Slot<K>, address: u64, count: u64, limit: u64) {
    let entry = if slot.is_compat() { 8 } else { 16 };
    let count = if count > MOST_LENGTHS.into() { MOST_LENGTHS } else { count as u32 };
    let Some(vector) = slot.copy_user(address, count * entry) else { return };
    let work = slot.work();
    work.left.set(if limit > BUFFER_BYTES.into() { BUFFER_BYTES } else { limit as u32 });
    work.listed.set(count);
    work.list_at.set(vector);
    // NOTE: from turn to turn nothing is kept but in the slot: the verifier goes through a turn once for each thing that it knows to be
    // different.
    let mut n = 0;
    while n < MOST_BUFFERS {
        let left = get(&work.left);
        if n >= get(&work.listed) || left == 0 {
            return;
        }
        let vector = get(&work.list_at);
        let (base, len): (u64, u64) = if slot.is_compat() {
            let at = vector.wrapping_add(n * 8);
            (slot.number_at::<u32>(at).into(), slot.number_at::<u32>(at.wrapping_add(4)).into())
        } else {
            let at = vector.wrapping_add(n * 16);
            (slot.number_at(at), slot.number_at(at.wrapping_add(8)))
        };
        let len = if len > left.into() { left } else { len as u32 };
        work.left.set(left.wrapping_sub(len));
        if len > 0 && slot.copy_user(base, len).is_none() {
            return;
        }
        n += 1;
    }
}

/// A number of the slot, of which the compiler is not to know more than the verifier.
#[inline(always)]
fn get<T: Copy>(cell: &Cell<T>) -> T {
    // SAFETY: it is there.
    unsafe { core::ptr::read_volatile(cell.as_ptr()) }
}

/// [`op::VECTOR`]: of a call, or of a message, which goes on with it.
#[inline(always)]
pub fn vector<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let found = slot.vector();
    if todo.kind != op::MESSAGE {
        find_vector(&slot, &todo, found);
    }
    copy_vector(&slot, get(&found[0]), get(&found[1]), get(&found[2]));
    slot.next(context);
}

/// Which vector a call passes: where, how many buffers, how much of them.
#[inline(always)]
fn find_vector<K: Kind>(slot: &Slot<K>, todo: &Op, found: &[Cell<u64>; 3]) {
    let returned = slot.argument(Op::RETURNED);
    let limit = if todo.flags & Op::MOVED != 0 { returned } else { u64::MAX };
    // What was not received is not looked at, but the sizes are.
    found[2].set(if todo.flags & Op::IF_DONE != 0 && (returned as i64) < 0 { 0 } else { limit });
    found[0].set(slot.argument(todo.arg));
    found[1].set(slot.argument(todo.len_arg));
}

/// [`op::MESSAGE`]: `struct msghdr` (`linux/socket.h`), of several messages the first.
#[inline(always)]
pub fn message<K: Kind>(context: *const Context) {
    /// Longest address that is copied, as the fillers ask for it.
    const ADDRESS: u32 = 110;
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let compat = slot.work().compat.get() != 0;
    let header = slot.argument(todo.arg);
    let len = if compat { 28 } else { 56 };
    // Behind each of several, how long it was.
    let len = if todo.max != 0 { len + 4 } else { len };
    let Some(at) = slot.copy_user(header, len) else { return slot.next(context) };
    let (name, name_len, vector, count, control, control_len): (u64, u32, u64, u64, u64, u64) = if compat {
        (
            slot.number_at::<u32>(at).into(),
            slot.number_at(at.wrapping_add(4)),
            slot.number_at::<u32>(at.wrapping_add(8)).into(),
            slot.number_at::<u32>(at.wrapping_add(12)).into(),
            slot.number_at::<u32>(at.wrapping_add(16)).into(),
            slot.number_at::<u32>(at.wrapping_add(20)).into(),
        )
    } else {
        (
            slot.number_at(at),
            slot.number_at(at.wrapping_add(8)),
            slot.number_at(at.wrapping_add(16)),
            slot.number_at(at.wrapping_add(24)),
            slot.number_at(at.wrapping_add(32)),
            slot.number_at(at.wrapping_add(40)),
        )
    };
    let failed = (slot.argument(Op::RETURNED) as i64) < 0;
    let received = todo.flags & Op::IF_DONE != 0;
    if !(received && failed) {
        if name != 0 {
            slot.copy_user(name, if name_len > ADDRESS { ADDRESS } else { name_len });
        }
        if received && control != 0 {
            let len = if control_len > BUFFER_BYTES.into() { BUFFER_BYTES } else { control_len as u32 };
            slot.copy_user(control, len);
        }
    }
    let vectors = slot.vector();
    vectors[0].set(vector);
    vectors[1].set(count);
    vectors[2].set(if received && failed { 0 } else { u64::MAX });
    go_to::<K>(context, op::VECTOR);
}

/// [`op::FD_LIST`]: `struct pollfd`, 8 bytes each; and what the first of them stand for.
#[inline(always)]
pub fn fd_list<K: Kind>(context: *const Context) {
    const ENTRY: u32 = 8;
    const MOST: u32 = 16;
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let n = slot.work().entries.get();
    let list = slot.argument(todo.arg);
    let count = slot.argument(todo.len_arg);
    let count = if count > MOST.into() { MOST } else { count as u32 };
    if n == 0 {
        slot.copy_user(list, count * ENTRY);
    }
    if n >= count || n >= MOST_DESCRIBED {
        slot.work().entries.set(0);
        return slot.next(context);
    }
    slot.work().entries.set(n + 1);
    // Whoever goes on after the descriptor comes back here.
    slot.work().at.set(slot.work().at.get().wrapping_sub(1));
    let fd = word(list.wrapping_add(u64::from(n * ENTRY)), true) as i32;
    describe(&slot, context, fd);
}

/// Strings of a vector of pointers that a turn copies.
const STRINGS_A_TURN: u32 = 8;

const _: () = assert!(MOST_STRINGS.is_multiple_of(STRINGS_A_TURN));

/// [`op::STRINGS`]: a turn, which begins the next one if there are more.
#[inline(always)]
pub fn string_list<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let vector = slot.argument(todo.arg);
    if vector == 0 || !due(&slot, &todo) {
        return slot.next(context);
    }
    let mut n = 0;
    while n < STRINGS_A_TURN {
        // NOTE: as for vectors.
        let compat = slot.is_compat();
        let size: u32 = if compat { 4 } else { 8 };
        let nth = get(&slot.work().entries).wrapping_add(n);
        let from = vector.wrapping_add(u64::from(nth.wrapping_mul(size)));
        let Some(at) = slot.copy_user(from, size) else { break };
        let address = if compat { slot.number_at::<u32>(at).into() } else { slot.number_at::<u64>(at) };
        if address == 0 || copy_string(&slot, address).is_none() {
            break;
        }
        n += 1;
    }
    let copied = get(&slot.work().entries).wrapping_add(n);
    if n == STRINGS_A_TURN && copied < MOST_STRINGS {
        slot.work().entries.set(copied);
        return go_to::<K>(context, op::STRINGS);
    }
    slot.work().entries.set(0);
    slot.next(context);
}
