//! What a condition is compiled to: a tree of tests, each a field and a predicate that is cheap to evaluate.
//!
//! Tests and macros that occur more than once are evaluated once per event: each has a slot in a cache that is emptied by
//! counting up a generation.

mod glob;
mod network;
mod path_set;
mod predicate;

pub use glob::Glob;
pub use network::Network;
pub use path_set::PathSet;
pub use predicate::{Predicate, test};

use crate::facts::{Facts, FieldRef};
use crate::field::Field;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A condition, compiled.
#[derive(Clone, Debug)]
pub enum Plan {
    /// All of them; true if there is none.
    And(Box<[Plan]>),
    /// Any of them; false if there is none.
    Or(Box<[Plan]>),
    /// Not that.
    Not(Box<Plan>),
    /// A macro or a test, evaluated once per event.
    Shared(u32, Rc<Plan>),
    /// A field against a predicate.
    Test(Rc<Test>),
}

/// A field and what is asked of it.
#[derive(Debug)]
pub struct Test {
    pub field: FieldRef,
    pub predicate: Predicate,
}

/// Results of shared plans for one event.
#[derive(Debug, Default)]
pub struct Cache {
    generation: u32,
    results: Vec<(u32, bool)>,
}

impl Cache {
    /// A cache of this many slots.
    pub fn new(slots: u32) -> Cache {
        Cache { generation: 0, results: vec![(0, false); slots as usize] }
    }

    /// Forgets every result.
    pub fn next_event(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        if self.generation == 0 {
            self.results.fill((0, false));
            self.generation = 1;
        }
    }
}

impl Plan {
    /// Adds the fields that the condition asks for.
    pub fn fields(&self, fields: &mut BTreeSet<Field>) {
        match self {
            Plan::And(plans) | Plan::Or(plans) => plans.iter().for_each(|plan| plan.fields(fields)),
            Plan::Not(plan) => plan.fields(fields),
            Plan::Shared(_, plan) => plan.fields(fields),
            Plan::Test(test) => drop(fields.insert(test.field.field)),
        }
    }

    /// Whether the condition holds.
    pub fn holds(&self, facts: &impl Facts, cache: &mut Cache) -> bool {
        match self {
            Plan::And(plans) => plans.iter().all(|plan| plan.holds(facts, cache)),
            Plan::Or(plans) => plans.iter().any(|plan| plan.holds(facts, cache)),
            Plan::Not(plan) => !plan.holds(facts, cache),
            Plan::Test(t) => test(&t.predicate, facts.value(&t.field)),
            Plan::Shared(slot, plan) => {
                if let Some(&(generation, result)) = cache.results.get(*slot as usize)
                    && generation == cache.generation
                {
                    return result;
                }
                let result = plan.holds(facts, cache);
                if let Some(entry) = cache.results.get_mut(*slot as usize) {
                    *entry = (cache.generation, result);
                }
                result
            }
        }
    }
}
