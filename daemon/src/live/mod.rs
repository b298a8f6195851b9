//! Records of a kestrel that runs, for programs that read its socket (`kestrel watch --records`).
//!
//! ```text
//!   daemon                                                          reader
//!   records ──▶ Teller ──Opening, Recorded, Users──▶ socket ──▶ Listener ──▶ lines
//!                 │    Container …, Process …, Record, …, Record   │
//!            process table                                    process table of its own
//! ```
//!
//! The daemon formats nothing: it gives the bytes that the kernel wrote, and what is known of a process and its container before
//! the first of their records, as a recording has it. Which fields are shown, and which condition holds, is the reader's work,
//! and costs the daemon nothing. A reader that asks for records of some events gets, besides, those that a process table is made
//! from.
//!
//! A reader that lost a record does not know any more what it knows of processes and containers: it forgets them, and the daemon
//! says of each what it knows before the next of its records, as in the beginning.
//!
//! | file | is about |
//! |---|---|
//! | `teller.rs` | the daemon's side |
//! | `listener.rs` | the reader's side |

mod listener;
mod teller;

pub use listener::{Heard, ListenError, Listener};
pub use teller::{Taken, Teller};
