//! Processes and threads.
#![allow(unsafe_code, reason = "children that run on a stack of their own, or on ours")]

use super::filter;
use super::raw::{CLOSED, NOBODY, NOWHERE, as_nobody, call, call_number, in_child, in_this_child, me, wait};
use crate::guest::failure::{Outcome, ensure};
use nix::libc::{self, iovec};
use std::ffi::CStr;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const RSEQ_SLICE_YIELD: i64 = 471;

/// The program that is executed, a link to another, which does nothing.
const PROGRAM: &CStr = c"/bin/true";

/// The names that it has then: of the link, of the file itself, of a script that it is asked to run.
pub const EXECUTED: [&str; 3] = ["true", "busybox", "script"];

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    std::fs::write("script", "#!/bin/true word\n")?;
    std::fs::write("text", "no program")?;
    for file in ["script", "text"] {
        std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    const PAGE: usize = 4096;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
    let page = call!(SYS_mmap, null::<u8>(), PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
    ensure(page > 0, || "there is no memory".to_owned())?;
    begin();
    programs();
    children();
    threads();
    ends()?;
    ids();
    waiting();
    traced();
    options();
    name_spaces();
    descriptors(page);
    memory();
    limits();
    priorities();
    scheduling();
    of_the_runtime();
    Ok(())
}

fn open(path: &CStr, flags: libc::c_int) -> i64 {
    call!(SYS_open, path.as_ptr(), flags, 0)
}

fn programs() {
    // On the stack: where an execution fails early the kernel does not look at them, and a child's other memory need not be
    // there.
    let texts = *b"true\0one\0\0two words\0LANG=C\0EMPTY=\0";
    let at = |place: usize| texts[place..].as_ptr();
    let arguments = [at(0), at(5), at(9), at(10), null()];
    let environment = [at(20), at(27), null()];
    in_child(|| {
        call!(SYS_execve, c"/no/such/program".as_ptr(), arguments.as_ptr(), environment.as_ptr());
        call!(SYS_execve, c"text".as_ptr(), arguments.as_ptr(), environment.as_ptr());
        call!(SYS_execve, NOWHERE, arguments.as_ptr(), environment.as_ptr());
        call!(SYS_execve, PROGRAM.as_ptr(), NOWHERE, environment.as_ptr());
        call!(SYS_execve, PROGRAM.as_ptr(), arguments.as_ptr(), environment.as_ptr());
    });
    in_child(|| {
        call!(SYS_execve, c"./script".as_ptr(), arguments.as_ptr(), environment.as_ptr());
    });
    in_this_child(call!(SYS_clone, libc::SIGCHLD, 0, 0, 0, 0), || {
        let program = open(PROGRAM, libc::O_PATH | libc::O_CLOEXEC);
        let empty = c"".as_ptr();
        call!(
            SYS_execveat,
            program,
            c"sub".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_SYMLINK_NOFOLLOW
        );
        call!(SYS_execveat, program, empty, arguments.as_ptr(), environment.as_ptr(), libc::AT_EMPTY_PATH);
    });
    in_child(|| {
        let folder = open(c"/bin", libc::O_RDONLY | libc::O_DIRECTORY);
        call!(SYS_execveat, folder, c"true".as_ptr(), arguments.as_ptr(), environment.as_ptr(), 0);
    });
}

fn children() {
    // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls
    let args: [u64; 8] = [libc::CLONE_NEWUTS as u64, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0];
    in_this_child(call!(SYS_clone3, args.as_ptr(), size_of_val(&args)), || {});
    let wrong: [u64; 8] = [libc::CLONE_THREAD as u64, 0, 0, 0, 0, 0, 0, 0];
    call!(SYS_clone3, wrong.as_ptr(), size_of_val(&wrong));
    in_this_child(call!(SYS_clone, libc::CLONE_NEWPID | libc::SIGCHLD, 0, 0, 0, 0), || {
        // The first of its name space.
        me();
    });
    call!(SYS_clone, libc::CLONE_NEWUSER | libc::CLONE_FS, 0, 0, 0, 0);
    vfork();
    wait();
    as_nobody(|| {
        let none = [0_u64; 2];
        call!(SYS_setrlimit, libc::RLIMIT_NPROC, none.as_ptr());
        call!(SYS_fork);
        vfork();
    });
}

/// vfork, whose child runs on our stack until it ends: so it ends without touching it.
#[cfg(target_arch = "x86_64")]
fn vfork() {
    // SAFETY: the child does nothing but end, without memory; the parent goes on after it.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test eax, eax",
            "jnz 2f",
            "mov edi, 3",
            "mov eax, 60",
            "syscall",
            "2:",
            inout("rax") libc::SYS_vfork => _,
            out("rcx") _, out("r11") _, out("rdi") _,
        );
    }
}

