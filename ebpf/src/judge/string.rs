//! The first path or string that the caller passes.

use super::class::{CLASS_BITS, SLASH, choose, class, no_name, opaque};
use super::text::{head, look_up, text_of};
use super::{Judging, get};
use crate::capture::judge::{PAIRS, TEXT, pair_bit, part, value};
use crate::capture::op;
use crate::helpers::{self, Context};
use crate::slot::{Kind, Slot, go_to};

/// Bytes of the caller's string that a turn looks at: more than most have. The verifier goes through as many.
const STRING_TURN: u32 = 126;

const _: () = assert!(TEXT as u32 == 2 * STRING_TURN);

/// [`op::STRING_TEXT`]: the caller's string, whose argument [`op::JUDGE`] names. A turn, which begins the next one if there is more.
#[inline(always)]
pub fn string_text<K: Kind>(context: *const Context) {
    if let Some(slot) = Slot::<K>::of_cpu() {
        let judging = &slot.work().judging;
        if get(&judging.tried) & value::OF_STRING == 0 {
            judging.tried.set(get(&judging.tried) | value::OF_STRING | value::OF_MEANT);
            judging.is_copied.set(copy_string(&slot, judging).into());
        }
        if get(&judging.is_copied) != 0
            && let Some((table, parts)) = head(&slot)
        {
            look_at_string(judging, parts);
            if get(&judging.seen) < get(&judging.length) {
                return go_to::<K>(context, op::STRING_TEXT);
            }
            put_string(judging, table + part::COUNT, parts >> part::COUNT);
        }
    }
    go_to::<K>(context, op::JUDGE);
}

/// Copies the string. False if it is not known, or too long.
#[inline(always)]
fn copy_string<K: Kind>(slot: &Slot<K>, judging: &Judging) -> bool {
    let todo = slot.op();
    let address = slot.argument(todo.arg);
    if todo.kind != op::JUDGE || address == 0 {
        return false;
    }
    // SAFETY: there is room for more.
    let copied = unsafe { helpers::read_user_string(string_of(judging), TEXT as u32 + 2, address) };
    // Of an empty string, older kernels do not count the NUL; nobody asks for one.
    if copied < 1 || copied > TEXT as i64 + 1 {
        return false;
    }
    let len = (copied as u32).wrapping_sub(1) & 0xff;
    judging.name_at.set(0);
    judging.seen.set(0);
    judging.length.set(len);
    judging.string_len.set(len);
    judging.values[value::STRING_PAIRS as usize].set(0);
    judging.values[value::STRING_PAIRS as usize + 1].set(0);
    let class_at = |at| class(byte_at(judging, at));
    judging.first.set(class_at(0) | class_at(1) << CLASS_BITS | class_at(2) << (2 * CLASS_BITS));
    judging.classes.set(get(&judging.first));
    true
}

/// Where the caller's string lies.
#[inline(always)]
pub(super) fn string_of(judging: &Judging) -> *mut u8 {
    judging.string.as_ptr().cast_mut().cast()
}

/// A byte of the string.
#[inline(always)]
fn byte_at(judging: &Judging, at: u32) -> u8 {
    // SAFETY: a masked position is in the room of the string, which ends with a NUL.
    unsafe { core::ptr::read_volatile(string_of(judging).add((at & 0x1ff) as usize).cast_const()) }
}

/// Looks at more bytes of the string: where its last name begins, whether it has names that a path is not made of, and its pairs.
#[inline(always)]
fn look_at_string(judging: &Judging, parts: u32) {
    let begin = get(&judging.seen) & 0xff;
    // NOTE: from turn to turn nothing is kept but in the slot, and no turn has a branch: the verifier goes through each turn once for each
    // thing that it knows to be different.
    let mut n = 0;
    while n < STRING_TURN && begin + n < get(&judging.length) {
        let at = begin + n;
        let classes = get(&judging.classes);
        judging.classes.set(classes >> CLASS_BITS | class(byte_at(judging, at + 3)) << (2 * CLASS_BITS));
        let slash = opaque(judging, classes & SLASH);
        judging.name_at.set(choose(slash, at + 1, get(&judging.name_at)));
        judging.string_len.set(choose(slash & no_name(get(&judging.classes)), 0, get(&judging.string_len)));
        n += 1;
    }
    judging.seen.set(begin + n);
    if parts & u32::from(PAIRS) == 0 {
        return;
    }
    let mut n = 0;
    while n < STRING_TURN && begin + n + 1 < get(&judging.length) {
        let bit = pair_bit(byte_at(judging, begin + n), byte_at(judging, begin + n + 1));
        let pairs = &judging.values[(value::STRING_PAIRS as u32 + (bit >> 6 & 1)) as usize & 31];
        pairs.set(get(pairs) | 1 << (bit & 63));
        n += 1;
    }
}

/// Marks of the string, which was looked at; and, if it is an absolute path, of that and its parts.
#[inline(always)]
fn put_string(judging: &Judging, table: u32, parts: u32) {
    let len = get(&judging.length) & 0xff;
    let first = get(&judging.first);
    if first & SLASH == 0 && no_name(first) != 0 {
        judging.string_len.set(0);
    }
    // The root alone has nothing behind a slash.
    if len == 1 && first & SLASH != 0 {
        judging.string_len.set(1);
    }
    // SAFETY: the text has room for as many bytes and what follows the key.
    unsafe { helpers::read_kernel(text_of(judging), len, string_of(judging) as u64) };
    if parts & 1 << part::WHOLE != 0 {
        look_up(judging, table, len, value::STRING.into());
    }
    judging.ready.set(get(&judging.ready) | value::OF_STRING);
    if first & SLASH == 0 || get(&judging.string_len) == 0 {
        return;
    }
    // What was looked up for the string counts for the path that it is.
    let mut n = value::STRING as usize;
    while n < value::MEANT as usize {
        judging.values[n + (value::MEANT - value::STRING) as usize].set(get(&judging.values[n]));
        n += 1;
    }
    look_up_parts(judging, table, parts, len);
    judging.ready.set(get(&judging.ready) | value::OF_MEANT);
}

/// Marks of the folder and the last name of an absolute path that lies in the key, whose last name is that of the caller's string.
#[inline(always)]
pub(super) fn look_up_parts(judging: &Judging, table: u32, parts: u32, len: u32) {
    let at = get(&judging.name_at) & 0xff;
    let name = get(&judging.string_len).wrapping_sub(at) & 0xff;
    if parts & 1 << part::DIRECTORY != 0 {
        let folder = len.wrapping_sub(name).wrapping_sub(1) & 0xff;
        let folder = if folder == 0 { 1 } else { folder };
        look_up(judging, table + part::DIRECTORY, folder, u32::from(value::MEANT) + 2 * part::DIRECTORY);
    }
    if parts & 1 << part::NAME != 0 {
        // SAFETY: the text has room for as many bytes; a masked position and as many behind it are in the string's room.
        unsafe { helpers::read_kernel(text_of(judging), name, string_of(judging).add(at as usize) as u64) };
        look_up(judging, table + part::NAME, name, u32::from(value::MEANT) + 2 * part::NAME);
    }
}
