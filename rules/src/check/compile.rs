//! Conditions and macros.
//!
//! A macro is compiled when something uses it, once for each source: what it names need not exist for others.

use super::events::Events;
use super::operand::{Checked, Operands, Use};
use super::predicate::{Comparison, Sets, compares_text};
use super::types::{comparable, mismatch};
use super::values::{List, PartKey, Values};
use super::{MAX_PROBLEMS, Problem, suspicious};
use crate::code::Code;
use crate::diagnostic::{ItemRef, Note, Place, Severity};
use crate::field::{Field, FieldSource};
use crate::plan::{Builder, NodeId, OperandId};
use crate::static_fields::StaticFields;
use crate::syntax::{self, Check, Expr, Literal, Modifier, Op, Right, Span, SyntaxError, Word};
use crate::text::PiecedText;
use hashbrown::HashMap;
use kestrel_core::schema::EventSet;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// How deep conditions may nest through the macros that they use.
const MAX_HEIGHT: u32 = 500;

/// A macro as it was read.
#[derive(Debug)]
pub struct MacroDef {
    pub item: ItemRef,
    pub text: PiecedText,
    /// The condition; `None` if it is none, which was said.
    pub expr: Option<Expr>,
    /// When it was first defined, and last changed: macros see those that were defined before.
    pub defined: u32,
    pub changed: u32,
    pub used: Cell<bool>,
}

/// A compiled condition.
#[derive(Clone, Copy, Debug)]
pub struct Compiled {
    pub node: NodeId,
    pub events: Events,
    height: u32,
}

impl Compiled {
    /// The events for which it can hold.
    pub fn when_true(&self) -> EventSet {
        self.events.when_true
    }
}

/// What became of a condition.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// `None` if something is wrong.
    pub compiled: Option<Compiled>,
    /// What is wrong, or suspicious.
    pub problems: Vec<Problem>,
}

/// What is looked at: a text, whose it is, and what was found in it.
pub struct Subject<'s> {
    /// `rule` or `macro`.
    pub kind: &'static str,
    pub name: &'s str,
    pub text: &'s PiecedText,
    pub source: FieldSource,
    pub static_fields: StaticFields,
    /// Macros that were defined before this are seen.
    pub sees: u32,
    pub problems: Vec<Problem>,
    /// Where to point if the text has no place.
    pub item: &'s ItemRef,
}

impl Subject<'_> {
    /// Where a part of the text stands.
    pub fn place(&self, span: &Span) -> Place {
        self.text.place(span.0.clone()).unwrap_or_else(|| self.item.place.clone())
    }
}

/// What a test asks: the same is asked once.
type TestKey = (OperandId, Op, Option<Modifier>, Vec<PartKey>, FieldSource);

/// Compiles conditions.
#[derive(Debug, Default)]
pub struct Checker {
    pub builder: Builder,
    /// Texts that conditions can name.
    pub static_fields: StaticFields,
    pub lists: HashMap<Arc<str>, Rc<List>>,
    pub macros: HashMap<Arc<str>, Rc<MacroDef>>,
    sets: Sets,
    tests: HashMap<TestKey, (NodeId, Events)>,
    compiled: HashMap<(Arc<str>, FieldSource), Option<Arc<Outcome>>>,
}

impl Checker {
    /// One of conditions that can name these texts.
    pub fn new(static_fields: StaticFields) -> Checker {
        Checker { static_fields, ..Checker::default() }
    }

    /// Compiles the condition of a rule, as it was read from this text.
    pub fn rule(
        &mut self,
        item: &ItemRef,
        text: &PiecedText,
        read: Result<Expr, Box<Problem>>,
        source: FieldSource,
    ) -> Outcome {
        let mut subject = Subject {
            kind: "rule",
            name: &item.name,
            text,
            source,
            static_fields: self.static_fields.clone(),
            sees: u32::MAX,
            problems: Vec::new(),
            item,
        };
        let compiled = match read {
            Ok(expr) => self.compile(&expr, &mut subject),
            Err(problem) => {
                subject.problems.push(*problem);
                None
            }
        };
        Outcome { compiled, problems: subject.problems }
    }

