//! The eBPF probe: for kernels that take no module.
//!
//! ```text
//!   probe (ebpf/) ─▶ capture ─▶ ring ─▶ captured.rs, record.rs: the same fillers as the module's ─▶ record
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `btf.rs` | the kernel's description of its types |
//! | `loader.rs` | getting the probe into the kernel |
//! | `mapped.rs` | arrays that are shared with it |
//! | `plan.rs` | what the probe copies of each call |
//! | `captured.rs` | a capture, as fillers see it |
//! | `record.rs` | captures become records |
//! | `error.rs` | why it cannot be used |

mod btf;
mod captured;
mod error;
mod loader;
mod mapped;
mod plan;
mod record;

pub use error::ProbeError;

use super::{Accounts, Gaps, Source, SourceError};
use captured::Captured;
use kestrel_core::capture::count;
use kestrel_core::event::MAX_RECORD;
use kestrel_core::schema::EventSet;
use kestrel_ringbuf::Counters;
use loader::Loaded;
use mio::unix::SourceFd;
use mio::{Registry, Token};
use nix::time::{ClockId, clock_gettime};
use record::{Numbers, Written};
use std::os::fd::AsRawFd;
use zerocopy::IntoBytes;

/// The eBPF probe as a source.
#[derive(Debug)]
pub struct EbpfSource {
    probe: Loaded,
    numbers: Numbers,
    wanted: EventSet,
    /// Sequence numbers, by CPU.
    gaps: Vec<Gaps>,
    /// When the machine started, ns since the epoch, as far as the wall clock can tell.
    boot: u64,
    room: Vec<u64>,
    /// Captures of events that nobody asked for, and that share a tracepoint with others.
    unwanted: u64,
    /// Captures that made no record.
    too_long: u64,
    /// Captures that made no sense.
    nonsense: u64,
    at_rest: bool,
}

/// When the machine started, ns since the epoch.
fn boot_time() -> u64 {
    let ns = |clock| {
        let time = clock_gettime(clock).unwrap_or(nix::sys::time::TimeSpec::new(0, 0));
        u64::try_from(time.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec()).unwrap_or(0)
    };
    ns(ClockId::CLOCK_REALTIME).saturating_sub(ns(ClockId::CLOCK_BOOTTIME))
}

impl EbpfSource {
    /// Loads the probe, with a ring of `ring_kib` KiB, which is made a power of two.
    ///
    /// # Errors
    /// [`ProbeError`] says what is wrong and what to do.
    pub fn load(ring_kib: u32) -> Result<EbpfSource, ProbeError> {
        let ring_bytes = ring_kib.clamp(64, 1 << 20).next_power_of_two().saturating_mul(1024);
        Ok(EbpfSource {
            probe: loader::load(ring_bytes)?,
            numbers: Numbers::default(),
            wanted: EventSet::default(),
            gaps: Vec::new(),
            boot: boot_time(),
            room: vec![0; MAX_RECORD / size_of::<u64>()],
            unwanted: 0,
            too_long: 0,
            nonsense: 0,
            at_rest: false,
        })
    }
}

fn counters(words: &[u64; count::COUNT]) -> Counters {
    let [
        seen,
        delivered,
        filtered,
        dropped_full,
        dropped_full_lifecycle,
        dropped_nested,
        dropped_fault,
        dropped_too_long,
    ] = *words;
    Counters {
        seen,
        delivered,
        filtered,
        dropped_full,
        dropped_full_lifecycle,
        dropped_nested,
        dropped_fault,
        dropped_too_long,
    }
}

impl Source for EbpfSource {
    fn name(&self) -> &'static str {
        "ebpf"
    }

    fn register(&mut self, registry: &Registry, base: Token) -> Result<(), SourceError> {
        let fd = self.probe.ring.as_raw_fd();
        registry.register(&mut SourceFd(&fd), base, mio::Interest::READABLE)?;
        Ok(())
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.set_interest(events)?;
        Ok(self.probe.attach()?)
    }

    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.probe.follow(&plan::plans(events));
        self.wanted = *events;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        let EbpfSource { probe, numbers, wanted, gaps, boot, room, unwanted, too_long, nonsense, .. } = self;
        let len = loop {
            let Some(item) = probe.ring.next() else { return Ok(None) };
            let Some(captured) = Captured::parse(&item, *boot) else {
                *nonsense += 1;
                continue;
            };
            let cpu = usize::from(captured.head.cpu);
            if gaps.len() <= cpu {
                gaps.resize(cpu + 1, Gaps::new(true));
            }
            if let Some(gaps) = gaps.get_mut(cpu) {
                gaps.record(captured.head.seq);
            }
            match record::write(&captured, numbers, wanted, room.as_mut_bytes()) {
                Written::Record(len) => break len,
                Written::Unwanted => *unwanted += 1,
                Written::TooLong => *too_long += 1,
            }
        };
        Ok(self.room.as_bytes().get(..len))
    }

    /// Each capture's room was given back when its record was made.
    fn release(&mut self) {}

    /// The kernel wakes whoever has read everything.
    fn arm(&mut self) -> bool {
        true
    }

    fn disarm(&mut self) {
        self.boot = boot_time();
    }

    fn stop(&mut self) -> Result<(), SourceError> {
        self.probe.follow(&plan::plans(&EventSet::default()));
        self.at_rest = true;
        Ok(())
    }

    fn counters(&self) -> Counters {
        let mut sum = self.probe.counters().fold(Counters::default(), |sum, words| sum.plus(&counters(&words)));
        // What the probe delivered is no record yet.
        sum.delivered = sum.delivered.saturating_sub(self.unwanted + self.too_long + self.nonsense);
        sum.filtered += self.unwanted;
        sum.dropped_too_long += self.too_long;
        sum.dropped_fault += self.nonsense;
        sum
    }

    fn accounts(&self) -> Accounts {
        let mut accounts = Accounts { counters: self.counters(), resyncs: self.nonsense, ..Accounts::default() };
        for (cpu, words) in self.probe.counters().enumerate() {
            let fresh = Gaps::new(true);
            let gaps = self.gaps.get(cpu).unwrap_or(&fresh);
            let cpu = u32::try_from(cpu).unwrap_or(u32::MAX);
            let (missing, mismatch) = gaps.compare(cpu, &counters(&words), self.at_rest);
            accounts.missing = accounts.missing.saturating_add(missing);
            accounts.mismatches.extend(mismatch);
        }
        accounts.missing = accounts.missing.saturating_add(self.too_long + self.nonsense);
        accounts
    }
}

#[cfg(test)]
mod tests;
