//! What each part of a condition says of an event.

use super::{Part, What};
use crate::facts::{Facts, Value};
use crate::output::write_value;
use crate::plan::{Node, Program, Run};
use kestrel_core::schema::{self, EventId};

/// What a part of a condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It is not asked: what was asked before it decided.
    NotReached,
}

/// What each part of a condition says: each before those that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The event that was asked about; `None` if it is not the kernel's.
    pub event: Option<EventId>,
    /// The answer of each part, and the value that a test saw.
    pub all: Vec<(Answer, Option<String>)>,
}

impl Answers {
    /// Whether the condition holds.
    pub fn holds(&self) -> bool {
        matches!(self.all.first(), Some((Answer::Yes, _)))
    }
}

/// Asks a part, or notes that it is not reached. Gives whether it holds.
pub(super) fn ask<F: Facts>(
    part: &Part,
    reached: bool,
    program: &Program,
    run: &mut Run<'_, F>,
    answers: &mut Answers,
) -> bool {
    let at = answers.all.len();
    answers.all.push((Answer::NotReached, None));
    let is_test = matches!(part.what, What::Test { .. } | What::Merged { .. });
    let mut holds = reached && (part.terms.is_empty() || is_test) && run.holds(part.node);
    match part.what {
        What::All => {
            holds = reached;
            for term in &part.terms {
                holds &= ask(term, holds, program, run, answers);
            }
        }
        What::Any => {
            for term in &part.terms {
                holds |= ask(term, reached && !holds, program, run, answers);
            }
        }
        What::Not => {
            for term in &part.terms {
                holds = !ask(term, reached, program, run, answers);
            }
        }
        What::Macro { .. } => {
            for term in &part.terms {
                holds = ask(term, reached, program, run, answers);
            }
        }
        // They are one test, which asks all of them at once.
        What::Merged { .. } => {
            for term in &part.terms {
                ask(term, reached, program, run, answers);
            }
        }
        What::Test { .. } => {}
    }
    if reached {
        let seen = matches!(part.what, What::Test { .. } | What::Merged { .. }).then(|| seen(part, program, run));
        answers.all[at] = (if holds { Answer::Yes } else { Answer::No }, seen.flatten());
    }
    reached && holds
}

/// The value that a test saw; of a comparison of two, both. `None` for the name of the event.
fn seen<F: Facts>(part: &Part, program: &Program, run: &mut Run<'_, F>) -> Option<String> {
    match &program.nodes.get(part.node as usize)?.0 {
        Node::Test(test) => Some(text(run.value(test.operand))),
        Node::Compare(left, _, right) => Some(format!("{} and {}", text(run.value(*left)), text(run.value(*right)))),
        Node::Events(_) => run.event().and_then(schema::get).map(|event| event.name.to_owned()),
        _ => None,
    }
}

fn text(value: Value<'_>) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}
