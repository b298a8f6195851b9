//! The system calls of a tracer: ptrace(2), waitpid(2), process_vm_readv(2), and the timer that keeps a wait from lasting.
#![allow(unsafe_code, reason = "ptrace(2) and its like")]

use super::listener::Notice;
use nix::errno::Errno;
use nix::libc::{self, c_int, c_long, c_uint, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// What follows a tracee from its first moment on: its children and threads, its execs, and calls told from signals.
pub const OPTIONS: c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC;

/// What a tracee with a filter needs besides: without a tracer its calls would fail (ENOSYS), so it ends with its tracer.
pub const FILTERED: c_int = OPTIONS | libc::PTRACE_O_TRACESECCOMP | libc::PTRACE_O_EXITKILL;

/// `PTRACE_LISTEN` and others that libc does not name on every target (`linux/ptrace.h`).
const PTRACE_POKEUSR: c_uint = 6;
const PTRACE_LISTEN: c_uint = 0x4208;
const PTRACE_GET_SYSCALL_INFO: c_uint = 0x420e;

/// Notes of the general registers (`linux/elf.h`).
const NT_PRSTATUS: usize = 1;

/// Words of the largest set of general registers: aarch64's 34.
const REGISTER_WORDS: usize = 34;

/// What became of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// A tracee changed its state: its thread id, and the status as waitpid(2) tells it.
    Changed(i32, i32),
    /// A tracee waits for an answer.
    Called(Notice),
    /// No tracee did.
    Nothing,
    /// There is no tracee.
    Nobody,
}

/// Waits for a tracee to change its state; with `block` until one does or a signal comes.
pub fn wait(block: bool) -> Waited {
    let mut status = 0;
    // Tracees are waited for whatever the flags say; this one keeps other children, which programs that take alerts are, out.
    let flags = libc::__WCLONE | if block { 0 } else { libc::WNOHANG };
    // SAFETY: `status` is a place for the status.
    let tid = unsafe { libc::waitpid(-1, &raw mut status, flags) };
    match tid {
        1.. => Waited::Changed(tid, status),
        0 => Waited::Nothing,
        _ if Errno::last() == Errno::ECHILD => Waited::Nobody,
        _ => Waited::Nothing,
    }
}

fn request(request: c_uint, tid: i32, address: usize, data: usize) -> Result<c_long, Errno> {
    // SAFETY: callers pass a place of the right size where the kernel writes, or numbers.
    Errno::result(unsafe { libc::ptrace(request as _, tid, address as *mut c_void, data as *mut c_void) })
}

/// Makes a task a tracee, without stopping it.
///
/// # Errors
/// EPERM if it may not be traced, ESRCH if it is gone.
pub fn seize(tid: i32, options: c_int) -> Result<(), Errno> {
    request(libc::PTRACE_SEIZE as c_uint, tid, 0, options as usize).map(drop)
}

/// Stops a tracee soon.
///
/// # Errors
/// ESRCH if it is gone.
pub fn interrupt(tid: i32) -> Result<(), Errno> {
    request(libc::PTRACE_INTERRUPT as c_uint, tid, 0, 0).map(drop)
}

/// How a stopped tracee goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Until its next event.
    Freely,
    /// Until it enters or leaves a call, too.
    ToCall,
    /// Not at all: it stays in its group's stop, and says when that ends.
    Listening,
    /// As nobody's tracee.
    Untraced,
}

/// Lets a stopped tracee go on, and gives it a signal (0 is none).
///
/// # Errors
/// ESRCH if it is not stopped any more: somebody killed it.
pub fn resume(tid: i32, how: Resume, signal: i32) -> Result<(), Errno> {
    let what = match how {
        Resume::Freely => libc::PTRACE_CONT as c_uint,
        Resume::ToCall => libc::PTRACE_SYSCALL as c_uint,
        Resume::Listening => PTRACE_LISTEN,
        Resume::Untraced => libc::PTRACE_DETACH as c_uint,
    };
    request(what, tid, 0, signal as usize).map(drop)
}

/// The number that comes with an event: a new task's thread id, or the one that a task had before an exec.
///
/// # Errors
/// ESRCH if the tracee is gone.
pub fn event_message(tid: i32) -> Result<u64, Errno> {
    let mut message: u64 = 0;
    request(libc::PTRACE_GETEVENTMSG as c_uint, tid, 0, (&raw mut message).addr())?;
    Ok(message)
}

/// Who sent the signal that a tracee is about to get: its number and its reason (`si_code`).
///
/// # Errors
/// ESRCH if the tracee is gone.
pub fn signal_sender(tid: i32) -> Result<(u32, i32), Errno> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    request(libc::PTRACE_GETSIGINFO as c_uint, tid, 0, info.as_mut_ptr().addr())?;
    // SAFETY: zeroes are a value of it, and the kernel has written it.
    let info = unsafe { info.assume_init() };
    // SAFETY: of whatever kind it is, there are bytes there.
    Ok((unsafe { info.si_pid() }.cast_unsigned(), info.si_code))
}

/// The call that a tracee is in: `struct ptrace_syscall_info` (`linux/ptrace.h`).
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct CallInfo {
    /// [`CallInfo::ENTRY`] and so on.
    pub op: u8,
    padding: [u8; 3],
    /// The table that its number is of (`AUDIT_ARCH_…`, `linux/audit.h`).
    pub arch: u32,
    instruction: u64,
    /// The stack pointer.
    pub stack: u64,
    /// At entry the number and six arguments; at exit the result.
    pub words: [u64; 8],
}

