//! Which rules can match an event at all.
//!
//! ```text
//!  event ─▶ rules for it ─┬─▶ those that must be asked
//!                         └─▶ those that need proc.name = …  ─value─▶ the few that need this one
//! ```
//!
//! Rules that need one field to have one of a few values are found by that value, so that most of them cost nothing. They
//! are visited in their order all the same.

use crate::facts::{Facts, Value};
use crate::field::FieldFlags;
use crate::plan::{Node, NodeId, Operand, OperandId, Predicate, Program, Run};
use crate::ruleset::Rule;
use crate::syntax::Op;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use kestrel_core::schema::{EVENTS, EventId};
use std::rc::Rc;

/// Fields that rules for one event are found by, at most.
const MAX_GUARDS: usize = 4;
/// Rules that must need a field before it pays to look them up by it.
const WORTHWHILE: usize = 4;
/// Values of which a rule may need one; with more it is asked.
const MAX_VALUES: usize = 32;

/// Which rules can match which event.
#[derive(Debug)]
pub struct Index {
    by_event: Box<[Option<Rc<Candidates>>]>,
    by_source: Vec<(Rc<str>, Candidates)>,
}

impl Index {
    /// The index of rules with these conditions.
    pub fn new(rules: &[Rule], roots: &[NodeId], program: &Program) -> Index {
        let guards: Vec<Option<Needed>> = roots.iter().map(|root| needed(*root, program)).collect();
        // Events with the same rules share what is known of them.
        let mut known = std::collections::HashMap::<Vec<u32>, Rc<Candidates>>::new();
        let by_event = (0u16..).zip(EVENTS).map(|(id, _)| {
            let of_event = |(_, rule): &(u32, &Rule)| rule.events.contains(EventId(id));
            let indexes: Vec<u32> = (0..).zip(rules).filter(of_event).map(|(index, _)| index).collect();
            if indexes.is_empty() {
                return None;
            }
            let candidates = known.entry(indexes);
            Some(Rc::clone(candidates.or_insert_with_key(|indexes| Rc::new(Candidates::new(indexes, &guards)))))
        });
        let by_event = by_event.collect();
        let mut sources = std::collections::BTreeMap::<Rc<str>, Vec<u32>>::new();
        for (index, rule) in (0..).zip(rules).filter(|(_, rule)| &*rule.source != "syscall") {
            sources.entry(Rc::clone(&rule.source)).or_default().push(index);
        }
        let by_source =
            sources.into_iter().map(|(source, indexes)| (source, Candidates::new(&indexes, &guards))).collect();
        Index { by_event, by_source }
    }

    /// The rules that an event can match.
    pub fn of(&self, event: Option<EventId>, source: &str) -> Option<&Candidates> {
        match event {
            Some(event) => self.by_event.get(usize::from(event.0))?.as_deref(),
            None => self.by_source.iter().find(|(name, _)| **name == *source).map(|(_, candidates)| candidates),
        }
    }
}

/// What a condition needs: an operand to have one of these values.
#[derive(Clone, Debug)]
struct Needed {
    operand: OperandId,
    values: Vec<Box<[u8]>>,
}

/// What a condition needs, if it is simple; of several things the one with fewest values.
fn needed(id: NodeId, program: &Program) -> Option<Needed> {
    match &program.nodes.get(id as usize)?.0 {
        Node::All(terms) => {
            let all = terms.iter().filter_map(|term| needed(*term, program));
            all.min_by_key(|needed| needed.values.len())
        }
        Node::Test(test) if test.op != Op::Ne => {
            let Operand::Field(field) = &program.operands.get(test.operand as usize)?.0 else { return None };
            if field.field.def().flags.contains(FieldFlags::LIST) {
                return None;
            }
            let values = match &*test.predicate {
                Predicate::Text(text) => vec![text.clone()],
                Predicate::TextIn(set) if set.len() <= MAX_VALUES => set.iter().map(Into::into).collect(),
                _ => return None,
            };
            Some(Needed { operand: test.operand, values })
        }
        _ => None,
    }
}

/// The rules that can match an event.
#[derive(Debug)]
pub struct Candidates {
    /// Rules that must be asked, in order.
    asked: Box<[u32]>,
    guards: Box<[Guard]>,
}

/// Rules that need an operand to have certain values.
#[derive(Debug)]
struct Guard {
    operand: OperandId,
    /// All of them, in order: for values that are several.
    rules: Box<[u32]>,
    by_value: HashMap<Box<[u8]>, Vec<u32>, FixedState>,
}

impl Candidates {
    fn new(indexes: &[u32], guards: &[Option<Needed>]) -> Candidates {
        let needed = |index: &u32| guards.get(*index as usize).and_then(Option::as_ref);
        let mut counts = std::collections::BTreeMap::<OperandId, usize>::new();
        for needed in indexes.iter().filter_map(needed) {
            *counts.entry(needed.operand).or_default() += 1;
        }
        let mut operands: Vec<(usize, OperandId)> =
            counts.into_iter().filter(|(_, n)| *n >= WORTHWHILE).map(|(operand, n)| (n, operand)).collect();
        operands.sort_unstable_by(|a, b| b.cmp(a));
        operands.truncate(MAX_GUARDS);
        let guarded = |index: &u32| needed(index).filter(|n| operands.iter().any(|(_, operand)| *operand == n.operand));
        let asked = indexes.iter().copied().filter(|index| guarded(index).is_none()).collect();
        let guards = operands.iter().map(|&(_, operand)| {
            let rules: Box<[u32]> = indexes
                .iter()
                .copied()
                .filter(|index| guarded(index).is_some_and(|needed| needed.operand == operand))
                .collect();
            let mut by_value = HashMap::<Box<[u8]>, Vec<u32>, FixedState>::default();
            for &rule in &rules {
                for value in guarded(&rule).into_iter().flat_map(|needed| &needed.values) {
                    by_value.entry(value.clone()).or_default().push(rule);
                }
            }
            Guard { operand, rules, by_value }
        });
        Candidates { asked, guards: guards.collect() }
    }

    /// Visits the rules in their order, until `visit` says false.
    pub fn visit<'e, F: Facts>(&self, run: &mut Run<'e, F>, mut visit: impl FnMut(&mut Run<'e, F>, u32) -> bool) {
        let mut lists: [&[u32]; MAX_GUARDS + 1] = [&[]; MAX_GUARDS + 1];
        lists[MAX_GUARDS] = &self.asked;
        for (list, guard) in lists.iter_mut().zip(&self.guards) {
            *list = match run.value(guard.operand) {
                Value::Str(text) => guard.by_value.get(text).map_or(&[], Vec::as_slice),
                Value::Any(_) | Value::List(_) => &guard.rules,
                _ => &[],
            };
        }
        loop {
            let next = lists.iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list[0]);
            let Some(list) = next else { return };
            let rule = list[0];
            *list = &list[1..];
            if !visit(run, rule) {
                return;
            }
        }
    }
}
