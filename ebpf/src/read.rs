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

/// How the kernel's memory is read.
pub trait Read {
    /// Numbers are read one by one.
    const IS_TYPED: bool;

    /// The current task, of which the verifier knows what it is where that is how it is read.
    fn current() -> u64;

    /// A number at an address; 0 if it cannot be read.
    fn number<T: Copy>(address: u64) -> T;

    /// A member that is a number or a pointer.
    #[inline(always)]
    fn field<T: Copy>(base: u64, of: Offset) -> T {
        Self::number(member(base, of))
    }
}

/// By a helper, which takes any address.
pub struct Copied;

impl Read for Copied {
    const IS_TYPED: bool = false;

    #[inline(always)]
    fn current() -> u64 {
        helpers::current()
    }

    #[inline(always)]
    fn number<T: Copy>(address: u64) -> T {
        number(address)
    }
}

/// As it is, which costs a fifth: where the verifier follows from the current task on what lies there. Each number must be read as it
/// is declared, and from a place in its structure that is known when the program is loaded.
pub struct Typed;

impl Read for Typed {
    const IS_TYPED: bool = true;

    #[inline(always)]
    fn current() -> u64 {
        helpers::current_typed()
    }

    #[inline(always)]
    fn number<T: Copy>(address: u64) -> T {
        // SAFETY: the verifier takes only what is a member of what the address is known to be; where nothing is, the kernel puts 0.
        unsafe { core::ptr::read_volatile(address as *const T) }
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
