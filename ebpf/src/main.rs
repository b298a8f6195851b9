//! The eBPF probe: what happens, copied into a ring as captures (`core-nostd/src/capture/`), for the daemon to write records from.
//!
//! ```text
//!   raw tracepoint ─▶ plan of the call (nobody asked? return)
//!        ▼
//!   entry: head, task context          (call.rs, process.rs)
//!        ▼ tail call
//!   operation ─▶ operation ─▶ … ─▶ end: into the ring, or counted as dropped
//! ```
//!
//! Each operation is a program of its own, so that the verifier looks at each once, and a plan can put them together in any
//! order. What one leaves for the next lies in a slot: one for each CPU and each of the entries that have operations.
//!
//! NOTE: nothing guards a slot. An entry is never entered twice on a CPU: before 6.13 tracepoints run with preemption off; since
//! 6.2 the kernel refuses a raw tracepoint's program that is running on that CPU, and counts it. Where programs are preempted
//! (7.2), events are lost so; the daemon reads that count (`daemon/src/sources/ebpf/misses.rs`).
//!
//! | file | holds |
//! |---|---|
//! | `helpers.rs` | the kernel's helper functions |
//! | `maps.rs` | maps, and the offsets that the loader sets |
//! | `slot.rs` | a capture in the making |
//! | `read.rs` | kernel structures: where members lie |
//! | `task.rs`, `event.rs` | who a task is |
//! | `call.rs` | system calls that returned |
//! | `request.rs` | requests of io_uring |
//! | `process.rs` | fork, exec, exit, signals |
//! | `file.rs`, `socket.rs`, `image.rs`, `memory.rs`, `walk.rs` | operations |
//! | `judge/` | whether anybody can want it |
//! | `finish.rs` | into the ring |
#![no_std]
#![no_main]

#[path = "../../core-nostd/src/capture/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the reader's part of it")]
mod capture;

mod call;
mod event;
mod file;
mod finish;
mod helpers;
mod image;
mod judge;
mod maps;
mod memory;
mod process;
mod programs;
mod read;
mod request;
mod slot;
mod socket;
mod task;
mod walk;

/// Nothing here panics; a build in which something could would not link.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
