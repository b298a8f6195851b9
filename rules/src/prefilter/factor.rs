//! What several rules ask is asked once.
//!
//! ```text
//!  a and b and c                      a and ( b and (c or d)
//!  a and b and d        ─▶                    or e )
//!  a and e
//! ```
//!
//! Whatever is the same by the laws of `and` and `or` rejects no event that it must not, in any order: an event is rejected when
//! what was looked at decides it, whatever the rest is.

use kestrel_core::filter::build::{Condition, Is, Operand};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Any of these, each of which was simplified, with what they share asked once.
pub fn factored(parts: impl IntoIterator<Item = Condition>) -> Condition {
    let mut all = Interned::default();
    let mut terms = BTreeSet::new();
    for part in parts {
        let alternatives = match part {
            Condition::Any(alternatives) => alternatives,
            other => vec![other],
        };
        for alternative in alternatives {
            match alternative {
                Condition::Never => {}
                Condition::Always => return Condition::Always,
                Condition::All(conjuncts) => drop(terms.insert(conjuncts.into_iter().map(|c| all.id(c)).collect())),
                other => drop(terms.insert(BTreeSet::from([all.id(other)]))),
            }
        }
    }
    let terms: Vec<BTreeSet<usize>> = terms.into_iter().collect();
    let numbered: Vec<Condition> = all.conditions();
    group(terms, &numbered)
}

/// Conditions by number.
#[derive(Default)]
struct Interned {
    numbers: BTreeMap<Condition, usize>,
}

impl Interned {
    fn id(&mut self, condition: Condition) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(condition).or_insert(next)
    }

    fn conditions(self) -> Vec<Condition> {
        let mut all: Vec<(usize, Condition)> = self.numbers.into_iter().map(|(c, n)| (n, c)).collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, condition)| condition).collect()
    }
}

/// Any of these conjunctions.
fn group(mut terms: Vec<BTreeSet<usize>>, all: &[Condition]) -> Condition {
    let mut groups = Vec::new();
    loop {
        // Nothing left to ask.
        if terms.iter().any(BTreeSet::is_empty) {
            return Condition::Always;
        }
        let mut counts = BTreeMap::<usize, usize>::new();
        terms.iter().flatten().for_each(|id| *counts.entry(*id).or_default() += 1);
        // Of those that are asked most often, the first.
        let best = counts.into_iter().filter(|(_, n)| *n > 1).max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id)));
        let Some((shared, _)) = best else { break };
        let (with, without): (Vec<_>, Vec<_>) = terms.into_iter().partition(|term| term.contains(&shared));
        let rest = with.into_iter().map(|mut term| {
            term.remove(&shared);
            term
        });
        let rest = group(rest.collect(), all);
        groups.push(match rest {
            Condition::Always => all[shared].clone(),
            rest => Condition::all([all[shared].clone(), rest]),
        });
        terms = without;
        if terms.is_empty() {
            break;
        }
    }
    let alone = terms.into_iter().map(|term| match term.len() {
        1 => term.into_iter().map(|id| all[id].clone()).next().unwrap_or(Condition::Always),
        _ => Condition::all(term.into_iter().map(|id| all[id].clone())),
    });
    groups.extend(alone);
    let mut merged = merged(groups);
    match merged.len() {
        0 => Condition::Never,
        1 => merged.remove(0),
        _ => Condition::Any(merged),
    }
}

/// Sets of which membership in any is asked.
#[derive(Default)]
struct Sets {
    numbers: Vec<u64>,
    texts: Vec<Vec<u8>>,
    prefixes: Vec<Vec<u8>>,
    folders: Vec<Vec<u8>>,
    networks: Vec<(IpAddr, u8)>,
}

/// Of alternatives, those about one value that ask for membership in sets, as one each.
fn merged(alternatives: Vec<Condition>) -> Vec<Condition> {
    let mut sets = BTreeMap::<Operand, Sets>::new();
    let mut others = Vec::new();
    for alternative in alternatives {
        let Condition::Test(what, is) = alternative else {
            others.push(alternative);
            continue;
        };
        let set = sets.entry(what).or_default();
        match is {
            Is::Equal(number) => set.numbers.push(number),
            Is::Among(numbers) => set.numbers.extend(numbers),
            Is::Text(text) => set.texts.push(text),
            Is::TextAmong(texts) => set.texts.extend(texts),
            Is::Prefix(text) => set.prefixes.push(text),
            Is::PrefixAmong(texts) => set.prefixes.extend(texts),
            Is::PathPrefixAmong(paths) => set.folders.extend(paths),
            Is::InNetworks(networks) => set.networks.extend(networks),
            other => others.push(Condition::Test(what, other)),
        }
    }
    for (what, set) in sets {
        let Sets { mut numbers, mut texts, mut prefixes, folders, networks } = set;
        let mut push = |is: Is| others.push(Condition::Test(what, is));
        match numbers.len() {
            0 => {}
            1 => push(Is::Equal(numbers.remove(0))),
            _ => push(Is::Among(sorted(numbers))),
        }
        match texts.len() {
            0 => {}
            1 => push(Is::Text(texts.remove(0))),
            _ => push(Is::TextAmong(sorted(texts))),
        }
        match prefixes.len() {
            0 => {}
            1 => push(Is::Prefix(prefixes.remove(0))),
            _ => push(Is::PrefixAmong(sorted(prefixes))),
        }
        if !folders.is_empty() {
            push(Is::PathPrefixAmong(sorted(folders)));
        }
        if !networks.is_empty() {
            push(Is::InNetworks(sorted(networks)));
        }
    }
    others
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}
