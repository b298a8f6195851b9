//! The prefilter: whether anybody can want an event (`core-nostd/src/capture/judge.rs`).
//!
//! ```text
//!   entry: registers ─▶ rejected, kept, or: something is needed that is not there yet
//!                                      ▼ the first operations of the plan
//!                       JUDGE ─▶ PATH_TEXT, STRING_TEXT, when they are asked for ─▶ JUDGE
//! ```

use crate::capture::judge::{
    JudgeNode, KEEP, MOST_STEPS, PAIRS, REJECT, TEXT, TextKey, TextMarks, compare, name_bit, pair_bit, part, value, width,
};
use crate::capture::{ChunkHead, FileFacts, Op, Plan, SocketFacts, chunk, magic, op};
use crate::event::TaskContext;
use crate::finish;
use crate::helpers::{self, Context};
use crate::maps::{JUDGE_TEXTS, node};
use crate::slot::{Kind, Slot, Work, go_to};
use core::cell::Cell;

/// Names of a path that are put together.
const NAMES: u32 = 20;

/// Where a path ends while it is put together, leaf first.
const TOP: u32 = 511;

/// What is left of an evaluation.
#[repr(C)]
pub struct Judging {
    /// The node to go on with.
    pub at: Cell<u32>,
    /// Bits of the values that are there.
    pub ready: Cell<u32>,
    /// Bits of the values that there will not be any more.
    pub tried: Cell<u32>,
    /// 1 if the event is kept.
    pub kept: Cell<u32>,
    /// Where the next name of the path lies.
    cursor: Cell<u32>,
    /// Where the path begins that is put together.
    begin: Cell<u32>,
    /// Length of the caller's string; 0 if it is not there, or has a name that a path is not made of (`.`, `..`, or empty).
    string_len: Cell<u32>,
    /// Where its last slash is, and right behind it: 0 if it has none.
    name_at: Cell<u32>,
    /// What becomes of a relative path was asked already.
    joined: Cell<u32>,
    opaque: Cell<u32>,
    /// Classes of three bytes of the string: that of the byte whose turn it is in the lowest bits.
    classes: Cell<u32>,
    /// Those of the first three. What is put together is read from here: of that, older verifiers know nothing.
    first: Cell<u32>,
    /// Bytes of the string; and how many of them were looked at.
    length: Cell<u32>,
    seen: Cell<u32>,
    /// 1 if it was copied.
    is_copied: Cell<u32>,
    nothing: u32,
    /// What the evaluation that ended last said.
    verdict: Cell<u32>,
    /// How often an operation went on with more nodes.
    rounds: Cell<u32>,
    /// The value that is compared.
    number: Cell<u64>,
    /// The values.
    pub values: [Cell<u64>; 32],
    key: Cell<TextKey>,
    padding: u32,
    path: [Cell<u8>; 1024],
    string: [Cell<u8>; 512],
}

/// What the nodes say.
pub mod verdict {
    /// This value has to be there first.
    pub const LATER: core::ops::Range<u32> = 0..32;
    /// It is kept.
    pub const KEPT: u32 = 32;
    /// Nobody can want it.
    pub const REJECTED: u32 = 33;
    /// There are more nodes.
    pub const UNDECIDED: u32 = 34;
}

/// A number of the slot, of which the compiler is not to know more than the verifier.
#[inline(always)]
fn get<T: Copy>(cell: &Cell<T>) -> T {
    // SAFETY: it is there.
    unsafe { core::ptr::read_volatile(cell.as_ptr()) }
}

/// Does the comparison hold?
#[inline(always)]
fn holds(how: u8, number: u64, operand: u64) -> bool {
    match how {
        compare::ALWAYS => true,
        compare::EQUAL => number == operand,
        compare::BELOW => number < operand,
        compare::AT_MOST => number <= operand,
        compare::BELOW_SIGNED => (number as i64) < operand as i64,
        compare::AT_MOST_SIGNED => number as i64 <= operand as i64,
        compare::ALL_BITS => number & operand == operand,
        compare::ANY_BITS => number & operand != 0,
        _ => number & (operand >> 32) == operand & 0xffff_ffff,
    }
}

