//! The rules that can match an event, found by what they need.

use super::need::{Key, Kind, Need};
use super::table::Table;
use crate::facts::Facts;
use crate::plan::{Node, NodeId, OperandId, Program, Run};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Rules that must need the same kind of fact about a value before it pays to look them up by it.
const WORTHWHILE: usize = 4;
/// The same for texts anywhere in a value: those are found one byte after another.
const WORTHWHILE_INSIDE: usize = 8;
/// Values that rules for one event are found by, at most.
const MAX_TABLES: usize = 8;
/// Terms that rules for one event are put together by, at most.
const MAX_GATES: usize = 16;
/// Terms of a rule that are looked at.
const MAX_TERMS: usize = 64;

/// A rule and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Needy {
    /// The rule, by its place.
    pub rule: u32,
    /// What it needs, the most telling first.
    pub needs: Rc<[Need]>,
}

/// The rules that can match an event.
#[derive(Debug)]
pub struct Candidates {
    /// Rules that are found by a value.
    tables: Box<[Table]>,
    /// Rules that share terms, in order: none of them matches unless all of these hold.
    gates: Box<[Gate]>,
    /// Rules that must be asked, in order.
    asked: Box<[u32]>,
}

/// Terms, and the rules that share all of them.
#[derive(Debug)]
struct Gate {
    terms: Box<[NodeId]>,
    rules: Box<[u32]>,
}

/// Memory for finding candidates, kept from event to event.
#[derive(Debug, Default)]
pub struct Scratch {
    rules: Vec<u32>,
    seen: Vec<u64>,
}

impl Candidates {
    /// Of these rules, in their order, with these conditions.
    pub fn new(rules: &[Needy], roots: &[NodeId], program: &Program) -> Candidates {
        let worthwhile = worthwhile(rules);
        let mut keys = BTreeMap::<OperandId, Vec<(&Key, u32)>>::new();
        let mut others = Vec::new();
        for Needy { rule, needs } in rules {
            let is_kept =
                |need: &&Need| need.keys.iter().all(|(operand, key)| worthwhile.contains(&(*operand, key.kind())));
            match needs.iter().find(is_kept) {
                Some(need) => {
                    for (operand, key) in &need.keys {
                        keys.entry(*operand).or_default().push((key, *rule));
                    }
                }
                None => others.push(*rule),
            }
        }
        let tables = keys.iter().map(|(operand, keys)| Table::new(*operand, keys)).collect();
        let (gates, asked) = gates(&others, roots, program);
        Candidates { tables, gates, asked }
    }

    /// Visits the rules that may match, in their order, until `visit` says false.
    pub fn visit<'e, F: Facts>(
        &self,
        run: &mut Run<'e, F>,
        scratch: &mut Scratch,
        mut visit: impl FnMut(&mut Run<'e, F>, u32) -> bool,
    ) {
        let Scratch { rules: several, seen } = scratch;
        several.clear();
        // Most often there is one list, which is used as it is.
        let mut one: &[u32] = &[];
        let mut found = |list| match (one, several.as_slice()) {
            ([], []) => one = list,
            (first, []) => {
                several.extend_from_slice(first);
                several.extend_from_slice(list);
            }
            _ => several.extend_from_slice(list),
        };
        for table in &self.tables {
            table.find(run.value(table.operand), seen, &mut found);
        }
        for Gate { terms, rules } in &self.gates {
            if terms.iter().all(|term| run.holds(*term)) {
                found(rules);
            }
        }
        if !several.is_empty() {
            several.sort_unstable();
            several.dedup();
        }
        let mut found = if several.is_empty() { one } else { several.as_slice() };
        let mut asked = &*self.asked;
        loop {
            let next = match (found, asked) {
                ([], []) => return,
                ([rule, rest @ ..], [other, ..]) if rule <= other => (rule, found = rest).0,
                ([rule, rest @ ..], []) => (rule, found = rest).0,
                (_, [rule, rest @ ..]) => (rule, asked = rest).0,
            };
            if !visit(run, *next) {
                return;
            }
        }
    }
}

