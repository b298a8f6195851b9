//! What can be asked of a value.
//!
//! A missing value satisfies no predicate, `!=` included. Of several values ([`Value::Any`]) one that satisfies is enough;
//! `!=` then says that none is equal.

use super::{Glob, Network, PathSet};
use crate::facts::Value;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use memchr::memmem::Finder;

/// Text that is looked for, as a set.
pub type TextSet = HashSet<Box<[u8]>, FixedState>;

/// A predicate.
#[derive(Debug)]
pub enum Predicate {
    /// It is known.
    Exists,
    /// It is not equal to any of what the inner predicate accepts.
    Not(Box<Predicate>),
    /// True or false.
    Bool(bool),
    /// Equal to a number.
    NumberIn(Box<[i128]>),
    /// Less than a number.
    Less(i128),
    /// Less or equal.
    LessEqual(i128),
    /// Greater than a number.
    Greater(i128),
    /// Greater or equal.
    GreaterEqual(i128),
    /// Equal to a text.
    Text(Box<[u8]>),
    /// Equal to one of several texts.
    TextIn(TextSet),
    /// Contains a text.
    Contains(Box<Finder<'static>>),
    /// Contains a text, whatever the case (ASCII); the text is in lower case.
    IContains(Box<[u8]>),
    /// Begins with a text.
    StartsWith(Box<[u8]>),
    /// Begins with a text, whatever the case (ASCII); the text is in lower case.
    IStartsWith(Box<[u8]>),
    /// Ends with a text.
    EndsWith(Box<[u8]>),
    /// Matches a pattern.
    Glob(Glob),
    /// Lies in or is one of several paths.
    PathIn(PathSet),
    /// Lies in one of several networks.
    NetworkIn(Box<[Network]>),
}

/// Whether a value satisfies a predicate.
pub fn test(predicate: &Predicate, value: Value<'_>) -> bool {
    match (predicate, value) {
        (_, Value::Missing) => false,
        (Predicate::Not(inner), Value::Any(values)) => {
            let mut known = values.iter().filter(|value| !matches!(value, Value::Missing)).peekable();
            known.peek().is_some() && known.all(|value| !test(inner, *value))
        }
        (predicate, Value::Any(values)) => values.iter().any(|value| test(predicate, *value)),
        (Predicate::Exists, _) => true,
        (Predicate::Not(inner), value) => !test(inner, value),
        (Predicate::Bool(wanted), Value::Bool(value)) => *wanted == value,
        (predicate, Value::Int(n)) => number(predicate, n.into()),
        (predicate, Value::Uint(n)) => number(predicate, n.into()),
        (predicate, Value::Str(value)) => text(predicate, value),
        (Predicate::NetworkIn(networks), Value::Ip(ip)) => networks.iter().any(|network| network.contains(ip)),
        _ => false,
    }
}

fn number(predicate: &Predicate, n: i128) -> bool {
    match predicate {
        Predicate::NumberIn(numbers) => numbers.contains(&n),
        Predicate::Less(limit) => n < *limit,
        Predicate::LessEqual(limit) => n <= *limit,
        Predicate::Greater(limit) => n > *limit,
        Predicate::GreaterEqual(limit) => n >= *limit,
        _ => false,
    }
}

fn text(predicate: &Predicate, value: &[u8]) -> bool {
    match predicate {
        Predicate::Text(wanted) => **wanted == *value,
        Predicate::TextIn(texts) => texts.contains(value),
        Predicate::Contains(finder) => finder.find(value).is_some(),
        Predicate::IContains(lower) => {
            lower.is_empty() || value.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
        }
        Predicate::StartsWith(prefix) => value.starts_with(prefix),
        Predicate::IStartsWith(lower) => {
            value.get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower))
        }
        Predicate::EndsWith(suffix) => value.ends_with(suffix),
        Predicate::Glob(glob) => glob.matches(value),
        Predicate::PathIn(paths) => paths.contains(value),
        _ => false,
    }
}
