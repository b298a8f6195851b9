//! A consumer of the module without a daemon around it: what scenarios say to the devices themselves.
#![allow(unsafe_code, reason = "ioctl(2)")]

use super::failure::{Doing, Failure, Outcome};
use kestrel_core::abi::{EventCounts, FilterLoad, Frame, Hello, Interest, Mark, Request, Welcome};
use kestrel_core::event::Record;
use kestrel_core::filter::{Refused, Why};
use kestrel_core::schema::{EventId, EventSet};
use kestrel_ringbuf::{Counters, Ring};
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd};

/// Every device, open, greeted and mapped.
#[derive(Debug)]
pub struct Consumer {
    devices: Vec<File>,
    rings: Vec<Ring>,
    /// The module's answer to HELLO.
    pub welcome: Welcome,
}

/// What came of an attempt to load a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// It judges from now on.
    Yes,
    /// The module refused it, for this reason.
    Refused(Refused),
    /// The kernel said no before that.
    Error(Errno),
}

impl Consumer {
    /// Opens the devices and says HELLO.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn open() -> Outcome<Consumer> {
        let device = |cpu: u32| {
            let path = format!("/dev/kestrel{cpu}");
            OpenOptions::new().read(true).write(true).open(&path).doing(path)
        };
        let first = device(0)?;
        let mut frame = Frame::encode(&Hello::OURS).ok_or("a greeting fits")?;
        // SAFETY: HELLO reads and writes one frame.
        unsafe { request(&first, Request::Hello, (&raw mut frame) as usize) }.doing("HELLO")?;
        let welcome: Welcome = frame.decode().ok_or("the module's answer makes no sense")?;
        let mut devices = vec![first];
        for cpu in 1..welcome.cpus {
            devices.push(device(cpu)?);
        }
        let bytes = usize::try_from(welcome.ring_bytes).map_err(|_| "no ring is so large")?;
        let map = |device: &File| Ring::map(device.as_fd(), bytes).map_err(|error| Failure(error.to_string()));
        let rings = devices.iter().map(map).collect::<Outcome<_>>()?;
        Ok(Consumer { devices, rings, welcome })
    }

    /// Asks for these events.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn ask_for(&self, events: impl IntoIterator<Item = EventId>) -> Outcome {
        let interest = Interest::from(&events.into_iter().collect::<EventSet>());
        // SAFETY: SET_INTEREST reads one `Interest`.
        unsafe { request(self.any(), Request::SetInterest, (&raw const interest) as usize) }.doing("SET_INTEREST")
    }

    /// Loads a program; an empty one is none.
    pub fn load(&self, program: &[u8]) -> Loaded {
        self.load_from(program.as_ptr() as u64, program.len() as u32)
    }

    /// Loads a program from an address, which need not be one.
    pub fn load_from(&self, address: u64, len: u32) -> Loaded {
        let mut load = FilterLoad { address, len, ..FilterLoad::default() };
        // SAFETY: SET_FILTER reads and writes one `FilterLoad`, and reads what it points to as far as the kernel lets it.
        let answer = unsafe { request(self.any(), Request::SetFilter, (&raw mut load) as usize) };
        match (answer, Why::from_u32(load.why)) {
            (Ok(()), _) => Loaded::Yes,
            (Err(Errno::EINVAL), Some(why)) => Loaded::Refused(Refused { why, at: load.at }),
            (Err(errno), _) => Loaded::Error(errno),
        }
    }

    /// Begins the capture.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn start(&self) -> Outcome {
        // SAFETY: START takes no argument.
        unsafe { request(self.any(), Request::Start, 0) }.doing("START")
    }

    /// Ends the capture.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn stop(&self) -> Outcome {
        // SAFETY: STOP takes no argument.
        unsafe { request(self.any(), Request::Stop, 0) }.doing("STOP")
    }

    /// Sets and clears marks of processes.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn mark(&self, mark: &Mark) -> Result<(), Errno> {
        // SAFETY: MARK reads one `Mark`.
        unsafe { request(self.any(), Request::Mark, std::ptr::from_ref(mark) as usize) }
    }

    /// The processes that there were before are known.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn know_processes(&self) -> Result<(), Errno> {
        // SAFETY: KNOWN takes no argument.
        unsafe { request(self.any(), Request::Known, 0) }
    }

    /// What became of each event.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn counts(&self) -> Outcome<EventCounts> {
        let mut counts = EventCounts::default();
        // SAFETY: GET_COUNTS writes one `EventCounts`.
        unsafe { request(self.any(), Request::GetCounts, (&raw mut counts) as usize) }.doing("GET_COUNTS")?;
        Ok(counts)
    }

    /// What became of the events that each CPU saw.
    pub fn counters(&self) -> Vec<Counters> {
        self.rings.iter().map(Ring::counters).collect()
    }

    /// Hands on every record that is there, of one CPU after the other.
    ///
    /// # Errors
    /// If a ring holds something that is no record.
    pub fn drain(&mut self, mut to: impl FnMut(usize, &Record<'_>)) -> Outcome {
        for (cpu, ring) in self.rings.iter_mut().enumerate() {
            while let Some(bytes) = ring.peek().map_err(|error| Failure(error.to_string()))? {
                let record = Record::parse(bytes).map_err(|error| Failure(error.to_string()))?;
                to(cpu, &record);
                ring.advance();
            }
            ring.publish();
        }
        Ok(())
    }

    /// Copies of the records of an event that are there; all others are dropped.
    ///
    /// # Errors
    /// If a ring holds something that is no record.
    pub fn records_of(&mut self, event: EventId) -> Outcome<Vec<Vec<u64>>> {
        let mut found = Vec::new();
        self.drain(|_, record| {
            if record.header().event == event.0 {
                let words = record.bytes().chunks_exact(8).map(|word| {
                    let mut bytes = [0; 8];
                    bytes.copy_from_slice(word);
                    u64::from_ne_bytes(bytes)
                });
                found.push(words.collect());
            }
        })?;
        Ok(found)
    }

    fn any(&self) -> &File {
        // One was opened, or there would be no consumer.
        &self.devices[0]
    }
}

/// # Safety
/// `argument` is what the request expects: nothing, or the address of its structure.
unsafe fn request(device: &File, request: Request, argument: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the descriptor is open for the whole call.
    let result = unsafe { nix::libc::ioctl(device.as_raw_fd(), request as nix::libc::Ioctl, argument) };
    Errno::result(result).map(drop)
}
