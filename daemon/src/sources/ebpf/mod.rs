//! The eBPF probe: for kernels that take no module.
//!
//! ```text
//!   probe (ebpf/) ─▶ capture ─▶ ring ─▶ captured.rs, record.rs: the same fillers as the module's ─▶ record
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `btf.rs` | the kernel's description of its types |
//! | `loader.rs` | the probe in the kernel: loaded, or found where it is kept |
//! | `cast.rs` | what the object leaves open until the kernel is known |
//! | `programs.rs`, `operations.rs` | its programs, made for this kernel; which of them goes on with which |
//! | `entries.rs` | where programs are attached |
//! | `tables.rs` | what it goes by: plans, nodes, texts |
//! | `traced.rs` | kernels that preempt the probe |
//! | `pins.rs` | the probe outlives its daemon |
//! | `ring.rs` | the ring of captures |
//! | `mapped.rs` | arrays that are shared with it |
//! | `plan.rs` | what the probe copies of each call |
//! | `misses.rs` | what the kernel did not hand to it |
//! | `judge.rs`, `marks.rs` | the prefilter's program, as the probe evaluates it |
//! | `grace.rs` | programs that are under way |
//! | `half.rs` | where the next one is written |
//! | `captured.rs` | a capture, as fillers see it |
//! | `record.rs` | captures become records |
//! | `error.rs`, `failure.rs`, `refusal.rs` | why it cannot be used, and what a kernel is missing |
//! | `rights.rs`, `perf.rs` | what this process may |

mod btf;
mod captured;
mod cast;
mod entries;
mod error;
mod failure;
mod grace;
mod half;
mod judge;
mod loader;
mod mapped;
mod marks;
mod misses;
mod operations;
mod perf;
mod pins;
mod plan;
mod programs;
mod record;
mod refusal;
mod rights;
mod ring;
mod tables;
mod traced;

pub use error::{ProbeError, Refusal};

use super::{Accounts, Gaps, Shares, Source, SourceError};
use captured::Captured;
use judge::Judgement;
use kestrel_core::capture::judge::TextKey;
use kestrel_core::capture::{COUNTED_EVENTS, Plan};
use kestrel_core::event::MAX_RECORD;
use kestrel_core::filter::Program;
use kestrel_core::schema::{EventId, EventSet};
use kestrel_ringbuf::Counters;
use loader::Loaded;
use mio::unix::SourceFd;
use mio::{Registry, Token};
use nix::time::{ClockId, clock_gettime};
use record::{Numbers, Written};
use std::os::fd::AsRawFd;
use std::path::Path;
use zerocopy::IntoBytes;