    pub(super) fn compile(&mut self, expr: &Expr, subject: &mut Subject<'_>) -> Option<Compiled> {
        let errors = || subject.problems.iter().filter(|problem| problem.diagnostic.severity() == Severity::Error);
        if subject.problems.len() >= MAX_PROBLEMS && errors().count() >= MAX_PROBLEMS {
            return None;
        }
        let compiled = match expr {
            Expr::And(terms) => {
                let terms = self.each(terms, subject)?;
                let node = self.builder.all(terms.iter().map(|term| term.node).collect());
                Compiled { node, events: Events::all_of(terms.iter().map(|term| term.events)), height: height(&terms) }
            }
            Expr::Or(terms) => {
                let terms = self.each(terms, subject)?;
                let node = self.builder.any(terms.iter().map(|term| term.node).collect());
                Compiled { node, events: Events::any_of(terms.iter().map(|term| term.events)), height: height(&terms) }
            }
            Expr::Not(term) => {
                let term = self.compile(term, subject)?;
                let node = self.builder.not(term.node);
                Compiled { node, events: term.events.negated(), height: term.height + 1 }
            }
            Expr::Macro(word) => self.macro_use(word, subject)?,
            Expr::Check(check) => {
                let (node, events) = self.check(check, subject)?;
                Compiled { node, events, height: 1 }
            }
        };
        if compiled.height > MAX_HEIGHT {
            let place = subject.place(&Span(0..1));
            let message = "the condition and its macros nest too deeply";
            subject.problems.push(Problem::error(place, message, format!("deeper than {MAX_HEIGHT}")));
            return None;
        }
        Some(compiled)
    }

    /// Compiles every term, so that all of their problems are found.
    fn each(&mut self, terms: &[Expr], subject: &mut Subject<'_>) -> Option<Vec<Compiled>> {
        let terms: Vec<Option<Compiled>> = terms.iter().map(|term| self.compile(term, subject)).collect();
        terms.into_iter().collect()
    }

    fn macro_use(&mut self, word: &Word, subject: &mut Subject<'_>) -> Option<Compiled> {
        let found = self.macros.get(&*word.text).cloned();
        let Some(def) = found.as_ref().filter(|def| def.defined < subject.sees) else {
            let problem = self.no_macro(word, found.as_deref(), subject);
            subject.problems.push(problem);
            return None;
        };
        def.used.set(true);
        let Some(outcome) = self.macro_outcome(&word.text, def, subject.source) else {
            let message = format!("the macro {} uses itself", word.text);
            let place = subject.place(&word.span);
            let problem = Problem::error(place, message, "it would never end");
            subject.problems.push(problem.coded(Code::Validate));
            return None;
        };
        for problem in &outcome.problems {
            let known = |other: &Problem| other.diagnostic.repeats(&problem.diagnostic);
            if subject.problems.len() >= MAX_PROBLEMS || subject.problems.iter().any(known) {
                continue;
            }
            let mut problem = problem.clone();
            let message = format!("in macro {}, used by {} {}", word.text, subject.kind, subject.name);
            problem.diagnostic.notes.push(Note { message, place: subject.place(&word.span) });
            subject.problems.push(problem);
        }
        outcome.compiled
    }

    /// What became of a macro for events of a source; `None` while it is being compiled.
    fn macro_outcome(&mut self, name: &str, def: &Rc<MacroDef>, source: FieldSource) -> Option<Arc<Outcome>> {
        let key = (Arc::clone(&def.item.name), source);
        if let Some(known) = self.compiled.get(&key) {
            return known.clone();
        }
        self.compiled.insert(key.clone(), None);
        let mut subject = Subject {
            kind: "macro",
            name,
            text: &def.text,
            source,
            static_fields: self.static_fields.clone(),
            sees: def.changed,
            problems: Vec::new(),
            item: &def.item,
        };
        // Each macro on the way is a call: a long chain of them must not use up the stack.
        let depth = self.compiled.values().filter(|outcome| outcome.is_none()).count();
        let compiled = match &def.expr {
            Some(_) if depth > MAX_CHAIN => {
                let place = def.item.place.first_line();
                let message = "macros use macros too deeply";
                subject.problems.push(Problem::error(place, message, format!("deeper than {MAX_CHAIN}")));
                None
            }
            Some(expr) => self.compile(expr, &mut subject),
            None => None,
        };
        let problems = subject.problems.into_iter().map(|mut problem| {
            problem.diagnostic = problem.diagnostic.of(&def.item);
            problem
        });
        let outcome = Arc::new(Outcome { compiled, problems: problems.collect() });
        self.compiled.insert(key, Some(Arc::clone(&outcome)));
        Some(outcome)
    }

    /// The events that a macro can hold for, if something uses it.
    pub fn macro_events(&self, name: &str) -> Option<EventSet> {
        let outcome = self.compiled.get(&(Arc::from(name), FieldSource::Syscall))?.as_ref()?;
        outcome.compiled.map(|compiled| compiled.when_true())
    }

