//! What is asked of the machine rather than of a tracee.

use super::folder::Folder;
use super::status::Status;
use crate::state::proc_text::{find, parse_stat};
use nix::fcntl::AtFlags;
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::time::{ClockId, clock_gettime};
use std::os::fd::{AsFd, AsRawFd};

fn clock(id: ClockId) -> u64 {
    clock_gettime(id).map_or(0, |time| {
        u64::try_from(time.tv_sec()).unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec() as u64)
    })
}

/// Time since the start of the machine, in ns (CLOCK_BOOTTIME).
pub fn since_boot() -> u64 {
    clock(ClockId::CLOCK_BOOTTIME)
}

/// Our pid namespace, as an inode number, and the start of its first process, ns since the epoch.
pub fn namespace_start() -> (u32, u64) {
    let namespace = Status::read(nix::fcntl::AT_FDCWD, "/proc/self/ns/pid", AtFlags::empty());
    let started = std::fs::read("/proc/1/stat").ok().and_then(|stat| parse_stat(&stat));
    let boot = clock(ClockId::CLOCK_REALTIME).saturating_sub(since_boot());
    (namespace.map_or(0, |status| status.ino as u32), started.map_or(0, |init| boot.saturating_add(init.start_time)))
}

/// Our mount namespace, as an inode number.
pub fn mount_namespace() -> u32 {
    let namespace = Status::read(nix::fcntl::AT_FDCWD, "/proc/self/ns/mnt", AtFlags::empty());
    namespace.map_or(0, |status| status.ino as u32)
}

/// The device of the files that memfd_create(2) makes; 0 if it makes none.
pub fn memfd_dev() -> u32 {
    let Ok(file) = memfd_create("kestrel", MFdFlags::MFD_CLOEXEC) else { return 0 };
    let name = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    Status::read(nix::fcntl::AT_FDCWD, &name, AtFlags::empty()).map_or(0, |status| status.dev)
}

/// Signals that mean nothing to a task that has not said otherwise (signal(7)).
const IGNORED: [i32; 4] = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];

/// Does a task ignore this signal? So, too, if it is not known.
pub fn ignores(folder: &Folder, signal: i32) -> bool {
    let mut text = [0; super::context::FILE];
    let Some(len) = folder.shown("status", &mut text) else { return true };
    let has = |name: &[u8]| {
        let set = find(&text[..len], name).and_then(|set| std::str::from_utf8(set).ok());
        let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
        u32::try_from(signal - 1).is_ok_and(|bit| set.checked_shr(bit).unwrap_or(0) & 1 != 0)
    };
    has(b"SigIgn:") || (IGNORED.contains(&signal) && !has(b"SigCgt:"))
}
