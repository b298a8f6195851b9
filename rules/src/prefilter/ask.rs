//! A question about a field, as a condition over what the kernel knows of it.
//!
//! What comes out holds exactly when the question is answered with yes, but for its unknown parts.

use super::known::{Known, Number, Shape, exists};
use super::{addresses, derive, numbers, texts};
use crate::facts::Value;
use crate::plan::{End, Predicate};
use crate::syntax::Op;
use bumpalo::Bump;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::schema::{FlagName, FlagNames};
use std::collections::BTreeSet;

/// Numbers of an enumeration that are tried out, at most.
const MOST_NAMES: usize = 256;

/// The condition for a question about a value.
pub fn answer(known: &Known, op: Op, predicate: &Predicate) -> Condition {
    match known {
        Known::Any(values) => several(values, op, predicate),
        Known::Ancestors if op == Op::Ne => Condition::Unknown,
        Known::Cases(cases) => Condition::any(
            cases.iter().map(|(case, known)| Condition::all([case.clone(), answer(known, op, predicate)])),
        ),
        // One value: what the operator says about several does not matter.
        known => one(known, predicate),
    }
}

/// Several values, of which any may be meant.
fn several(values: &[Known], op: Op, predicate: &Predicate) -> Condition {
    let each = values.iter().map(|value| one(value, predicate));
    if op != Op::Ne {
        return Condition::any(each);
    }
    // All that are known satisfy it; they are known all or none.
    Condition::all(each)
}

fn one(known: &Known, predicate: &Predicate) -> Condition {
    match known {
        Known::Nothing | Known::Any(_) | Known::Cases(_) => Condition::Unknown,
        Known::Missing => Condition::Never,
        Known::Count => derive::number(predicate).map_or(Condition::Unknown, constant),
        Known::Constant(value) => constant(predicate.test(*value, &Bump::new())),
        Known::OneOf(values) => one_of(values, predicate),
        Known::Shape(shape) => shaped(*shape, predicate),
        Known::Number(number) => numbers::number(*number, predicate),
        Known::Decimal(number) => numbers::decimal(*number, predicate),
        Known::Text(text) => texts::text(*text, predicate),
        Known::Ancestors => texts::any_ancestor(predicate),
        Known::Flags(number, names) => flags(*number, names, predicate),
        Known::Enum(number, names) => enumeration(*number, names, predicate),
        Known::Address(what) => addresses::address(*what, predicate),
        Known::AnyAddress(what) => addresses::of_any(*what, predicate),
    }
}

/// Always or never.
pub fn constant(holds: bool) -> Condition {
    if holds { Condition::Always } else { Condition::Never }
}