    pub(super) fn list(&self, name: &str) -> Option<Rc<List>> {
        self.lists.get(name).cloned()
    }

    pub(super) fn check(&mut self, check: &Check, subject: &mut Subject<'_>) -> Option<(NodeId, Events)> {
        let mut operands = Operands { builder: &mut self.builder, subject, wanted: Use::Condition };
        let (left, field) = match &check.left {
            syntax::Operand::Field(name) => {
                let (left, field) = operands.field(name)?;
                (left, field.filter(|field| field.arg.is_none()).map(|field| field.field))
            }
            other => (operands.operand(other)?, None),
        };
        let right = match &check.right {
            Right::Val(name) => Some(operands.field(name)?.0),
            Right::Call(call) => Some(operands.call(call)?),
            _ => None,
        };
        if let Some(expected) = mismatch(check.op, check.modifier, left.shape) {
            let message = format!("{} cannot be used with {}", check.op.name(), check.left);
            let place = subject.place(&check.op_span);
            subject.problems.push(Problem::error(place, message, expected));
            return None;
        }
        if let Some(right) = right {
            return self.compare(check, left, right, subject);
        }
        let literals: &[Literal] = match &check.right {
            Right::One(literal) => std::slice::from_ref(literal),
            Right::List(literals) => literals,
            _ => &[],
        };
        let values = Values::new(literals, |name| self.list(name));
        if compares_text(left.shape.ty) {
            values.iter().for_each(|value| suspicious::value(subject, field, check.op, &value));
        }
        let names_events = matches!(field, Some(Field::EvtType | Field::SyscallType))
            && matches!(check.op, Op::Eq | Op::Ne | Op::In | Op::Intersects)
            && subject.source == FieldSource::Syscall;
        if names_events {
            values.iter().for_each(|value| suspicious::event(subject, &value));
        }
        let by_type = field == Some(Field::EvtType) && subject.source == FieldSource::Syscall;
        let key = (left.id, check.op, check.modifier, values.key(), subject.source);
        if let Some(known) = self.tests.get(&key) {
            return Some(*known);
        }
        let mut comparison = Comparison {
            subject,
            sets: &mut self.sets,
            ty: left.shape.ty,
            op: check.op,
            op_span: &check.op_span,
            values: &values,
        };
        let predicate = comparison.predicate(check.modifier)?;
        let events = match field {
            Some(field) if subject.source == FieldSource::Syscall => Events::of_test(field, check.op, &predicate),
            _ => Events::any(),
        };
        let node = if by_type {
            self.builder.events(events.when_true)
        } else {
            self.builder.test(left.id, check.op, predicate)
        };
        self.tests.insert(key, (node, events));
        Some((node, events))
    }

    fn compare(
        &mut self,
        check: &Check,
        left: Checked,
        right: Checked,
        subject: &mut Subject<'_>,
    ) -> Option<(NodeId, Events)> {
        let problem = if left.shape.no_value || right.shape.no_value {
            Some(("a field without a single value can only be compared with values", "expected a value".to_owned()))
        } else if check.op == Op::Regex {
            Some(("a regular expression must be known when the rules are loaded", "expected a value".to_owned()))
        } else if left.shape.list != right.shape.list || !comparable(left.shape.ty, right.shape.ty) {
            let shown = |checked: &Checked| {
                let several = if checked.shape.list { "a list of " } else { "" };
                format!("{several}{}", checked.shape.ty.name())
            };
            let label = format!("the left side is {}, the right side {}", shown(&left), shown(&right));
            Some(("two values of different types are compared", label))
        } else {
            None
        };
        if let Some((message, label)) = problem {
            let place = subject.place(&check.op_span);
            subject.problems.push(Problem::error(place, message, label));
            return None;
        }
        Some((self.builder.compare(left.id, check.op, right.id), Events::any()))
    }
}

/// How many macros may use each other in a row.
const MAX_CHAIN: usize = 100;

fn height(terms: &[Compiled]) -> u32 {
    1 + terms.iter().map(|term| term.height).max().unwrap_or(0)
}

/// Reads the text of a condition.
pub fn parse(text: &PiecedText, item: &ItemRef) -> Result<Expr, Box<Problem>> {
    syntax::parse(text.as_str()).map_err(|SyntaxError { span, message, label, help }| {
        let place = text.place(span).unwrap_or_else(|| item.place.first_line());
        Box::new(Problem::error(place, message, label).help(help))
    })
}
