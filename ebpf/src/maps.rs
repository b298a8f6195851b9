//! Maps, and what the loader sets before the programs are loaded.

use crate::capture::judge::{JudgeNode, MOST_TEXTS, NODES, TextKey, TextMarks};
use crate::capture::request::{KEPT, UnderWay};
use crate::capture::{CALLS, FIGURES, NATIVE_PLANS, OFFSETS, Offset, PLANS, Plan, STRUCTURES, Structure, Table, op};
use crate::slot::{LARGE, SMALL};

/// A map, in the form that loaders know from before BTF.
#[repr(C)]
pub struct Map {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
}

const ARRAY: u32 = 2;

/// An array that the reader maps (BPF_F_MMAPABLE).
const SHARED_ARRAY: u32 = ARRAY | 1 << 10;

const PROGRAMS: u32 = 3;
const RING: u32 = 27;

/// Finds the longest entry. Its entries are made one by one (BPF_F_NO_PREALLOC).
const PREFIXES: u32 = 11 | 1 << 8;

/// Finds by keys of 64 bits.
const TABLE: u32 = 1;

const fn key_size(kind: u32) -> u32 {
    match kind {
        RING => 0,
        TABLE => 8,
        PREFIXES => size_of::<TextKey>() as u32,
        _ => 4,
    }
}

macro_rules! maps {
    ($($(#[$about:meta])* $name:ident: $kind:ident, $value:expr, $entries:expr;)*) => {$(
        $(#[$about])*
        // SAFETY: no other symbol has this name, and the section holds maps alone.
        #[unsafe(no_mangle)]
        #[unsafe(link_section = "maps")]
        pub static $name: Map = Map {
            kind: $kind & 0xff,
            key: key_size($kind),
            value: $value as u32,
            entries: $entries as u32,
            flags: ($kind & !0xff) >> if $kind == PREFIXES { 8 } else { 0 },
        };
    )*};
}

maps! {
    /// Whose probe it is, for who finds it pinned.
    ABOUT: SHARED_ARRAY, 64, 1;
    /// The texts that they are compared with.
    JUDGE_TEXTS: PREFIXES, size_of::<TextMarks>(), MOST_TEXTS;
    /// How often each event was seen and rejected, and what became of them: as many as CPUs, which the loader sets.
    COUNTERS: SHARED_ARRAY, 8 * FIGURES, 1;
    /// Captures. The loader sets its size.
    RING_BUFFER: RING, 0, 1 << 20;
    /// Slots of system calls: as many as CPUs, which the loader sets.
    CALL_SLOTS: ARRAY, LARGE, 1;
    /// Slots of requests.
    REQUEST_SLOTS: ARRAY, LARGE, 1;
    /// Requests of io_uring that are carried out, by thread.
    REQUESTS: TABLE, size_of::<UnderWay>(), KEPT;
    /// Operations on a request's slot.
    REQUEST_OPERATIONS: PROGRAMS, 4, op::COUNT;
    /// Slots of execs.
    EXEC_SLOTS: ARRAY, LARGE, 1;
    /// Slots of forks.
    FORK_SLOTS: ARRAY, SMALL, 1;
    /// Slots of exits.
    EXIT_SLOTS: ARRAY, SMALL, 1;
    /// Slots of signals.
    SIGNAL_SLOTS: ARRAY, SMALL, 1;
    /// Operations on a call's slot.
    CALL_OPERATIONS: PROGRAMS, 4, op::COUNT;
    /// Operations on an exec's slot.
    EXEC_OPERATIONS: PROGRAMS, 4, op::COUNT;
    /// Operations on a fork's slot.
    FORK_OPERATIONS: PROGRAMS, 4, op::COUNT;
}

/// Where the members of the kernel's structures lie.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static MEMBER_OFFSETS: [u32; OFFSETS] = [0; OFFSETS];

/// Ordinary captures go into the ring as long as no more bytes than this are unread.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static ORDINARY_ROOM: u64 = 0;

/// 1 if the kernel has the helper that finds a task's registers.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static HAS_REGISTERS: u32 = 0;

/// 1 if the verifier can be asked to follow structures from the current task on.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static FOLLOWS_TYPES: u32 = 0;

/// 1 if the verifier can be told what lies at an address. Then it follows structures, too.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static CAN_CAST: u32 = 0;

/// Numbers of structures among the kernel's types.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata")]
pub static STRUCTURE_TYPES: [u32; STRUCTURES.len()] = [0; STRUCTURES.len()];

/// The address of a table.
#[inline(always)]
fn address(of: Table) -> *const u8 {
    let number = of.number();
    // SAFETY: it is there. The loader has changed what the compiler sees here.
    unsafe { core::ptr::read_volatile(&raw const number) as *const u8 }
}

/// A plan, by its number; `None` if there is none.
#[inline(always)]
pub fn plan(number: u32) -> Option<&'static Plan> {
    // SAFETY: it is there. However the number came about: that it is below the limit, the compiler may know, and the verifier not.
    let number = unsafe { core::ptr::read_volatile(&raw const number) };
    if number >= PLANS {
        return None;
    }
    // SAFETY: the table has as many, and stays as long as the programs.
    Some(unsafe { &*address(Table::Plans).cast::<Plan>().add(number as usize) })
}

/// The same of a call of the native table, of which the verifier knows that it is one.
#[inline(always)]
pub fn native_plan(nr: u32) -> Option<&'static Plan> {
    if nr >= CALLS {
        return None;
    }
    // SAFETY: as for `plan`.
    Some(unsafe { &*address(Table::Plans).cast::<Plan>().add((NATIVE_PLANS + nr) as usize) })
}

/// A node, by its number; `None` if there is none.
#[inline(always)]
pub fn node(number: u32) -> Option<&'static JudgeNode> {
    if number >= 2 * NODES {
        return None;
    }
    // SAFETY: as for `plan`.
    Some(unsafe { &*address(Table::Nodes).cast::<JudgeNode>().add(number as usize) })
}

/// Where a member lies.
#[inline(always)]
pub fn offset(of: Offset) -> u32 {
    // SAFETY: `Offset` numbers the table's entries. The loader has changed what the compiler sees here.
    unsafe { core::ptr::read_volatile((&raw const MEMBER_OFFSETS).cast::<u32>().add(of as usize)) }
}

/// See [`ORDINARY_ROOM`].
#[inline(always)]
pub fn ordinary_room() -> u64 {
    // SAFETY: it is there; the loader has changed what the compiler sees here.
    unsafe { core::ptr::read_volatile(&raw const ORDINARY_ROOM) }
}

/// See [`HAS_REGISTERS`].
#[inline(always)]
pub fn has_registers() -> bool {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const HAS_REGISTERS) != 0 }
}

/// See [`CAN_CAST`].
#[inline(always)]
pub fn can_cast() -> bool {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const CAN_CAST) != 0 }
}

/// Number of a structure among the kernel's types.
#[inline(always)]
pub fn type_of(structure: Structure) -> u32 {
    // SAFETY: `Structure` numbers the table's entries. The loader has changed what the compiler sees here.
    unsafe { core::ptr::read_volatile((&raw const STRUCTURE_TYPES).cast::<u32>().add(structure as usize)) }
}

/// See [`FOLLOWS_TYPES`].
#[inline(always)]
pub fn follows_types() -> bool {
    // SAFETY: as above.
    unsafe { core::ptr::read_volatile(&raw const FOLLOWS_TYPES) != 0 }
}