/// The eBPF probe as a source.
#[derive(Debug)]
pub struct EbpfSource {
    probe: Loaded,
    /// The ring was empty and the sequences at their beginning.
    fresh: bool,
    numbers: Numbers,
    wanted: EventSet,
    /// Somebody has said what is wanted. Until then the probe does what the daemon before had it do.
    is_asked: bool,
    /// What they are judged by.
    judgement: Judgement,
    /// The texts of that, if it is not in force yet.
    texts: Option<Vec<TextKey>>,
    /// The program that it was made of; `None` if there is none, or it could not be handed over.
    program: Option<Vec<u8>>,
    /// How many programs were handed over: no two have the same tables of texts, whether they came into force or not.
    generation: u32,
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
    /// Loads the probe, with a ring of `ring_kib` KiB, which is made a power of two; or goes on with the one that is kept in
    /// `pin_dir`.
    ///
    /// # Errors
    /// [`ProbeError`] says what is wrong and what to do.
    pub fn open(ring_kib: u32, pin_dir: Option<&Path>) -> Result<EbpfSource, ProbeError> {
        let ring_bytes = ring_kib.clamp(64, 1 << 20).next_power_of_two().saturating_mul(1024);
        let probe = loader::open(ring_bytes, pin_dir)?;
        if rights::lacking().contains(&"SYS_PTRACE") {
            log::warn!(
                "eBPF: without the capability SYS_PTRACE, of processes of others that run already neither executable nor working \
                 directory is known"
            );
        }
        let generation = probe.about.generation();
        Ok(EbpfSource {
            fresh: !probe.is_taken_over(),
            probe,
            numbers: Numbers::default(),
            wanted: EventSet::default(),
            is_asked: false,
            judgement: Judgement::default(),
            texts: None,
            program: None,
            generation,
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

impl EbpfSource {
    /// True if a capture was going on already: the ring may hold captures from before.
    pub fn is_retained(&self) -> bool {
        self.probe.is_taken_over()
    }
}

/// Tables of texts of one program are numbered in so many bits.
const TABLE_BITS: u32 = 12;

const _: () = assert!(COUNTED_EVENTS * judge::TABLES <= 1 << TABLE_BITS);

impl EbpfSource {
    /// Has the probe record what is wanted, judged by what there is.
    fn follow(&mut self) {
        let mut plans = plan::plans(&self.wanted);
        for plan in &mut plans {
            // The arguments of others are not known at once.
            let fit = plan.flags & Plan::WANTED != 0 && plan.flags & (Plan::MANY | Plan::BEHIND) == 0;
            if let Some(entry) = self.judgement.of(plan.event).filter(|_| fit) {
                plan.flags |= Plan::JUDGED | if entry.by_task { Plan::JUDGED_BY_TASK } else { 0 };
                plan.others = entry.first;
            }
        }
        self.probe.tables.follow(&plans);
        if let Some(texts) = self.texts.take() {
            self.probe.tables.have_in_force(texts);
        }
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
        (self.wanted, self.is_asked) = (*events, true);
        self.follow();
        Ok(())
    }

    fn set_program(&mut self, program: &[u8]) -> Result<(), SourceError> {
        // Most rules that are read again ask for the same. Where the probe is a tracepoint of perf's, the kernel does not start it
        // on a CPU on which somebody is preempted while they change texts: none is changed without need.
        if self.program.as_deref() == Some(program) {
            return Ok(());
        }
        self.program = None;
        self.generation = self.generation.wrapping_add(1);
        let base = self.probe.tables.free_half().base();
        let judgement = if program.is_empty() {
            Judgement::default()
        } else {
            // In words, as programs are aligned.
            let mut room = vec![0u64; program.len().div_ceil(size_of::<u64>())];
            let bytes = room.as_mut_bytes().get_mut(..program.len()).unwrap_or_default();
            bytes.copy_from_slice(program);
            let program = Program::verify(bytes).map_err(|refused| ProbeError::Program { refused })?;
            Judgement::new(&program, base, self.generation << TABLE_BITS)
        };
        self.probe.about.set_generation(self.generation);
        if let Some(never) = self.texts.take() {
            self.probe.tables.forget(&never);
        }
        self.texts = Some(self.probe.tables.judge_by(&judgement, base)?);
        self.judgement = judgement;
        if self.is_asked {
            self.follow();
        }
        self.program = Some(program.to_vec());
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        let EbpfSource { fresh, probe, numbers, wanted, gaps, boot, room, unwanted, too_long, nonsense, .. } = self;
        let len = loop {
            let Some(words) = probe.ring.next() else { return Ok(None) };
            let Some(captured) = Captured::parse(words.as_bytes(), *boot) else {
                *nonsense += 1;
                continue;
            };
            let cpu = usize::from(captured.head.cpu);
            if gaps.len() <= cpu {
                gaps.resize(cpu + 1, Gaps::new(*fresh));
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

    fn release(&mut self) {
        self.probe.ring.release();
    }

    /// The kernel wakes whoever has read everything, and only them.
    fn arm(&mut self) -> bool {
        self.probe.ring.release();
        self.probe.ring.unread() == 0
    }

    fn disarm(&mut self) {
        self.boot = boot_time();
    }

    fn stop(&mut self) -> Result<(), SourceError> {
        self.probe.tables.follow(&plan::plans(&EventSet::default()));
        // What is still captured by the plans of before is in the ring when it is read for the last time.
        grace::wait();
        self.at_rest = true;
        self.probe.end();
        Ok(())
    }

    fn counters(&self) -> Counters {
        let mut sum = self.probe.counters().fold(Counters::default(), |sum, of_cpu| sum.plus(&of_cpu));
        let misses = self.probe.misses();
        sum.seen += misses;
        sum.dropped_nested += misses;
        // What the probe delivered is no record yet.
        sum.delivered = sum.delivered.saturating_sub(self.unwanted + self.too_long + self.nonsense);
        sum.filtered += self.unwanted;
        sum.dropped_too_long += self.too_long;
        sum.dropped_fault += self.nonsense;
        sum
    }

    fn shares(&self) -> Shares {
        let mut shares = Shares::default();
        for (event, [seen, rejected]) in self.probe.by_event().filter(|(_, [seen, _])| *seen > 0) {
            shares.count(EventId(event), seen, rejected);
        }
        shares
    }

    fn accounts(&self) -> Accounts {
        let mut accounts = Accounts {
            counters: self.counters(),
            resyncs: self.nonsense,
            unread_bytes: self.probe.ring.unread(),
            ..Accounts::default()
        };
        for (cpu, counters) in self.probe.counters().enumerate() {
            let none = Gaps::new(self.fresh);
            let gaps = self.gaps.get(cpu).unwrap_or(&none);
            accounts.before = accounts.before.saturating_add(gaps.before());
            let cpu = u32::try_from(cpu).unwrap_or(u32::MAX);
            let (missing, mismatch) = gaps.compare(cpu, &counters, self.at_rest);
            accounts.missing = accounts.missing.saturating_add(missing);
            accounts.mismatches.extend(mismatch);
        }
        accounts.missing = accounts.missing.saturating_add(self.too_long + self.nonsense);
        accounts
    }
}

#[cfg(test)]
mod tests;
