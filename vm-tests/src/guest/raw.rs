//! System calls without anything around them, for counting what they cost.
#![allow(unsafe_code, reason = "system calls")]

use nix::libc::{AT_FDCWD, O_RDONLY, SYS_close, SYS_getppid, SYS_openat, syscall};
use std::ffi::CStr;

/// Makes the call `getppid`, which does as good as nothing.
pub fn getppid() {
    // SAFETY: getppid takes no argument and touches no memory.
    unsafe { syscall(SYS_getppid) };
}

/// Opens a file for reading and closes it. False if it cannot be opened.
pub fn open_and_close(path: &CStr) -> bool {
    // SAFETY: openat reads a string that ends with a zero byte, which a `CStr` is.
    let fd = unsafe { syscall(SYS_openat, AT_FDCWD, path.as_ptr(), O_RDONLY) };
    // SAFETY: the descriptor was opened right above and nobody else knows it.
    fd >= 0 && unsafe { syscall(SYS_close, fd) } == 0
}
