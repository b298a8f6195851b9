//! A record becomes alerts.

use crate::fields::{Clock, EventFacts};
use crate::state::State;
use crate::summary::Summary;
use bumpalo::Bump;
use kestrel_core::event::Record;
use kestrel_outputs::{Alert, FieldValue};
use kestrel_rules::{Facts, Field, Rule, RuleSet, Value};
use std::rc::Rc;

/// Takes in records, one by one, and says which alerts they raise.
#[derive(Debug)]
pub struct Judge {
    /// Processes and users.
    pub state: State,
    rules: RuleSet,
    clock: Clock,
    arena: Bump,
    hostname: Rc<str>,
}

/// Size to which the arena for composed values is allowed to have grown before it is given back, in bytes.
const ARENA_BYTES: usize = 256 * 1024;

impl Judge {
    /// A judge by these rules.
    pub fn new(state: State, rules: RuleSet, clock: Clock) -> Judge {
        let hostname = clock.hostname.as_str().into();
        Judge { state, rules, clock, arena: Bump::new(), hostname }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Name of this machine.
    pub fn hostname(&self) -> Rc<str> {
        Rc::clone(&self.hostname)
    }

    /// Takes in a record and calls `on_alert` for each alert. What happened is counted in `summary`.
    pub fn record(&mut self, bytes: &[u8], summary: &mut Summary, mut on_alert: impl FnMut(Alert)) {
        let Ok(record) = Record::parse(bytes) else {
            summary.bad_records += 1;
            return;
        };
        let time_ns = record.header().time_ns;
        self.clock.tick(time_ns);
        let key = self.state.apply(&record);
        match EventFacts::new(record, key, &self.state, &self.clock, &self.arena) {
            None => summary.unknown_events += 1,
            Some(facts) => {
                summary.records += 1;
                let hostname = &self.hostname;
                self.rules.evaluate(facts.id(), &facts, |rule| {
                    *summary.by_priority.entry(rule.priority).or_default() += 1;
                    match summary.by_rule.get_mut(&*rule.name) {
                        Some(count) => *count += 1,
                        None => drop(summary.by_rule.insert(rule.name.to_string(), 1)),
                    }
                    on_alert(alert(rule, &facts, time_ns, hostname));
                });
            }
        }
        self.clock.previous_ns = time_ns;
        self.state.settle(&record, key);
        if self.arena.allocated_bytes() > ARENA_BYTES {
            self.arena = Bump::new();
        } else {
            self.arena.reset();
        }
    }
}

fn alert(rule: &Rule, facts: &impl Facts, time_ns: u64, hostname: &Rc<str>) -> Alert {
    let mut message = String::with_capacity(256);
    rule.output.render(facts, &mut message);
    let fields = rule.output.fields().map(|(name, field)| {
        let value = match field.field {
            // Falco's JSON has these two as numbers.
            Field::EvtTime | Field::EvtTimeIso8601 => FieldValue::Uint(time_ns),
            _ => field_value(facts.value(field)),
        };
        (name.to_owned(), value)
    });
    Alert {
        time_ns,
        priority: rule.priority,
        rule: Rc::clone(&rule.name),
        source: Rc::clone(&rule.source),
        tags: Rc::clone(&rule.tags),
        hostname: Rc::clone(hostname),
        fields: fields.collect(),
        message,
    }
}

fn field_value(value: Value<'_>) -> FieldValue {
    match value {
        Value::Missing => FieldValue::Null,
        Value::Bool(b) => FieldValue::Bool(b),
        Value::Int(n) => FieldValue::Int(n),
        Value::Uint(n) => FieldValue::Uint(n),
        Value::Str(bytes) => FieldValue::Str(String::from_utf8_lossy(bytes).into_owned()),
        Value::Ip(ip) => FieldValue::Str(ip.to_string()),
        Value::Any(values) => {
            let texts: Vec<String> = values
                .iter()
                .filter_map(|value| match field_value(*value) {
                    FieldValue::Str(text) => Some(text),
                    FieldValue::Int(n) => Some(n.to_string()),
                    FieldValue::Uint(n) => Some(n.to_string()),
                    _ => None,
                })
                .collect();
            FieldValue::Str(texts.join(","))
        }
    }
}
