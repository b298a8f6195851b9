//! Records that fit a condition, in the language of the rules: what to record, what to show.

use crate::fields::{Clock, EventFacts};
use crate::state::{ProcessKey, State};
use bumpalo::Bump;
use kestrel_core::event::Record;
use kestrel_core::schema::EventSet;
use kestrel_rules::{LoadErrors, LoadOptions, RuleSet, RuleSource};
use std::fmt::Write;

/// A condition, ready to be asked.
#[derive(Debug)]
pub struct Selection {
    rules: RuleSet,
    /// Times and counts that fields are relative to.
    pub clock: Clock,
    arena: Bump,
}

impl Selection {
    /// Reads a condition. `name` stands for it in messages.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with it, each with its place.
    pub fn new(name: &str, condition: &str, clock: Clock) -> Result<Selection, LoadErrors> {
        let mut text = String::from("- rule: condition\n  desc: d\n  output: o\n  priority: DEBUG\n  condition: |\n");
        for line in condition.lines() {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "    {}", line.trim());
        }
        let source = RuleSource { name: name.to_owned(), text };
        let rules = RuleSet::load(&[source], LoadOptions::default())?.rules;
        Ok(Selection { rules, clock, arena: Bump::new() })
    }

    /// The events that can fit.
    pub fn events(&self) -> EventSet {
        self.rules.events()
    }

    /// Whether a record fits that was taken in ([`State::apply`]).
    pub fn fits(&mut self, record: Record<'_>, key: ProcessKey, state: &State) -> bool {
        let Selection { rules, clock, arena } = self;
        let time_ns = record.header().time_ns;
        clock.tick(time_ns);
        let fits = fits(rules, record, key, state, clock, arena);
        clock.previous_ns = time_ns;
        fits
    }

    /// The same, by a clock of the caller's, which has ticked.
    pub fn fits_by(&mut self, record: Record<'_>, key: ProcessKey, state: &State, clock: &Clock) -> bool {
        fits(&mut self.rules, record, key, state, clock, &mut self.arena)
    }
}

fn fits(
    rules: &mut RuleSet,
    record: Record<'_>,
    key: ProcessKey,
    state: &State,
    clock: &Clock,
    arena: &mut Bump,
) -> bool {
    let mut fits = false;
    if let Some(facts) = EventFacts::new(record, key, state, clock, arena) {
        rules.evaluate(facts.id(), &facts, |_| fits = true);
    }
    arena.reset();
    fits
}
