//! The part of a recording that somebody asks for: which blocks need not be read, and how a time is written.

use super::layout::BlockHead;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use kestrel_core::schema::EventSet;

/// Nobody writes fewer nanoseconds since the epoch than this and means them: it was in January 1970.
const LEAST_NS: u64 = 1_000_000_000_000_000;

/// A part of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment, ns since the epoch.
    pub from_ns: u64,
    /// Its last moment, ns since the epoch.
    pub to_ns: u64,
}

impl Default for Span {
    fn default() -> Span {
        Span { from_ns: 0, to_ns: u64::MAX }
    }
}

impl Span {
    /// True if a moment lies in it.
    pub fn contains(&self, time_ns: u64) -> bool {
        (self.from_ns..=self.to_ns).contains(&time_ns)
    }

    /// Of the events that are `wanted`, those that matter in a block: before the span those that `always` do.
    pub(super) fn of_block(&self, head: &BlockHead, wanted: &EventSet, always: &EventSet) -> EventSet {
        if head.first_ns > self.to_ns {
            EventSet::EMPTY
        } else if head.last_ns < self.from_ns {
            wanted.intersection(always)
        } else {
            *wanted
        }
    }
}

/// The moment that a text says, in ns since the epoch: a number of them (`evt.rawtime`), a date and a time with an offset from
/// UTC or without one, or a time alone, which is on the day of `first_ns`. What has no offset is in `zone`.
///
/// # Errors
/// What is expected, for people.
pub fn moment(text: &str, first_ns: u64, zone: &TimeZone) -> Result<u64, String> {
    const EXPECTED: &str = "expected a time, such as 12:30, 12:30:05.5, 2026-01-31 12:30, 2026-01-31T12:30:00Z, or \
                            nanoseconds since 1970";
    if let Ok(ns) = text.parse::<u64>() {
        return if ns >= LEAST_NS { Ok(ns) } else { Err(EXPECTED.to_owned()) };
    }
    let in_zone = |time: DateTime| zone.to_timestamp(time);
    let timestamp = if let Ok(timestamp) = text.parse::<Timestamp>() {
        Ok(timestamp)
    } else if let Ok(time) = text.parse::<DateTime>() {
        in_zone(time)
    } else if let Ok(time) = text.parse::<Time>() {
        let first = Timestamp::from_nanosecond(first_ns.into()).map_err(|_| "the recording has no time".to_owned())?;
        in_zone(zone.to_datetime(first).date().to_datetime(time))
    } else {
        return Err(EXPECTED.to_owned());
    };
    let ns = timestamp.map_err(|error| error.to_string())?.as_nanosecond();
    u64::try_from(ns).map_err(|_| "expected a time after 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_several_ways() {
        const NOON: u64 = 1_767_268_800_000_000_000;
        let there = TimeZone::fixed(jiff::tz::offset(2));
        let at = |text: &str| moment(text, NOON, &there);
        for (text, expected) in [
            ("1767268800000000000", NOON),
            ("2026-01-01T12:00:00Z", NOON),
            ("2026-01-01 12:00:00.5Z", NOON + 500_000_000),
            ("2026-01-01 14:00", NOON),
            ("2026-01-01T14:00:00.000000007", NOON + 7),
            ("14:00", NOON),
            ("14:00:01.25", NOON + 1_250_000_000),
        ] {
            assert_eq!(at(text), Ok(expected), "{text}");
        }
        for wrong in ["", "12", "noon", "2026-13-01", "1950-01-01 12:00"] {
            assert!(at(wrong).unwrap_err().contains("expected"), "{wrong}");
        }
    }
}
