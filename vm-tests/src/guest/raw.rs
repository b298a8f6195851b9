//! System calls without anything around them, for counting what they cost.
#![allow(unsafe_code, reason = "system calls")]

use nix::libc::{
    self, AT_FDCWD, O_RDONLY, SYS_close, SYS_connect, SYS_getppid, SYS_openat, SYS_read, SYS_write, syscall,
};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, BorrowedFd};

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

/// Reads one byte.
pub fn read_byte(fd: BorrowedFd<'_>) -> bool {
    let mut byte = 0_u8;
    // SAFETY: read writes one byte, for which there is room.
    unsafe { syscall(SYS_read, fd.as_raw_fd(), &raw mut byte, 1) == 1 }
}

/// Writes one byte.
pub fn write_byte(fd: BorrowedFd<'_>) -> bool {
    let byte = 0_u8;
    // SAFETY: write reads one byte, which is there.
    unsafe { syscall(SYS_write, fd.as_raw_fd(), &raw const byte, 1) == 1 }
}

/// Asks for a file's status.
pub fn stat(path: &CStr) -> bool {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: stat reads a string that ends with a zero byte, and writes one structure.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        let answer = syscall(libc::SYS_stat, path.as_ptr(), status.as_mut_ptr());
        #[cfg(not(target_arch = "x86_64"))]
        let answer = syscall(libc::SYS_newfstatat, AT_FDCWD, path.as_ptr(), status.as_mut_ptr(), 0);
        answer == 0
    }
}

/// Connects a socket that can be connected again.
pub fn connect(fd: BorrowedFd<'_>, to: &SocketAddrV4) -> bool {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: to.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) },
        sin_zero: [0; 8],
    };
    // SAFETY: connect reads an address of the length that it is told.
    unsafe { syscall(SYS_connect, fd.as_raw_fd(), &raw const address, size_of_val(&address)) == 0 }
}
