//! The kernel's helper functions (`linux/bpf.h`), by number.

use crate::capture::{CAST, Structure};
use crate::maps::{self, Map};
use core::ffi::c_void;

/// What a raw tracepoint passes: its arguments.
pub type Context = u64;

macro_rules! helper {
    ($number:tt fn($($argument:ident: $type:ty),*) -> $result:ty) => {{
        // SAFETY: a call of this address is what the kernel takes for a call of the helper with this number.
        let helper: unsafe extern "C" fn($($type),*) -> $result = unsafe { core::mem::transmute($number as usize) };
        // SAFETY: the caller's promise; the verifier checks it.
        unsafe { helper($($argument),*) }
    }};
}

/// The value of a map at an index; null if it is beyond the map.
#[inline(always)]
pub fn lookup(map: &'static Map, index: u32) -> *mut u8 {
    let (map, key): (*const Map, *const u32) = (map, &index);
    helper!(1 fn(map: *const Map, key: *const u32) -> *mut c_void).cast()
}

/// The value of a map at a key of its own layout; null if there is none.
#[inline(always)]
pub fn lookup_key(map: &'static Map, key: *const u8) -> *mut u8 {
    let map: *const Map = map;
    helper!(1 fn(map: *const Map, key: *const u8) -> *mut c_void).cast()
}

/// Puts a value into a map whose keys are of 64 bits. What there is no room for, is not there.
#[inline(always)]
pub fn update(map: &'static Map, key: u64, value: *const u8) {
    let (map, key, flags): (*const Map, *const u64, u64) = (map, &key, 0);
    let _ = helper!(2 fn(map: *const Map, key: *const u64, value: *const u8, flags: u64) -> i64);
}

/// Takes a value out of such a map.
#[inline(always)]
pub fn delete(map: &'static Map, key: u64) {
    let (map, key): (*const Map, *const u64) = (map, &key);
    let _ = helper!(3 fn(map: *const Map, key: *const u64) -> i64);
}

/// The current thread and its process, as one number.
#[inline(always)]
pub fn thread() -> u64 {
    helper!(14 fn() -> u64)
}

/// The argument at an index of a tracepoint, or a register of a probed function.
#[inline(always)]
pub fn argument(context: *const Context, index: usize) -> u64 {
    // SAFETY: the tracepoint has as many; the verifier checks it.
    unsafe { core::ptr::read_volatile(context.add(index)) }
}

/// Goes on in another program. Comes back only if there is none.
#[inline(always)]
pub fn tail_call(context: *const Context, programs: &'static Map, index: u32) {
    let programs: *const Map = programs;
    let _ = helper!(12 fn(context: *const Context, programs: *const Map, index: u32) -> i64);
}

/// The CPU.
#[inline(always)]
pub fn cpu() -> u32 {
    helper!(8 fn() -> u32)
}

/// Address of the current task.
#[inline(always)]
pub fn current() -> u64 {
    helper!(35 fn() -> u64)
}

/// Address of the current task, of which the verifier knows what it is. Since 5.11.
#[inline(always)]
pub fn current_typed() -> u64 {
    helper!(158 fn() -> u64)
}

/// The current task, as a thing from which the verifier follows pointers without asking how far each is to be trusted: since 6.2 it
/// looks through the names of all types of the kernel for that, four times for each pointer.
#[inline(always)]
pub fn current_walked() -> u64 {
    cast(current_typed(), Structure::Task)
}

/// The same address, of which the verifier believes that this structure lies there. What is read by way of it is what would be read by
/// [`read_kernel`]. On kernels that have no such function the loader makes of the call what gives the address as it is.
#[inline(always)]
pub fn cast(address: u64, to: Structure) -> u64 {
    let to = maps::type_of(to);
    helper!(CAST fn(address: u64, to: u32) -> u64)
}

/// Address of what the current task's registers were when it entered the kernel. Since 5.15.
#[inline(always)]
pub fn current_registers() -> u64 {
    registers_of(current_typed())
}

/// The same of a task of which the verifier knows what it is. What it gives is known likewise.
#[inline(always)]
pub fn registers_of(task: u64) -> u64 {
    helper!(175 fn(task: u64) -> u64)
}

/// ns of CLOCK_BOOTTIME.
#[inline(always)]
pub fn boot_ns() -> u64 {
    helper!(125 fn() -> u64)
}

/// Copies kernel memory; fills with zeros what cannot be read.
///
/// # Safety
/// There is room for `len` bytes.
#[inline(always)]
pub unsafe fn read_kernel(to: *mut u8, len: u32, from: u64) -> i64 {
    helper!(113 fn(to: *mut u8, len: u32, from: u64) -> i64)
}

/// Copies a string of the kernel's, with its NUL; gives how many bytes, or an error.
///
/// # Safety
/// There is room for `len` bytes.
#[inline(always)]
pub unsafe fn read_kernel_string(to: *mut u8, len: u32, from: u64) -> i64 {
    helper!(115 fn(to: *mut u8, len: u32, from: u64) -> i64)
}

/// Copies user memory: all or an error.
///
/// # Safety
/// There is room for `len` bytes.
#[inline(always)]
pub unsafe fn read_user(to: *mut u8, len: u32, from: u64) -> i64 {
    helper!(112 fn(to: *mut u8, len: u32, from: u64) -> i64)
}

/// Copies a string of user memory, with its NUL; gives how many bytes, or an error.
///
/// # Safety
/// There is room for `len` bytes.
#[inline(always)]
pub unsafe fn read_user_string(to: *mut u8, len: u32, from: u64) -> i64 {
    helper!(114 fn(to: *mut u8, len: u32, from: u64) -> i64)
}

/// Puts bytes into a ring: 0, or an error if there is no room.
///
/// # Safety
/// `from` has `len` bytes.
#[inline(always)]
pub unsafe fn ring_output(ring: &'static Map, from: *const u8, len: u64) -> i64 {
    let (ring, flags): (*const Map, u64) = (ring, 0);
    helper!(130 fn(ring: *const Map, from: *const u8, len: u64, flags: u64) -> i64)
}

/// Room in a ring, which must be handed over; null if there is none. `len` is a constant.
#[inline(always)]
pub fn ring_reserve(ring: &'static Map, len: u64) -> *mut u8 {
    let (ring, flags): (*const Map, u64) = (ring, 0);
    helper!(131 fn(ring: *const Map, len: u64, flags: u64) -> *mut c_void).cast()
}

/// Hands over what was written to the room of [`ring_reserve`].
///
/// # Safety
/// It is such room, and all of it was written.
#[inline(always)]
pub unsafe fn ring_submit(room: *mut u8) {
    let flags: u64 = 0;
    helper!(132 fn(room: *mut u8, flags: u64) -> ());
}

/// Bytes in a ring that nobody has read.
#[inline(always)]
pub fn ring_unread(ring: &'static Map) -> u64 {
    let (ring, what): (*const Map, u64) = (ring, 0);
    helper!(134 fn(ring: *const Map, what: u64) -> u64)
}
