//! Which rules can match an event at all, and what is left to be asked of each.
//!
//! ```text
//!                       ┌─▶ tables: by what a value is, begins with, ends with, contains ──┐
//!  event ─▶ rules for it┼─▶ gates: those that share terms, if these hold; gates in gates   ├─▶ candidates, in order
//!                       └─▶ those that must be asked ──────────────────────────────────────┘
//! ```
//!
//! Conditions are taken as they are for the one event: what they ask of its type is answered before.
//!
//! A rule that needs a field to be one of a few texts, to begin with a path or to lie in a network is found by that value,
//! through one look into a table for all such rules: as long as no value leads to it, it costs nothing. What leads nowhere:
//! rules that only say what must not be (`!=`, `not`), regular expressions without a fixed part, orders of numbers, and
//! comparisons with another value of the event. Those that share terms are skipped together while these do not hold, and
//! are not asked for them again; the others are asked one by one.
//!
//! | file | is about |
//! |---|---|
//! | `need.rs` | what a condition needs |
//! | `candidates.rs` | tables and gates of the rules for one event |
//! | `table.rs` | rules by what they need one value to be |
//! | `affixes.rs` | beginnings and endings |

mod affixes;
mod candidates;
mod need;
mod table;

pub use candidates::{Candidates, Scratch};

use crate::plan::{Left, NodeId, Program, Specializer};
use crate::ruleset::Rule;
use candidates::Needy;
use hashbrown::HashMap;
use kestrel_core::schema::{EVENTS, EventId};
use need::{Finder, Need};
use std::sync::Arc;

/// Rules in the tables of all events together; the rules of events beyond that are asked one by one.
const MAX_ENTRIES: usize = 500_000;

/// Which rules can match which event.
#[derive(Debug)]
pub struct Index {
    by_event: Box<[Option<Arc<Candidates>>]>,
    by_source: Vec<(Arc<str>, Arc<Candidates>)>,
}

impl Index {
    /// The index of rules with these conditions, and the program that their conditions are asked by.
    pub fn new(rules: &[Rule], roots: &[NodeId], conditions: Specializer) -> (Index, Program) {
        let mut building = Building::new(roots, conditions);
        let by_event = (0u16..).zip(EVENTS).map(|(id, _)| {
            let of_event = |(_, rule): &(u32, &Rule)| rule.events.contains(EventId(id));
            let indexes: Vec<u32> = (0..).zip(rules).filter(of_event).map(|(index, _)| index).collect();
            (!indexes.is_empty()).then(|| building.candidates(&indexes, Some(EventId(id))))
        });
        let by_event = by_event.collect();
        let mut sources = std::collections::BTreeMap::<Arc<str>, Vec<u32>>::new();
        for (index, rule) in (0..).zip(rules).filter(|(_, rule)| &*rule.source != "syscall") {
            sources.entry(Arc::clone(&rule.source)).or_default().push(index);
        }
        let by_source = sources.into_iter().map(|(source, indexes)| (source, building.candidates(&indexes, None)));
        let by_source = by_source.collect();
        (Index { by_event, by_source }, building.conditions.finish())
    }

    /// The rules that an event can match.
    pub fn of(&self, event: Option<EventId>, source: &str) -> Option<&Candidates> {
        match event {
            Some(event) => self.by_event.get(usize::from(event.0))?.as_deref(),
            None => self.by_source.iter().find(|(name, _)| **name == *source).map(|(_, candidates)| &**candidates),
        }
    }
}

/// What is known while an index is made.
struct Building<'p> {
    roots: &'p [NodeId],
    conditions: Specializer,
    finder: Finder,
    /// What conditions need.
    needs: HashMap<NodeId, Arc<[Need]>>,
    /// Events with the same rules, of which the same is left, share what is known of them.
    known: HashMap<Vec<(u32, NodeId)>, Arc<Candidates>>,
    entries: usize,
}

impl<'p> Building<'p> {
    fn new(roots: &'p [NodeId], conditions: Specializer) -> Building<'p> {
        let (finder, needs, known) = (Finder::default(), HashMap::new(), HashMap::new());
        Building { roots, conditions, finder, needs, known, entries: 0 }
    }

    fn candidates(&mut self, indexes: &[u32], event: Option<EventId>) -> Arc<Candidates> {
        self.conditions.begin(event);
        let mut left = Vec::with_capacity(indexes.len());
        for &rule in indexes {
            let Some(root) = self.roots.get(rule as usize) else { continue };
            match self.conditions.left(*root) {
                Left::Node(condition) => left.push((rule, condition)),
                Left::Always(true) => left.push((rule, self.conditions.always())),
                Left::Always(false) => {}
            }
        }
        if let Some(known) = self.known.get(&left) {
            return Arc::clone(known);
        }
        self.entries = self.entries.saturating_add(left.len());
        let rules: Vec<Needy> =
            left.iter().map(|&(rule, condition)| Needy { rule, condition, needs: self.needs(condition) }).collect();
        let candidates = Arc::new(Candidates::new(rules, &mut self.conditions));
        self.known.insert(left, Arc::clone(&candidates));
        candidates
    }

    fn needs(&mut self, condition: NodeId) -> Arc<[Need]> {
        if self.entries > MAX_ENTRIES {
            return [].into();
        }
        let Building { conditions, finder, needs, .. } = self;
        Arc::clone(needs.entry(condition).or_insert_with(|| finder.needs(conditions, condition).into()))
    }
}
