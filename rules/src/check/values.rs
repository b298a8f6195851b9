//! Values that a condition compares with: its own, and those of lists.

use super::{Problem, Subject};
use crate::diagnostic::{Note, Place};
use crate::syntax::Literal;
use crate::text::Origin;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// Problems of one condition beyond which those of values are left out.
const MAX_VALUE_PROBLEMS: usize = 1_000;

/// An item of a list.
#[derive(Clone, Debug)]
pub struct ListItem {
    pub literal: Arc<Literal>,
    pub origin: Origin,
}

/// A list with everything that lists in it stand for.
#[derive(Debug, Default)]
pub struct List {
    pub name: Arc<str>,
    pub items: Arc<Vec<ListItem>>,
    /// Its number: lists are told apart by it.
    pub index: u32,
    pub used: Cell<bool>,
}

/// Values, in their order: some stand in the condition, some in lists.
#[derive(Debug, Default)]
pub struct Values {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Own(Literal),
    Listed { list: Rc<List>, use_of: Literal },
}

/// What values are, without where they stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKey {
    /// A value.
    Own(Vec<u8>),
    /// All of a list, by its number.
    List(u32),
}

/// One of the values, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct ValueRef<'v> {
    pub literal: &'v Literal,
    /// The list and where it is named, if it stands in one.
    listed: Option<(&'v List, &'v ListItem, &'v Literal)>,
}

impl ValueRef<'_> {
    /// Where it stands.
    pub fn place(&self, subject: &Subject<'_>) -> Place {
        match self.listed {
            Some((_, item, _)) => item.origin.place(item.literal.span.0.clone()),
            None => subject.place(&self.literal.span),
        }
    }

    /// A problem with it, which says of which list it is.
    pub fn problem(&self, subject: &mut Subject<'_>, mut problem: Problem) {
        // Of very many values that are wrong the first say enough; but an error must stay one.
        let severity = problem.diagnostic.severity();
        let mut others = subject.problems.iter().map(|other| other.diagnostic.severity());
        if subject.problems.len() >= MAX_VALUE_PROBLEMS && others.any(|other| other == severity) {
            return;
        }
        if let Some((list, _, use_of)) = self.listed {
            let message = format!("in list {}, used by {} {}", list.name, subject.kind, subject.name);
            problem.diagnostic.notes.push(Note { message, place: subject.place(&use_of.span) });
        }
        subject.problems.push(problem);
    }

    /// Says that it is wrong.
    pub fn error(&self, subject: &mut Subject<'_>, message: impl Into<String>, label: impl Into<String>) {
        let problem = Problem::error(self.place(subject), message, label);
        self.problem(subject, problem);
    }
}

impl Values {
    /// The values of literals: what is the name of a list stands for its items.
    pub fn new(literals: &[Literal], list: impl Fn(&str) -> Option<Rc<List>>) -> Values {
        let part = |literal: &Literal| {
            let found = std::str::from_utf8(&literal.bytes).ok().filter(|_| !literal.quoted).and_then(&list);
            match found {
                Some(list) => {
                    list.used.set(true);
                    Part::Listed { list, use_of: literal.clone() }
                }
                None => Part::Own(literal.clone()),
            }
        };
        Values { parts: literals.iter().map(part).collect() }
    }

    /// Every value, with those of lists.
    pub fn iter(&self) -> impl Iterator<Item = ValueRef<'_>> {
        self.parts.iter().flat_map(|part| {
            let (own, listed) = match part {
                Part::Own(literal) => (Some(ValueRef { literal, listed: None }), None),
                Part::Listed { list, use_of } => (None, Some((list, use_of))),
            };
            let items = listed.into_iter().flat_map(|(list, use_of)| {
                list.items
                    .iter()
                    .map(move |item| ValueRef { literal: &item.literal, listed: Some((&**list, item, use_of)) })
            });
            own.into_iter().chain(items)
        })
    }

    /// What they are.
    pub fn key(&self) -> Vec<PartKey> {
        let key = |part: &Part| match part {
            Part::Own(literal) => PartKey::Own(literal.bytes.clone()),
            Part::Listed { list, .. } => PartKey::List(list.index),
        };
        self.parts.iter().map(key).collect()
    }
}
