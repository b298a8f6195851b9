//! What newer system calls do in place of those that exist on x86 only.
//!
//! It is done under another name than the program's, as its runtime's calls are: the records of it are not looked at.
#![allow(unsafe_code, reason = "system calls, as they are")]

use super::numbers as number;
use super::raw::{make, name, rename};
use nix::libc::{
    AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW, CLONE_VFORK, ITIMER_REAL, O_CREAT, O_TRUNC, O_WRONLY, SIGCHLD, c_long,
};

/// What the program is called meanwhile.
const NAME: &str = "stand-in";

/// Does what the call would have done. Those that nothing stands in for fail.
///
/// # Safety
/// As for [`make`].
pub(super) unsafe fn call(number: c_long, args: &[usize]) -> i64 {
    let Some((number, args)) = instead(number, args) else { return -1 };
    // The signal that ends it is the program's own.
    if number == number::SYS_ppoll {
        // SAFETY: it is told of no descriptor, and of no time to wait for.
        return unsafe { make(number, &args) };
    }
    let before = name();
    rename(NAME);
    // SAFETY: the caller's promise; the newer call takes the same addresses for the same things.
    let result = unsafe { make(number, &args) };
    rename(&before);
    result
}

/// The call that does the same, and its arguments.
fn instead(number: c_long, args: &[usize]) -> Option<(c_long, Vec<usize>)> {
    let arg = |n: usize| args.get(n).copied().unwrap_or(0);
    let here = AT_FDCWD as usize;
    let flag = |flag: i32| flag as usize;
    Some(match number {
        number::SYS_open => (number::SYS_openat, vec![here, arg(0), arg(1), arg(2)]),
        number::SYS_creat => (number::SYS_openat, vec![here, arg(0), flag(O_CREAT | O_WRONLY | O_TRUNC), arg(1)]),
        number::SYS_unlink => (number::SYS_unlinkat, vec![here, arg(0), 0]),
        number::SYS_rmdir => (number::SYS_unlinkat, vec![here, arg(0), flag(AT_REMOVEDIR)]),
        number::SYS_rename => (number::SYS_renameat, vec![here, arg(0), here, arg(1)]),
        number::SYS_link => (number::SYS_linkat, vec![here, arg(0), here, arg(1), 0]),
        number::SYS_symlink => (number::SYS_symlinkat, vec![arg(0), here, arg(1)]),
        number::SYS_mkdir => (number::SYS_mkdirat, vec![here, arg(0), arg(1)]),
        number::SYS_mknod => (number::SYS_mknodat, vec![here, arg(0), arg(1), arg(2)]),
        number::SYS_chmod => (number::SYS_fchmodat, vec![here, arg(0), arg(1)]),
        number::SYS_chown => (number::SYS_fchownat, vec![here, arg(0), arg(1), arg(2), 0]),
        number::SYS_lchown => (number::SYS_fchownat, vec![here, arg(0), arg(1), arg(2), flag(AT_SYMLINK_NOFOLLOW)]),
        number::SYS_pipe => (number::SYS_pipe2, vec![arg(0), 0]),
        number::SYS_dup2 => (number::SYS_dup3, vec![arg(0), arg(1), 0]),
        number::SYS_eventfd => (number::SYS_eventfd2, vec![arg(0), 0]),
        number::SYS_epoll_create if arg(0) == 0 => return None,
        number::SYS_epoll_create => (number::SYS_epoll_create1, vec![0]),
        number::SYS_inotify_init => (number::SYS_inotify_init1, vec![0]),
        number::SYS_signalfd => (number::SYS_signalfd4, vec![arg(0), arg(1), arg(2), 0]),
        number::SYS_fork => (number::SYS_clone, vec![flag(SIGCHLD)]),
        // The child gets memory of its own, and so can do more than one of vfork may.
        number::SYS_vfork => (number::SYS_clone, vec![flag(CLONE_VFORK | SIGCHLD)]),
        number::SYS_alarm => {
            // struct itimerval: the interval, the time until the first, each in seconds and microseconds. It lives until the
            // process ends: there are a few of them.
            let timer = Box::leak(Box::new([0, 0, arg(0) as u64, 0]));
            (number::SYS_setitimer, vec![flag(ITIMER_REAL), timer.as_ptr().expose_provenance(), 0])
        }
        number::SYS_epoll_wait => (number::SYS_epoll_pwait, vec![arg(0), arg(1), arg(2), arg(3), 0, 0]),
        number::SYS_pause => (number::SYS_ppoll, vec![0; 5]),
        _ => return None,
    })
}
