//! What a tracee may do, which calls tell faster than /proc does: prlimit(2), capget(2). What they are measured in: sysconf(3).
#![allow(unsafe_code, reason = "prlimit(2), capget(2), sysinfo(2), sysconf(3)")]

use nix::libc;
use std::sync::OnceLock;

/// The soft limit of open files of a task; `None` if it may not be asked.
pub fn open_files(tid: i32) -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` has room for the answer, and nothing is set.
    let error = unsafe { libc::prlimit(tid, libc::RLIMIT_NOFILE, std::ptr::null(), &raw mut limit) };
    (error == 0).then_some(limit.rlim_cur)
}

/// The capabilities of a task, as sets of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// What programs inherit.
    pub inheritable: u64,
    /// What it may have.
    pub permitted: u64,
    /// What it has.
    pub effective: u64,
}

/// `_LINUX_CAPABILITY_VERSION_3` (`linux/capability.h`): sets of 64 bits.
const VERSION: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct`.
#[repr(C)]
struct Header {
    version: u32,
    tid: i32,
}

/// `struct __user_cap_data_struct`: half of each set.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The capabilities of a task; `None` if it is gone.
pub fn capabilities(tid: i32) -> Option<Capabilities> {
    let mut header = Header { version: VERSION, tid };
    let mut halves = [Half::default(); 2];
    // SAFETY: for this version, the kernel reads the header and writes two halves.
    let error = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    let set = |of: fn(&Half) -> u32| u64::from(of(&halves[0])) | u64::from(of(&halves[1])) << 32;
    (error == 0).then(|| Capabilities {
        inheritable: set(|half| half.inheritable),
        permitted: set(|half| half.permitted),
        effective: set(|half| half.effective),
    })
}

/// Whether anything of a task's memory can be on a disk; so, too, if that is not known.
pub fn has_swap() -> bool {
    // SAFETY: zeroes are a value of it.
    let mut info: libc::sysinfo = unsafe { std::mem::zeroed() };
    // SAFETY: `info` has room for the answer.
    let error = unsafe { libc::sysinfo(&raw mut info) };
    error != 0 || info.totalswap > 0
}

/// Bytes of a page of memory.
pub fn page_size() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    // SAFETY: a number goes in.
    *SIZE.get_or_init(|| u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::proc_text::find;

    #[test]
    fn capabilities_are_what_the_status_says_in_words() {
        let status = std::fs::read("/proc/1/status").unwrap();
        let set = |name: &[u8]| {
            let text = std::str::from_utf8(find(&status, name).unwrap()).unwrap();
            u64::from_str_radix(text.trim(), 16).unwrap()
        };
        let told = capabilities(1).unwrap();
        assert_eq!((told.inheritable, told.permitted), (set(b"CapInh:"), set(b"CapPrm:")));
        assert_eq!(told.effective, set(b"CapEff:"));
        assert_eq!(capabilities(i32::MAX), None);
    }
}
