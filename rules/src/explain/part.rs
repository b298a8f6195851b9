//! Parts of a condition, and what they were compiled to.

use crate::check::{Form, Outline};
use crate::diagnostic::Place;
use crate::plan::{Node, NodeId, Program};
use std::fmt;
use std::sync::Arc;

/// A place in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Name of the file.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl Position {
    pub(super) fn of(place: &Place) -> Position {
        let (line, column) = place.line_column();
        Position { file: place.file.name.clone(), line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A part of a condition.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is.
    pub what: What,
    /// Where it stands.
    pub place: Position,
    /// What it is made of, in the order in which it is evaluated.
    pub terms: Vec<Part>,
    /// How many other rules ask the same.
    pub shared: usize,
    /// Its node in the program.
    pub(super) node: NodeId,
}

/// What a part of a condition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All of its terms.
    All,
    /// Any of its terms.
    Any,
    /// Not its term.
    Not,
    /// A macro. Without a term if it was left closed, because the condition is too large.
    Macro {
        /// Its name.
        name: Arc<str>,
        /// Where it is defined.
        defined: Position,
    },
    /// A test.
    Test {
        /// As it is written.
        text: String,
        /// What it was compiled to, in words.
        plan: String,
    },
    /// Its terms, any of which is enough, are one test.
    Merged {
        /// What they were compiled to, in words.
        plan: String,
    },
}

impl Outline {
    /// Adds the nodes of all parts, each before those that it is made of.
    pub(super) fn nodes(&self, nodes: &mut Vec<NodeId>) {
        nodes.push(self.node);
        self.terms.iter().for_each(|term| term.nodes(nodes));
    }
}

impl Part {
    /// A part, from its outline and its nodes in the program in the order of [`Outline::nodes`].
    pub(super) fn new(
        outline: Outline,
        nodes: &mut &[NodeId],
        program: &Program,
        shared: &impl Fn(NodeId) -> usize,
    ) -> Part {
        let node = nodes.split_off_first().copied().unwrap_or(NodeId::MAX);
        let what = match outline.form {
            Form::All => What::All,
            Form::Any => What::Any,
            Form::Not => What::Not,
            Form::Macro(name, place) => What::Macro { name, defined: Position::of(&place) },
            Form::Test(text) => What::Test { text, plan: plan(node, program) },
            Form::Merged => What::Merged { plan: plan(node, program) },
        };
        let place = Position::of(&outline.place);
        let terms = outline.terms.into_iter().map(|term| Part::new(term, nodes, program, shared)).collect();
        Part { what, place, terms, shared: shared(node), node }
    }

    /// How many parts it is, itself included.
    pub(super) fn size(&self) -> usize {
        1 + self.terms.iter().map(Part::size).sum::<usize>()
    }

    /// The tests in it, in the order in which they are evaluated.
    pub fn tests(&self) -> Vec<PlacedTest<'_>> {
        let mut tests = Vec::new();
        self.add_tests(&mut 0, None, &mut tests);
        tests
    }

    fn add_tests<'p>(&'p self, number: &mut usize, in_macro: Option<&'p Arc<str>>, tests: &mut Vec<PlacedTest<'p>>) {
        let inner = match &self.what {
            What::Macro { name, .. } => Some(name),
            _ => in_macro,
        };
        if matches!(self.what, What::Test { .. }) {
            tests.push(PlacedTest { part: self, number: *number, in_macro });
        }
        *number += 1;
        self.terms.iter().for_each(|term| term.add_tests(number, inner, tests));
    }
}

/// A test, and its place in a condition.
#[derive(Clone, Copy, Debug)]
pub struct PlacedTest<'p> {
    /// The test.
    pub part: &'p Part,
    /// Its number among all parts of the condition, whose root has the number 0: that of its answer.
    pub number: usize,
    /// The macro that it is written in; `None` if it is written in the rule.
    pub in_macro: Option<&'p Arc<str>>,
}

/// What a test was compiled to.
fn plan(node: NodeId, program: &Program) -> String {
    match program.nodes.get(node as usize).map(|(node, _)| node) {
        Some(Node::Events(events)) if events.len() == 1 => "bitmap of 1 event".to_owned(),
        Some(Node::Events(events)) => format!("bitmap of {} events", events.len()),
        Some(Node::Test(test)) => test.predicate.to_string(),
        Some(Node::Compare(..)) => "two values of the event".to_owned(),
        _ => String::new(),
    }
}

/// How many of these conditions ask for each node of the program.
pub(super) fn uses(roots: &[NodeId], program: &Program) -> Vec<usize> {
    let mut uses = vec![0; program.nodes.len()];
    for root in roots {
        for node in program.below(*root) {
            uses[node as usize] += 1;
        }
    }
    uses
}
