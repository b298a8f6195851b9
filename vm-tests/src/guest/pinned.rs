//! Maps of eBPF that are pinned (bpf(2)): what a daemon left there, as something else may have left it.
#![allow(unsafe_code, reason = "bpf(2)")]

use super::failure::{Doing, Outcome};
use nix::libc::{self, SYS_bpf, c_long};
use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Commands (`linux/bpf.h`).
const MAP_LOOKUP_ELEM: c_long = 1;
const MAP_UPDATE_ELEM: c_long = 2;
const OBJ_GET: c_long = 7;

/// `union bpf_attr`, as far as it is used here: of a pinned object the address of its path comes first; of an entry the map's
/// descriptor, then the addresses of key and value.
#[repr(C)]
struct Attributes {
    first: u64,
    key: u64,
    value: u64,
    flags: u64,
}

fn bpf(command: c_long, attributes: &Attributes) -> Outcome<i32> {
    // SAFETY: every address in it is one of what the callers below hold while they call.
    let result = unsafe { libc::syscall(SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<Attributes>()) };
    if result < 0 { Err(std::io::Error::last_os_error().into()) } else { Ok(result as i32) }
}

/// Changes the first entry of a pinned array of so many numbers of 64 bits.
///
/// # Errors
/// What the system said.
pub fn change<const WORDS: usize>(path: &str, change: impl FnOnce(&mut [u64; WORDS])) -> Outcome {
    let name = CString::new(path).map_err(|_| "a path holds no zero byte")?;
    let pinned = Attributes { first: name.as_ptr() as u64, key: 0, value: 0, flags: 0 };
    let fd = bpf(OBJ_GET, &pinned).doing(path)?;
    // SAFETY: the call just made it, and nobody else knows it.
    let map = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut words = [0; WORDS];
    let number: u32 = 0;
    let entry = Attributes {
        first: map.as_raw_fd() as u64,
        key: (&raw const number) as u64,
        value: (&raw mut words) as u64,
        flags: 0,
    };
    bpf(MAP_LOOKUP_ELEM, &entry).doing(path)?;
    change(&mut words);
    bpf(MAP_UPDATE_ELEM, &entry).doing(path).map(drop)
}
