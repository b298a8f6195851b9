//! Where records come from.
//!
//! A source hands out records one by one, ordered by time; the loop asks for the next until there is none, arms the source
//! and sleeps. Nothing behind this trait knows what a rule is, and nothing before it where a record came from.
//!
//! | file | is about |
//! |---|---|
//! | `kmod/` | the kernel module |
//! | `ebpf/` | the eBPF probe |
//! | `ptrace/` | a command or a process, and what it starts |
//! | `replay/` | recordings |
//! | `scap/` | captures of Falco and sysdig |
//! | `rings.rs` | rings as one stream |
//! | `merge.rs` | one order for all CPUs |
//! | `accounts.rs` | losses |
//! | `holder.rs` | who is in the way |
//! | `shares.rs` | how much was rejected, by event |

mod accounts;
pub mod ebpf;
mod holder;
pub mod kmod;
mod merge;
pub mod ptrace;
pub mod replay;
mod rings;
pub mod scap;
mod shares;

pub use accounts::{Accounts, Gaps, Mismatch};
pub use ebpf::{EbpfSource, ProbeError};
pub use kmod::{DeviceError, KmodSource};
pub use merge::{Lane, Merge};
pub use ptrace::{Asked, PtraceSource, TraceError};
pub use replay::{Playback, ReplayError, ReplaySource, Tape};
pub use rings::Rings;
pub use shares::{Share, Shares};

use kestrel_core::schema::EventSet;
use kestrel_ringbuf::Counters;
use kestrel_rules::prefilter::ProcessNames;
use mio::{Registry, Token};
use nix::sys::signal::Signal;
use std::io;

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The eBPF probe cannot be used.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Neither the module nor the probe can be used.
    #[error(
        "no source of events: there is no {device}, so the kernel module is not loaded, and the eBPF probe cannot be used either: \
         {probe}. `kestrel run -- COMMAND` watches one command without either"
    )]
    Neither {
        /// The first of the module's devices.
        device: String,
        /// What is wrong with the probe.
        probe: ProbeError,
    },
    /// A command or a process cannot be followed.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A recording cannot be read, or not any further.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The loop cannot wait for it.
    #[error("cannot wait for the source: {0}")]
    Register(#[from] io::Error),
}

/// A source of records.
pub trait Source {
    /// Its name, as in `engine.kind`.
    fn name(&self) -> &'static str;

    /// Registers what the loop waits for, under tokens from `base` on: none below it.
    ///
    /// # Errors
    /// [`SourceError`] if the system refuses.
    fn register(&mut self, registry: &Registry, base: Token) -> Result<(), SourceError>;

    /// Begins to record these events.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses.
    fn start(&mut self, events: &EventSet) -> Result<(), SourceError>;

    /// Records these events from now on, without a pause.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses; it records what it did before then.
    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError>;

    /// Leaves out, from now on and without a pause, whatever of these events the program rejects ([`kestrel_core::filter`]); an
    /// empty one rejects nothing. A source that judges nothing records all of them.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses; the program before is in force then.
    fn set_program(&mut self, _program: &[u8]) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether it knows what processes are called, so that programs may ask for it.
    fn names(&self) -> ProcessNames {
        ProcessNames::Unknown
    }

    /// The processes that there were before the start are known to whoever reads the records: what they are called may be asked
    /// for from now on.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses; then names are not asked for, and more events are recorded.
    fn know_processes(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// The next record, in order of time; `None` if there is none now. It stays valid until the next call.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot go on.
    fn next(&mut self) -> Result<Option<&[u8]>, SourceError>;

    /// Gives the room of everything that was read back.
    fn release(&mut self);

    /// Asks to be woken; false if something came in between: read on then.
    fn arm(&mut self) -> bool;

    /// Awake again.
    fn disarm(&mut self);

    /// No more records. Those that are there can still be read.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses.
    fn stop(&mut self) -> Result<(), SourceError>;

    /// What became of the events so far, over all CPUs. Cheap enough for once a second.
    fn counters(&self) -> Counters;

    /// The accounts so far.
    fn accounts(&self) -> Accounts;

    /// How often each event was seen and rejected so far, over all CPUs; empty for a source that judges nothing. It costs a system
    /// call or two.
    fn shares(&self) -> Shares {
        Shares::default()
    }

    /// True once there will never be another record.
    fn is_over(&self) -> bool {
        false
    }

    /// True if a signal that we got is this source's to deal with, and means nothing to the loop. `from_kernel` says that no
    /// process sent it, but the terminal.
    fn takes(&mut self, _signal: Signal, _from_kernel: bool) -> bool {
        false
    }

    /// System calls made since the start by calls of [`Source::next`], [`Source::release`] and [`Source::arm`]. None, for
    /// a source that reads rings.
    fn system_calls(&self) -> u64 {
        0
    }
}
