//! The Rust object of the kernel module: everything that is decided about an event in the kernel.
//!
//! The C shim beside it (`kmod/*.c`) says to the kernel what only C can say: tracepoints, devices, memory, the fields of
//! kernel structures. This crate answers its calls (`entry`) and asks it in turn (`ffi`); in between lies nothing but
//! `kestrel-core`'s fillers and `kestrel-ringbuf`'s producer.
//!
//! ```text
//!  probe (C) ─▶ entry ─▶ wanted: which event is it? ─▶ record: gate, filter, slot, fill, commit ─▶ wake-up? ─▶ C
//!                                                              │
//!                                                  current: trait Kernel over ffi ─▶ C helpers
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `entry.rs` | what C calls; the only place where its pointers become references |
//! | `ffi.rs` | what C answers; the only place that calls it |
//! | `current.rs` | `trait Kernel` for the running task |
//! | `wanted.rs` | which events the consumer asked for, by system call number |
//! | `request.rs` | a request of io_uring, as the call that it stands for |
//! | `record.rs` | one event from the probe to the ring |
//! | `greeting.rs` | the handshake |
//! | `processes.rs` | a table of processes, of a fixed size |
//! | `marks.rs` | marks of processes, which children inherit |
//! | `names.rs` | what processes are called whose threads are called something else |
//! | `counts.rs` | what became of each event |
//!
//! Promises: no panic path (refused when the object is linked, see `ci/build-kmod-object.sh`), no allocation, no loop
//! without a bound. `unsafe` stands in `entry.rs` and `ffi.rs` alone.
//!
//! Limits: it is linked into a module only; on a host it can be checked and its pure parts tested.
#![no_std]
#![deny(unsafe_code)]

mod counts;
mod current;
mod entry;
mod ffi;
mod greeting;
mod marks;
mod names;
mod processes;
mod record;
mod request;
mod wanted;

#[cfg(feature = "panic-path")]
mod panic_path;

pub use counts::Counts;
pub use ffi::{Facts, File, Named, Request, Seen};
pub use greeting::greet;
pub use marks::Marks;
pub use names::{Comm, Names};
pub use processes::Process;
pub use wanted::{Asked, SYSCALLS, Wanted};

/// Bytes that the shim keeps for a producer: `KESTREL_PRODUCER_BYTES` in `kestrel.h`.
pub const PRODUCER_BYTES: usize = 128;

/// Bytes that the shim keeps for the view of a verified program: `KESTREL_PROGRAM_BYTES` in `kestrel.h`.
pub const PROGRAM_BYTES: usize = 96;

/// What writes one CPU's records: `struct kestrel_recorder`.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Recorder {
    pub(crate) producer: kestrel_ringbuf::Producer,
    pub(crate) counts: Apart,
}

/// The counters, behind all the room that a producer may take.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Apart(pub(crate) Counts);

const _: () = assert!(core::mem::offset_of!(Recorder, counts) == PRODUCER_BYTES);
