//! The rules that can match an event, found by what they need.

use super::need::{Key, Kind, Need};
use super::table::Table;
use crate::facts::Facts;
use crate::plan::{Estimate, NodeId, OperandId, Run, Specializer};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rules that must need the same kind of fact about a value before it pays to look them up by it.
const WORTHWHILE: usize = 4;
/// The same for texts anywhere in a value: those are found one byte after another.
const WORTHWHILE_INSIDE: usize = 8;
/// Values that rules for one event are found by, at most.
const MAX_TABLES: usize = 8;
/// Terms that rules for one event are put together by, at most.
const MAX_GATES: usize = 32;
/// How deep gates lie in gates, at most.
const MAX_DEPTH: usize = 4;
/// What it costs to ask a rule, in units of a comparison of numbers; a rough figure.
const ASKING: f32 = 10.0;

/// A rule, what is left of its condition for an event, and what that needs.
#[derive(Clone, Debug)]
pub struct Needy {
    /// The rule, by its place.
    pub rule: u32,
    /// Its condition.
    pub condition: NodeId,
    /// What it needs, the most telling first.
    pub needs: Arc<[Need]>,
}

/// The rules that can match an event. In tables and gates they stand by their place among `rules`.
#[derive(Debug)]
pub struct Candidates {
    /// The rules, in order, and what is left to be asked of each.
    rules: Box<[(u32, NodeId)]>,
    /// Rules that are found by a value, which is looked up if all these terms hold: the rules share them.
    tables: Box<[(Box<[NodeId]>, Table)]>,
    /// Rules that share terms: none of them matches unless all of these hold. Each gate stands before those inside of it.
    gates: Box<[Gate]>,
    /// Rules that must be asked, in order.
    asked: Box<[u32]>,
}

/// Terms, and the rules that share all of them, in order.
#[derive(Debug)]
struct Gate {
    terms: Box<[NodeId]>,
    /// Those that are in no gate inside of this one.
    rules: Box<[u32]>,
    /// Gates inside of this one; they share its terms.
    inside: usize,
}

/// Memory for finding candidates, kept from event to event.
#[derive(Debug, Default)]
pub struct Scratch {
    rules: Vec<u32>,
    seen: Vec<u64>,
}

impl Candidates {
    /// Of these rules, in their order.
    pub fn new(rules: Vec<Needy>, conditions: &mut Specializer) -> Candidates {
        let worthwhile = worthwhile(&rules);
        let mut keys = BTreeMap::<OperandId, Vec<(&Key, u32)>>::new();
        let mut others = Vec::new();
        for (place, Needy { needs, .. }) in (0..).zip(&rules) {
            let is_kept =
                |need: &&Need| need.keys.iter().all(|(operand, key)| worthwhile.contains(&(*operand, key.kind())));
            match needs.iter().find(is_kept) {
                Some(need) => {
                    for (operand, key) in &need.keys {
                        keys.entry(*operand).or_default().push((key, place));
                    }
                }
                None => others.push(place),
            }
        }
        let mut left: Vec<(u32, NodeId)> = rules.iter().map(|rule| (rule.rule, rule.condition)).collect();
        let tables: Vec<(Box<[NodeId]>, Table)> =
            keys.iter().map(|(operand, keys)| (guard(keys, &left, conditions), Table::new(*operand, keys))).collect();
        let mut gates = Vec::new();
        let asked = group(others, &mut left, conditions, &mut gates, 0);
        let terms =
            gates.iter().map(|gate| &gate.terms).chain(tables.iter().map(|(terms, _)| terms)).flatten().copied();
        conditions.asked_together(left.iter().map(|(_, condition)| *condition).chain(terms));
        Candidates { rules: left.into(), tables: tables.into(), gates: gates.into(), asked: asked.into() }
    }

