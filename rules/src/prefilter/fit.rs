//! What is too large is asked less: first without searches in texts, then without texts, then not at all.

use super::assume::sharpened;
use super::derive::tests;
use super::factor::factored;
use super::{EventFilter, Kept, MOST_TESTS, Need, empty, verified};
use kestrel_core::filter::build::{Builder, Bytes, Condition, Is};
use kestrel_core::filter::{Class, Test};

/// Tests of all rules for one event that are looked at together; beyond, they are made fewer first.
const MOST_TOGETHER: usize = 16 * MOST_TESTS;

/// What was too much to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GivenUp {
    /// Whether texts contain others or match patterns.
    Searches,
    /// Texts of any kind.
    Texts,
    /// Everything: each event is kept.
    Everything,
}

impl GivenUp {
    /// All, the least first.
    pub const ALL: [GivenUp; 3] = [GivenUp::Searches, GivenUp::Texts, GivenUp::Everything];

    /// In words: what is not asked.
    pub const fn name(self) -> &'static str {
        match self {
            GivenUp::Searches => "searches in texts",
            GivenUp::Texts => "texts",
            GivenUp::Everything => "everything",
        }
    }

    fn gives_up(self, is: &Is) -> bool {
        match self {
            GivenUp::Searches => matches!(is.test(), Test::Contains | Test::Glob),
            GivenUp::Texts => matches!(is.test().class(), Some(Class::Text)),
            GivenUp::Everything => true,
        }
    }
}

/// When an event is wanted by any of these rules, in as many tests as there may be.
pub fn fitted(rules: &[Need]) -> (Condition, Option<GivenUp>) {
    let fits = |condition: &Condition| tests(condition) <= MOST_TESTS;
    let levels = std::iter::once(None).chain(GivenUp::ALL.map(Some));
    for level in levels {
        let parts: Vec<Condition> = match level {
            None => rules.iter().map(|need| need.when.clone()).collect(),
            Some(level) => rules.iter().map(|need| without(&need.when, level).simplified()).collect(),
        };
        if parts.contains(&Condition::Always) {
            return (Condition::Always, level);
        }
        if parts.iter().map(tests).sum::<usize>() > MOST_TOGETHER {
            continue;
        }
        let condition = sharpened(&factored(parts));
        if fits(&condition) {
            return (condition, level);
        }
    }
    (Condition::Always, Some(GivenUp::Everything))
}

/// A condition that was simplified, with what is given up taken for true.
fn without(condition: &Condition, level: GivenUp) -> Condition {
    match condition {
        Condition::Test(_, is) if level.gives_up(is) => Condition::Unknown,
        Condition::Not(inner) => Condition::not(without(inner, level)),
        Condition::All(parts) => Condition::all(parts.iter().map(|part| without(part, level))),
        Condition::Any(parts) => Condition::any(parts.iter().map(|part| without(part, level))),
        other => other.clone(),
    }
}

/// When an event is kept.
pub fn kept(condition: Condition) -> Kept {
    match condition.simplified() {
        Condition::Always => Kept::Always,
        Condition::Never => Kept::Never,
        condition => {
            let tests = tests(&condition);
            Kept::If(condition, tests)
        }
    }
}

/// The program. What does not fit a program as a whole is given up for all events.
pub fn built(events: &mut [EventFilter]) -> (Bytes, Option<GivenUp>) {
    for level in std::iter::once(None).chain(GivenUp::ALL.map(Some)) {
        let mut builder = Builder::new();
        for filter in events.iter_mut() {
            if let (Some(level), Kept::If(condition, _)) = (level, &filter.kept) {
                filter.kept = kept(without(condition, level));
            }
            let condition = match &filter.kept {
                Kept::Always => continue,
                Kept::Never => &Condition::Never,
                Kept::If(condition, _) => condition,
            };
            if builder.section(filter.event, condition).is_err() {
                filter.kept = Kept::Always;
                filter.given_up = Some(GivenUp::Everything);
            }
        }
        if let Ok(bytes) = builder.finish()
            && verified(&bytes)
        {
            return (bytes, level);
        }
    }
    events.iter_mut().for_each(|filter| filter.kept = Kept::Always);
    (empty(), Some(GivenUp::Everything))
}
