//! Limits of a tracee: prlimit(2).
#![allow(unsafe_code, reason = "prlimit(2)")]

use nix::libc;

/// The soft limit of open files of a task; `None` if it may not be asked.
pub fn open_files(tid: i32) -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` has room for the answer, and nothing is set.
    let error = unsafe { libc::prlimit(tid, libc::RLIMIT_NOFILE, std::ptr::null(), &raw mut limit) };
    (error == 0).then_some(limit.rlim_cur)
}
