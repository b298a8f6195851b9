//! The path of the descriptor that was described last, put together from its names; and what the caller means by a relative path, which is
//! behind it.

use super::string::{look_up_parts, string_of};
use super::text::{head, look_up, text_of};
use super::{Judging, get};
use crate::capture::judge::{TEXT, name_bit, part, value};
use crate::capture::{ChunkHead, FileFacts, Op, SocketFacts, chunk, magic, op};
use crate::helpers::{self, Context};
use crate::slot::{Kind, Slot, go_to};

/// Names of a path that are put together.
const NAMES: u32 = 20;

/// Where a path ends while it is put together, leaf first.
const TOP: u32 = 511;

/// [`op::PATH_TEXT`]: of the descriptor that was described just before.
#[inline(always)]
pub fn path_text<K: Kind>(context: *const Context) {
    if let Some(slot) = Slot::<K>::of_cpu() {
        let judging = &slot.work().judging;
        judging.tried.set(get(&judging.tried) | value::OF_PATH);
        put_path(&slot, judging);
    }
    go_to::<K>(context, op::JUDGE);
}

#[inline(always)]
fn put_path<K: Kind>(slot: &Slot<K>, judging: &Judging) {
    let at = get(&slot.work().chunk);
    // No chunk begins where the head is.
    if at == 0 {
        return;
    }
    let (kind, flags) = (slot.number_at::<u8>(at), slot.number_at::<u8>(at.wrapping_add(1)));
    let body = at.wrapping_add(size_of::<ChunkHead>() as u32);
    let Some(plan) = slot.plan() else { return };
    if kind == chunk::SOCKET {
        // SAFETY: there is room for any single copy, and any bytes are one.
        let facts = unsafe { &*slot.room(body).cast::<SocketFacts>() };
        judging.values[value::KIND as usize].set(facts.kind_number().into());
        let mut n = value::PATH as usize;
        while n < value::STRING as usize {
            judging.values[n].set(0);
            n += 1;
        }
        // A socket has no path: that is sure, but for one that was opened (O_PATH), whose name is not known.
        let opened = plan.ops[0].arg == Op::RETURNED;
        judging.ready.set(get(&judging.ready) | if opened { 1 << value::KIND } else { value::OF_PATH });
        return;
    }
    if kind != chunk::FILE {
        return;
    }
    let names = body.wrapping_add(size_of::<FileFacts>() as u32);
    // SAFETY: as above.
    let facts = unsafe { &*slot.room(body).cast::<FileFacts>() };
    let leaf = slot.number_at::<u64>(names.wrapping_add(8));
    // What lies behind the names is none.
    let is_memfd = names < slot.end() && leaf & 0xffff_ffff_ffff == u64::from_le_bytes(*b"memfd:\0\0");
    let number = facts.kind_number(is_memfd);
    if number == 0 {
        return;
    }
    judging.values[value::KIND as usize].set(number.into());
    judging.ready.set(get(&judging.ready) | 1 << value::KIND);
    if flags & chunk::WHOLE == 0 || facts.is & FileFacts::NAMES_ITSELF != 0 || facts.magic == magic::SOCKET {
        return;
    }
    judging.begin.set(TOP);
    if !put_names(slot, judging, names, value::PATH_NAMES) {
        return;
    }
    let leaf_len = if names < slot.end() { slot.number_at::<u64>(names) as u32 & 0xff } else { 0 };
    if get(&judging.begin) == TOP {
        judging.begin.set(TOP - 1);
        judging.path[(TOP - 1) as usize].set(b'/');
    }
    let begin = get(&judging.begin) & 0x1ff;
    let len = (TOP.wrapping_sub(begin)) & 0xff;
    let Some((table, parts)) = head(slot) else { return };
    let text = text_of(judging);
    // SAFETY: the text has room for as many bytes and what follows the key.
    unsafe { helpers::read_kernel(text, len, judging.path.as_ptr().cast::<u8>().add(begin as usize) as u64) };
    if parts & 1 << part::WHOLE != 0 {
        look_up(judging, table, len, value::PATH.into());
    }
    if parts & 1 << part::DIRECTORY != 0 {
        let folder = len.wrapping_sub(leaf_len).wrapping_sub(1) & 0xff;
        let folder = if folder == 0 { 1 } else { folder };
        look_up(judging, table + part::DIRECTORY, folder, u32::from(value::PATH) + 2 * part::DIRECTORY);
    }
    if parts & 1 << part::NAME != 0 {
        // SAFETY: as above.
        unsafe { helpers::read_kernel(text, leaf_len, slot.room(names.wrapping_add(8)) as u64) };
        look_up(judging, table + part::NAME, leaf_len, u32::from(value::PATH) + 2 * part::NAME);
    }
    judging.ready.set(get(&judging.ready) | value::OF_PATH);
}

