//! Numbers that are in a call's registers: a node says itself which, so that nothing is looked up for them.
//!
//! The node of a number that is in a register holds in its field `part` the *place* of that number: the register, in the lower
//! three bits, and above them how much of it counts. It follows from the schema; the verifier refuses every other.

use super::{Load, Part};
use crate::event::Flags;
use crate::schema::{self, EventId, From, id};

/// The registers of a call by the native table, which is no request of io_uring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Registers([u64; 8]);

/// Numbers of the registers behind the six arguments.
const RESULT: u8 = 6;
const FAILED: u8 = 7;

/// The bit of every place, which no [`Part`] of a text has.
const PLACE: u8 = 1 << 3;

/// How much of a register counts: all of it, or these bits.
const HOW: u8 = 3 << 4;
const ALL: u8 = PLACE;
const SIGNED: u8 = PLACE | 1 << 4;
const UNSIGNED: u8 = PLACE | 2 << 4;
const DESCRIPTOR: u8 = PLACE | 3 << 4;

const _: () = assert!(Part::Name as u8 & PLACE == 0 && Part::Directory as u8 & PLACE == 0);
const _: () = assert!(Flags::FAILED.0 == 1);

impl Registers {
    /// The arguments as they were at entry, and the result.
    #[inline]
    pub const fn of(args: [u64; 6], ret: i64) -> Registers {
        let [a, b, c, d, e, f] = args;
        let ret = ret.cast_unsigned();
        Registers([a, b, c, d, e, f, ret, ret >> 63])
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
        if place & PLACE == 0 {
            return None;
        }
        let word = *self.0.get(usize::from(place & 0b111))?;
        Some(match place & HOW {
            0 => word,
            how if how == SIGNED & HOW => i64::from(word as i32).cast_unsigned(),
            how if how == UNSIGNED & HOW => u64::from(word as u32),
            _ => i64::from(crate::fill::fd_of(word.cast_signed())).cast_unsigned(),
        })
    }
}

/// The place of what is loaded; 0 if it is not in a register.
pub(super) fn place(event: EventId, load: Load, param: u8) -> u8 {
    // modify_ldt's result is not what the register holds.
    if event == id::MODIFY_LDT {
        return 0;
    }
    let source = schema::recipe(event).and_then(|recipe| recipe.sources.get(usize::from(param)));
    match (load, source) {
        (Load::Flags, _) => ALL | FAILED,
        (Load::Number, Some(From::Return)) => ALL | RESULT,
        (Load::Number, Some(From::Int(n))) => SIGNED | *n,
        (Load::Number, Some(From::Uint(n))) => UNSIGNED | *n,
        (Load::Number, Some(From::Long(n))) => ALL | *n,
        (Load::FdNumber, Some(From::ReturnFd)) => DESCRIPTOR | RESULT,
        (Load::FdNumber, Some(From::Fd(n) | From::ClosedFd(n) | From::DirFd(n))) => SIGNED | *n,
        _ => 0,
    }
}
