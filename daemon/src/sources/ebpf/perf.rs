//! Whether this process may use perf_event_open(2), which attaching to functions of the kernel and to tracepoints of perf takes.
#![allow(unsafe_code, reason = "perf_event_open(2)")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Where the kernel says from whom it keeps perf.
const PARANOID: &str = "/proc/sys/kernel/perf_event_paranoid";

/// `struct perf_event_attr` as it was at first (PERF_ATTR_SIZE_VER0, `linux/perf_event.h`).
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    others: [u64; 6],
}

/// An event that counts nothing (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY).
const SOFTWARE: u32 = 1;
const DUMMY: u64 = 9;

/// Why this process may not; `None` if it may.
pub fn denied() -> Option<String> {
    let attributes =
        Attributes { kind: SOFTWARE, size: size_of::<Attributes>() as u32, config: DUMMY, ..Attributes::default() };
    let (this, any, none): (libc::pid_t, libc::c_int, libc::c_int) = (0, -1, -1);
    // SAFETY: the call reads attributes of the size that they say, and makes a descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attributes, this, any, none, 0) };
    if let Ok(fd) = i32::try_from(fd)
        && fd >= 0
    {
        // SAFETY: the call just made it, and nobody else knows it.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
        return None;
    }
    Some(why(&io::Error::last_os_error(), std::fs::read_to_string(PARANOID).ok().as_deref()))
}

/// What the call said, and what may be the reason: kernels of Debian and others know a level above those of Linux itself.
fn why(error: &io::Error, level: Option<&str>) -> String {
    let level = level.and_then(|text| text.trim().parse::<i32>().ok());
    match level.filter(|level| *level > 2) {
        Some(level) => format!(
            "perf_event_open: {error}: kernel.perf_event_paranoid is {level}, where this kernel wants SYS_ADMIN for that; with 2 the \
             capability PERFMON does"
        ),
        None => format!("perf_event_open: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_that_only_some_kernels_know_is_told() {
        let error = io::Error::from_raw_os_error(libc::EACCES);
        insta::assert_snapshot!(
            why(&error, Some("3\n")),
            @"perf_event_open: Permission denied (os error 13): kernel.perf_event_paranoid is 3, where this kernel wants SYS_ADMIN for that; with 2 the capability PERFMON does"
        );
        for level in [Some("2\n"), Some("-1\n"), Some("x"), None] {
            assert_eq!(why(&error, level), "perf_event_open: Permission denied (os error 13)");
        }
    }
}
