//! Times and counts that fields are relative to.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::time::{ClockId, clock_gettime};
use std::cell::Cell;

/// Times and counts that fields are relative to.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Wall-clock time of the boot, ns since the epoch: what start times are relative to.
    pub boot_ns: u64,
    /// Time of the first event.
    pub first_ns: u64,
    /// Time of the event before this one.
    pub previous_ns: u64,
    /// Number of this event.
    pub number: u64,
    /// Name of this machine.
    pub hostname: String,
    /// The local time zone.
    pub zone: TimeZone,
    /// How often it was counted.
    counted: Cell<u64>,
}

impl Clock {
    /// The machine's clock; `hostname` as events are to show it.
    pub fn system(hostname: String) -> Clock {
        let now = |clock| {
            clock_gettime(clock).map_or(0, |time| {
                (time.tv_sec() as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec() as u64)
            })
        };
        let boot_ns = now(ClockId::CLOCK_REALTIME).saturating_sub(now(ClockId::CLOCK_BOOTTIME));
        Clock {
            boot_ns,
            first_ns: 0,
            previous_ns: 0,
            number: 0,
            hostname,
            zone: kestrel_outputs::local_zone(),
            counted: Cell::new(0),
        }
    }

    /// An event of this time comes.
    pub fn tick(&mut self, time_ns: u64) {
        if self.number == 0 {
            self.first_ns = time_ns;
            self.previous_ns = time_ns;
        }
        self.number += 1;
    }

    /// Counts: 1 the first time, then one more each time.
    pub fn count(&self) -> u64 {
        self.counted.set(self.counted.get().wrapping_add(1));
        self.counted.get()
    }

    /// A time in the local zone, in this format (strftime(3)).
    pub fn local(&self, time_ns: u64, format: &str) -> String {
        timestamp(time_ns).to_zoned_datetime(self.zone.clone()).strftime(format).to_string()
    }

    /// A time in UTC.
    pub fn utc(&self, time_ns: u64, format: &str) -> String {
        timestamp(time_ns).strftime(format).to_string()
    }
}

fn timestamp(ns: u64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::MAX)
}
