//! Rules by what they need one value to be.

use super::affixes::Affixes;
use super::need::Key;
use crate::facts::Value;
use crate::number::Number;
use crate::plan::{OperandId, Prefix, TextSet, prefixes_of};
use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, Input};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rules, in their order.
type Rules = Box<[u32]>;

/// Rules by what they need one value to be.
#[derive(Debug)]
pub struct Table {
    /// The value.
    pub operand: OperandId,
    /// All of the rules: for values that are several at once.
    all: Rules,
    equal: HashMap<Box<[u8]>, Rules, FixedState>,
    among: Box<[(Arc<TextSet>, Rules)]>,
    fronts: Affixes,
    backs: Affixes,
    inside: Option<Needles>,
    inside_any_case: Option<Needles>,
    paths: Affixes,
    all_paths: Rules,
    numbers: HashMap<i128, Rules, FixedState>,
    networks: HashMap<Prefix, Rules, FixedState>,
    /// Kinds and lengths of the networks.
    network_kinds: Box<[(bool, u8)]>,
}

impl Table {
    /// Of these keys, each with the rule that it leads to; rules come in their order.
    pub fn new(operand: OperandId, keys: &[(&Key, u32)]) -> Table {
        let mut all: Vec<u32> = keys.iter().map(|(_, rule)| *rule).collect();
        all.sort_unstable();
        all.dedup();
        let texts = |wanted: fn(&Key) -> Option<&[u8]>| {
            keys.iter().filter_map(move |(key, rule)| Some((Box::<[u8]>::from(wanted(key)?), *rule)))
        };
        let paths = || {
            texts(|key| match key {
                Key::Path(text) => Some(text),
                _ => None,
            })
        };
        let all_paths: Vec<u32> = paths().map(|(_, rule)| rule).collect();
        let networks = by_key(keys.iter().filter_map(|(key, rule)| match key {
            Key::Network(prefix) => Some((*prefix, *rule)),
            _ => None,
        }));
        let mut network_kinds: Vec<(bool, u8)> = networks.keys().map(|prefix| (prefix.v4, prefix.bits)).collect();
        network_kinds.sort_unstable();
        network_kinds.dedup();
        let mut among: Vec<(Arc<TextSet>, Vec<u32>)> = Vec::new();
        for (key, rule) in keys {
            let Key::Among(set) = key else { continue };
            match among.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &set.0)) {
                Some((_, rules)) => rules.push(*rule),
                None => among.push((Arc::clone(&set.0), vec![*rule])),
            }
        }
        Table {
            operand,
            all: all.into(),
            equal: by_key(texts(|key| match key {
                Key::Equal(text) => Some(text),
                _ => None,
            })),
            among: among.into_iter().map(|(set, rules)| (set, once(rules))).collect(),
            fronts: Affixes::new(texts(|key| match key {
                Key::Front(text) => Some(text),
                _ => None,
            })),
            backs: Affixes::of_endings(texts(|key| match key {
                Key::Back(text) => Some(text),
                _ => None,
            })),
            inside: Needles::new(
                texts(|key| match key {
                    Key::Inside(text) => Some(text),
                    _ => None,
                }),
                false,
            ),
            inside_any_case: Needles::new(
                texts(|key| match key {
                    Key::InsideAnyCase(text) => Some(text),
                    _ => None,
                }),
                true,
            ),
            paths: Affixes::new(paths()),
            all_paths: once(all_paths),
            numbers: by_key(keys.iter().filter_map(|(key, rule)| match key {
                Key::Number(number) => Some((*number, *rule)),
                _ => None,
            })),
            networks,
            network_kinds: network_kinds.into(),
        }
    }

    /// Gives the rules that a value leads to, as lists, each in order. A rule may be in several of them. `seen` is memory that
    /// is kept from one value to the next.
    pub fn find<'i>(&'i self, value: Value<'_>, seen: &mut Vec<u64>, found: &mut impl FnMut(&'i [u32])) {
        match value {
            Value::Str(text) => self.text(text, seen, found),
            Value::Int(n) => self.number(n.into(), found),
            Value::Uint(n) => self.number(n.into(), found),
            Value::Ip(ip) => {
                for prefix in prefixes_of(ip, &self.network_kinds) {
                    if let Some(rules) = self.networks.get(&prefix) {
                        found(rules);
                    }
                }
            }
            Value::Any(values) => values.iter().for_each(|value| match value {
                Value::Any(_) | Value::List(_) => found(&self.all),
                value => self.find(*value, seen, found),
            }),
            Value::List(_) => found(&self.all),
            Value::Missing | Value::Bool(_) | Value::Double(_) => {}
        }
    }

    fn number<'i>(&'i self, number: i128, found: &mut impl FnMut(&'i [u32])) {
        if let Some(rules) = self.numbers.get(&number) {
            found(rules);
        }
    }

    fn text<'i>(&'i self, text: &[u8], seen: &mut Vec<u64>, found: &mut impl FnMut(&'i [u32])) {
        if !self.equal.is_empty()
            && let Some(rules) = self.equal.get(text)
        {
            found(rules);
        }
        for (set, rules) in &self.among {
            if set.contains(text) {
                found(rules);
            }
        }
        if !self.fronts.is_empty() {
            self.fronts.find(text, &mut *found);
        }
        if !self.backs.is_empty() {
            self.backs.find_at_end(text, &mut *found);
        }
        if !self.paths.is_empty() {
            if memchr::memmem::find(text, b"//").is_some() {
                found(&self.all_paths);
            } else {
                self.paths.find(text, &mut *found);
            }
        }
        for needles in [&self.inside, &self.inside_any_case].into_iter().flatten() {
            needles.find(text, seen, &mut *found);
        }
        // A number that the event has as text.
        if !self.numbers.is_empty()
            && let Some(Number::Whole(number)) = std::str::from_utf8(text).ok().and_then(Number::parse)
        {
            self.number(number, found);
        }
    }
}

