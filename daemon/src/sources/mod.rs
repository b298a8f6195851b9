//! Where records come from.
//!
//! A source hands out records one by one, ordered by time; the loop asks for the next until there is none, arms the source
//! and sleeps. Nothing behind this trait knows what a rule is, and nothing before it where a record came from.

mod device;
mod kmod;
mod merge;

pub use device::DeviceError;
pub use kmod::KmodSource;
pub use merge::{Lane, Merge};

use kestrel_core::schema::EventSet;
use kestrel_ringbuf::{Corrupt, Counters};
use mio::{Registry, Token};
use std::io;

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A ring makes no sense.
    #[error("cpu {cpu}: {corrupt}")]
    Corrupt {
        /// The ring's CPU.
        cpu: u32,
        /// What is wrong.
        corrupt: Corrupt,
    },
    /// The loop cannot wait for it.
    #[error("cannot wait for the source: {0}")]
    Register(#[from] io::Error),
}

/// A source of records.
pub trait Source {
    /// Its name, as in `engine.kind`.
    fn name(&self) -> &'static str;

    /// Registers what the loop waits for, under tokens from `base` on. Gives how many it uses.
    ///
    /// # Errors
    /// [`SourceError`] if the system refuses.
    fn register(&mut self, registry: &Registry, base: Token) -> Result<usize, SourceError>;

    /// Begins to record these events.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses.
    fn start(&mut self, events: &EventSet) -> Result<(), SourceError>;

    /// The next record, in order of time; `None` if there is none now. It stays valid until the next call.
    ///
    /// # Errors
    /// [`SourceError`] if the source makes no sense any more.
    fn next(&mut self) -> Result<Option<&[u8]>, SourceError>;

    /// Gives the room of what was read back.
    fn release(&mut self);

    /// Asks to be woken; false if something came in between.
    fn arm(&mut self) -> bool;

    /// Awake again.
    fn disarm(&mut self);

    /// No more records. Those that are there can still be read.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses.
    fn stop(&mut self) -> Result<(), SourceError>;

    /// What became of the events so far, over all CPUs.
    fn counters(&self) -> Counters;

    /// Records that are missing by the sequence numbers of those that were read.
    fn missing(&self) -> u64;

    /// System calls that it made since the start, apart from setting up.
    fn system_calls(&self) -> u64;
}