/// The values, and the kinds of facts about them, that enough rules need.
fn worthwhile(rules: &[Needy]) -> Vec<(OperandId, Kind)> {
    let mut counts = BTreeMap::<(OperandId, Kind), usize>::new();
    for need in rules.iter().filter_map(|rule| rule.needs.first()) {
        let mut kinds: Vec<(OperandId, Kind)> = need.keys.iter().map(|(operand, key)| (*operand, key.kind())).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.into_iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
    }
    counts.retain(|(_, kind), count| {
        let least = if matches!(kind, Kind::Inside | Kind::InsideAnyCase) { WORTHWHILE_INSIDE } else { WORTHWHILE };
        *count >= least
    });
    let mut by_operand = BTreeMap::<OperandId, usize>::new();
    counts.iter().for_each(|((operand, _), count)| *by_operand.entry(*operand).or_default() += count);
    let mut operands: Vec<(usize, OperandId)> =
        by_operand.into_iter().map(|(operand, count)| (count, operand)).collect();
    operands.sort_unstable_by(|a, b| b.cmp(a));
    operands.truncate(MAX_TABLES);
    counts.into_keys().filter(|(operand, _)| operands.iter().any(|(_, kept)| kept == operand)).collect()
}

/// The terms of a conjunction, and of conjunctions in it, in the order in which they are asked: all hold if it does.
fn terms(root: NodeId, program: &Program) -> Vec<NodeId> {
    let mut terms = Vec::new();
    let mut rest = vec![root];
    while let Some(id) = rest.pop() {
        if terms.len() == MAX_TERMS {
            break;
        }
        match program.nodes.get(id as usize) {
            Some((Node::Events(_), _)) | None => {}
            Some((Node::All(inner), _)) => {
                terms.push(id);
                rest.extend(inner.iter().rev());
            }
            Some(_) => terms.push(id),
        }
    }
    terms
}

/// Puts rules together by terms that they share. Gives the rules that are left, too.
fn gates(rules: &[u32], roots: &[NodeId], program: &Program) -> (Box<[Gate]>, Box<[u32]>) {
    let terms_of = |rule: &u32| roots.get(*rule as usize).map(|root| terms(*root, program)).unwrap_or_default();
    let all: Vec<(u32, Vec<NodeId>)> = rules.iter().map(|rule| (*rule, terms_of(rule))).collect();
    let mut counts = BTreeMap::<NodeId, usize>::new();
    all.iter().flat_map(|(_, terms)| terms).for_each(|term| *counts.entry(*term).or_default() += 1);
    // What fewer rules share says more, if enough share it.
    let gate = |terms: &[NodeId]| {
        let shared = terms.iter().filter_map(|term| Some((counts.get(term)?, *term)));
        shared.filter(|(count, _)| **count >= WORTHWHILE).min().map(|(_, term)| term)
    };
    let mut groups = BTreeMap::<NodeId, Vec<(u32, &[NodeId])>>::new();
    let mut asked = Vec::new();
    for (rule, terms) in &all {
        match gate(terms) {
            Some(term) => groups.entry(term).or_default().push((*rule, terms)),
            None => asked.push(*rule),
        }
    }
    let mut groups: Vec<Vec<(u32, &[NodeId])>> = groups.into_values().collect();
    groups.sort_by_key(|rules| std::cmp::Reverse(rules.len()));
    let is_kept = |(index, group): &(usize, Vec<_>)| *index < MAX_GATES && group.len() >= WORTHWHILE;
    let (kept, left): (Vec<_>, Vec<_>) = groups.into_iter().enumerate().partition(is_kept);
    asked.extend(left.into_iter().flat_map(|(_, group)| group).map(|(rule, _)| rule));
    asked.sort_unstable();
    let gate = |(_, group): (usize, Vec<(u32, &[NodeId])>)| {
        let first = group.first().map_or(&[][..], |(_, terms)| terms);
        let is_shared = |term: &&NodeId| group.iter().all(|(_, terms)| terms.contains(term));
        let terms = first.iter().filter(is_shared).copied().collect();
        Gate { terms, rules: group.into_iter().map(|(rule, _)| rule).collect() }
    };
    (kept.into_iter().map(gate).collect(), asked.into())
}