impl CallInfo {
    /// The call begins.
    pub const ENTRY: u8 = 1;
    /// The call is over.
    pub const EXIT: u8 = 2;
    /// The call begins, and a filter has stopped it.
    pub const SECCOMP: u8 = 3;

    /// Its six arguments.
    pub fn args(&self) -> [u64; 6] {
        let [_, a, b, c, d, e, f, _] = self.words;
        [a, b, c, d, e, f]
    }
}

/// The call that a stopped tracee is in. Needs Linux 5.3.
///
/// # Errors
/// ESRCH if the tracee is gone, EIO on older kernels.
pub fn call_info(tid: i32) -> Result<CallInfo, Errno> {
    let mut info = CallInfo::default();
    request(PTRACE_GET_SYSCALL_INFO, tid, size_of::<CallInfo>(), (&raw mut info).addr())?;
    Ok(info)
}

/// Number and arguments of the call that a tracee is in, from its registers: for stops at which [`call_info`] has no more than
/// the table.
///
/// # Errors
/// ESRCH if the tracee is gone.
pub fn call_in_registers(tid: i32, compat: bool) -> Result<(u32, [u64; 6]), Errno> {
    let (words, len) = registers(tid)?;
    Ok(arguments(&words, len, compat))
}

/// The general registers, and how many bytes of them there are.
fn registers(tid: i32) -> Result<([u64; REGISTER_WORDS], usize), Errno> {
    let mut words = [0_u64; REGISTER_WORDS];
    let mut vector = libc::iovec { iov_base: words.as_mut_ptr().cast(), iov_len: size_of_val(&words) };
    request(libc::PTRACE_GETREGSET as c_uint, tid, NT_PRSTATUS, (&raw mut vector).addr())?;
    Ok((words, vector.iov_len))
}

/// What a call of a 64-bit program came to whose tracee is stopped behind it, from its registers; with its number and arguments.
///
/// # Errors
/// ESRCH if the tracee is gone, ENOSYS if its program is of 32 bits.
pub fn result_in_registers(tid: i32) -> Result<(i64, u32, [u64; 6]), Errno> {
    let (words, len) = registers(tid)?;
    if len < RESULT * size_of::<u64>() + size_of::<u64>() || len == OF_32_BITS {
        return Err(Errno::ENOSYS);
    }
    let (nr, args) = arguments(&words, len, false);
    Ok((words[RESULT].cast_signed(), nr, args))
}

/// Gives the call of a tracee that is stopped behind it another result. On x86 alone.
///
/// # Errors
/// ESRCH if the tracee is gone, EIO elsewhere.
pub fn set_result(tid: i32, result: i64) -> Result<(), Errno> {
    request(PTRACE_POKEUSR, tid, RESULT * size_of::<u64>(), result as usize).map(drop)
}

/// Where a result is, in words.
const RESULT: usize = if cfg!(target_arch = "aarch64") { 0 } else { 10 };

/// Bytes of the general registers of a 32-bit program on x86.
const OF_32_BITS: usize = 68;

/// `struct user_regs_struct` (`sys/user.h`), of a program of 64 bits or of 32.
#[cfg(target_arch = "x86_64")]
fn arguments(words: &[u64; REGISTER_WORDS], bytes: usize, compat: bool) -> (u32, [u64; 6]) {
    if bytes == OF_32_BITS {
        let half = |n: usize| u64::from((words[n / 2] >> (32 * (n % 2))) as u32);
        return (half(11) as u32, [0, 1, 2, 3, 4, 5].map(half));
    }
    let places = if compat { [5, 11, 12, 13, 14, 4] } else { [14, 13, 12, 7, 9, 8] };
    (words[15] as u32, places.map(|n: usize| words[n]))
}

/// `struct user_pt_regs` (`asm/ptrace.h`).
#[cfg(target_arch = "aarch64")]
fn arguments(words: &[u64; REGISTER_WORDS], _bytes: usize, _compat: bool) -> (u32, [u64; 6]) {
    (words[8] as u32, [0, 1, 2, 3, 4, 5].map(|n: usize| words[n]))
}

/// Copies memory of a tracee to the front of `to`; gives how many bytes, as far as they can be read.
pub fn read_memory(tid: i32, address: u64, to: &mut [u8]) -> usize {
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: to.len() };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: to.len() };
    // SAFETY: what is written is the slice; what is read is the other process's.
    let read = unsafe { libc::process_vm_readv(tid, &raw const local, 1, &raw const remote, 1, 0) };
    usize::try_from(read).unwrap_or(0)
}

/// The timer went off since it was last asked.
static RANG: AtomicBool = AtomicBool::new(false);

extern "C" fn ring(_signal: c_int) {
    RANG.store(true, Ordering::Relaxed);
}

/// Has SIGALRM interrupt waits.
///
/// # Errors
/// What the system said.
pub fn set_alarm_handler() -> Result<(), Errno> {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    let action = SigAction::new(SigHandler::Handler(ring), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but set a flag.
    unsafe { sigaction(Signal::SIGALRM, &action) }.map(drop)
}

/// Has SIGALRM come every so many microseconds from now on; 0 is never.
pub fn set_alarm(microseconds: i64) {
    let every = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: the timer is a value of ours.
    let _ = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
}

/// Did SIGALRM come since this was last asked?
pub fn alarm_rang() -> bool {
    RANG.load(Ordering::Relaxed) && RANG.swap(false, Ordering::Relaxed)
}
