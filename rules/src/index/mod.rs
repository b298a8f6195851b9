//! Which rules can match an event at all.
//!
//! ```text
//!                       ┌─▶ tables: by what a value is, begins with, ends with, contains, ─┐
//!  event ─▶ rules for it┼─▶ gates: those that share a term, if it holds                    ├─▶ candidates, in order
//!                       └─▶ those that must be asked ──────────────────────────────────────┘
//! ```
//!
//! A rule that needs a field to be one of a few texts, to begin with a path or to lie in a network is found by that value,
//! through one look into a table for all such rules: as long as no value leads to it, it costs nothing. What leads nowhere:
//! rules that only say what must not be (`!=`, `not`), regular expressions without a fixed part, orders of numbers, and
//! comparisons with another value of the event. Those that share a term are skipped together while it does not hold; the
//! others are asked one by one.
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

use crate::plan::{NodeId, Program};
use crate::ruleset::Rule;
use candidates::Needy;
use kestrel_core::schema::{EVENTS, EventId};
use need::{Finder, Need};
use std::collections::HashMap;
use std::rc::Rc;

/// Rules in the tables of all events together; the rules of events beyond that are asked one by one.
const MAX_ENTRIES: usize = 500_000;

/// Which rules can match which event.
#[derive(Debug)]
pub struct Index {
    by_event: Box<[Option<Rc<Candidates>>]>,
    by_source: Vec<(Rc<str>, Rc<Candidates>)>,
}

impl Index {
    /// The index of rules with these conditions.
    pub fn new(rules: &[Rule], roots: &[NodeId], program: &Program) -> Index {
        let mut building = Building::new(roots, program);
        let by_event = (0u16..).zip(EVENTS).map(|(id, _)| {
            let of_event = |(_, rule): &(u32, &Rule)| rule.events.contains(EventId(id));
            let indexes: Vec<u32> = (0..).zip(rules).filter(of_event).map(|(index, _)| index).collect();
            (!indexes.is_empty()).then(|| building.candidates(&indexes, Some(EventId(id))))
        });
        let by_event = by_event.collect();
        let mut sources = std::collections::BTreeMap::<Rc<str>, Vec<u32>>::new();
        for (index, rule) in (0..).zip(rules).filter(|(_, rule)| &*rule.source != "syscall") {
            sources.entry(Rc::clone(&rule.source)).or_default().push(index);
        }
        let by_source = sources.into_iter().map(|(source, indexes)| (source, building.candidates(&indexes, None)));
        Index { by_event, by_source: by_source.collect() }
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
    program: &'p Program,
    roots: &'p [NodeId],
    finder: Finder<'p>,
    /// What rules need whatever the event is.
    needs: HashMap<u32, Rc<[Need]>>,
    /// Events with the same rules, which need the same, share what is known of them.
    known: HashMap<Vec<Needy>, Rc<Candidates>>,
    entries: usize,
}

impl<'p> Building<'p> {
    fn new(roots: &'p [NodeId], program: &'p Program) -> Building<'p> {
        let finder = Finder::new(program);
        Building { program, roots, finder, needs: HashMap::new(), known: HashMap::new(), entries: 0 }
    }

    fn candidates(&mut self, indexes: &[u32], event: Option<EventId>) -> Rc<Candidates> {
        self.entries = self.entries.saturating_add(indexes.len());
        let rules: Vec<Needy> = indexes.iter().map(|&rule| Needy { rule, needs: self.needs(rule, event) }).collect();
        if let Some(known) = self.known.get(&rules) {
            self.entries -= indexes.len();
            return Rc::clone(known);
        }
        let candidates = Rc::new(Candidates::new(&rules, self.roots, self.program));
        self.known.insert(rules, Rc::clone(&candidates));
        candidates
    }

    fn needs(&mut self, rule: u32, event: Option<EventId>) -> Rc<[Need]> {
        let Some(root) = self.roots.get(rule as usize).filter(|_| self.entries <= MAX_ENTRIES) else {
            return [].into();
        };
        if self.finder.depends_on_event(*root) {
            return self.finder.needs(*root, event).into();
        }
        let needs = self.needs.entry(rule).or_insert_with(|| self.finder.needs(*root, None).into());
        Rc::clone(needs)
    }
}
