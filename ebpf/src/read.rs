//! Kernel structures: numbers at addresses, members by their offsets.

use crate::capture::{ABSENT, Offset};
use crate::helpers;
use crate::maps::offset;
use core::mem::MaybeUninit;

/// A number of the kernel's memory; 0 if it cannot be read.
#[inline(always)]
pub fn number<T: Copy>(address: u64) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: there is room. The helper fills all of it, whatever happens; T is a number or an array of numbers.
    unsafe {
        helpers::read_kernel(value.as_mut_ptr().cast(), size_of::<T>() as u32, address);
        value.assume_init()
    }
}

/// The address of a member.
#[inline(always)]
pub fn member(base: u64, of: Offset) -> u64 {
    base.wrapping_add(u64::from(offset(of)))
}

/// A member that is a number or a pointer.
#[inline(always)]
pub fn field<T: Copy>(base: u64, of: Offset) -> T {
    number(member(base, of))
}

/// Does this kernel have the member?
#[inline(always)]
pub fn has(of: Offset) -> bool {
    offset(of) != ABSENT
}
