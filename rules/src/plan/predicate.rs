//! What can be asked of one value. A missing value satisfies nothing, and is never asked.

use super::{AffixSet, Glob, NetworkSet, PathSet, Regex, Search, TextSet};
use crate::facts::Value;
use crate::number::Number;
use bumpalo::Bump;
use memchr::memmem::Finder;
use std::cmp::Ordering;
use std::sync::Arc;

/// A predicate.
#[derive(Debug)]
pub enum Predicate {
    /// It is known.
    Exists,
    /// The inner predicate does not hold.
    Not(Box<Predicate>),
    /// True, if the first is set, or false, if the second is.
    Bool(bool, bool),
    /// Equal to one of these whole numbers; sorted.
    Whole(Box<[i128]>),
    /// Equal to one of these numbers.
    Real(Box<[f64]>),
    /// Stands to a number in one of these relations.
    Order(Number, &'static [Ordering]),
    /// Equal to a text.
    Text(Box<[u8]>),
    /// Equal to one of several texts.
    TextIn(Arc<TextSet>),
    /// Contains a text.
    Contains(Box<Finder<'static>>),
    /// Contains one of several texts.
    ContainsAny(Box<Search>),
    /// Begins with a text.
    StartsWith(Box<[u8]>),
    /// Ends with a text.
    EndsWith(Box<[u8]>),
    /// Begins, or ends, with one of several texts.
    Affix(AffixSet),
    /// Matches a pattern.
    Glob(Glob),
    /// Matches a regular expression.
    Regex(Regex),
    /// Lies in or is one of several paths.
    PathIn(Arc<PathSet>),
    /// Lies in one of several networks.
    NetworkIn(NetworkSet),
    /// The first of a number, the second of a text: for fields whose type depends on the event.
    ByType(Box<Predicate>, Box<Predicate>),
    /// One or more of these hold.
    Any(Box<[Predicate]>),
    /// All of these hold, and there is one.
    All(Box<[Predicate]>),
    /// Exactly one of these holds.
    One(Box<[Predicate]>),
    /// It never holds.
    Never,
}

impl Predicate {
    /// Whether a value, which is one and not missing, satisfies it. `arena` is for what must be composed on the way.
    #[inline]
    pub fn test(&self, value: Value<'_>, arena: &Bump) -> bool {
        match value {
            // Most values are texts.
            Value::Str(text) => self.text(text, arena),
            Value::Missing | Value::Any(_) | Value::List(_) => false,
            value => self.other(value),
        }
    }

    /// A value that is no text.
    fn other(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Predicate::Exists, _) => true,
            (Predicate::Never, _) => false,
            (Predicate::Not(inner), value) => !inner.other(value),
            (Predicate::Any(all), value) => all.iter().any(|one| one.other(value)),
            (Predicate::All(all), value) => !all.is_empty() && all.iter().all(|one| one.other(value)),
            (Predicate::One(all), value) => all.iter().filter(|one| one.other(value)).take(2).count() == 1,
            (Predicate::ByType(of_number, _), _) => of_number.other(value),
            (Predicate::Bool(when_true, when_false), Value::Bool(value)) => {
                if value {
                    *when_true
                } else {
                    *when_false
                }
            }
            (predicate, Value::Int(n)) => predicate.number(Number::Whole(n.into())),
            (predicate, Value::Uint(n)) => predicate.number(Number::Whole(n.into())),
            (predicate, Value::Double(n)) => predicate.number(Number::Real(n)),
            (Predicate::NetworkIn(networks), Value::Ip(ip)) => networks.contains(ip),
            _ => false,
        }
    }

    fn number(&self, n: Number) -> bool {
        match (self, n) {
            (Predicate::Whole(numbers), Number::Whole(n)) => numbers.binary_search(&n).is_ok(),
            (Predicate::Real(numbers), n) => {
                numbers.iter().any(|other| n.compare(Number::Real(*other)) == Some(Ordering::Equal))
            }
            (Predicate::Order(limit, wanted), n) => n.compare(*limit).is_some_and(|found| wanted.contains(&found)),
            _ => false,
        }
    }

    fn text(&self, value: &[u8], arena: &Bump) -> bool {
        match self {
            Predicate::Exists => true,
            Predicate::Not(inner) => !inner.text(value, arena),
            Predicate::Any(all) => all.iter().any(|one| one.text(value, arena)),
            Predicate::All(all) => !all.is_empty() && all.iter().all(|one| one.text(value, arena)),
            Predicate::One(all) => all.iter().filter(|one| one.text(value, arena)).take(2).count() == 1,
            Predicate::ByType(_, of_text) => of_text.text(value, arena),
            Predicate::Text(wanted) => **wanted == *value,
            Predicate::TextIn(texts) => texts.contains(value),
            Predicate::Contains(finder) => finder.find(value).is_some(),
            Predicate::ContainsAny(search) => search.finds(value),
            Predicate::StartsWith(prefix) => value.starts_with(prefix),
            Predicate::EndsWith(suffix) => value.ends_with(suffix),
            Predicate::Affix(affixes) => affixes.matches(value),
            Predicate::Glob(glob) => glob.matches(value),
            Predicate::Regex(regex) => regex.matches(value, arena),
            Predicate::PathIn(paths) => paths.contains(value),
            // A number that the event has as text.
            Predicate::Whole(_) | Predicate::Real(_) | Predicate::Order(..) => {
                std::str::from_utf8(value).ok().and_then(Number::parse).is_some_and(|n| self.number(n))
            }
            Predicate::Never | Predicate::Bool(..) | Predicate::NetworkIn(_) => false,
        }
    }
}