/// Puts names that lie in the capture from `names` on, leaf first, before the path that there is, each behind a slash, and their
/// bits into a value. False if there are too many.
#[inline(always)]
fn put_names<K: Kind>(slot: &Slot<K>, judging: &Judging, names: u32, bits: u8) -> bool {
    judging.cursor.set(names);
    let bits = &judging.values[(bits & 31) as usize];
    bits.set(0);
    let mut n = 0;
    while n <= NAMES {
        let at = get(&judging.cursor);
        if at >= slot.end() {
            break;
        }
        let len = slot.number_at::<u64>(at) as u32 & 0xff;
        let begin = get(&judging.begin).wrapping_sub(len).wrapping_sub(1);
        if n == NAMES || TOP.wrapping_sub(begin) > TEXT as u32 {
            return false;
        }
        judging.begin.set(begin);
        // SAFETY: a masked position and the longest name behind it are in the buffer.
        let to = unsafe { judging.path.as_ptr().cast_mut().cast::<u8>().add((get(&judging.begin) & 0x1ff) as usize) };
        // SAFETY: as above.
        unsafe {
            to.write(b'/');
            helpers::read_kernel(to.add(1), len, slot.room(at.wrapping_add(8)) as u64);
        }
        let first = slot.number_at::<u64>(at.wrapping_add(8));
        let first = if len >= 8 { first } else { first & !(u64::MAX << (len * 8)) };
        bits.set(get(bits) | name_bit(first));
        judging.cursor.set(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
        n += 1;
    }
    true
}

/// [`op::JOINED_TEXT`]: the caller's string, behind the path of the directory that was described just before.
#[inline(always)]
pub fn joined_text<K: Kind>(context: *const Context) {
    if let Some(slot) = Slot::<K>::of_cpu() {
        let judging = &slot.work().judging;
        judging.joined.set(1);
        put_joined(&slot, judging);
    }
    go_to::<K>(context, op::JUDGE);
}

#[inline(always)]
fn put_joined<K: Kind>(slot: &Slot<K>, judging: &Judging) {
    /// Type of a file, and that of a directory (`linux/stat.h`).
    const TYPE: u32 = 0o170_000;
    const DIRECTORY: u32 = 0o040_000;
    let at = get(&slot.work().chunk);
    let string = get(&judging.string_len) & 0xff;
    // A relative path was copied, and what was described last is what it is relative to.
    if at == 0 || string == 0 || get(&slot.work().relative) == 0 {
        return;
    }
    let (kind, flags) = (slot.number_at::<u8>(at), slot.number_at::<u8>(at.wrapping_add(1)));
    let body = at.wrapping_add(size_of::<ChunkHead>() as u32);
    let names = if kind == chunk::FILE {
        // SAFETY: there is room for any single copy, and any bytes are one.
        let facts = unsafe { &*slot.room(body).cast::<FileFacts>() };
        if facts.mode & TYPE != DIRECTORY || facts.is & FileFacts::NAMES_ITSELF != 0 {
            return;
        }
        body.wrapping_add(size_of::<FileFacts>() as u32)
    } else {
        body
    };
    if (kind != chunk::FILE && kind != chunk::PATH) || flags & chunk::WHOLE == 0 {
        return;
    }
    // SAFETY: it is there.
    let first = unsafe { core::ptr::read_volatile(string_of(judging).cast_const()) };
    if first == b'/' {
        return;
    }
    judging.begin.set(TOP.wrapping_sub(string).wrapping_sub(1));
    // SAFETY: a masked position and the longest string behind it are in the buffer.
    unsafe {
        let to = judging.path.as_ptr().cast_mut().cast::<u8>().add((get(&judging.begin) & 0x1ff) as usize);
        to.write(b'/');
        helpers::read_kernel(to.add(1), string, string_of(judging) as u64);
    }
    // Of its pairs nothing is known, so that nobody reads this one.
    if !put_names(slot, judging, names, value::MEANT_PAIRS) {
        return;
    }
    let begin = get(&judging.begin) & 0x1ff;
    let len = TOP.wrapping_sub(begin) & 0xff;
    let Some((table, parts)) = head(slot) else { return };
    let (table, parts) = (table + part::COUNT, parts >> part::COUNT);
    // SAFETY: the text has room for as many bytes and what follows the key.
    unsafe {
        helpers::read_kernel(text_of(judging), len, judging.path.as_ptr().cast::<u8>().add(begin as usize) as u64)
    };
    if parts & 1 << part::WHOLE != 0 {
        look_up(judging, table, len, value::MEANT.into());
    }
    look_up_parts(judging, table, parts, len);
    judging.ready.set(get(&judging.ready) | value::OF_MEANT & !(3 << value::MEANT_PAIRS));
}