/// Goes on from the node whose turn it is, over so many at most; gives one of [`verdict`].
#[inline(always)]
fn evaluate<K: Kind>(slot: &Slot<K>, most: u32) -> u32 {
    let judging = &slot.work().judging;
    judging.verdict.set(verdict::UNDECIDED);
    let mut n = 0;
    while n < most {
        n += 1;
        let Some(node) = node(get(&judging.at)) else {
            judging.verdict.set(verdict::KEPT);
            break;
        };
        // SAFETY: it is there. The daemon changes nodes only while no plan leads to them.
        let node: JudgeNode = unsafe { core::ptr::read_volatile(node) };
        let number = if node.value & value::TASK != 0 {
            // The context begins with two numbers of 64 bits, and ends with a name.
            let word = u32::from(node.value & 0x1f);
            slot.number_at::<u32>(TASK_AT.wrapping_add(word * 4)).into()
        } else {
            let which = u32::from(node.value & 31);
            if get(&judging.ready) >> which & 1 == 0 {
                judging.verdict.set(which);
                break;
            }
            // SAFETY: there are 32.
            get(unsafe { &*judging.values.as_ptr().add(which as usize) })
        };
        let number = match node.width {
            width::SIGNED => i64::from(number as i32) as u64,
            width::UNSIGNED => number & 0xffff_ffff,
            _ => number,
        };
        // However it was got: the verifier goes through what follows once.
        judging.number.set(number);
        let number = get(&judging.number);
        let to = if holds(node.compare, number, node.operand) { node.yes } else { node.no };
        if to >= REJECT {
            judging.verdict.set(verdict::KEPT + u32::from(KEEP - to));
            break;
        }
        judging.at.set(get(&judging.at).wrapping_add(1).wrapping_add(to.into()));
    }
    // Whichever way the loop ended: likewise.
    get(&judging.verdict)
}

const _: () = assert!(KEEP == REJECT + 1 && KEEP == u16::MAX && verdict::REJECTED == verdict::KEPT + 1);

/// Where the context of the task lies in a capture.
const TASK_AT: u32 = core::mem::offset_of!(crate::capture::CaptureHead, task) as u32;

const _: () = assert!(core::mem::offset_of!(TaskContext, tid) == 16 && size_of::<TaskContext>() == 96);

/// Nodes that the entry looks at: what registers alone decide is mostly decided by then. The rest is the operation's, so that the
/// verifier goes through all of them once alone.
const FIRST_STEPS: u32 = 8;

/// Nodes that an operation looks at, and how often it goes on with more, in all of an event: as many as the entry and these look at, and
/// no fewer than are promised, are looked at.
const STEPS: u32 = 16;
const ROUNDS: u32 = 6;

const _: () = assert!(STEPS * ROUNDS >= MOST_STEPS);

/// Begins to judge an event whose arguments are in the slot. If there are more nodes than the entry looks at, [`op::JUDGE`] goes on.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, plan: &Plan) -> u32 {
    /// Flags of records (`core-nostd/src/event/header.rs`).
    const FAILED: u64 = 1;
    const COMPAT: u64 = 2;
    let work: &Work = slot.work();
    let judging = &work.judging;
    judging.at.set(plan.others.into());
    judging.ready.set(value::OF_REGISTERS);
    judging.tried.set(0);
    judging.kept.set(0);
    judging.joined.set(0);
    judging.rounds.set(0);
    judging.string_len.set(0);
    let mut n = 0;
    while n < 7 {
        judging.values[n].set(work.args[n].get());
        n += 1;
    }
    let failed = work.args[6].get() >> 63 & FAILED;
    let compat = u64::from(work.compat.get() != 0) * COMPAT;
    judging.values[value::FLAGS as usize].set(failed | compat);
    let said = evaluate(slot, FIRST_STEPS);
    if said == verdict::KEPT {
        judging.kept.set(1);
    }
    said
}

/// [`op::JUDGE`].
#[inline(always)]
pub fn judge<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let again = todo.flags & Op::AGAIN != 0;
    let judging = &slot.work().judging;
    if get(&judging.kept) == 0 {
        let said = evaluate(&slot, STEPS);
        if said == verdict::REJECTED {
            let event = match slot.plan() {
                Some(plan) => plan.event,
                None => 0,
            };
            return finish::count_rejected(event);
        }
        if said == verdict::UNDECIDED && get(&judging.rounds) < ROUNDS {
            judging.rounds.set(get(&judging.rounds) + 1);
            helpers::tail_call(context, K::OPERATIONS, op::JUDGE.into());
        }
        if !verdict::LATER.contains(&said) {
            // Kept, or there is nothing left to be asked.
            judging.kept.set(1);
        } else if get(&judging.tried) >> (said & 31) & 1 == 0 {
            let with = if said < value::STRING.into() { op::PATH_TEXT } else { op::STRING_TEXT };
            helpers::tail_call(context, K::OPERATIONS, with.into());
        } else if again && said >= value::MEANT.into() && get(&judging.joined) == 0 {
            helpers::tail_call(context, K::OPERATIONS, op::JOINED_TEXT.into());
        }
    }
    if !again {
        slot.fill_task();
    }
    slot.next(context);
}

/// [`op::JUDGE`] of what is kept anyway.
#[inline(always)]
pub fn skip<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    slot.next(context);
}

