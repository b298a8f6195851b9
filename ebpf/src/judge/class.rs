//! Which names a path is not made of (`.`, `..`, or empty), without a branch: the verifier goes through what follows one once for each way.

use super::{Judging, get};

/// What a byte is for paths: bits of its class.
pub(super) const SLASH: u32 = 1;
const DOT: u32 = 2;
const NUL: u32 = 4;

/// Bits of a class.
pub(super) const CLASS_BITS: u32 = 3;

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
pub(super) fn class(byte: u8) -> u32 {
    // SAFETY: there is one for each byte.
    unsafe { core::ptr::read_volatile((&raw const CLASSES).cast::<u8>().add(byte.into())) }.into()
}

/// 1 if the classes of three bytes begin no name of a path, else 0.
#[inline(always)]
pub(super) fn no_name(classes: u32) -> u32 {
    let at = classes & 0x1ff;
    // SAFETY: a masked position is in the table.
    unsafe { core::ptr::read_volatile((&raw const NO_NAMES).cast::<u8>().add(at as usize)) }.into()
}

/// The same number, of which the compiler knows nothing: of one that is 0 or 1 it would make a branch.
#[inline(always)]
pub(super) fn opaque(judging: &Judging, number: u32) -> u32 {
    judging.opaque.set(number);
    get(&judging.opaque)
}

/// The first if the condition is 1, the second if it is 0: without a branch.
#[inline(always)]
pub(super) fn choose(condition: u32, yes: u32, no: u32) -> u32 {
    let mask = 0u32.wrapping_sub(condition);
    yes & mask | no & !mask
}