/// vfork, or what stands in for it, whose child has a stack of its own.
#[cfg(target_arch = "aarch64")]
fn vfork() {
    if call!(SYS_vfork) == 0 {
        call!(SYS_exit, 3);
    }
}

/// A thread that does nothing but end, while its process goes on.
fn threads() {
    // Asked before there are two: while the thread ends, nothing else is recorded.
    let me = me();
    let thread = make_thread();
    // Until the kernel does not know it any more.
    let moment = [0_u64, 1_000_000];
    while call!(SYS_tgkill, me, thread, 0) == 0 {
        call!(SYS_nanosleep, moment.as_ptr(), null::<u8>());
    }
}

/// Makes it; gives its number.
fn make_thread() -> i64 {
    let mut thread: i64 = libc::SYS_clone;
    let flags = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM;
    // SAFETY: the thread does nothing but end, without memory; the parent goes on after it.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!(
            "syscall",
            "test eax, eax",
            "jnz 2f",
            "mov edi, 5",
            "mov eax, 60",
            "syscall",
            "2:",
            inout("rax") thread,
            in("rdi") flags as u64, in("rsi") 0, in("rdx") 0, in("r10") 0, in("r8") 0,
            out("rcx") _, out("r11") _,
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x0, 5",
            "mov x8, 93",
            "svc 0",
            "2:",
            inout("x0") flags as u64 => thread,
            in("x1") 0, in("x2") 0, in("x3") 0, in("x4") 0, inout("x8") libc::SYS_clone => _,
        );
    }
    thread
}

fn ends() -> Outcome {
    // A refusal lets us see what never returns otherwise.
    let mut refused = Ok(());
    in_child(|| {
        refused = filter::refuse([libc::SYS_exit, libc::SYS_exit_group], libc::EPERM);
        call!(SYS_exit, 3);
        call!(SYS_exit_group, 0x1_0104);
        call!(SYS_kill, me(), libc::SIGKILL);
    });
    in_child(|| {
        call!(SYS_kill, me(), libc::SIGTERM);
    });
    refused
}

fn ids() {
    in_child(|| {
        call!(SYS_setsid);
        call!(SYS_setsid);
    });
    in_child(|| {
        call!(SYS_setpgid, 0, 0);
    });
    call!(SYS_setpgid, NOBODY, 0);
    me();
    call!(SYS_gettid);
    call!(SYS_getppid);
    call!(SYS_getpgrp);
    call!(SYS_getpgid, 0);
    call!(SYS_getpgid, NOBODY);
    call!(SYS_getsid, 0);
    call!(SYS_getsid, NOBODY);
}

fn waiting() {
    call!(SYS_wait4, -1, null::<u8>(), libc::WNOHANG | libc::WUNTRACED, null::<u8>());
    if call!(SYS_fork) == 0 {
        super::raw::end(9);
    }
    let mut info = [0_u64; 16];
    call!(SYS_waitid, libc::P_ALL, 0, info.as_mut_ptr(), libc::WEXITED, null::<u8>());
    call!(SYS_waitid, libc::P_PID, NOBODY, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT, null::<u8>());
}

fn traced() {
    in_child(|| {
        call!(SYS_ptrace, libc::PTRACE_TRACEME, 0, 0x10, 0x20);
    });
    call!(SYS_ptrace, libc::PTRACE_ATTACH, NOBODY, 0, 0);
}

