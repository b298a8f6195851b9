//! What the probe judges events by: the prefilter's program ([`crate::filter`]) in a form that the kernel's verifier can follow.
//!
//! ```text
//!   registers, task, kind of file ──────────────────────▶ values ─┐
//!   path, caller's string ─▶ longest entry of TEXTS ─▶ marks ─────┴▶ nodes: compare one value, go on forward
//! ```
//!
//! A node compares one number with another. Texts become numbers before: all texts that the nodes of an event compare with lie in
//! one table for each part of the text ([`TextKey`]); of the entries that a text begins with, the longest says which of the tests
//! hold, as marks ([`TextMarks`]). What is searched for within a text is looked for in a mask of what the text is made of, which
//! can only say that it is not there. What cannot be said so, keeps the event.

#[cfg(not(target_arch = "bpf"))]
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One comparison. 16 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct JudgeNode {
    /// The value that is compared: an index below [`value::COUNT`], or [`value::TASK`] and the number of a field.
    pub value: u8,
    /// One of [`width`].
    pub width: u8,
    /// One of [`compare`].
    pub compare: u8,
    /// Zero.
    pub reserved: u8,
    /// Where to go on if it holds: [`KEEP`], [`REJECT`], or how many nodes to skip.
    pub yes: u16,
    /// Where to go on if it does not.
    pub no: u16,
    /// What is compared with.
    pub operand: u64,
}

const _: () = assert!(size_of::<JudgeNode>() == 16);

/// The jump that keeps the event.
pub const KEEP: u16 = u16::MAX;

/// The jump that rejects it.
pub const REJECT: u16 = u16::MAX - 1;

/// Nodes of one program; there is room for two, so that one can be written while the other is in force.
pub const NODES: u32 = 8192;

/// Nodes that are looked at until an event is kept whatever the others would say.
pub const MOST_STEPS: u32 = 96;

/// Entries of texts, of both programs.
pub const MOST_TEXTS: u32 = 1 << 15;

/// Longest text in bytes, of entries and of what is compared with them; a longer one keeps the event.
pub const TEXT: usize = 252;

/// The comparisons.
pub mod compare {
    /// Holds.
    pub const ALWAYS: u8 = 0;
    /// The same.
    pub const EQUAL: u8 = 1;
    /// Less, both unsigned.
    pub const BELOW: u8 = 2;
    /// Less or equal, both unsigned.
    pub const AT_MOST: u8 = 3;
    /// Less, both signed.
    pub const BELOW_SIGNED: u8 = 4;
    /// Less or equal, both signed.
    pub const AT_MOST_SIGNED: u8 = 5;
    /// Every bit of the operand.
    pub const ALL_BITS: u8 = 6;
    /// Some bit of the operand.
    pub const ANY_BITS: u8 = 7;
    /// The bits under a mask, the operand's upper half, are the lower half.
    pub const MASKED: u8 = 8;
}

/// How much of a value is compared.
pub mod width {
    /// All 64 bits.
    pub const WHOLE: u8 = 0;
    /// The lower 32 bits, as a signed number.
    pub const SIGNED: u8 = 1;
    /// The lower 32 bits, as an unsigned number.
    pub const UNSIGNED: u8 = 2;
}

/// The values.
pub mod value {
    /// The arguments are numbers 0 to 5.
    pub const ARGUMENTS: u8 = 0;
    /// The result.
    pub const RETURNED: u8 = 6;
    /// The record's flags that are known at once.
    pub const FLAGS: u8 = 7;
    /// [`crate::event::FdKind`] of the descriptor.
    pub const KIND: u8 = 8;
    /// Marks of the descriptor's path: two words for each [`super::part`].
    pub const PATH: u8 = 9;
    /// What names the descriptor's path is made of ([`super::name_bit`]).
    pub const PATH_NAMES: u8 = 15;
    /// Marks of the caller's string, likewise; of its parts there are none.
    pub const STRING: u8 = 16;
    /// Which pairs of bytes are in the caller's string ([`super::pair_bit`]): two words.
    pub const STRING_PAIRS: u8 = 22;
    /// The same of the absolute path that the caller means, in the same order; they are there if the string is that path itself.
    pub const MEANT: u8 = 24;
    /// Its pairs of bytes.
    pub const MEANT_PAIRS: u8 = MEANT + (STRING_PAIRS - STRING);
    /// How many there are.
    pub const COUNT: usize = 32;
    /// With this bit, the other bits are the number of a word of 32 bits of the task's context.
    pub const TASK: u8 = 0x80;

    /// Bits of the values that are known from the registers.
    pub const OF_REGISTERS: u32 = 0xff;
    /// Bits of the values that the descriptor's path gives.
    pub const OF_PATH: u32 = 0xff << KIND;
    /// Bits of the values that the caller's string gives.
    pub const OF_STRING: u32 = 0xff << STRING;
    /// Bits of the values that it gives if it is an absolute path.
    pub const OF_MEANT: u32 = 0xff << MEANT;
}

/// Parts of a text ([`crate::filter::Part`]).
pub mod part {
    /// All of it.
    pub const WHOLE: u32 = 0;
    /// What follows the last slash.
    pub const NAME: u32 = 1;
    /// What lies before it.
    pub const DIRECTORY: u32 = 2;
    /// How many there are.
    pub const COUNT: u32 = 3;
}

/// The node before an event's first: what is to be looked up. `operand` is the number of its first table: of the parts of the
/// path, and of those of the string; `yes` has a bit for each that there is, and [`PAIRS`].
pub type JudgeHead = JudgeNode;

/// Of a head: somebody asks for the pairs of bytes in the caller's string.
pub const PAIRS: u16 = 1 << 15;

/// Tests of texts of one part of an event's; those beyond keep the event.
pub const MOST_MARKS: usize = 128;

/// A text in the table of texts, which finds the longest entry (`BPF_MAP_TYPE_LPM_TRIE`). 260 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct TextKey {
    /// Bits that count, of what follows.
    pub bits: u32,
    /// The table that it is in.
    pub table: u32,
    /// The text.
    pub text: [u8; TEXT],
}

const _: () = assert!(size_of::<TextKey>() == 260);

/// Which tests hold for a text of whose beginnings an entry is the longest. 56 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TextMarks {
    /// Length of the entry in bytes.
    pub len: u32,
    /// Zero.
    pub reserved: u32,
    /// Whatever follows.
    pub always: [u64; 2],
    /// If nothing follows.
    pub equal: [u64; 2],
    /// If nothing follows, or a slash.
    pub boundary: [u64; 2],
}

const _: () = assert!(size_of::<TextMarks>() == 56);

/// The bit of a name of a path in a mask: by its first eight bytes, padded with zeros, the first of them the lowest.
#[inline(always)]
pub const fn name_bit(first: u64) -> u64 {
    1 << (first.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

/// The bit of a pair of bytes in a mask of 128 bits: its number.
#[inline(always)]
pub const fn pair_bit(first: u8, second: u8) -> u32 {
    ((first as u32) << 8 | second as u32).wrapping_mul(0x9e37_79b1) >> 25
}
