//! What the C shim answers, and the structures that both sides know. Sizes are asserted here and in `kestrel.h`;
//! `tests/layout.rs` compares the two.
//!
//! NOTE: every helper is about the *current* task, and may be called only where the shim's probes call into Rust: in a
//! task's own context, with preemption off.
#![allow(unsafe_code, reason = "calls into C")]

use crate::marks::Marks;
use crate::names::{Comm, Names};
use crate::processes::Process;
use kestrel_core::abi::{FRAME_BYTES, FilterLoad, Interest};
use kestrel_core::event::{FdHead, TaskContext, Tuple};
use kestrel_core::fill::{Identity, ListenQueue, ProcessImage, ProcessName, TaskPath, Unavailable, UserString};
use kestrel_core::filter::Registers;

/// What a probe saw: `struct kestrel_seen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Seen {
    /// The call's arguments, as the registers held them at entry, and what it returned.
    pub registers: Registers,
    /// System call number; [`u32::MAX`] if the task is in none.
    pub nr: u32,
    /// The CPU whose ring is written.
    pub cpu: u16,
    /// 1 if the call came in by the 32-bit table.
    pub compat: u16,
}

/// A file that the shim holds while it calls: `struct file`. What it is, only C knows.
#[derive(Debug)]
#[repr(C)]
pub struct File {
    opaque: [u8; 0],
}

/// What a request of io_uring asked for: `struct kestrel_request`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Request {
    /// Its names; null if there is none, or it could not be kept.
    pub names: [*const u8; 2],
    /// What it worked on, or opened, where no descriptor tells; or null.
    pub file: *mut File,
    /// openat2: flags, mode, resolve.
    pub how: [u64; 3],
    /// connect: where the caller's socket address lies.
    pub address: u64,
    /// Lengths of the names in bytes.
    pub name_lens: [u32; 2],
    /// The directories that the names are relative to.
    pub dirs: [i32; 2],
    /// connect: length of the address.
    pub address_len: u32,
    /// Flags, or for mkdirat the mode.
    pub flags: u32,
    /// connect: the caller's descriptor, or -1.
    pub fd: i32,
    /// `IORING_OP_*` (`linux/io_uring.h`).
    pub opcode: u8,
    /// Not 0 if the file was opened into the ring's own table.
    pub own_table: u8,
    /// Zero.
    pub reserved: u16,
}

/// What the shim knows of the rings: `struct kestrel_facts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Facts {
    /// Size of each ring's data area in bytes.
    pub ring_bytes: u64,
    /// Number of possible CPUs.
    pub cpus: u32,
    /// Not 0 if a capture was going on already.
    pub retained: u32,
}

/// Where a ring lies in the kernel's memory: `struct kestrel_map`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Map {
    /// The consumer page.
    pub consumer: *mut u8,
    /// The producer page.
    pub producer: *mut u8,
    /// The data area, twice in a row.
    pub data: *mut u8,
    /// Its size, once.
    pub data_bytes: u64,
}

/// A process and the comm of its first thread: `struct kestrel_named`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Named {
    /// Which process.
    pub process: Process,
    /// The comm.
    pub comm: Comm,
}

/// Answer about a listening socket: `struct kestrel_queue`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Queue {
    len: u32,
    max: u32,
}

const _: () = assert!(size_of::<Seen>() == 72 && size_of::<Request>() == 88);
const _: () = assert!(size_of::<Facts>() == 16 && size_of::<Named>() == 32);
const _: () = assert!(size_of::<Map>() == 32);
const _: () = assert!(size_of::<TaskContext>() == 96 && size_of::<FdHead>() == 32 && size_of::<Tuple>() == 40);
const _: () = assert!(size_of::<Identity>() == 48 && size_of::<FilterLoad>() == 24);
const _: () = assert!(size_of::<ProcessImage>() == 96 && size_of::<Queue>() == 8);
const _: () = assert!(FRAME_BYTES == 256 && size_of::<Interest>() == 128);

// SAFETY: the declarations are those of `kestrel.h`; `long` is 64 bits wide on every kernel that the module is built for.
unsafe extern "C" {
    fn kestrel_now() -> u64;
    fn kestrel_read_user(address: u64, to: *mut u8, len: usize) -> i32;
    fn kestrel_read_user_string(address: u64, to: *mut u8, len: usize, cut: *mut bool) -> i64;
    fn kestrel_process_strings(environment: bool, to: *mut u8, len: usize, cut: *mut bool) -> i64;
    fn kestrel_current_task(out: *mut TaskContext);
    fn kestrel_current_identity(out: *mut Identity);
    fn kestrel_receiving_task(out: *mut TaskContext);
    fn kestrel_current_process(out: *mut Process);
    fn kestrel_named(generation: u32, out: *mut Named) -> i32;
    static kestrel_marks: Marks;
    static kestrel_names: Names;
    fn kestrel_current_image(out: *mut ProcessImage);
    fn kestrel_working_directory(to: *mut u8, len: usize) -> i64;
    fn kestrel_executable(to: *mut u8, len: usize) -> i64;
    fn kestrel_cgroup_path(to: *mut u8, len: usize) -> i64;
    fn kestrel_describe_fd(fd: i32, head: *mut FdHead, tail: *mut u8, len: usize) -> i64;
    fn kestrel_describe_file(file: *mut File, fd: i32, head: *mut FdHead, tail: *mut u8, len: usize) -> i64;
    fn kestrel_listen_queue(fd: i32, out: *mut Queue) -> i32;
}

/// A length that C gave: an error is negative, and no length is greater than the buffer was.
#[inline]
fn length(answer: i64, buf: &[u8]) -> Result<usize, Unavailable> {
    match usize::try_from(answer) {
        Ok(len) if len <= buf.len() => Ok(len),
        _ => Err(Unavailable),
    }
}

