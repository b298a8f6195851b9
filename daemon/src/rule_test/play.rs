//! Playing a test.

use super::{Expected, RuleTexts, Test, explain, machine};
use crate::watch::Judge;
use kestrel_rules::RuleSet;
use zerocopy::IntoBytes;

/// A rule that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerted {
    /// Its name.
    pub rule: String,
    /// Its output.
    pub output: String,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was expected happened.
    Passed,
    /// It did not.
    Failed(Mismatch),
}

/// What was expected and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The rules that were expected to fire.
    pub expected: Vec<Expected>,
    /// Those that did.
    pub happened: Vec<Alerted>,
    /// What can be said about each rule that was expected and did not fire: lines.
    pub why: Vec<String>,
}

/// Plays a test against these rules; gives them back. `sources` are the texts that they are loaded from, to say more if the
/// test fails.
pub fn play(test: &Test, rules: RuleSet, sources: &RuleTexts) -> (Outcome, RuleSet) {
    let mut judge = Judge::new(machine::state(&test.containers), rules, machine::clock());
    for record in &test.before {
        judge.record(record.as_bytes(), |_| ());
    }
    let mut happened = Vec::new();
    judge.record(test.judged.as_bytes(), |alert| {
        happened.push(Alerted { rule: alert.rule.to_string(), output: alert.message });
    });
    let fits = test.expected.len() == happened.len()
        && test.expected.iter().zip(&happened).all(|(expected, alerted)| expected.fits(alerted));
    let outcome = if fits {
        Outcome::Passed
    } else {
        let absent = test.expected.iter().map(|expected| expected.rule.as_str());
        let absent: Vec<&str> = absent.filter(|rule| happened.iter().all(|alerted| alerted.rule != *rule)).collect();
        let why = if absent.is_empty() { Vec::new() } else { explain::absence(test, &absent, sources) };
        Outcome::Failed(Mismatch { expected: test.expected.clone(), happened, why })
    };
    (outcome, judge.into_rules())
}

impl Expected {
    /// Whether a rule that fired is what was expected, output included.
    pub fn fits(&self, alerted: &Alerted) -> bool {
        self.rule == alerted.rule
            && self.output.as_ref().is_none_or(|output| *output == alerted.output)
            && self.contains.iter().all(|part| alerted.output.contains(part))
    }
}
