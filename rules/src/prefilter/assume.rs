//! What an earlier test has decided is not asked again.
//!
//! Behind the first part of `a and …`, `a` holds; behind that of `a or …`, it does not. Tests of one value decide others: what is
//! one of a set is none of another.

use kestrel_core::filter::build::{Condition, Is, Operand};

/// A test, and whether it holds.
type Fact = (Operand, Is, bool);

/// The same condition, with fewer tests. It was simplified.
pub fn sharpened(condition: &Condition) -> Condition {
    under(condition, &mut Vec::new())
}

fn under(condition: &Condition, facts: &mut Vec<Fact>) -> Condition {
    match condition {
        Condition::All(parts) => joined(parts, true, facts),
        Condition::Any(parts) => joined(parts, false, facts),
        other => match literal(other) {
            None => other.clone(),
            Some((what, is, holds)) => match decided(what, is, facts) {
                None => other.clone(),
                Some(answer) if answer == holds => Condition::Always,
                Some(_) => Condition::Never,
            },
        },
    }
}

/// A test or the opposite of one.
fn literal(condition: &Condition) -> Option<(Operand, &Is, bool)> {
    match condition {
        Condition::Test(what, is) => Some((*what, is, true)),
        Condition::Not(inner) => match &**inner {
            Condition::Test(what, is) => Some((*what, is, false)),
            _ => None,
        },
        _ => None,
    }
}

/// All of the parts if `all`, else any of them: tests first, because they decide.
fn joined(parts: &[Condition], all: bool, facts: &mut Vec<Fact>) -> Condition {
    let (neutral, last) =
        if all { (Condition::Always, Condition::Never) } else { (Condition::Never, Condition::Always) };
    let before = facts.len();
    let mut left = Vec::new();
    let (tests, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| literal(part).is_some());
    for part in tests.into_iter().chain(others) {
        let part = under(part, facts);
        if part == last {
            facts.truncate(before);
            return last;
        }
        if part == neutral {
            continue;
        }
        if let Some((what, is, holds)) = literal(&part) {
            facts.push((what, is.clone(), holds == all));
        }
        left.push(part);
    }
    facts.truncate(before);
    match left.len() {
        0 => neutral,
        1 => left.remove(0),
        _ if all => Condition::All(left),
        _ => Condition::Any(left),
    }
}

/// Whether a test holds, if facts about its value say so.
fn decided(what: Operand, is: &Is, facts: &[Fact]) -> Option<bool> {
    let of_value = facts.iter().filter(|(other, ..)| *other == what);
    of_value.into_iter().find_map(|(_, fact, holds)| {
        if fact == is {
            return Some(*holds);
        }
        match (fact, holds, is) {
            // What satisfies a test is there.
            (_, true, Is::There) => Some(true),
            (Is::There, false, _) => Some(false),
            (fact, true, is) => match (numbers(fact), numbers(is)) {
                (Some(these), Some(those)) if these.iter().all(|n| those.contains(n)) => Some(true),
                (Some(these), Some(those)) if !these.iter().any(|n| those.contains(n)) => Some(false),
                _ => None,
            },
            (Is::BelowSigned(limit), false, is) => {
                numbers(is).filter(|those| those.iter().all(|n| n.cast_signed() < *limit)).map(|_| false)
            }
            _ => None,
        }
    })
}

/// Numbers of which a value is one if it satisfies a test.
fn numbers(is: &Is) -> Option<&[u64]> {
    match is {
        Is::Equal(number) => Some(std::slice::from_ref(number)),
        Is::Among(numbers) => Some(numbers),
        _ => None,
    }
}
