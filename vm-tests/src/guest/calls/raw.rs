//! System calls as they are: by their numbers, with words for arguments, all six of them, so that none is left to chance.
#![allow(unsafe_code, reason = "system calls, as they are")]

use nix::libc;

/// Something that is passed to the kernel in a register.
pub trait Word {
    /// As the register holds it: signed numbers with their sign, pointers as addresses.
    fn word(self) -> usize;
}

macro_rules! words {
    ($($number:ty),*) => { $( impl Word for $number {
        fn word(self) -> usize {
            self as usize
        }
    } )* };
}

words!(i32, u32, i64, u64, usize);

impl<T> Word for *const T {
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Word for *mut T {
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

/// Makes a call.
///
/// # Safety
/// Each argument that is an address leads to what the call takes there, or to nothing at all.
pub unsafe fn make(number: libc::c_long, args: &[usize]) -> i64 {
    #[cfg(target_arch = "aarch64")]
    if number < 0 {
        // SAFETY: the caller's promise.
        return unsafe { super::stand_in::call(number, args) };
    }
    let arg = |n: usize| args.get(n).copied().unwrap_or(0);
    // SAFETY: the caller's promise.
    unsafe { libc::syscall(number, arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)) }
}

/// Makes a call of this number, one of [`numbers`](super::numbers). The result is -1 for every error; the record shows which.
macro_rules! call {
    ($number:ident $(, $arg:expr)* $(,)?) => {
        $crate::guest::calls::raw::call_number!($crate::guest::calls::numbers::$number $(, $arg)*)
    };
}

/// Makes a call of a number that libc does not have, as `asm/unistd_64.h` has it.
macro_rules! call_number {
    ($number:expr $(, $arg:expr)* $(,)?) => {{
        let words = [$($crate::guest::calls::raw::Word::word($arg)),*];
        // SAFETY: every address given here leads to a live value or string of the kind that this call takes (section 2 of
        // the manual), or to nothing; the kernel checks everything else.
        #[allow(unsafe_code, reason = "a system call")]
        unsafe {
            $crate::guest::calls::raw::make($number, &words)
        }
    }};
}

pub(super) use {call, call_number};

/// An address where nothing is: calls that it is passed to fail.
pub const NOWHERE: usize = 0x10;

/// A descriptor that is not open.
pub const CLOSED: i32 = 999;

/// An id that no process has.
pub const NOBODY: i32 = 0x3fff_ffff;

/// Changes the name of the thread.
pub fn rename(name: &str) {
    let mut text = [0_u8; 16];
    for (to, from) in text.iter_mut().take(15).zip(name.bytes()) {
        *to = from;
    }
    call!(SYS_prctl, libc::PR_SET_NAME, text.as_ptr());
}

/// The name of the thread.
#[cfg(target_arch = "aarch64")]
pub fn name() -> String {
    let mut text = [0_u8; 16];
    call!(SYS_prctl, libc::PR_GET_NAME, text.as_mut_ptr());
    let length = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..length]).into_owned()
}

/// Ends the process, and nothing else.
pub fn end(status: i32) -> ! {
    call!(SYS_exit_group, status);
    // Where the call was refused.
    std::process::abort()
}

/// The id of the process.
pub fn me() -> i64 {
    call!(SYS_getpid)
}

/// Waits for the child that ends next.
pub fn wait() {
    call!(SYS_wait4, -1, std::ptr::null::<u8>(), 0, std::ptr::null::<u8>());
}

/// Does something in a child, and waits for its end.
pub fn in_child(action: impl FnOnce()) {
    in_this_child(call!(SYS_fork), action);
}

/// Does something in the child that was made, where `child` is 0; in its parent, waits for its end.
pub fn in_this_child(child: i64, action: impl FnOnce()) {
    if child == 0 {
        action();
        end(0);
    }
    wait();
}

/// In a child: becomes user 1000, who may do nothing that the machine's owner may.
pub fn as_nobody(action: impl FnOnce()) {
    in_child(|| {
        call!(SYS_setresuid, 1000, 1000, 1000);
        action();
    });
}
