//! The kernel module: one device and one ring per CPU.

mod cpus;
mod device;
mod error;

pub use error::DeviceError;

use super::{Accounts, Rings, Shares, Source, SourceError};
use device::Device;
use kestrel_core::abi::{Hello, Interest};
use kestrel_core::schema::EventSet;
use kestrel_ringbuf::{Counters, Ring};
use kestrel_rules::prefilter::ProcessNames;
use mio::unix::SourceFd;
use mio::{Registry, Token};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// CPUs that a module may have, as far as anybody believes it (the kernel's NR_CPUS has never been more).
const MAX_CPUS: u32 = 8192;

/// The kernel module as a source.
#[derive(Debug)]
pub struct KmodSource {
    /// The device that requests are made on.
    control: Device,
    /// The others, kept open: a ring is readable as long as its device is.
    others: Vec<Device>,
    rings: Rings,
    retained: bool,
}

impl KmodSource {
    /// Opens every CPU's device (`prefix` and the CPU's number), shakes hands and maps the rings.
    ///
    /// # Errors
    /// [`DeviceError`] says what is wrong and what to do.
    pub fn open(prefix: &str, hello: &Hello, wake_delay: Duration) -> Result<KmodSource, DeviceError> {
        let path = |cpu: u32| format!("{prefix}{cpu}");
        let control = Device::open(path(0))?;
        let welcome = control.hello(hello)?;
        if welcome.cpus > MAX_CPUS {
            return Err(DeviceError::Nonsense);
        }
        let mut rings = vec![(0, map(&control, welcome.ring_bytes)?)];
        let mut others = Vec::new();
        for cpu in cpus::possible(welcome.cpus).into_iter().filter(|&cpu| cpu != 0) {
            let device = Device::open(path(cpu)).map_err(|error| match error {
                DeviceError::Missing { path } => DeviceError::Incomplete { path },
                error => error,
            })?;
            rings.push((cpu, map(&device, welcome.ring_bytes)?));
            others.push(device);
        }
        let rings = Rings::new(rings, !welcome.retained, wake_delay);
        Ok(KmodSource { control, others, rings, retained: welcome.retained })
    }

    /// True if a capture was going on already: the rings may hold records from before.
    pub fn is_retained(&self) -> bool {
        self.retained
    }

    /// Number of rings.
    pub fn cpus(&self) -> usize {
        1 + self.others.len()
    }
}

fn map(device: &Device, bytes: u64) -> Result<Ring, DeviceError> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    Ring::map(device.file.as_fd(), bytes).map_err(|error| DeviceError::Map { path: device.path.clone(), error })
}

impl Source for KmodSource {
    fn name(&self) -> &'static str {
        "kmod"
    }

    fn register(&mut self, registry: &Registry, base: Token) -> Result<(), SourceError> {
        // One token for all: whichever of them woke us, every ring is looked at.
        for device in std::iter::once(&self.control).chain(&self.others) {
            registry.register(&mut SourceFd(&device.file.as_raw_fd()), base, mio::Interest::READABLE)?;
        }
        Ok(())
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.set_interest(events)?;
        Ok(self.control.start()?)
    }

    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError> {
        Ok(self.control.set_interest(&Interest::from(events))?)
    }

    fn set_program(&mut self, program: &[u8]) -> Result<(), SourceError> {
        Ok(self.control.set_program(program)?)
    }

    fn names(&self) -> ProcessNames {
        ProcessNames::Known
    }

    fn know_processes(&mut self) -> Result<(), SourceError> {
        Ok(self.control.know_processes()?)
    }

    #[inline]
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
        self.control.stop()?;
        self.rings.rest();
        Ok(())
    }

    fn counters(&self) -> Counters {
        self.rings.counters()
    }

    fn accounts(&self) -> Accounts {
        self.rings.accounts()
    }

    fn shares(&self) -> Shares {
        match self.control.counts() {
            Ok(counts) => Shares::from(&counts),
            Err(error) => {
                log::warn!("{error}");
                Shares::default()
            }
        }
    }
}

#[cfg(test)]
mod tests;
