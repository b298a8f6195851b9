//! The kernel module: one ring per CPU.

use super::device::Device;
use super::{DeviceError, Lane, Merge, Source, SourceError};
use kestrel_core::abi::{Hello, Interest};
use kestrel_core::event::RecordHeader;
use kestrel_core::schema::EventSet;
use kestrel_ringbuf::{Corrupt, Counters, Ring};
use mio::unix::SourceFd;
use mio::{Registry, Token};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;
use zerocopy::FromBytes;

/// When the kernel wakes the daemon: at this fill level of a ring (a part of its size), or this long after the first record.
const WAKE_PART: u64 = 8;
const WAKE_DELAY: Duration = Duration::from_millis(10);

/// Room that was read is given back at the latest after this part of a ring.
const RELEASE_PART: u64 = 8;

/// One CPU's ring as a lane of the merge.
#[derive(Debug)]
struct CpuLane {
    cpu: u32,
    ring: Ring,
    /// Number that the next record should have; `None` before the first.
    expected: Option<u64>,
    missing: u64,
}

impl CpuLane {
    fn corrupt(&self, corrupt: Corrupt) -> SourceError {
        SourceError::Corrupt { cpu: self.cpu, corrupt }
    }
}

/// The header of a framed record. A ring's framing promises at least these bytes, 8-byte aligned.
fn header(record: &[u8]) -> RecordHeader {
    RecordHeader::read_from_prefix(record).map(|(header, _)| header).unwrap_or_default()
}

impl Lane for CpuLane {
    type Error = SourceError;

    fn first_time(&mut self) -> Result<Option<u64>, SourceError> {
        let first = self.ring.peek().map(|record| record.map(|record| header(record).time_ns));
        first.map_err(|corrupt| self.corrupt(corrupt))
    }

    fn is_known(&self) -> bool {
        self.ring.is_known()
    }

    fn advance(&mut self) {
        if let Ok(Some(record)) = self.ring.peek() {
            let seq = header(record).seq;
            if let Some(expected) = self.expected {
                self.missing += seq.wrapping_sub(expected);
            }
            self.expected = Some(seq.wrapping_add(1));
        }
        self.ring.advance();
        if self.ring.unpublished() >= self.ring.size() / RELEASE_PART {
            self.ring.publish();
        }
    }
}

/// The kernel module as a source.
#[derive(Debug)]
pub struct KmodSource {
    devices: Vec<Device>,
    lanes: Vec<CpuLane>,
    merge: Merge,
    retained: bool,
}

impl KmodSource {
    /// Opens every CPU's device, shakes hands and maps the rings.
    ///
    /// # Errors
    /// [`DeviceError`] says what is wrong and what to do.
    pub fn open(hello: &Hello) -> Result<KmodSource, DeviceError> {
        let first = Device::open(0)?;
        let welcome = first.hello(hello)?;
        let mut devices = vec![first];
        for cpu in 1..welcome.cpus {
            devices.push(Device::open(cpu)?);
        }
        let mut lanes = Vec::new();
        for (cpu, device) in (0..).zip(&devices) {
            let bytes = usize::try_from(welcome.ring_bytes).unwrap_or(usize::MAX);
            let mut ring = Ring::map(device.file.as_fd(), bytes)
                .map_err(|error| DeviceError::Map { path: device.path.clone(), error })?;
            ring.set_wake(u32::try_from(welcome.ring_bytes / WAKE_PART).unwrap_or(u32::MAX), WAKE_DELAY);
            lanes.push(CpuLane { cpu, ring, expected: None, missing: 0 });
        }
        let merge = Merge::new(lanes.len());
        Ok(KmodSource { devices, lanes, merge, retained: welcome.retained })
    }

    /// True if a capture was going on already: the rings may hold records from before.
    pub fn is_retained(&self) -> bool {
        self.retained
    }

    fn control(&self) -> Result<&Device, DeviceError> {
        self.devices.first().ok_or(DeviceError::Nonsense)
    }
}

impl Source for KmodSource {
    fn name(&self) -> &'static str {
        "kmod"
    }

    fn register(&mut self, registry: &Registry, base: Token) -> Result<usize, SourceError> {
        for (index, device) in self.devices.iter().enumerate() {
            let raw = device.file.as_raw_fd();
            registry.register(&mut SourceFd(&raw), Token(base.0 + index), mio::Interest::READABLE)?;
        }
        Ok(self.devices.len())
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        let device = self.control()?;
        device.set_interest(&Interest::from(events))?;
        Ok(device.start()?)
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        let Some(index) = self.merge.next(&mut self.lanes)? else { return Ok(None) };
        let Some(lane) = self.lanes.get_mut(index) else { return Ok(None) };
        let cpu = lane.cpu;
        lane.ring.peek().map_err(|corrupt| SourceError::Corrupt { cpu, corrupt })
    }

    fn release(&mut self) {
        for lane in &mut self.lanes {
            if lane.ring.unpublished() > 0 {
                lane.ring.publish();
            }
        }
    }

    fn arm(&mut self) -> bool {
        let mut all = true;
        for lane in &mut self.lanes {
            all &= lane.ring.arm();
        }
        if !all {
            self.disarm();
        }
        all
    }

    fn disarm(&mut self) {
        for lane in &mut self.lanes {
            lane.ring.disarm();
        }
    }

    fn stop(&mut self) -> Result<(), SourceError> {
        Ok(self.control()?.stop()?)
    }

    fn counters(&self) -> Counters {
        self.lanes.iter().fold(Counters::default(), |sum, lane| sum.plus(&lane.ring.counters()))
    }

    fn missing(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.missing).sum()
    }

    fn system_calls(&self) -> u64 {
        0
    }
}