/// Marks of a text that lies in the key: of one part.
#[inline(always)]
fn look_up(judging: &Judging, table: u32, len: u32, to: u32) {
    let key = judging.key.as_ptr();
    // SAFETY: it is there.
    unsafe {
        (*key).bits = 32 + len * 8;
        (*key).table = table;
    }
    let mut marks = [0u64; 2];
    let found = helpers::lookup_key(&JUDGE_TEXTS, key.cast_const().cast());
    if !found.is_null() {
        // SAFETY: a value of the map is one.
        let found = unsafe { &*found.cast::<TextMarks>() };
        marks = found.always;
        let at = found.len;
        if at == len {
            marks[0] |= found.equal[0] | found.boundary[0];
            marks[1] |= found.equal[1] | found.boundary[1];
        } else {
            // SAFETY: a masked position is in the text or right behind it, where the path is.
            let follows = unsafe { core::ptr::read_volatile((&raw const (*key).text).cast::<u8>().add((at & 0xff) as usize)) };
            if follows == b'/' {
                marks[0] |= found.boundary[0];
                marks[1] |= found.boundary[1];
            }
        }
    }
    judging.values[(to & 31) as usize].set(marks[0]);
    judging.values[((to + 1) & 31) as usize].set(marks[1]);
}

/// What is to be looked up for the event, and in which tables.
#[inline(always)]
fn head<K: Kind>(slot: &Slot<K>) -> Option<(u32, u32)> {
    let plan = slot.plan()?;
    let head = node(u32::from(plan.others).wrapping_sub(1))?;
    Some((head.operand as u32, head.yes.into()))
}

/// Where the key's text lies.
#[inline(always)]
fn text_of(judging: &Judging) -> *mut u8 {
    // SAFETY: it is there.
    unsafe { (&raw mut (*judging.key.as_ptr()).text).cast() }
}

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

/// What a byte is for paths: bits of its class.
const SLASH: u32 = 1;
const DOT: u32 = 2;
const NUL: u32 = 4;

/// Bits of a class.
const CLASS_BITS: u32 = 3;

const fn class_of(byte: u8) -> u32 {
    match byte {
        b'/' => SLASH,
        b'.' => DOT,
        0 => NUL,
        _ => 0,
    }
}

/// Is what stands at the beginning of a name none that a path is made of (`.`, `..`, or empty)? By the classes of three bytes.
const fn is_no_name(classes: usize) -> bool {
    const fn ends(class: usize) -> bool {
        class as u32 & (SLASH | NUL) != 0
    }
    let (one, two, three) = (classes & 7, classes >> 3 & 7, classes >> 6);
    let dot = DOT as usize;
    ends(one) || (one == dot && (ends(two) || (two == dot && ends(three))))
}

/// The classes of all bytes.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
static CLASSES: [u8; 256] = {
    let mut all = [0; 256];
    let mut n = 0;
    while n < 256 {
        all[n] = class_of(n as u8) as u8;
        n += 1;
    }
    all
};

/// 1 for what [`is_no_name`] says yes to.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
static NO_NAMES: [u8; 512] = {
    let mut all = [0; 512];
    let mut n = 0;
    while n < 512 {
        all[n] = is_no_name(n) as u8;
        n += 1;
    }
    all
};

#[inline(always)]
fn class(byte: u8) -> u32 {
    // SAFETY: there is one for each byte.
    unsafe { core::ptr::read_volatile((&raw const CLASSES).cast::<u8>().add(byte.into())) }.into()
}

/// 1 if the classes of three bytes begin no name of a path, else 0.
#[inline(always)]
fn no_name(classes: u32) -> u32 {
    let at = classes & 0x1ff;
    // SAFETY: a masked position is in the table.
    unsafe { core::ptr::read_volatile((&raw const NO_NAMES).cast::<u8>().add(at as usize)) }.into()
}

/// The same number, of which the compiler knows nothing: of one that is 0 or 1 it would make a branch.
#[inline(always)]
fn opaque(judging: &Judging, number: u32) -> u32 {
    judging.opaque.set(number);
    get(&judging.opaque)
}

/// The first if the condition is 1, the second if it is 0: without a branch.
#[inline(always)]
fn choose(condition: u32, yes: u32, no: u32) -> u32 {
    let mask = 0u32.wrapping_sub(condition);
    yes & mask | no & !mask
}

/// Where the caller's string lies.
#[inline(always)]
fn string_of(judging: &Judging) -> *mut u8 {
    judging.string.as_ptr().cast_mut().cast()
}

/// Marks of the folder and the last name of an absolute path that lies in the key, whose last name is that of the caller's string.
#[inline(always)]
fn look_up_parts(judging: &Judging, table: u32, parts: u32, len: u32) {
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
    unsafe { helpers::read_kernel(text_of(judging), len, judging.path.as_ptr().cast::<u8>().add(begin as usize) as u64) };
    if parts & 1 << part::WHOLE != 0 {
        look_up(judging, table, len, value::MEANT.into());
    }
    look_up_parts(judging, table, parts, len);
    judging.ready.set(get(&judging.ready) | value::OF_MEANT & !(3 << value::MEANT_PAIRS));
}
