//! What the C shim calls: `kestrel_rs_*` of `kestrel.h`. Pointers become references here and nowhere else.
//!
//! NOTE: the shim calls the recording entry points with preemption off, and only with the recorder of the CPU that it is
//! on; it resets a ring only while nothing is recorded. The ring's own gate refuses what nests nevertheless.
#![allow(unsafe_code, reason = "C's pointers become references")]

use crate::ffi::{Facts, Map, Named, Request, Seen};
use crate::record::answer;
use crate::request::Carried;
use crate::{Comm, Counts, Marks, Names, PROGRAM_BYTES, Process, Recorder, Wanted, greeting, record};
use core::ptr::NonNull;
use kestrel_core::abi::{FilterLoad, Frame, Interest};
use kestrel_core::event::TaskContext;
use kestrel_core::fill::{Delivered, Exit, Fault, names_nothing};
use kestrel_core::filter::Program;
use kestrel_core::schema::id;
use kestrel_ringbuf::{Producer, RawRing};

const _: () = assert!(size_of::<Program<'_>>() <= PROGRAM_BYTES && align_of::<Program<'_>>() <= 8);

/// The part of a ring that only lifecycle records may use: one in so many bytes.
const RESERVE: u64 = 8;

/// `EPROTO` (`asm-generic/errno.h`).
const EPROTO: i32 = 71;

/// `EINVAL` (`asm-generic/errno-base.h`).
const EINVAL: i32 = 22;

/// Fills in the tables of what system call is which event.
///
/// # Safety
/// `wanted` is the shim's `kestrel_wanted`, zeroed or in use.
// SAFETY: no other symbol has this name; so for every entry point below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_tables(wanted: NonNull<Wanted>) {
    // SAFETY: it is valid for the module's life, and all its fields are atomics.
    unsafe { wanted.as_ref() }.make_tables();
}

/// Sets up a ring, empty, with counters at zero.
///
/// # Safety
/// `at` has room for a recorder, which nobody uses now; `map` tells where two zeroed pages and the data, mapped twice in a
/// row, lie for the module's life.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_ring(at: NonNull<Recorder>, map: &Map) {
    let ring = RawRing {
        consumer: map.consumer.cast_const().cast(),
        producer: map.producer.cast_const().cast(),
        data: map.data,
        size: map.data_bytes,
    };
    // SAFETY: the memory is as this function's caller promised, and the shim accepts only powers of two as sizes.
    let producer = unsafe { Producer::new(ring, map.data_bytes / RESERVE) };
    let place = at.as_ptr();
    // SAFETY: there is room, aligned to 64 bytes, which nobody uses now. Zeros are counters at zero.
    unsafe {
        (&raw mut (*place).producer).write(producer);
        (&raw mut (*place).counts).cast::<Counts>().write_bytes(0, 1);
    }
}

/// Is there something to read?
///
/// # Safety
/// `recorder` was set up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_readable(recorder: NonNull<Recorder>) -> bool {
    // SAFETY: it is valid for the module's life; all that changes in it is atomic.
    unsafe { recorder.as_ref() }.producer.has_data()
}

/// Answers HELLO: 0, or -EPROTO if the two sides do not fit. The frame holds the module's answer either way.
///
/// # Safety
/// Both are valid; only the caller uses the frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_hello(frame: &mut Frame, facts: &Facts) -> i32 {
    if greeting::greet(frame, facts) { 0 } else { -EPROTO }
}

/// Takes over what the consumer asks for.
///
/// # Safety
/// `wanted` as for [`kestrel_rs_tables`]; `interest` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_interest(wanted: NonNull<Wanted>, interest: &Interest) {
    // SAFETY: it is valid for the module's life, and all its fields are atomics.
    unsafe { wanted.as_ref() }.set(interest);
}

/// Narrows what is recorded to lifecycle events.
///
/// # Safety
/// `wanted` as for [`kestrel_rs_tables`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_lifecycle_only(wanted: NonNull<Wanted>) {
    // SAFETY: it is valid for the module's life, and all its fields are atomics.
    unsafe { wanted.as_ref() }.keep_lifecycle();
}

