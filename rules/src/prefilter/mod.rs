//! The prefilter: from rules to a program that says of an event, in the kernel, whether any rule could match it.
//!
//! ```text
//!  conditions ─derive─▶ for each event a condition over what the kernel knows ─factor, fit─▶ Condition ─build─▶ bytes
//! ```
//!
//! A program may keep an event that no rule wants, never the other way round. What the kernel cannot know counts as true
//! where it stands, and as false behind a `not`. So a field is translated only if its value is, for every record that the
//! kernel writes, exactly the one that a load gives, and missing where the load is absent.
//!
//! | file | is about |
//! |---|---|
//! | `derive.rs` | the graph of conditions, for one event |
//! | `known.rs` | what the kernel can know of a field |
//! | `event_fields.rs`, `argument.rs`, `descriptor.rs`, `path.rs`, `task.rs` | what it knows of each |
//! | `ask.rs`, `numbers.rs`, `texts.rs`, `addresses.rs` | a question about a field as tests |
//! | `factor.rs` | what several rules ask is asked once |
//! | `assume.rs` | what was decided is not asked again |
//! | `fit.rs` | what is too large is asked less |
//! | `show.rs` | a program, readable |
//! | `on_demand.rs` | programs for one kind of events each |
//!
//! The values of fields are made in another crate. That this table agrees with it is a law that is tested there.

mod addresses;
mod argument;
mod ask;
mod assume;
mod derive;
mod descriptor;
mod event_fields;
mod factor;
mod fit;
mod known;
mod numbers;
mod on_demand;
mod path;
mod show;
mod task;
#[cfg(test)]
mod tests;
mod texts;

use crate::facts::FieldRef;
use crate::plan::{NodeId, Program};
use crate::ruleset::Rule;
use derive::Derivation;
pub use fit::GivenUp;
use kestrel_core::filter::build::{Builder, Bytes, Condition};
use kestrel_core::filter::{MAX_SECTION, Program as Verified};
use kestrel_core::schema::{EventId, EventSet};
pub use on_demand::OnDemand;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A program that keeps every event that a rule could match, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Prefilter {
    program: Bytes,
    events: Vec<EventFilter>,
    counting: Vec<Arc<str>>,
    given_up: Option<GivenUp>,
}

/// Whether whoever evaluates a program knows what processes are called (`proc.name`, `proc.pname`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessNames {
    /// It does: [`kestrel_core::filter::Load::ProcessName`] is unknown for few.
    Known,
    /// It does not: a program that asked would keep every event for want of an answer.
    Unknown,
}

/// What becomes of the events of one kind.
#[derive(Clone, Debug)]
pub struct EventFilter {
    /// The event.
    pub event: EventId,
    /// When it is kept.
    pub kept: Kept,
    /// Rules that can match it, and what they need of it.
    pub rules: Vec<Need>,
    /// What was too much to ask.
    pub given_up: Option<GivenUp>,
}

impl EventFilter {
    fn derive(rules: &[Rule], roots: &[NodeId], program: &Program, event: EventId, names: ProcessNames) -> EventFilter {
        let mut derivation = Derivation::new(program, event, names);
        let able = rules.iter().zip(roots).filter(|(rule, _)| rule.events.contains(event));
        let rules: Vec<Need> = able.map(|(rule, root)| derivation.need(rule, *root)).collect();
        let (condition, given_up) = fit::fitted(&rules);
        EventFilter { event, kept: fit::kept(condition), rules, given_up }
    }
}

/// When events of one kind are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Always: something needs all of them, or the kernel knows nothing that would tell.
    Always,
    /// Never: they are asked for, and no rule can match one.
    Never,
    /// If this holds, in so many tests.
    If(Condition, usize),
}

/// What a rule needs of an event.
#[derive(Clone, Debug)]
pub struct Need {
    /// Its name.
    pub rule: Arc<str>,
    /// When it could match.
    pub when: Condition,
    /// The fields that it asks for and the kernel does not know, so that they count as satisfied.
    pub unknown: BTreeSet<FieldRef>,
}

impl Prefilter {
    /// Derives the program. `asked` are the events that are recorded, `always` those of them that are kept whatever rules say.
    pub(crate) fn new(
        rules: &[Rule],
        roots: &[NodeId],
        program: &Program,
        asked: &EventSet,
        always: &EventSet,
        names: ProcessNames,
    ) -> Prefilter {
        let counting = derive::counting(rules, roots, program);
        let mut events: Vec<EventFilter> = asked
            .iter()
            .filter(|event| kestrel_core::schema::get(*event).is_some() && !always.contains(*event))
            .map(|event| EventFilter::derive(rules, roots, program, event, names))
            .collect();
        let (program, given_up) = if counting.is_empty() {
            fit::built(&mut events)
        } else {
            // The number of an event counts those before it: none may be left out.
            events.iter_mut().for_each(|filter| filter.kept = Kept::Always);
            (empty(), None)
        };
        Prefilter { program, events, counting, given_up }
    }

    /// The program, as it is loaded.
    pub fn program(&self) -> &[u8] {
        self.program.as_bytes()
    }

    /// What becomes of each kind of events that are asked for, in the order of their ids, but for those that are always kept
    /// whatever the rules say.
    pub fn events(&self) -> &[EventFilter] {
        &self.events
    }

    /// Rules that depend on how many events there were, or when the last one was: while there are some, every event is kept.
    pub fn counting(&self) -> &[Arc<str>] {
        &self.counting
    }

    /// What was too much for the program as a whole.
    pub fn given_up(&self) -> Option<GivenUp> {
        self.given_up
    }

    /// In a few words, for the log: how many kinds of events are judged, and what was given up.
    pub fn summary(&self) -> String {
        show::summary(self)
    }

    /// All of it, or what concerns these events, as lines for people.
    pub fn lines(&self, only: &EventSet) -> Vec<String> {
        show::lines(self, only)
    }
}

/// The program that keeps everything.
fn empty() -> Bytes {
    // Without sections there is nothing that could be too long.
    Builder::new().finish().unwrap_or_else(|_| Bytes::copied(&[]))
}

/// The module will accept what was built.
fn verified(bytes: &Bytes) -> bool {
    Verified::verify(bytes.as_bytes()).is_ok()
}

/// Tests that one event's rules may need before they are made fewer.
const MOST_TESTS: usize = MAX_SECTION;
