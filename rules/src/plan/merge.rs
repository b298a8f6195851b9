//! Several tests of one operand, any of which is enough, made one: a set, a set of beginnings, one automaton.

use super::{AffixSet, End, Predicate, Search, TextSet};
use memchr::memmem::Finder;
use std::sync::Arc;

/// Kinds of tests that can be made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}

/// A text that is looked for.
pub fn contains(text: &[u8]) -> Predicate {
    Predicate::Contains(Box::new(Finder::new(text).into_owned()))
}

/// Texts of which one must be found. `None` if there are too many.
pub fn contains_any(texts: Vec<Box<[u8]>>, ignore_case: bool) -> Option<Predicate> {
    Search::new(texts, ignore_case).map(|search| Predicate::ContainsAny(Box::new(search)))
}

/// The kind of a test, and the texts that it asks for, if it can be made one with others of its kind.
pub fn parts(predicate: &Predicate) -> Option<(Kind, Vec<Box<[u8]>>)> {
    match predicate {
        Predicate::Text(text) => Some((Kind::Equal, vec![text.clone()])),
        // A large set is better left to those that share it.
        Predicate::TextIn(set) if set.len() <= 64 => Some((Kind::Equal, set.iter().map(Into::into).collect())),
        Predicate::Contains(finder) => Some((Kind::Contains, vec![finder.needle().into()])),
        Predicate::StartsWith(text) => Some((Kind::StartsWith, vec![text.clone()])),
        Predicate::EndsWith(text) => Some((Kind::EndsWith, vec![text.clone()])),
        _ => None,
    }
}

/// One test for several.
pub fn merged(kind: Kind, texts: Vec<Box<[u8]>>) -> Option<Predicate> {
    match kind {
        Kind::Equal => Some(Predicate::TextIn(Arc::new(texts.into_iter().collect::<TextSet>()))),
        Kind::Contains => contains_any(texts, false),
        Kind::StartsWith => Some(Predicate::Affix(AffixSet::new(End::Front, texts))),
        Kind::EndsWith => Some(Predicate::Affix(AffixSet::new(End::Back, texts))),
    }
}
