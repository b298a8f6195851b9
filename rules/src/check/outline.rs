//! A condition beside what it was compiled to: a tree with the words of its author, in the order in which it is evaluated.
//!
//! Compiling a condition again gives the nodes that it was compiled to, since nothing is made twice. So this needs no notes
//! taken while rules are loaded, and costs nothing unless somebody asks.

use super::compile::{Checker, MacroDef, Subject};
use crate::diagnostic::Place;
use crate::plan::NodeId;
use crate::syntax::{Check, Expr, Operand, Span, Word};
use std::rc::Rc;
use std::sync::Arc;

/// How deep macros are opened: as deep as they may be.
const MAX_DEPTH: usize = 128;

/// A test whose text is longer than this, in bytes, counts as several parts.
const PART_BYTES: usize = 64;

/// A part of a condition.
#[derive(Clone, Debug)]
pub struct Outline {
    /// What it is.
    pub form: Form,
    /// Where it stands.
    pub place: Place,
    /// What it was compiled to.
    pub node: NodeId,
    /// What it is made of, in the order in which it is evaluated.
    pub terms: Vec<Outline>,
}

/// What a part of a condition is.
#[derive(Clone, Debug)]
pub enum Form {
    /// All of its terms.
    All,
    /// Any of its terms.
    Any,
    /// Not its term.
    Not,
    /// A macro, and where it is defined. Without a term if it was left closed, because the condition is too large.
    Macro(Arc<str>, Place),
    /// A test, as it is written.
    Test(String),
    /// Several tests, any of which is enough, that were made one.
    Merged,
}

impl Checker {
    /// The outline of a condition that was compiled for this subject. `left` is how many parts it may still have: macros
    /// are left closed beyond that. `None` if the condition is wrong.
    pub fn outline(&mut self, expr: &Expr, subject: &mut Subject<'_>, left: &mut usize) -> Option<Outline> {
        self.part(expr, subject, left, 0)
    }

    fn part(&mut self, expr: &Expr, subject: &mut Subject<'_>, left: &mut usize, depth: usize) -> Option<Outline> {
        *left = left.saturating_sub(1);
        let place = subject.place(&start(expr));
        let mut each = |terms: &[Expr], checker: &mut Checker| -> Option<Vec<Outline>> {
            terms.iter().map(|term| checker.part(term, subject, left, depth)).collect()
        };
        let (form, node, terms) = match expr {
            Expr::And(terms) => {
                let terms = each(terms, self)?;
                let node = self.builder.all(terms.iter().map(|term| term.node).collect());
                (Form::All, node, self.ordered(node, terms))
            }
            Expr::Or(terms) => {
                let terms = each(terms, self)?;
                let node = self.builder.any(terms.iter().map(|term| term.node).collect());
                (Form::Any, node, self.ordered(node, terms))
            }
            Expr::Not(term) => {
                let term = self.part(term, subject, left, depth)?;
                (Form::Not, self.builder.not(term.node), vec![term])
            }
            Expr::Check(check) => {
                let text = check.to_string();
                *left = left.saturating_sub(text.len() / PART_BYTES);
                (Form::Test(text), self.check(check, subject)?.0, Vec::new())
            }
            Expr::Macro(word) => {
                let def = Rc::clone(self.macros.get(&*word.text)?);
                let form = Form::Macro(Arc::clone(&def.item.name), def.item.place.clone());
                if *left == 0 || depth == MAX_DEPTH {
                    (form, self.compile(expr, subject)?.node, Vec::new())
                } else {
                    let inner = self.inside(word, &def, subject, left, depth)?;
                    (form, inner.node, vec![inner])
                }
            }
        };
        Some(Outline { form, place, node, terms })
    }

    fn inside(
        &mut self,
        word: &Word,
        def: &MacroDef,
        user: &Subject<'_>,
        left: &mut usize,
        depth: usize,
    ) -> Option<Outline> {
        let mut subject = Subject {
            kind: "macro",
            name: &word.text,
            text: &def.text,
            source: user.source,
            static_fields: user.static_fields.clone(),
            sees: def.changed,
            problems: Vec::new(),
            item: &def.item,
        };
        self.part(def.expr.as_ref()?, &mut subject, left, depth + 1)
    }

    /// Puts terms into the order of the node that they became; those that were made one test are put together.
    fn ordered(&self, whole: NodeId, terms: Vec<Outline>) -> Vec<Outline> {
        let became = |whole: NodeId, part: NodeId| self.builder.merged(whole).contains(&part);
        // Of terms that all were the same, or became one test, that one is left.
        let is_one = |term: &Outline| term.node == whole || became(whole, term.node);
        let one = [whole];
        let order = if terms.iter().all(is_one) { &one } else { self.builder.terms(whole) };
        let mut ordered = Vec::with_capacity(terms.len());
        let mut rest = terms;
        for &node in order {
            let here = |term: &Outline| term.node == node || became(node, term.node);
            let (mut found, others): (Vec<Outline>, Vec<Outline>) = rest.into_iter().partition(here);
            rest = others;
            if found.iter().any(|term| term.node != node)
                && let Some(first) = found.first()
            {
                found = vec![Outline { form: Form::Merged, place: first.place.clone(), node, terms: found }];
            }
            ordered.extend(found);
        }
        ordered.extend(rest);
        ordered
    }
}

/// Where the first word of a condition stands.
fn start(expr: &Expr) -> Span {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => terms.first().map(start).unwrap_or_default(),
        Expr::Not(term) => start(term),
        Expr::Check(check) => of_check(check),
        Expr::Macro(word) => word.span.clone(),
    }
}

fn of_check(check: &Check) -> Span {
    match &check.left {
        Operand::Field(field) => field.name.span.clone(),
        Operand::Call(call) => call.span.clone(),
        Operand::Literal(literal) => literal.span.clone(),
        Operand::List(_) => check.op_span.clone(),
    }
}