/// A process made another, which has the same marks.
///
/// # Safety
/// `marks` is the shim's table, whose lock is held; so below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_marks_inherit(marks: NonNull<Marks>, parent: &Process, child: &Process) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { marks.as_ref() }.inherit(*parent, *child);
}

/// A process ended.
///
/// # Safety
/// As for [`kestrel_rs_marks_inherit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_marks_forget(marks: NonNull<Marks>, process: &Process) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { marks.as_ref() }.forget(*process);
}

/// Clears marks of every process.
///
/// # Safety
/// As for [`kestrel_rs_marks_inherit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_marks_clear(marks: NonNull<Marks>, clear: u64) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { marks.as_ref() }.clear(clear);
}

/// Sets and clears marks of a process. False if it found no place in the table.
///
/// # Safety
/// As for [`kestrel_rs_marks_inherit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_marks_change(
    marks: NonNull<Marks>,
    process: &Process,
    set: u64,
    clear: u64,
) -> bool {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { marks.as_ref() }.change(*process, set, clear)
}

/// A thread of a process is about to be renamed; `sure` if the consumer knows what the process is called.
///
/// # Safety
/// `names` is the shim's table, whose lock is held; so below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_rename(names: NonNull<Names>, before: &Named, sure: bool) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.rename(before.process, &before.comm, sure);
}

/// A process made another.
///
/// # Safety
/// As for [`kestrel_rs_names_rename`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_fork(names: NonNull<Names>, parent: &Named, child: &Named) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.fork(parent.process, &parent.comm, child.process, &child.comm);
}

/// Is this no name of a program, so that whoever is executed by it is called as its file?
///
/// # Safety
/// `filename` points to `filename_len` bytes that do not change meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_nothing(filename: NonNull<u8>, filename_len: usize) -> bool {
    // SAFETY: the caller's promise.
    names_nothing(unsafe { NonNull::slice_from_raw_parts(filename, filename_len).as_ref() })
}

/// A process executed a program by this name, whose file is called `executable`, if that can be told.
///
/// # Safety
/// As for [`kestrel_rs_names_rename`]; `filename` points to `filename_len` bytes that do not change meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_exec(
    names: NonNull<Names>,
    process: &Process,
    filename: NonNull<u8>,
    filename_len: usize,
    executable: Option<&Comm>,
) {
    // SAFETY: the caller's promise.
    let filename = unsafe { NonNull::slice_from_raw_parts(filename, filename_len).as_ref() };
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.exec(*process, filename, executable);
}

/// A process ended.
///
/// # Safety
/// As for [`kestrel_rs_names_rename`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_forget(names: NonNull<Names>, process: &Process) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.forget(*process);
}

/// Nobody is sure of what is kept.
///
/// # Safety
/// As for [`kestrel_rs_names_rename`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_doubt(names: NonNull<Names>) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.doubt();
}

/// A capture begins: nothing is kept of any process.
///
/// # Safety
/// As for [`kestrel_rs_names_rename`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_names_forget_all(names: NonNull<Names>) {
    // SAFETY: the table is valid for the module's life, and all its fields are atomics.
    unsafe { names.as_ref() }.forget_all();
}

/// Verifies a program: 0, and `at` holds the view that events are judged by; or -EINVAL, and `load` tells why.
///
/// # Safety
/// `at` has room for a program. `bytes` points to `len` bytes, which nobody changes from now on and which stay as long as the
/// view is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_filter(
    at: NonNull<Program<'static>>,
    bytes: NonNull<u8>,
    len: usize,
    load: &mut FilterLoad,
) -> i32 {
    // SAFETY: the caller's promise.
    let bytes: &'static [u8] = unsafe { NonNull::slice_from_raw_parts(bytes, len).as_ref() };
    match Program::verify(bytes) {
        Ok(program) => {
            // SAFETY: there is room, aligned to 8 bytes.
            unsafe { at.write(program) };
            0
        }
        Err(refused) => {
            load.why = refused.why as u32;
            load.at = refused.at;
            -EINVAL
        }
    }
}