fn one_of(values: &[&'static [u8]], predicate: &Predicate) -> Condition {
    let arena = Bump::new();
    let mut holds = values.iter().map(|value| predicate.test(Value::Str(value), &arena));
    let Some(first) = holds.next() else { return Condition::Never };
    if holds.all(|other| other == first) { constant(first) } else { Condition::Unknown }
}

/// A text of which only the shape is known.
fn shaped(shape: Shape, predicate: &Predicate) -> Condition {
    match predicate {
        Predicate::Exists => Condition::Always,
        Predicate::Not(inner) => Condition::not(shaped(shape, inner)),
        predicate if possible(shape, predicate) => Condition::Unknown,
        _ => Condition::Never,
    }
}

/// Whether a text of this shape can satisfy a predicate.
fn possible(shape: Shape, predicate: &Predicate) -> bool {
    let inside = |text: &[u8]| text.iter().all(|&b| (shape.any)(b));
    let front = |text: &[u8]| inside(text) && text.first().is_none_or(|&b| (shape.first)(b));
    match predicate {
        Predicate::Text(text) => !text.is_empty() && front(text),
        Predicate::TextIn(texts) => texts.iter().any(|text| !text.is_empty() && front(text)),
        Predicate::StartsWith(text) => front(text),
        Predicate::EndsWith(text) => inside(text),
        Predicate::Contains(finder) => inside(finder.needle()),
        Predicate::Affix(affixes) if affixes.end() == End::Front => affixes.iter().any(front),
        Predicate::Affix(affixes) => affixes.iter().any(inside),
        Predicate::PathIn(paths) => (shape.first)(b'/') || paths.has_relative(),
        Predicate::ByType(_, of_text) => possible(shape, of_text),
        Predicate::Any(all) | Predicate::One(all) => all.iter().any(|one| possible(shape, one)),
        Predicate::All(all) => !all.is_empty() && all.iter().all(|one| possible(shape, one)),
        Predicate::Never | Predicate::Bool(..) | Predicate::NetworkIn(_) => false,
        _ => true,
    }
}

/// What holds for `f` of its parts: for the predicates that are made of others.
pub fn composed(what: Operand, predicate: &Predicate, f: impl Fn(&Predicate) -> Condition) -> Option<Condition> {
    Some(match predicate {
        Predicate::Exists => exists(what),
        Predicate::Never => Condition::Never,
        Predicate::Not(inner) => Condition::all([exists(what), Condition::not(f(inner))]),
        Predicate::Any(all) => Condition::any(all.iter().map(f)),
        Predicate::All(all) if all.is_empty() => Condition::Never,
        Predicate::All(all) => Condition::all(all.iter().map(f)),
        Predicate::One(all) => super::known::at_most(Condition::any(all.iter().map(f))),
        _ => return None,
    })
}

/// The bits of a name hold.
fn bits(what: Operand, name: &FlagName) -> Option<Condition> {
    Some(if name.mask == name.value && name.value != 0 {
        Condition::test(what, Is::AllBits(name.value))
    } else if name.mask == u64::MAX {
        Condition::test(what, Is::Equal(name.value))
    } else {
        let (mask, value) = (u32::try_from(name.mask).ok()?, u32::try_from(name.value).ok()?);
        Condition::test(what, Is::Masked { mask, value })
    })
}

/// Names of bits, joined.
fn flags(number: Number, names: &'static FlagNames, predicate: &Predicate) -> Condition {
    if let Some(condition) = composed(number.what, predicate, |part| flags(number, names, part)) {
        return condition;
    }
    let named = |holds: &dyn Fn(&str) -> bool| {
        let bits = names.entries.iter().filter(|name| holds(name.name)).map(|name| bits(number.what, name));
        bits.map(|bits| bits.unwrap_or(Condition::Unknown)).collect::<Vec<_>>()
    };
    // Each part must be a name, and its bits must be there. That no others are is not asked.
    let all_of = |text: &[u8]| {
        let parts: Vec<Vec<Condition>> =
            text.split(|&b| b == b'|').map(|part| named(&|name| name.as_bytes() == part)).collect();
        if parts.iter().all(|bits| !bits.is_empty()) {
            return super::known::at_most(Condition::all(parts.into_iter().map(Condition::any)));
        }
        // Without any name the number is shown.
        if text.iter().all(u8::is_ascii_digit) { Condition::Unknown } else { Condition::Never }
    };
    match predicate {
        Predicate::ByType(_, of_text) => flags(number, names, of_text),
        // A needle that lies within one name, and is no part of a number.
        Predicate::Contains(finder)
            if !finder.needle().contains(&b'|') && !finder.needle().iter().all(u8::is_ascii_digit) =>
        {
            Condition::any(named(&|name| finder.find(name.as_bytes()).is_some()))
        }
        Predicate::Text(text) => all_of(text),
        Predicate::TextIn(texts) if texts.len() <= MOST_NAMES => Condition::any(texts.iter().map(all_of)),
        _ => Condition::Unknown,
    }
}

/// The name of a number.
fn enumeration(number: Number, names: &'static FlagNames, predicate: &Predicate) -> Condition {
    if names.entries.len() > MOST_NAMES || names.entries.iter().any(|name| name.mask != u64::MAX) {
        return Condition::Unknown;
    }
    let arena = Bump::new();
    let mut named = BTreeSet::new();
    let mut wanted = Vec::new();
    for name in names.entries {
        // Of several names the first is shown.
        if named.insert(name.value) && predicate.test(Value::Str(name.name.as_bytes()), &arena) {
            wanted.push(name.value);
        }
    }
    let is = |numbers: Vec<u64>| Condition::test(number.what, Is::Among(numbers));
    let unnamed = Condition::all([
        exists(number.what),
        Condition::not(is(named.into_iter().collect())),
        numbers::decimal(Number { signed: true, ..number }, predicate),
    ]);
    let wanted = if wanted.is_empty() { Condition::Never } else { is(wanted) };
    Condition::any([wanted, unnamed])
}