fn options() {
    call!(SYS_prctl, libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
    call!(SYS_prctl, libc::PR_SET_NAME, NOWHERE, 0, 0, 0);
    call!(SYS_prctl, 9999, 0x1_0000_0001_i64, 0, 0, 0);
    const ARCH_SET_GS: i32 = 0x1001;
    call!(SYS_arch_prctl, ARCH_SET_GS, 0);
    call!(SYS_arch_prctl, 0x99, 0x1234);
    call!(SYS_personality, 0xffff_ffff_u32);
    call!(SYS_personality, libc::ADDR_NO_RANDOMIZE);
    call!(SYS_personality, 0);
    let kill = [libc::SECCOMP_RET_KILL_THREAD];
    call!(SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, kill.as_ptr());
    call!(SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_LOG, NOWHERE);
}

fn name_spaces() {
    in_child(|| {
        call!(SYS_unshare, libc::CLONE_NEWUTS | libc::CLONE_NEWNS);
        let space = open(c"/proc/self/ns/uts", libc::O_RDONLY);
        call!(SYS_setns, space, libc::CLONE_NEWUTS);
    });
    call!(SYS_unshare, 1);
    call!(SYS_setns, CLOSED, libc::CLONE_NEWNET);
}

fn descriptors(page: i64) {
    let process = call!(SYS_pidfd_open, me(), libc::PIDFD_NONBLOCK);
    call!(SYS_pidfd_open, NOBODY, 0);
    let file = open(c"text", libc::O_RDONLY);
    call!(SYS_pidfd_getfd, process, file, 0);
    call!(SYS_pidfd_getfd, process, CLOSED, 0);
    // struct iovec: where, how much
    let vector = [page as u64, 4096];
    const MADV_COLD: i32 = 20;
    call!(SYS_process_madvise, process, vector.as_ptr(), 1, MADV_COLD, 0);
    call!(SYS_process_madvise, CLOSED, vector.as_ptr(), 1, MADV_COLD, 0);
    // It would have to be ending.
    call!(SYS_process_mrelease, process, 0);
    call!(SYS_kcmp, me(), me(), 1, 0, 0);
    call!(SYS_kcmp, NOBODY, NOBODY, 2, 0, 0);
}

fn memory() {
    let mut source = *b"remote memory";
    let (mut left, mut right) = ([0_u8; 4], [0_u8; 20]);
    let piece = |bytes: &mut [u8]| iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let local = [piece(&mut left), piece(&mut right)];
    let remote = [piece(&mut source)];
    call!(SYS_process_vm_readv, me(), local.as_ptr(), 2, remote.as_ptr(), 1, 0);
    call!(SYS_process_vm_readv, NOBODY, local.as_ptr(), 2, remote.as_ptr(), 1, 0);
    call!(SYS_process_vm_writev, me(), remote.as_ptr(), 1, local.as_ptr(), 2, 0);
    call!(SYS_process_vm_writev, NOBODY, remote.as_ptr(), 1, local.as_ptr(), 2, 0);
}

fn limits() {
    const NO_RESOURCE: i32 = 99;
    // struct rlimit: now, at most
    let mut limit = [0_u64; 2];
    let some = [100_u64, 200];
    call!(SYS_getrlimit, libc::RLIMIT_NOFILE, limit.as_mut_ptr());
    call!(SYS_getrlimit, NO_RESOURCE, limit.as_mut_ptr());
    call!(SYS_setrlimit, libc::RLIMIT_CORE, some.as_ptr());
    call!(SYS_setrlimit, NO_RESOURCE, some.as_ptr());
    call!(SYS_prlimit64, 0, libc::RLIMIT_CPU, some.as_ptr(), limit.as_mut_ptr());
    call!(SYS_prlimit64, NOBODY, libc::RLIMIT_STACK, some.as_ptr(), limit.as_mut_ptr());
    let mut room = [0_u64; 32];
    call!(SYS_getrusage, libc::RUSAGE_CHILDREN, room.as_mut_ptr());
    call!(SYS_getrusage, 5, room.as_mut_ptr());
    call!(SYS_times, room.as_mut_ptr());
    call!(SYS_times, NOWHERE);
}

fn priorities() {
    call!(SYS_setpriority, libc::PRIO_PROCESS, 0, 5);
    call!(SYS_setpriority, 9, 1, -3);
    call!(SYS_getpriority, libc::PRIO_PROCESS, 0);
    call!(SYS_getpriority, 9, 1);
    // Best effort, third of eight.
    call!(SYS_ioprio_set, 1, 0, 2 << 13 | 3);
    call!(SYS_ioprio_set, 9, 1, 2 << 13);
    call!(SYS_ioprio_get, 1, 0);
    call!(SYS_ioprio_get, 9, 1);
}

fn scheduling() {
    const NO_POLICY: i32 = 77;
    let priority = [0_u32];
    let high = [5_u32];
    // struct sched_attr: size and policy, flags, nice and priority, runtime, deadline, period
    let attr = [48 | (libc::SCHED_BATCH as u64) << 32, 0, 4, 0, 0, 0];
    let mut room = [0_u64; 16];
    call!(SYS_sched_yield);
    call!(SYS_sched_setscheduler, 0, libc::SCHED_BATCH, priority.as_ptr());
    call!(SYS_sched_setscheduler, NOBODY, NO_POLICY, high.as_ptr());
    call!(SYS_sched_getscheduler, 0);
    call!(SYS_sched_getscheduler, NOBODY);
    call!(SYS_sched_setparam, 0, priority.as_ptr());
    call!(SYS_sched_setparam, NOBODY, high.as_ptr());
    call!(SYS_sched_getparam, 0, room.as_mut_ptr());
    call!(SYS_sched_getparam, NOBODY, room.as_mut_ptr());
    call!(SYS_sched_setattr, 0, attr.as_ptr(), 0);
    call!(SYS_sched_setattr, NOBODY, attr.as_ptr(), 1);
    call!(SYS_sched_getattr, 0, room.as_mut_ptr(), 48, 0);
    call!(SYS_sched_getattr, NOBODY, room.as_mut_ptr(), 48, 0);
    let both = [3_u64];
    call!(SYS_sched_setaffinity, 0, 8, both.as_ptr());
    call!(SYS_sched_setaffinity, NOBODY, 8, both.as_ptr());
    call!(SYS_sched_getaffinity, 0, 8, room.as_mut_ptr());
    call!(SYS_sched_getaffinity, NOBODY, 8, room.as_mut_ptr());
    call!(SYS_sched_get_priority_max, libc::SCHED_FIFO);
    call!(SYS_sched_get_priority_max, NO_POLICY);
    call!(SYS_sched_get_priority_min, libc::SCHED_RR);
    call!(SYS_sched_get_priority_min, NO_POLICY);
    call!(SYS_sched_rr_get_interval, 0, room.as_mut_ptr());
    call!(SYS_sched_rr_get_interval, NOBODY, room.as_mut_ptr());
    call!(SYS_getcpu, room.as_mut_ptr(), null::<u8>(), null::<u8>());
    call!(SYS_getcpu, NOWHERE, null::<u8>(), null::<u8>());
    call_number!(RSEQ_SLICE_YIELD);
}

fn of_the_runtime() {
    let mut room = [0_u64; 4];
    in_child(|| {
        let mut ended = [0_u32; 2];
        call!(SYS_set_tid_address, ended.as_mut_ptr());
        // struct robust_list_head: the next lock, which is the head itself; where a lock's futex is; the lock that is taken
        let mut head = [0_u64; 3];
        head[0] = (&raw const head).addr() as u64;
        call!(SYS_set_robust_list, head.as_ptr(), size_of_val(&head));
        call!(SYS_set_robust_list, head.as_ptr(), 1);
    });
    let mut size = 0_u64;
    call!(SYS_get_robust_list, 0, room.as_mut_ptr(), &raw mut size);
    call!(SYS_get_robust_list, NOBODY, room.as_mut_ptr(), &raw mut size);
    // The runtime has its own already.
    call!(SYS_rseq, null::<u8>(), 32, 4, 0);
    call!(SYS_set_thread_area, room.as_mut_ptr());
    call!(SYS_get_thread_area, room.as_mut_ptr());
    call!(SYS_modify_ldt, 0, room.as_mut_ptr(), 8);
    call!(SYS_modify_ldt, 9, room.as_mut_ptr(), 8);
    call!(UPROBE);
}