    /// Visits the rules that may match, in their order, each with the condition that it matches by, until `visit` says false.
    pub fn visit<'e, F: Facts>(
        &self,
        run: &mut Run<'e, F>,
        scratch: &mut Scratch,
        mut visit: impl FnMut(&mut Run<'e, F>, u32, NodeId) -> bool,
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
        for (terms, table) in &self.tables {
            if terms.iter().all(|term| run.holds(*term)) {
                table.find(run.value(table.operand), seen, &mut found);
            }
        }
        let mut gates = self.gates.iter();
        while let Some(Gate { terms, rules, inside }) = gates.next() {
            if !terms.iter().all(|term| run.holds(*term)) {
                gates = gates.as_slice().get(*inside..).unwrap_or_default().iter();
            } else if !rules.is_empty() {
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
            let Some((rule, condition)) = self.rules.get(*next as usize) else { continue };
            if !visit(run, *rule, *condition) {
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

/// The terms that all rules of a table share.
fn guard(keys: &[(&Key, u32)], left: &[(u32, NodeId)], conditions: &Specializer) -> Box<[NodeId]> {
    let terms_of = |(_, place): &(&Key, u32)| left.get(*place as usize).map(|(_, root)| conditions.terms(*root));
    let mut all = keys.iter().filter_map(terms_of);
    let mut shared: HashSet<NodeId> = all.next().unwrap_or_default().into_iter().collect();
    for terms in all {
        if shared.is_empty() {
            break;
        }
        shared = terms.into_iter().filter(|term| shared.contains(term)).collect();
    }
    // What costs as much as looking up the value is asked of those rules that are found.
    shared.retain(|term| conditions.estimate(*term).cost < ASKING);
    gate(&shared, conditions)
}

/// Puts rules together by terms that they share, which are then left out of their conditions; those of a gate again by what they
/// share beyond it. Gives the rules that are left, in order.
fn group(
    rules: Vec<u32>,
    left: &mut [(u32, NodeId)],
    conditions: &mut Specializer,
    gates: &mut Vec<Gate>,
    depth: usize,
) -> Vec<u32> {
    if depth == MAX_DEPTH {
        return rules;
    }
    let terms_of = |rule: u32| left.get(rule as usize).map(|(_, root)| conditions.terms(*root)).unwrap_or_default();
    let mut rest: Vec<(u32, Vec<NodeId>)> = rules.into_iter().map(|rule| (rule, terms_of(rule))).collect();
    while rest.len() >= WORTHWHILE && gates.len() < MAX_GATES {
        let mut counts = HashMap::<NodeId, usize>::new();
        rest.iter().flat_map(|(_, terms)| terms).for_each(|term| *counts.entry(*term).or_default() += 1);
        let gain = |term: NodeId, count: usize| gain(conditions.estimate(term), count);
        let shared = counts.into_iter().filter(|(_, count)| *count >= WORTHWHILE);
        let best = shared.map(|(term, count)| (gain(term, count), term));
        let best = best.filter(|(gain, _)| *gain > 0.0).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, term)) = best else { break };
        let (inside, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, terms)| terms.contains(&term));
        rest = others;
        let first = inside.first().map_or(&[][..], |(_, terms)| terms);
        let is_shared =
            |term: &&NodeId| gain(**term, inside.len()) > 0.0 && inside.iter().all(|(_, terms)| terms.contains(term));
        let known: HashSet<NodeId> = first.iter().filter(is_shared).copied().collect();
        for (rule, _) in &inside {
            if let Some((_, condition)) = left.get_mut(*rule as usize) {
                *condition = conditions.without(*condition, &known);
            }
        }
        let at = gates.len();
        gates.push(Gate { terms: gate(&known, conditions), rules: Box::default(), inside: 0 });
        let inside = inside.into_iter().map(|(rule, _)| rule).collect();
        let rules = group(inside, left, conditions, gates, depth + 1);
        let inside = gates.len() - at - 1;
        if let Some(gate) = gates.get_mut(at) {
            (gate.rules, gate.inside) = (rules.into(), inside);
        }
    }
    rest.into_iter().map(|(rule, _)| rule).collect()
}

/// What it saves to ask a term before so many rules that share it.
fn gain(term: Estimate, rules: usize) -> f32 {
    rules as f32 * (1.0 - term.chance) * ASKING - term.cost
}

/// The terms that a gate asks: what a conjunction among them asks anyhow is left out.
fn gate(known: &HashSet<NodeId>, conditions: &Specializer) -> Box<[NodeId]> {
    let inner: HashSet<NodeId> = known.iter().flat_map(|term| conditions.terms(*term).into_iter().skip(1)).collect();
    let mut terms: Vec<NodeId> = known.difference(&inner).copied().collect();
    let says_no = |term: &NodeId| conditions.estimate(*term).to_say_no();
    terms.sort_by(|a, b| says_no(a).total_cmp(&says_no(b)).then(a.cmp(b)));
    terms.into()
}
