//! Captures: what the eBPF probe delivers of an event, from which the fillers write its record elsewhere.
//!
//! The probe cannot run the fillers themselves: the verifier takes neither their loops nor their size. For each system call it
//! is given a [`Plan`], a list of what the fillers will ask for, and copies just that:
//!
//! ```text
//!   0      184                                            len (multiple of 8)
//!   ├─ head ─┼─ chunk head ─ bytes ─┼─ chunk head ─ bytes ─┼─ … ─┤
//! ```
//!
//! Whoever reads it answers the fillers out of the chunks ([`crate::fill::Kernel`]).
//!
//! | file | holds |
//! |---|---|
//! | `layout.rs` | heads, chunks, plans |
//! | `judge.rs` | what the probe judges events by |
//! | `request.rs` | requests of io_uring |
//! | `members.rs` | which members of the kernel's structures the probe reads |
//!
//! NOTE: the probe is built from these files and `event/task.rs` without any dependency: what they use of other crates is left
//! out for `target_arch = "bpf"`.

pub mod judge;
mod layout;
mod members;
pub mod request;

pub use layout::*;
pub use members::*;
