//! Which conditions of rules no event of a run made true, or none made false.
//!
//! A condition is a single comparison, as it is written; one in a macro counts once, however many rules use the macro. It
//! counts as true or false for an event if the evaluation of some rule got as far as to ask it. Every rule is asked of every
//! event, also behind the first that matches, and of events that it does not look at.

use super::{RuleTexts, Test, replay};
use kestrel_rules::LoadErrors;
use kestrel_rules::explain::{Answer, Explanations, Position, What};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a run made of the conditions of rules.
#[derive(Debug, Default)]
pub struct Coverage {
    rules: Vec<Asked>,
    conditions: Vec<Condition>,
    /// By place and text: what exceptions stand for has one place.
    known: BTreeMap<(Position, String), usize>,
}

/// Rule files, and their rules.
#[derive(Debug)]
struct Asked {
    sources: RuleTexts,
    explained: Explanations,
    /// For each rule the number of each test among its parts, and the place of its condition among all.
    tests: Vec<Vec<(usize, usize)>>,
}

/// A condition.
#[derive(Clone, Debug)]
struct Condition {
    owner: Owner,
    was_true: bool,
    was_false: bool,
}

/// Where a condition is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    Rule(Arc<str>),
    Macro(Arc<str>),
}

impl Coverage {
    /// Asks the rules in these texts of every event of a test.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with the rules.
    pub fn record(&mut self, sources: &RuleTexts, test: &Test) -> Result<(), LoadErrors> {
        let same = |asked: &Asked| {
            let (known, files) = (&asked.sources.files, &sources.files);
            known.len() == files.len()
                && known.iter().zip(files).all(|(a, b)| a.name == b.name && a.text == b.text)
                && asked.sources.static_fields == sources.static_fields
        };
        let index = match self.rules.iter().position(same) {
            Some(index) => index,
            None => self.add(sources)?,
        };
        let Coverage { rules, conditions, .. } = self;
        let Some(Asked { explained, tests, .. }) = rules.get_mut(index) else { return Ok(()) };
        replay(test, |_, facts| {
            for (rule, tests) in tests.iter().enumerate() {
                let answers = explained.answers(rule, Some(facts.id()), facts);
                for &(number, condition) in tests {
                    match answers.all.get(number) {
                        Some((Answer::Yes, _)) => conditions[condition].was_true = true,
                        Some((Answer::No, _)) => conditions[condition].was_false = true,
                        Some((Answer::NotReached, _)) | None => {}
                    }
                }
            }
        });
        Ok(())
    }

    fn add(&mut self, sources: &RuleTexts) -> Result<usize, LoadErrors> {
        let explained = Explanations::of_all(&sources.files, &sources.options())?;
        let mut tests = Vec::new();
        for rule in explained.rules() {
            let mut of_rule = Vec::new();
            for test in rule.condition.tests() {
                let What::Test { text, .. } = &test.part.what else { continue };
                let owner = match test.in_macro {
                    Some(name) => Owner::Macro(Arc::clone(name)),
                    None => Owner::Rule(Arc::clone(&rule.name)),
                };
                let index = *self.known.entry((test.part.place.clone(), text.clone())).or_insert_with(|| {
                    self.conditions.push(Condition { owner, was_true: false, was_false: false });
                    self.conditions.len() - 1
                });
                of_rule.push((test.number, index));
            }
            tests.push(of_rule);
        }
        self.rules.push(Asked { sources: sources.clone(), explained, tests });
        Ok(self.rules.len() - 1)
    }

    /// The conditions that were true for one event and false for another, and all.
    pub fn counts(&self) -> (usize, usize) {
        (self.conditions.iter().filter(|condition| condition.is_covered()).count(), self.conditions.len())
    }

    /// Lines about the others: by rule and macro, in the order of the files.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut last = None;
        for ((place, text), index) in &self.known {
            let condition = &self.conditions[*index];
            if condition.is_covered() {
                continue;
            }
            if last != Some(&condition.owner) {
                lines.push(format!("  {}", condition.owner));
                last = Some(&condition.owner);
            }
            let what = match (condition.was_true, condition.was_false) {
                (false, true) => "never true",
                (true, _) => "never false",
                (false, false) => "never asked",
            };
            lines.push(format!("    {what:<11}  {place}  {text}"));
        }
        lines
    }
}

impl Condition {
    fn is_covered(&self) -> bool {
        self.was_true && self.was_false
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Rule(name) => write!(f, "rule {name}"),
            Owner::Macro(name) => write!(f, "macro {name}"),
        }
    }
}

/// The sum, in a line.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (covered, all) = self.counts();
        write!(f, "{covered} of {all} conditions were true for one event and false for another")
    }
}
