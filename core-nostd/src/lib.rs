//! The vocabulary of Kestrel: what an event record looks like, which events exist, how each is written, and what the
//! kernel side and the daemon say to each other before the first record flows.
//!
//! Principles:
//!
//! * `no_std`, no allocation, no panic path: this crate is linked into the kernel module as it is.
//! * What crosses a border is an *allegation* until it was checked once: [`event::Record::parse`] is the only way from
//!   bytes to a record, and every accessor behind it cannot fail in any other way than "not there".
//! * One table ([`schema`]) says which events exist, which parameters they have and where each comes from. Fillers,
//!   field lookup, documentation and tests read that table.
//!
//! ```text
//!   fill ──writes──▶ record bytes ──ring──▶ event::Record (views) ──▶ daemon, rules
//!     ▲                                          ▲
//!     └──────────── schema: the table ───────────┘
//! ```
//!
//! Limits: native endian, 64-bit kernels; a record is at most [`event::MAX_RECORD`] bytes.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod abi;
pub mod capture;
pub mod event;
pub mod fill;
pub mod filter;
pub mod priority;
pub mod schema;