/// Nanoseconds since the epoch.
#[inline]
pub(crate) fn now() -> u64 {
    // SAFETY: it takes nothing and gives a number.
    unsafe { kestrel_now() }
}

/// See [`kestrel_core::fill::Kernel::read_user`].
#[inline]
pub(crate) fn read_user(address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
    // SAFETY: C writes `buf.len()` bytes to `buf` at most; the user's address is checked there.
    let answer = unsafe { kestrel_read_user(address, buf.as_mut_ptr(), buf.len()) };
    if answer == 0 { Ok(()) } else { Err(Unavailable) }
}

/// See [`kestrel_core::fill::Kernel::read_user_string`].
#[inline]
pub(crate) fn read_user_string(address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
    let mut cut = false;
    // SAFETY: C writes `buf.len()` bytes to `buf` at most, and `cut`; the user's address is checked there.
    let answer = unsafe { kestrel_read_user_string(address, buf.as_mut_ptr(), buf.len(), &mut cut) };
    Ok(UserString { len: length(answer, buf)?, cut })
}

/// The argument or environment strings of the current process.
#[inline]
pub(crate) fn process_strings(environment: bool, buf: &mut [u8]) -> Result<UserString, Unavailable> {
    let mut cut = false;
    // SAFETY: C writes `buf.len()` bytes to `buf` at most, and `cut`.
    let answer = unsafe { kestrel_process_strings(environment, buf.as_mut_ptr(), buf.len(), &mut cut) };
    Ok(UserString { len: length(answer, buf)?, cut })
}

/// The current task.
#[inline]
pub(crate) fn current_task(out: &mut TaskContext) {
    // SAFETY: C fills in the whole structure, in which every bit pattern is a value.
    unsafe { kestrel_current_task(out) }
}

/// What is cheap to know of the current task.
#[inline]
pub(crate) fn current_identity(out: &mut Identity) {
    // SAFETY: C fills in the whole structure, in which every bit pattern is a value.
    unsafe { kestrel_current_identity(out) }
}

/// The marks of the current process; `None` if they are not known.
#[inline]
pub(crate) fn current_marks() -> Option<u64> {
    // SAFETY: the table is there for the module's life, and all its fields are atomics.
    let marks = unsafe { &kestrel_marks };
    if marks.is_empty() {
        return Some(0);
    }
    let mut process = Process::default();
    // SAFETY: C fills in the whole structure.
    unsafe { kestrel_current_process(&mut process) };
    marks.of(process)
}

/// What the current process is called, or its ancestor of this generation.
#[inline]
pub(crate) fn process_name(generation: u8) -> ProcessName {
    let mut named = Named::default();
    // SAFETY: C fills in the whole structure, or says that it did not.
    match unsafe { kestrel_named(generation.into(), &mut named) } {
        0 => {}
        error if error == -ESRCH => return ProcessName::Nobody,
        _ => return ProcessName::Unknown,
    }
    // SAFETY: the table is there for the module's life, and all its fields are atomics.
    match unsafe { &kestrel_names }.of(named.process, &named.comm) {
        Some(name) => ProcessName::Is(name),
        None => ProcessName::Unknown,
    }
}

/// There is no such process (`asm-generic/errno-base.h`).
const ESRCH: i32 = 3;

/// The current task, where the lock of its signals is held.
#[inline]
pub(crate) fn receiving_task(out: &mut TaskContext) {
    // SAFETY: C fills in the whole structure, in which every bit pattern is a value.
    unsafe { kestrel_receiving_task(out) }
}

/// The current process image.
#[inline]
pub(crate) fn current_image(out: &mut ProcessImage) {
    // SAFETY: C fills in the whole structure, in which every bit pattern is a value.
    unsafe { kestrel_current_image(out) }
}

/// A path of the current task.
#[inline]
pub(crate) fn task_path(which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
    let (to, len) = (buf.as_mut_ptr(), buf.len());
    // SAFETY: each of them writes `len` bytes to `buf` at most.
    let answer = unsafe {
        match which {
            TaskPath::WorkingDirectory => kestrel_working_directory(to, len),
            TaskPath::Executable => kestrel_executable(to, len),
            TaskPath::Cgroup => kestrel_cgroup_path(to, len),
        }
    };
    length(answer, buf)
}

/// What a descriptor stands for.
#[inline]
pub(crate) fn describe_fd(fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
    // SAFETY: C fills in the head, in which every bit pattern is a value, and writes `tail.len()` bytes to `tail` at most.
    let answer = unsafe { kestrel_describe_fd(fd, head, tail.as_mut_ptr(), tail.len()) };
    length(answer, tail)
}

/// What a file is, under the number `fd`.
#[inline]
pub(crate) fn describe_file(file: &File, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
    let file = core::ptr::from_ref(file).cast_mut();
    // SAFETY: the reference says that C holds the file; C fills in the head, in which every bit pattern is a value, and
    // writes `tail.len()` bytes to `tail` at most.
    let answer = unsafe { kestrel_describe_file(file, fd, head, tail.as_mut_ptr(), tail.len()) };
    length(answer, tail)
}

/// The queue of a listening socket.
#[inline]
pub(crate) fn listen_queue(fd: i32) -> Result<ListenQueue, Unavailable> {
    let mut queue = Queue::default();
    // SAFETY: C writes the two numbers of `queue`, or nothing.
    let answer = unsafe { kestrel_listen_queue(fd, &mut queue) };
    if answer == 0 { Ok(ListenQueue { len: queue.len, max: queue.max }) } else { Err(Unavailable) }
}
