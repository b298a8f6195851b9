//! Signals.
#![allow(unsafe_code, reason = "a handler, and a return from none")]

use super::raw::{CLOSED, NOBODY, NOWHERE, call, in_child, me};
use crate::guest::failure::{Outcome, ensure};
use nix::libc;
use std::ptr::null;

/// Does nothing: what it interrupts goes on, and says so.
extern "C" fn nothing(_: libc::c_int) {}

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    let mut action = [0_u64; 19];
    action[0] = nothing as extern "C" fn(libc::c_int) as usize as u64;
    // SAFETY: a `struct sigaction` of libc begins with the handler; the rest is an empty mask, no flags, no restorer.
    let set = unsafe { libc::sigaction(libc::SIGALRM, action.as_ptr().cast(), std::ptr::null_mut()) };
    ensure(set == 0, || "there is no handler".to_owned())?;
    // The runtime has a handler of its own.
    // SAFETY: nobody here catches this signal.
    unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
    begin();
    sending();
    with_words();
    descriptors();
    actions();
    waiting();
    Ok(())
}

fn sending() {
    call!(SYS_kill, me(), 0);
    call!(SYS_kill, NOBODY, libc::SIGTERM);
    call!(SYS_kill, 0, 99);
    call!(SYS_tkill, call!(SYS_gettid), 0);
    call!(SYS_tkill, NOBODY, libc::SIGUSR1);
    call!(SYS_tgkill, me(), call!(SYS_gettid), 0);
    call!(SYS_tgkill, NOBODY, NOBODY, libc::SIGKILL);
    let process = call!(SYS_pidfd_open, me(), 0);
    call!(SYS_pidfd_send_signal, process, 0, null::<u8>(), 0);
    call!(SYS_pidfd_send_signal, CLOSED, libc::SIGHUP, null::<u8>(), 0);
    in_child(|| {
        call!(SYS_kill, me(), libc::SIGKILL);
    });
}

fn with_words() {
    // struct siginfo: signal, error, code (SI_QUEUE), and more
    let mut info = [0_i32; 32];
    info[0] = libc::SIGURG;
    info[2] = -1;
    call!(SYS_rt_sigqueueinfo, me(), libc::SIGURG, info.as_ptr());
    call!(SYS_rt_sigqueueinfo, NOBODY, libc::SIGURG, info.as_ptr());
    call!(SYS_rt_tgsigqueueinfo, me(), call!(SYS_gettid), libc::SIGURG, info.as_ptr());
    info[2] = -6;
    call!(SYS_rt_tgsigqueueinfo, NOBODY, NOBODY, libc::SIGWINCH, info.as_ptr());
}

fn descriptors() {
    let mask = [0x206_u64];
    call!(SYS_signalfd, -1, mask.as_ptr(), 8);
    call!(SYS_signalfd, -1, mask.as_ptr(), 9);
    let signals = call!(SYS_signalfd4, -1, mask.as_ptr(), 8, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
    call!(SYS_signalfd4, signals, mask.as_ptr(), 8, 0);
    call!(SYS_signalfd4, -1, mask.as_ptr(), 8, 1);
}

fn actions() {
    // struct sigaction of the kernel: handler (SIG_IGN), flags, restorer, mask
    let ignore = [1_u64, 0, 0, 0];
    let mut room = [0_u64; 4];
    call!(SYS_rt_sigaction, libc::SIGUSR2, ignore.as_ptr(), null::<u8>(), 8);
    call!(SYS_rt_sigaction, libc::SIGKILL, ignore.as_ptr(), null::<u8>(), 8);
    let mask = [0_u64];
    call!(SYS_rt_sigprocmask, libc::SIG_BLOCK, mask.as_ptr(), null::<u8>(), 8);
    call!(SYS_rt_sigprocmask, 77, mask.as_ptr(), null::<u8>(), 8);
    call!(SYS_rt_sigpending, room.as_mut_ptr(), 8);
    call!(SYS_rt_sigpending, room.as_mut_ptr(), 9);
    call!(SYS_sigaltstack, null::<u8>(), room.as_mut_ptr());
    // stack_t: where, flags, size
    let wrong = [0_u64, 0x77, 0];
    call!(SYS_sigaltstack, wrong.as_ptr(), null::<u8>());
}

fn waiting() {
    let mask = [1_u64 << (libc::SIGALRM - 1)];
    let none = [0_u64];
    let no_time = [0_u64; 2];
    call!(SYS_rt_sigtimedwait, mask.as_ptr(), null::<u8>(), no_time.as_ptr(), 8);
    // A signal that waits already.
    call!(SYS_rt_sigprocmask, libc::SIG_BLOCK, mask.as_ptr(), null::<u8>(), 8);
    call!(SYS_kill, me(), libc::SIGALRM);
    call!(SYS_rt_sigtimedwait, mask.as_ptr(), null::<u8>(), no_time.as_ptr(), 8);
    call!(SYS_kill, me(), libc::SIGALRM);
    call!(SYS_rt_sigsuspend, none.as_ptr(), 8);
    call!(SYS_rt_sigsuspend, none.as_ptr(), 9);
    call!(SYS_rt_sigprocmask, libc::SIG_UNBLOCK, mask.as_ptr(), null::<u8>(), 8);
    call!(SYS_alarm, 1);
    call!(SYS_pause);
    call!(SYS_restart_syscall);
    in_child(return_from_nowhere);
}

/// rt_sigreturn with nothing on the stack that could be returned to: the only one whose number the kernel still knows
/// afterwards. The process is killed.
fn return_from_nowhere() {
    // SAFETY: it never comes back.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("mov sp, {nowhere}", "svc 0", "udf 0",
            nowhere = in(reg) NOWHERE, in("x8") libc::SYS_rt_sigreturn, options(noreturn));
    }
    // SAFETY: it never comes back.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("mov rsp, {nowhere}", "syscall", "ud2",
            nowhere = const NOWHERE, in("rax") libc::SYS_rt_sigreturn, options(noreturn));
    }
}
