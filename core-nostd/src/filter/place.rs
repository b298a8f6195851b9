//! Where values lie that need no record: in a call's registers, or a text at the end of one. A node says itself where its value
//! lies, so that nothing is looked up for it.
//!
//! ```text
//!   a node's `part`:  1 · how │ 0 · register   a number in a register: how much of it counts (2 bits), which (3 bits)
//!                     0 │ what │ argument │ part   a text: what leads to it (2 bits), the argument (3 bits), [`Part`] (2 bits)
//! ```
//!
//! It follows from the schema; the verifier refuses everything else.

use super::{Load, Node, Part};
use crate::event::Flags;
use crate::schema::{self, EventId, From, id};

/// The registers of a call by the native table, which is no request of io_uring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Registers([u64; 8]);

/// Numbers of the registers behind the six arguments.
const RESULT: u8 = 6;
const FAILED: u8 = 7;

/// The bit of every number that is in a register.
const NUMBER: u8 = 1 << 7;

/// Which register.
const REGISTER: u8 = 0b111;

/// How much of it counts: all of it, or these bits.
const HOW: u8 = 3 << 4;
const ALL: u8 = NUMBER;
const SIGNED: u8 = NUMBER | 1 << 4;
const UNSIGNED: u8 = NUMBER | 2 << 4;
const DESCRIPTOR: u8 = NUMBER | 3 << 4;

/// Which [`Part`] of a text.
pub(super) const PART: u8 = 0b11;

/// Shift of the argument that a text is found by.
const ARGUMENT: u32 = 2;

/// What leads to a text.
const WHAT: u8 = 3 << 5;
const STRING: u8 = 1 << 5;
const OPENED: u8 = 2 << 5;
const RETURNED: u8 = 3 << 5;

const _: () = assert!(Part::Name as u8 <= PART && Part::Directory as u8 <= PART);

/// What leads to a text that needs no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// The string that an argument points to: the caller's, or if it is its own absolute form the path that it means.
    String {
        /// The register of the argument.
        argument: u8,
        /// True if the absolute form is asked for.
        absolute: bool,
    },
    /// The descriptor that the call returned, which is the first parameter of its event.
    Returned,
}

impl Lead {
    /// What leads to the text of a node in a call that returned this; `None` if it takes a record.
    #[inline]
    pub fn of(node: &Node, ret: i64) -> Option<Lead> {
        let argument = node.part >> ARGUMENT & REGISTER;
        match node.part & (WHAT | NUMBER) {
            STRING => Some(Lead::String { argument, absolute: node.load == Load::Path as u8 }),
            OPENED if ret < 0 => Some(Lead::String { argument, absolute: true }),
            OPENED | RETURNED => Some(Lead::Returned),
            _ => None,
        }
    }
}

/// Which part of a text a node looks at.
#[inline]
pub(super) fn part(node: &Node) -> Option<Part> {
    Part::from_u8(node.part & PART)
}

const _: () = assert!(Flags::FAILED.0 == 1);

impl Registers {
    /// The arguments as they were at entry, and the result.
    #[inline]
    pub const fn of(args: [u64; 6], ret: i64) -> Registers {
        let [a, b, c, d, e, f] = args;
        let ret = ret.cast_unsigned();
        Registers([a, b, c, d, e, f, ret, ret >> 63])
    }

    /// The register of this number; 0 if there is none.
    #[inline]
    pub(crate) fn word(&self, register: u8) -> u64 {
        self.0.get(usize::from(register & REGISTER)).copied().unwrap_or(0)
    }

    /// The arguments.
    #[inline]
    pub const fn args(&self) -> [u64; 6] {
        let [a, b, c, d, e, f, ..] = self.0;
        [a, b, c, d, e, f]
    }

    /// The result.
    #[inline]
    pub const fn ret(&self) -> i64 {
        let [.., ret, _] = self.0;
        ret.cast_signed()
    }

    /// The number at this place; `None` if it is none.
    #[inline]
    pub(super) fn at(&self, place: u8) -> Option<u64> {
        if place & NUMBER == 0 {
            return None;
        }
        let word = *self.0.get(usize::from(place & REGISTER))?;
        if place & HOW == 0 {
            return Some(word);
        }
        Some(match place & (NUMBER | HOW) {
            SIGNED => i64::from(word as i32).cast_unsigned(),
            UNSIGNED => u64::from(word as u32),
            _ => i64::from(crate::fill::fd_of(word.cast_signed())).cast_unsigned(),
        })
    }
}

/// What a node's `part` is, but for the [`Part`] of a text: 0 if what is loaded takes a record.
pub(super) fn place(event: EventId, load: Load, param: u8) -> u8 {
    let Some(recipe) = schema::recipe(event) else { return 0 };
    // modify_ldt's result is not what the register holds.
    if event == id::MODIFY_LDT {
        return 0;
    }
    let text = |what: u8, argument: u8| what | argument << ARGUMENT;
    let first = recipe.sources.first();
    match (load, recipe.sources.get(usize::from(param))) {
        (Load::Flags, _) => ALL | FAILED,
        (Load::Number, Some(From::Return)) => ALL | RESULT,
        (Load::Number, Some(From::Int(n))) => SIGNED | *n,
        (Load::Number, Some(From::Uint(n))) => UNSIGNED | *n,
        (Load::Number, Some(From::Long(n))) => ALL | *n,
        (Load::FdNumber, Some(From::ReturnFd)) => DESCRIPTOR | RESULT,
        (Load::FdNumber, Some(From::Fd(n) | From::ClosedFd(n) | From::DirFd(n))) => SIGNED | *n,
        (Load::Path, Some(From::Opened { path: n, .. })) if matches!(first, Some(From::ReturnFd)) => text(OPENED, *n),
        (Load::Path | Load::RawPath, Some(From::Path(n) | From::OptionalPath(n) | From::PathAt { path: n, .. })) => {
            text(STRING, *n)
        }
        (Load::RawPath, Some(From::Opened { path: n, .. })) => text(STRING, *n),
        (Load::FdPath, Some(From::ReturnFd)) if param == 0 => text(RETURNED, RESULT),
        _ => 0,
    }
}
