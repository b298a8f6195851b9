//! The facts of an event, and the fields that it has in common with others: `evt.*`, `json.*`, `jevt.*`.

use super::SOURCE;
use super::event::AuditEvent;
use super::given::{Given, getter};
use super::json;
use crate::fields::Clock;
use bumpalo::Bump;
use kestrel_rules::{Facts, Field, FieldArg, FieldRef, Value};

const NS: u64 = 1_000_000_000;

/// One event of the audit log, and what is known around it.
#[derive(Debug)]
pub struct AuditFacts<'a> {
    event: &'a AuditEvent,
    clock: &'a Clock,
    /// For values that are composed.
    pub(super) arena: &'a Bump,
}

pub(super) const GIVEN: &[Given] = &[
    (Field::EvtNum, |facts, _| Value::Uint(facts.clock.number)),
    (Field::EvtTime, |facts, _| facts.local_time("%H:%M:%S.%9f")),
    (Field::EvtTimeS, |facts, _| facts.local_time("%H:%M:%S")),
    (Field::EvtTimeIso8601, |facts, _| {
        let time = facts.clock.utc(facts.event.time_ns, "%Y-%m-%dT%H:%M:%S.%9f+0000");
        json::composed(format_args!("{time}"), facts.arena)
    }),
    (Field::EvtDatetime, |facts, _| facts.local_time("%Y-%m-%d %H:%M:%S.%9f")),
    (Field::EvtDatetimeS, |facts, _| facts.local_time("%Y-%m-%d %H:%M:%S")),
    (Field::EvtRawtime, |facts, _| Value::Uint(facts.event.time_ns)),
    (Field::EvtRawtimeS, |facts, _| Value::Uint(facts.event.time_ns / NS)),
    (Field::EvtRawtimeNs, |facts, _| Value::Uint(facts.event.time_ns % NS)),
    (Field::EvtReltime, |facts, _| Value::Uint(facts.since_first())),
    (Field::EvtReltimeS, |facts, _| Value::Uint(facts.since_first() / NS)),
    (Field::EvtReltimeNs, |facts, _| Value::Uint(facts.since_first() % NS)),
    (Field::EvtSource, |_, _| Value::Str(SOURCE.as_bytes())),
    (Field::EvtIsAsync, |_, _| Value::Bool(false)),
    (Field::EvtHostname, |facts, _| Value::Str(facts.clock.hostname.as_bytes())),
    (Field::JsonValue, |facts, arg| facts.pointed(arg)),
    (Field::JsonObj, |facts, _| facts.whole()),
    (Field::JsonRawtime, |facts, _| facts.raw_time()),
    (Field::JevtValue, |facts, arg| facts.pointed(arg)),
    (Field::JevtObj, |facts, _| facts.whole()),
    (Field::JevtRawtime, |facts, _| facts.raw_time()),
];

impl<'a> AuditFacts<'a> {
    /// The facts of an event.
    pub fn new(event: &'a AuditEvent, clock: &'a Clock, arena: &'a Bump) -> AuditFacts<'a> {
        AuditFacts { event, clock, arena }
    }

    /// The whole event.
    pub(super) fn json(&self) -> &'a serde_json::Value {
        &self.event.json
    }

    /// The value under these keys, as text.
    pub(super) fn at(&self, keys: &[&str]) -> Value<'a> {
        json::text_or_missing(json::at(self.json(), keys), self.arena)
    }

    fn local_time(&self, format: &str) -> Value<'a> {
        json::composed(format_args!("{}", self.clock.local(self.event.time_ns, format)), self.arena)
    }

    fn since_first(&self) -> u64 {
        self.event.time_ns.saturating_sub(self.clock.first_ns)
    }

    fn pointed(&self, arg: Option<&FieldArg>) -> Value<'a> {
        let Some(FieldArg::Name(pointer)) = arg else { return Value::Missing };
        json::text_or_missing(self.json().pointer(pointer), self.arena)
    }

    fn whole(&self) -> Value<'a> {
        json::composed(format_args!("{:#}", self.json()), self.arena)
    }

    fn raw_time(&self) -> Value<'a> {
        json::composed(format_args!("{}", self.event.time_ns), self.arena)
    }
}

impl Facts for AuditFacts<'_> {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        getter(field.field).map_or(Value::Missing, |getter| getter(self, field.arg.as_ref()))
    }
}
