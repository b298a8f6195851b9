//! Calls that not every kernel has are answered the same on all: as if there were no such call. Their records then show
//! what they were asked, and that they failed.
#![allow(unsafe_code, reason = "a program for the kernel")]

use super::raw::call;
use crate::guest::failure::{Outcome, ensure};
use nix::libc::{
    BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, ENOSYS, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO,
    SECCOMP_SET_MODE_FILTER, sock_filter, sock_fprog,
};

/// The first call that came after Linux 6.1, cachestat; those of Linux have one number on every architecture since.
const FIRST_NEWER: u32 = 451;

/// Calls that came later, or are switched on later, and have other numbers: uprobe, memfd_secret. (uretprobe is another one;
/// but newer kernels do not ask filters about it.)
const OTHERS: [u32; 2] = [336, 447];

const LOAD_NUMBER: sock_filter = sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: 0 };

const fn answer(k: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k }
}

/// Compares the number loaded; skips so many steps where it holds.
const fn skip_if(how: u32, number: u32, steps: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | how | BPF_K) as u16, jt: steps, jf: 0, k: number }
}

/// From now on newer calls fail with ENOSYS in this process and its children.
///
/// # Errors
/// If the kernel does not take the filter.
pub fn answer_newer_calls() -> Outcome {
    install(&[
        LOAD_NUMBER,
        skip_if(BPF_JGE, FIRST_NEWER, 3),
        skip_if(BPF_JEQ, OTHERS[0], 2),
        skip_if(BPF_JEQ, OTHERS[1], 1),
        answer(SECCOMP_RET_ALLOW),
        answer(SECCOMP_RET_ERRNO | ENOSYS as u32),
    ])
}

/// From now on these two calls fail with this error in this process and its children.
pub fn refuse(calls: [i64; 2], errno: i32) -> Outcome {
    install(&[
        LOAD_NUMBER,
        skip_if(BPF_JEQ, calls[0] as u32, 2),
        skip_if(BPF_JEQ, calls[1] as u32, 1),
        answer(SECCOMP_RET_ALLOW),
        answer(SECCOMP_RET_ERRNO | errno as u32),
    ])
}

fn install(program: &[sock_filter]) -> Outcome {
    let program = sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    let answer = call!(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw const program);
    ensure(answer == 0, || "the kernel refuses the filter of newer calls".to_owned())
}
