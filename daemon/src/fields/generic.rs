//! `evt.*` that events of every source have: number, time, source, machine.

use super::given::Given;
use kestrel_rules::{Field, Value};

const NS: u64 = 1_000_000_000;

pub(super) const GIVEN: &[Given] = &[
    (Field::EvtNum, |facts, _| Value::Uint(facts.clock.number)),
    (Field::EvtTime, |facts, _| facts.local_time("%H:%M:%S.%9f")),
    (Field::EvtTimeS, |facts, _| facts.local_time("%H:%M:%S")),
    (Field::EvtTimeIso8601, |facts, _| {
        facts.text(format_args!("{}", facts.clock.utc(facts.time(), "%Y-%m-%dT%H:%M:%S.%9f+0000")))
    }),
    (Field::EvtDatetime, |facts, _| facts.local_time("%Y-%m-%d %H:%M:%S.%9f")),
    (Field::EvtDatetimeS, |facts, _| facts.local_time("%Y-%m-%d %H:%M:%S")),
    (Field::EvtRawtime, |facts, _| Value::Uint(facts.time())),
    (Field::EvtRawtimeS, |facts, _| Value::Uint(facts.time() / NS)),
    (Field::EvtRawtimeNs, |facts, _| Value::Uint(facts.time() % NS)),
    (Field::EvtReltime, |facts, _| Value::Uint(facts.since_first())),
    (Field::EvtReltimeS, |facts, _| Value::Uint(facts.since_first() / NS)),
    (Field::EvtReltimeNs, |facts, _| Value::Uint(facts.since_first() % NS)),
    (Field::EvtSource, |_, _| Value::Str(b"syscall")),
    (Field::EvtIsAsync, |_, _| Value::Bool(false)),
    (Field::EvtHostname, |facts, _| Value::Str(facts.clock.hostname.as_bytes())),
    // Of the source syscall, but a matter of time.
    (Field::EvtOutputtime, |facts, _| facts.local_time("%H:%M:%S.%9f")),
    (Field::EvtDeltatime, |facts, _| Value::Uint(facts.since_previous())),
    (Field::EvtDeltatimeS, |facts, _| Value::Uint(facts.since_previous() / NS)),
    (Field::EvtDeltatimeNs, |facts, _| Value::Uint(facts.since_previous() % NS)),
];

impl<'a> super::EventFacts<'a> {
    /// Time of the event, ns since the epoch.
    pub(super) fn time(&self) -> u64 {
        self.record.header().time_ns
    }

    fn local_time(&self, format: &str) -> Value<'a> {
        self.text(format_args!("{}", self.clock.local(self.time(), format)))
    }

    fn since_first(&self) -> u64 {
        self.time().saturating_sub(self.clock.first_ns)
    }

    fn since_previous(&self) -> u64 {
        self.time().saturating_sub(self.clock.previous_ns)
    }
}