fn by_key<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = (K, u32)>) -> HashMap<K, Rules, FixedState> {
    let mut all = HashMap::<K, Vec<u32>, FixedState>::default();
    keys.for_each(|(key, rule)| all.entry(key).or_default().push(rule));
    all.into_iter().map(|(key, rules)| (key, once(rules))).collect()
}

/// Each of the rules once; they are in order.
fn once(mut rules: Vec<u32>) -> Rules {
    rules.dedup();
    rules.into()
}

/// Texts that may stand anywhere in a value, and the rules that each leads to.
#[derive(Debug)]
struct Needles {
    /// `None` if there are too many for one: then every text leads to all.
    automaton: Option<NFA>,
    rules: Box<[Rules]>,
}

impl Needles {
    /// `None` if there are no texts.
    fn new(keys: impl Iterator<Item = (Box<[u8]>, u32)>, ignore_case: bool) -> Option<Needles> {
        let mut by_text = BTreeMap::<Box<[u8]>, Vec<u32>>::new();
        for (text, rule) in keys {
            let text = if ignore_case { text.to_ascii_lowercase().into() } else { text };
            by_text.entry(text).or_default().push(rule);
        }
        if by_text.is_empty() {
            return None;
        }
        let automaton = NFA::builder().ascii_case_insensitive(ignore_case).build(by_text.keys()).ok();
        Some(Needles { automaton, rules: by_text.into_values().map(once).collect() })
    }

    fn find<'i>(&'i self, text: &[u8], seen: &mut Vec<u64>, mut found: impl FnMut(&'i [u32])) {
        let Some(automaton) = &self.automaton else { return self.rules.iter().for_each(|rules| found(rules)) };
        // A text may be found very often in a value, its rules are given once.
        seen.clear();
        seen.resize(self.rules.len().div_ceil(64), 0);
        let input = Input::new(text).anchored(Anchored::No);
        let mut state = OverlappingState::start();
        while automaton.try_find_overlapping(&input, &mut state).is_ok() {
            let Some(one) = state.get_match() else { return };
            let index = one.pattern().as_usize();
            let (Some(rules), Some(word)) = (self.rules.get(index), seen.get_mut(index / 64)) else { continue };
            if *word & (1 << (index % 64)) == 0 {
                *word |= 1 << (index % 64);
                found(rules);
            }
        }
    }
}
