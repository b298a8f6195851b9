//! What people see: a line for each test, what failed and why, a sum.

use super::{Expected, Mismatch, Outcome, Test};
use std::fmt;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that passed.
    pub passed: usize,
    /// Those that failed.
    pub failed: usize,
}

impl Tally {
    /// One more test.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The line above the tests of a file.
pub fn heading(file: &str) -> String {
    clean(file)
}

/// The line of a test.
pub fn line(test: &Test, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("  ok    {}", clean(&test.name)),
        Outcome::Failed(_) => format!("  FAIL  {} (line {})", clean(&test.name), test.line),
    }
}

/// The lines below the line of a test that failed.
pub fn failure(mismatch: &Mismatch) -> String {
    let expected = mismatch.expected.iter().flat_map(Expected::lines);
    let happened = mismatch.happened.iter().flat_map(|alerted| [alerted.rule.clone(), format!("  {}", alerted.output)]);
    let mut lines = Vec::new();
    for (title, said) in [("expected", expected.collect::<Vec<_>>()), ("happened", happened.collect())] {
        let said = if said.is_empty() { vec!["no rule fires".to_owned()] } else { said };
        for (index, text) in said.iter().enumerate() {
            lines.push(format!("        {:<10}{}", if index == 0 { title } else { "" }, clean(text)));
        }
    }
    for (index, text) in mismatch.why.iter().enumerate() {
        lines.push(format!("        {:<10}{}", if index == 0 { "because" } else { "" }, clean(text)));
    }
    lines.join("\n")
}

impl Expected {
    /// What is expected, the rule first.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.rule.clone()];
        lines.extend(self.output.iter().map(|output| format!("  {output}")));
        lines.extend(self.contains.iter().map(|part| format!("  … {part} …")));
        lines
    }
}

/// A text whose control characters cannot play with a terminal.
fn clean(text: &str) -> String {
    text.trim_end().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
