//! A source over rings in memory, and records to put into them: the kernel's side, played by the tests.

use kestrel::sources::{Accounts, Rings, Source, SourceError};
use kestrel_core::event::{RecordHeader, RecordWriter};
use kestrel_core::schema::{self, EventId, EventSet};
use kestrel_ringbuf::{Class, Counters, MemoryRing, Wake};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What the source was told.
#[derive(Debug, PartialEq)]
pub enum Told {
    Start(EventSet),
    Interest(EventSet),
    Program(Vec<u8>),
    Stop,
}

/// One CPU of the machine that the tests play.
pub struct Cpu {
    pub number: u16,
    pub ring: MemoryRing,
    stopped: Arc<AtomicBool>,
    wake: Arc<EventFd>,
}

/// A record to be written.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub event: EventId,
    pub time_ns: u64,
    pub pid: u32,
    pub comm: &'a str,
    /// Parameters by their index, as numbers.
    pub numbers: &'a [(usize, u64)],
}

/// `kill(pid, sig)` by a program: process 100 if it is called evil, else another.
pub fn kill<'a>(comm: &'a str, time_ns: u64, numbers: &'a [(usize, u64)]) -> Call<'a> {
    let pid = if comm == "evil" { 100 } else { 200 };
    Call { event: schema::id::KILL, time_ns, pid, comm, numbers }
}

impl Cpu {
    /// Writes a record as the module does. True if there was room.
    pub fn record(&self, call: Call<'_>) -> bool {
        self.bytes(|buf| {
            let nparams = schema::get(call.event).map_or(0, |event| event.params.len());
            let mut writer = RecordWriter::begin(buf, nparams).unwrap();
            let task = writer.task();
            *task = kestrel_core::event::TaskContext {
                tid: call.pid,
                pid: call.pid,
                ppid: 1,
                start_time: 1_000_000,
                ..Default::default()
            };
            task.comm[..call.comm.len()].copy_from_slice(call.comm.as_bytes());
            for &(index, number) in call.numbers {
                writer.number(index, number).unwrap();
            }
            let header =
                RecordHeader { event: call.event.0, cpu: self.number, time_ns: call.time_ns, ..Default::default() };
            writer.finish(header)
        })
    }

    /// Writes whatever `fill` does; it gives the length. After a stop nothing is written any more, as in the kernel.
    pub fn bytes(&self, fill: impl FnOnce(&mut [u8]) -> usize) -> bool {
        if self.stopped.load(Ordering::SeqCst) {
            return false;
        }
        let Ok(mut slot) = self.ring.producer().enter().unwrap().reserve(Class::Ordinary) else { return false };
        let len = fill(slot.bytes());
        if slot.commit(len) != Wake::No {
            self.wake.write(1).unwrap();
        }
        true
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// The source over the rings of such CPUs.
pub struct MemorySource {
    rings: Rings,
    stopped: Arc<AtomicBool>,
    wake: Arc<EventFd>,
    told: Sender<Told>,
}

/// A machine with this many CPUs.
pub fn machine(cpus: u16, ring_bytes: usize) -> (Vec<Cpu>, Box<MemorySource>, Receiver<Told>) {
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).unwrap());
    let stopped = Arc::new(AtomicBool::new(false));
    let cpu = |number| {
        let ring = MemoryRing::new(ring_bytes, ring_bytes as u64 / 8).unwrap();
        Cpu { number, ring, stopped: Arc::clone(&stopped), wake: Arc::clone(&wake) }
    };
    let cpus: Vec<Cpu> = (0..cpus).map(cpu).collect();
    let source = attach(&cpus, true);
    (cpus, source.0, source.1)
}

/// A reader of these CPUs' rings; the first of its kind, or the next one.
pub fn attach(cpus: &[Cpu], fresh: bool) -> (Box<MemorySource>, Receiver<Told>) {
    let rings = cpus.iter().map(|cpu| (u32::from(cpu.number), cpu.ring.consumer().unwrap())).collect();
    let (told, hears) = channel();
    let source = MemorySource {
        rings: Rings::new(rings, fresh, Duration::from_millis(1)),
        stopped: Arc::clone(&cpus[0].stopped),
        wake: Arc::clone(&cpus[0].wake),
        told,
    };
    (Box::new(source), hears)
}

impl Source for MemorySource {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn register(&mut self, registry: &Registry, base: Token) -> Result<(), SourceError> {
        Ok(registry.register(&mut SourceFd(&self.wake.as_fd().as_raw_fd()), base, Interest::READABLE)?)
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        let _ = self.told.send(Told::Start(*events));
        Ok(())
    }

    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError> {
        let _ = self.told.send(Told::Interest(*events));
        Ok(())
    }

    fn set_program(&mut self, program: &[u8]) -> Result<(), SourceError> {
        let _ = self.told.send(Told::Program(program.to_vec()));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        Ok(self.rings.next_record())
    }

    fn release(&mut self) {
        self.rings.release();
    }

    fn arm(&mut self) -> bool {
        self.rings.arm()
    }

    fn disarm(&mut self) {
        self.rings.disarm();
    }

    fn stop(&mut self) -> Result<(), SourceError> {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = self.told.send(Told::Stop);
        self.rings.rest();
        Ok(())
    }

    fn counters(&self) -> Counters {
        self.rings.counters()
    }

    fn accounts(&self) -> Accounts {
        self.rings.accounts()
    }
}
