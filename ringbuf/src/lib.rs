//! The ring between the kernel and the daemon: one per CPU, one producer, one consumer, no lock.
//!
//! ```text
//!              mapped by the consumer                        mapped by the producer: the same pages
//!  page 0      consumer page   read-write    tail, armed, …  writes nothing here, believes nothing it reads
//!  page 1      producer page   read-only     head, counters  writes
//!  page 2…     data            read-only                     writes
//!  then        data once more  read-only                     writes: a record that runs past the end runs into its start
//!
//!       tail                         head          tail + size - reserve     tail + size
//!        │ records to be read         │ slot being    │                       │
//!  ──────┼────────────┬───────┬───────┼─written───────┼───────────────────────┼──────▶ position
//!        │ len seq …  │ len … │ len … │ ordinary records go up to here,       │
//!        │            │       │       │               │ lifecycle records up to here
//! ```
//!
//! Positions are free-running counts of bytes; a position's place is `position % size`. `head` is where the next record
//! begins, `tail` where the next one to be read does. Records begin with their length ([`kestrel_core::event`]), are
//! 8-byte aligned, and are always one slice because the data area is mapped twice in a row.
//!
//! # Order of memory
//!
//! | who | does | so that |
//! |---|---|---|
//! | producer | writes the record, then stores `head` with release | who sees the new `head` sees the record |
//! | consumer | loads `head` with acquire, then reads the record | see above |
//! | consumer | reads the record, then stores `tail` with release | who sees the new `tail` may write over the record |
//! | producer | loads `tail` with acquire, then writes | see above |
//! | both | at the border between work and sleep: own store, full fence, load of the other's word | at least one sees the other, so that no wake-up is lost ([`protocol`]) |
//!
//! Between the producer and who interrupts it there is only program order: one CPU sees its own stores in order, so
//! compiler fences are enough, and no word but the count of refused attempts needs a locked instruction.
//!
//! # What the producer promises
//!
//! * A record appears whole or not at all: it is written behind `head`, which moves in one store ([`Slot::commit`]); a slot
//!   that is given up costs nothing and leaves nothing.
//! * A producer that interrupts another on its CPU (an interrupt, a fault inside a filler) is refused at the gate and counted.
//! * Ordinary records leave a reserve free that only lifecycle records may use.
//! * Every record that was wanted takes a sequence number, delivered or dropped, and gets it when it ends: a gap of `n`
//!   before a record is a loss of `n`. What the filter says no to takes none.
//! * `seen = delivered + filtered + dropped`, whatever nests ([`Counters`]).
//! * It never trusts the consumer's page: a `tail` that cannot be is taken as "full", and wrong wishes about sleep hurt
//!   only who has them.
//! * It runs without a panic, an allocation, an unbounded loop or a call through a pointer.
//!
//! # What the consumer promises
//!
//! It reads nothing that was not published, checks each record's framing before it hands it out, and reports a ring that
//! makes no sense as [`Corrupt`] instead of reading on.
//!
//! ```text
//! loop {
//!     while let Some(record) = ring.peek()? { handle(record); ring.advance(); /* now and then: */ ring.publish(); }
//!     if ring.arm() { poll(); ring.disarm(); }
//! }
//! ```
//!
//! # Retention
//!
//! A consumer may go at any moment, without a word. What it had read but not published is there again for the next one,
//! which goes on at the published tail.
//!
//! Limits: one producer and one consumer a ring; at most 2^63 bytes through a ring in its life.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

mod atomic;
pub mod protocol;

#[cfg(not(loom))]
mod counters;
#[cfg(not(loom))]
mod page;
#[cfg(not(loom))]
mod producer;

#[cfg(all(feature = "std", not(loom)))]
mod consumer;
#[cfg(all(feature = "std", not(loom)))]
mod mapping;
#[cfg(all(feature = "std", not(loom)))]
mod memory;

#[cfg(not(loom))]
pub use counters::Counters;
#[cfg(not(loom))]
pub use page::{ConsumerPage, MAGIC, PAGE_BYTES, ProducerPage, RawRing};
#[cfg(not(loom))]
pub use producer::{Cause, Class, Full, Gate, MIN_SLOT, Nested, PRODUCER_BYTES, Producer, Slot};

#[cfg(all(feature = "std", not(loom)))]
pub use consumer::{Corrupt, Ring};
#[cfg(all(feature = "std", not(loom)))]
pub use mapping::MapError;
#[cfg(all(feature = "std", not(loom)))]
pub use memory::MemoryRing;

pub use protocol::Wake;
