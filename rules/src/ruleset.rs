//! Rules, ready to judge events.

use crate::facts::Facts;
use crate::field::Field;
use crate::output::OutputFormat;
use crate::plan::{Cache, Plan};
use kestrel_core::priority::Priority;
use kestrel_core::schema::{EVENTS, EventId, EventSet};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Rc<str>,
    /// What it is for.
    pub description: String,
    /// How bad a match is.
    pub priority: Priority,
    /// The source of its events.
    pub source: Rc<str>,
    /// Its tags.
    pub tags: Rc<[String]>,
    /// What an alert says.
    pub output: OutputFormat,
    /// The events that it can match.
    pub events: EventSet,
}

/// How many rules an event can match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// The first.
    #[default]
    First,
    /// All.
    All,
}

/// Rules, ready to judge events.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    plans: Vec<Plan>,
    /// For each event the rules that can match it, in their order.
    by_event: Vec<Vec<u32>>,
    cache: Cache,
    matching: Matching,
}

impl RuleSet {
    pub(crate) fn new(rules: Vec<(Rule, Plan)>, slots: u32, matching: Matching) -> RuleSet {
        let mut by_event = vec![Vec::new(); EVENTS.len()];
        for (index, (rule, _)) in (0u32..).zip(&rules) {
            for event in rule.events.iter() {
                if let Some(candidates) = by_event.get_mut(usize::from(event.0)) {
                    candidates.push(index);
                }
            }
        }
        let (rules, plans) = rules.into_iter().unzip();
        RuleSet { rules, plans, by_event, cache: Cache::new(slots), matching }
    }

    /// Judges an event: calls `on_match` with the first rule that matches it, or with each.
    pub fn evaluate(&mut self, event: EventId, facts: &impl Facts, mut on_match: impl FnMut(&Rule)) {
        self.cache.next_event();
        let Some(candidates) = self.by_event.get(usize::from(event.0)) else { return };
        for &index in candidates {
            let (Some(rule), Some(plan)) = (self.rules.get(index as usize), self.plans.get(index as usize)) else {
                continue;
            };
            if plan.holds(facts, &mut self.cache) {
                on_match(rule);
                if self.matching == Matching::First {
                    return;
                }
            }
        }
    }

    /// The events that any rule can match: all that the rules need to see.
    pub fn events(&self) -> EventSet {
        self.rules.iter().fold(EventSet::EMPTY, |set, rule| set.union(&rule.events))
    }

    /// The fields that each rule needs: those that its condition asks for, and those that its output shows.
    pub fn fields(&self) -> impl Iterator<Item = (&Rule, BTreeSet<Field>)> {
        self.rules.iter().zip(&self.plans).map(|(rule, plan)| {
            let mut fields = rule.output.fields().map(|(_, field)| field.field).collect();
            plan.fields(&mut fields);
            (rule, fields)
        })
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
