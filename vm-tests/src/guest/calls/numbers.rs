//! Numbers of system calls: libc's, and those that it does not have on every architecture.
//!
//! Some calls exist on x86 only: newer ones do their work on architectures that came later. There a number here stands for such
//! a call all the same, below zero: `stand_in.rs` does what it would have done, so that whatever
//! follows meets the same files, descriptors and processes on each.
#![allow(non_upper_case_globals, reason = "names as libc has them")]

use nix::libc::c_long;

pub(in crate::guest) use nix::libc::*;

/// `io_pgetevents` (`asm/unistd_64.h`, `asm-generic/unistd.h`).
pub(in crate::guest) const IO_PGETEVENTS: c_long = if cfg!(target_arch = "aarch64") { 292 } else { 333 };

/// `kexec_file_load`, likewise.
pub(in crate::guest) const SYS_kexec_file_load: c_long = if cfg!(target_arch = "aarch64") { 294 } else { 320 };

/// Calls that no kernel answers any more, or only x86's.
macro_rules! of_x86 {
    ($($name:ident = $number:literal,)*) => { $(
        pub(in crate::guest) const $name: c_long = if cfg!(target_arch = "aarch64") { NO_CALL } else { $number };
    )* };
}

/// A call that does not exist, and that nothing stands in for.
const NO_CALL: c_long = -1;

of_x86! {
    SYSCTL = 156,
    CREATE_MODULE = 174,
    GET_KERNEL_SYMS = 177,
    QUERY_MODULE = 178,
    GETPMSG = 181,
    PUTPMSG = 182,
    AFS_SYSCALL = 183,
    TUXCALL = 184,
    SECURITY = 185,
    VSERVER = 236,
    UPROBE = 336,
}

/// Numbers that libc has for x86.
#[cfg(target_arch = "aarch64")]
mod absent {
    use super::{NO_CALL, c_long};

    macro_rules! absent {
        ($($name:ident = $number:expr,)*) => { $( pub(in crate::guest) const $name: c_long = $number; )* };
    }

    absent! {
        SYS_open = -100,
        SYS_creat = -101,
        SYS_unlink = -102,
        SYS_rmdir = -103,
        SYS_rename = -104,
        SYS_link = -105,
        SYS_symlink = -106,
        SYS_mkdir = -107,
        SYS_mknod = -108,
        SYS_chmod = -109,
        SYS_chown = -110,
        SYS_lchown = -111,
        SYS_pipe = -112,
        SYS_dup2 = -113,
        SYS_eventfd = -114,
        SYS_epoll_create = -115,
        SYS_inotify_init = -116,
        SYS_signalfd = -117,
        SYS_fork = -118,
        SYS_vfork = -119,
        SYS_alarm = -120,
        SYS_pause = -121,
        SYS_epoll_wait = -122,
        // These change nothing that a later call would meet.
        SYS_access = NO_CALL,
        SYS_arch_prctl = NO_CALL,
        SYS_epoll_ctl_old = NO_CALL,
        SYS_epoll_wait_old = NO_CALL,
        SYS_futimesat = NO_CALL,
        SYS_get_thread_area = NO_CALL,
        SYS_getdents = NO_CALL,
        SYS_getpgrp = NO_CALL,
        SYS_ioperm = NO_CALL,
        SYS_iopl = NO_CALL,
        SYS_lstat = NO_CALL,
        SYS_modify_ldt = NO_CALL,
        SYS_poll = NO_CALL,
        SYS_readlink = NO_CALL,
        SYS_select = NO_CALL,
        SYS_set_thread_area = NO_CALL,
        SYS_stat = NO_CALL,
        SYS_sysfs = NO_CALL,
        SYS_time = NO_CALL,
        SYS_uselib = NO_CALL,
        SYS_ustat = NO_CALL,
        SYS_utime = NO_CALL,
        SYS_utimes = NO_CALL,
    }
}

#[cfg(target_arch = "aarch64")]
pub(in crate::guest) use absent::*;
