//! A record becomes alerts.

use super::activity::Activity;
use super::alert::alert;
use super::append::Appended;
use super::base64::Coded;
use crate::fields::{Clock, EventFacts};
use crate::k8s_audit::{self, AuditEvent, AuditFacts};
use crate::live::Taken;
use crate::state::State;
use bumpalo::Bump;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EventId};
use kestrel_outputs::{Alert, Priority};
use kestrel_rules::{Rule, RuleSet};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Size to which the arena for composed values is allowed to have grown before it is given back, in bytes.
const ARENA_BYTES: usize = 256 * 1024;

/// While somebody may look at what rules cost, it is measured for one event in so many: a prime, so that no rhythm of a machine
/// falls into step with it.
const SAMPLES: NonZeroU32 = NonZeroU32::new(127).unwrap();

/// What became of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Records that were judged.
    pub records: u64,
    /// Events of the Kubernetes audit log that were judged.
    pub audit_events: u64,
    /// Records that were skipped because they make no sense.
    pub bad_records: u64,
    /// Records that were skipped because this version does not know their event.
    pub unknown_events: u64,
    /// Matches by priority.
    pub by_priority: BTreeMap<Priority, u64>,
    /// Matches by rule.
    pub by_rule: BTreeMap<Arc<str>, u64>,
}

/// What comes of a record.
#[derive(Debug)]
pub enum Step<'a> {
    /// It was taken in, and is about to be judged.
    Taken(Taken<'a>),
    /// A rule matched.
    Match(&'a Rule, Alert),
}

impl Judged {
    fn count(&mut self, rule: &Rule) {
        *self.by_priority.entry(rule.priority).or_default() += 1;
        match self.by_rule.get_mut(&rule.name) {
            Some(count) => *count += 1,
            None => drop(self.by_rule.insert(Arc::clone(&rule.name), 1)),
        }
    }
}

/// Empties the arena, and gives back what it grew to if that was much.
fn empty(arena: &mut Bump) {
    if arena.allocated_bytes() > ARENA_BYTES {
        *arena = Bump::new();
    } else {
        arena.reset();
    }
}

/// Takes in records, one by one, and says which alerts they raise.
#[derive(Debug)]
pub struct Judge {
    /// Processes and users.
    pub state: State,
    rules: RuleSet,
    clock: Clock,
    arena: Bump,
    hostname: Arc<str>,
    appended: Appended,
    /// Buffers in alerts are base64, and lie here.
    coded: Option<Bump>,
    judged: Judged,
    /// Who does what, and what rules cost, if somebody may look.
    activity: Option<Activity>,
}

impl Judge {
    /// A judge by these rules.
    pub fn new(state: State, rules: RuleSet, clock: Clock) -> Judge {
        let hostname = clock.hostname.as_str().into();
        Judge {
            state,
            rules,
            clock,
            arena: Bump::new(),
            hostname,
            appended: Appended::default(),
            coded: None,
            judged: Judged::default(),
            activity: None,
        }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The rules, for another judge.
    pub fn into_rules(self) -> RuleSet {
        self.rules
    }

    /// Judges by other rules from the next record on. What is known of processes stays.
    pub fn set_rules(&mut self, rules: RuleSet) {
        self.rules = rules;
        self.rules.sample(self.activity.is_some().then_some(SAMPLES));
    }

    /// Counts who does what and measures what rules cost, or does not. What was counted is forgotten when it ends.
    pub fn account(&mut self, wanted: bool) {
        if wanted != self.activity.is_some() {
            self.activity = wanted.then(Activity::default);
            self.rules.sample(wanted.then_some(SAMPLES));
        }
    }

    /// Who did what, if it is counted.
    pub fn activity(&self) -> Option<&Activity> {
        self.activity.as_ref()
    }

    /// Name of this machine.
    pub fn hostname(&self) -> Arc<str> {
        Arc::clone(&self.hostname)
    }

    /// Writes alerts so from the next record on: with what is added to them, and with buffers as base64 or as they are.
    pub fn set_alerts(&mut self, appended: Appended, base64: bool) {
        self.appended = appended;
        self.coded = base64.then(Bump::new);
    }

    /// What became of the records so far.
    pub fn judged(&self) -> &Judged {
        &self.judged
    }

    /// Times and counts that fields are relative to.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Number of the event that was judged last, as `evt.num` shows it.
    pub fn event_number(&self) -> u64 {
        self.clock.number
    }

    /// Takes in a record and calls `on_alert` for each alert.
    pub fn record(&mut self, bytes: &[u8], mut on_alert: impl FnMut(Alert)) {
        self.record_by_rule(bytes, |_, alert| on_alert(alert));
    }

    /// Takes in a record and calls `on_match` for each alert, with the rule that matched.
    pub fn record_by_rule(&mut self, bytes: &[u8], mut on_match: impl FnMut(&Rule, Alert)) {
        self.record_by_steps(bytes, |step| {
            if let Step::Match(rule, alert) = step {
                on_match(rule, alert);
            }
        });
    }

    /// Takes in a record and calls `on_step` for it and for each alert.
    pub fn record_by_steps(&mut self, bytes: &[u8], mut on_step: impl FnMut(Step<'_>)) {
        let Judge { state, rules, clock, arena, hostname, appended, coded, judged, activity } = self;
        let Ok(record) = Record::parse(bytes) else {
            judged.bad_records += 1;
            return;
        };
        // The state does not get to see what nobody can read.
        if schema::get(EventId(record.header().event)).is_none() {
            judged.unknown_events += 1;
            return;
        }
        judged.records += 1;
        if let Some(activity) = activity {
            activity.count(EventId(record.header().event), &record.task().comm);
        }
        let time_ns = record.header().time_ns;
        clock.tick(time_ns);
        let key = state.apply(&record);
        on_step(Step::Taken(Taken { record, bytes, number: clock.number, key, state }));
        if let Some(facts) = EventFacts::new(record, key, state, clock, arena) {
            rules.evaluate(facts.id(), &facts, |rule| {
                judged.count(rule);
                let extra = appended.of(rule);
                let alert = match &*coded {
                    None => alert(rule, extra, &facts, time_ns, hostname),
                    Some(arena) => alert(rule, extra, &Coded { facts: &facts, arena }, time_ns, hostname),
                };
                on_step(Step::Match(rule, alert));
            });
        }
        coded.iter_mut().for_each(Bump::reset);
        clock.previous_ns = time_ns;
        state.settle(&record, key);
        empty(arena);
    }

    /// Takes in an event of the Kubernetes audit log and calls `on_alert` for each alert.
    pub fn audit(&mut self, event: &AuditEvent, mut on_alert: impl FnMut(Alert)) {
        let Judge { rules, clock, arena, hostname, appended, judged, .. } = self;
        judged.audit_events += 1;
        clock.tick(event.time_ns);
        let facts = AuditFacts::new(event, clock, arena);
        rules.evaluate_from(k8s_audit::SOURCE, &facts, |rule| {
            judged.count(rule);
            on_alert(alert(rule, appended.of(rule), &facts, event.time_ns, hostname));
        });
        empty(arena);
    }
}