/// A system call of the native table returned. `program` judges it, if there is one.
///
/// # Safety
/// `program` is what [`kestrel_rs_filter`] made, and stays while this runs; it may be null.
/// `recorder` is this CPU's and was set up, `wanted` the shim's; `seen` is valid. Preemption is off.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_native_exit(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    program: Option<&Program<'_>>,
    seen: &Seen,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    record::native_exit(wanted, recorder, program, seen)
}

/// A system call of the 32-bit table returned. `program` judges it, if there is one.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_compat_exit(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    program: Option<&Program<'_>>,
    seen: &Seen,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    record::other_exit(wanted, recorder, program, seen)
}

/// The current task made another, `child`.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`]; `child` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_fork(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    seen: &Seen,
    child: &TaskContext,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    answer(record::fork(wanted, recorder, seen, child))
}

/// The current task runs a new program.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`]; `filename` points to `filename_len` bytes that do not change meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_exec(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    seen: &Seen,
    filename: NonNull<u8>,
    filename_len: usize,
    by_descriptor: bool,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    // SAFETY: the caller's promise.
    let filename = unsafe { NonNull::slice_from_raw_parts(filename, filename_len).as_ref() };
    answer(record::exec(wanted, recorder, seen, filename, by_descriptor))
}

/// The current task ends with `code`, as wait(2) tells it.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_exit(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    seen: &Seen,
    code: i32,
    reaper_tid: u32,
    group_dead: bool,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    answer(record::exit(wanted, recorder, seen, Exit { code, reaper_tid, group_dead }))
}

/// A signal reaches the current task, the lock of whose signals is held.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_signal(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    program: Option<&Program<'_>>,
    seen: &Seen,
    sender: u32,
    signal: u32,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    answer(record::signal(wanted, recorder, program, seen, Delivered { sender, signal }))
}

/// The current task, in user mode, accessed memory that it was not given at once; `code` is the processor's.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_page_fault(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    program: Option<&Program<'_>>,
    seen: &Seen,
    address: u64,
    instruction: u64,
    code: u64,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    answer(record::page_fault(wanted, recorder, program, seen, Fault { address, instruction, code }))
}

/// True if page faults are asked for: only then their tracepoint is attached to.
///
/// # Safety
/// `wanted` as for [`kestrel_rs_tables`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_wants_page_faults(wanted: NonNull<Wanted>) -> bool {
    // SAFETY: it is valid for the module's life, and all its fields are atomics.
    unsafe { wanted.as_ref() }.contains(id::PAGE_FAULT)
}

/// A request of io_uring was carried out in the name of the current task's process; `missed` others were not followed.
///
/// # Safety
/// As for [`kestrel_rs_native_exit`]; `request` is valid, its names are as long as it says, and its file is held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kestrel_rs_request(
    wanted: NonNull<Wanted>,
    recorder: NonNull<Recorder>,
    program: Option<&Program<'_>>,
    seen: &Seen,
    request: &Request,
    missed: u32,
) -> u64 {
    // SAFETY: both are valid for the module's life; all that changes in them is atomic.
    let (wanted, recorder) = unsafe { (wanted.as_ref(), recorder.as_ref()) };
    let mut names = [None; 2];
    for (name, (&at, &len)) in names.iter_mut().zip(request.names.iter().zip(&request.name_lens)) {
        if let Some(at) = NonNull::new(at.cast_mut()) {
            // SAFETY: the caller's promise.
            *name = Some(unsafe { NonNull::slice_from_raw_parts(at, len as usize).as_ref() });
        }
    }
    // SAFETY: the caller's promise.
    let file = NonNull::new(request.file).map(|file| unsafe { file.as_ref() });
    answer(record::request(wanted, recorder, program, seen, &Carried { request, names, file }, missed))
}
