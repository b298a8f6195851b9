//! Conditions with macros and lists put in, and what they are made of.

use crate::check::Checker;
use crate::syntax::{Call, Expr, FieldName, Literal, Operand, Right, Span};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Parts that a condition may have after everything was put in; then macros and lists are left as they are.
const MAX_PARTS: usize = 20_000;

/// What conditions are made of.
#[derive(Debug, Default)]
pub struct Parts {
    pub macros: BTreeSet<String>,
    pub lists: BTreeSet<String>,
    pub operators: BTreeSet<String>,
    pub fields: BTreeSet<String>,
}

impl Parts {
    /// Adds what a condition is made of; of macros only the names.
    pub fn add(&mut self, expr: &Expr, checker: &Checker) {
        match expr {
            Expr::And(terms) | Expr::Or(terms) => terms.iter().for_each(|term| self.add(term, checker)),
            Expr::Not(term) => self.add(term, checker),
            Expr::Macro(word) => drop(self.macros.insert(word.text.clone())),
            Expr::Check(check) => {
                self.operand(&check.left);
                let modifier = check.modifier.map_or_else(String::new, |modifier| format!(" {}", modifier.name()));
                self.operators.insert(format!("{}{modifier}", check.op.name()));
                match &check.right {
                    Right::Nothing => {}
                    Right::One(literal) => self.literals(std::slice::from_ref(literal), checker),
                    Right::List(literals) => self.literals(literals, checker),
                    Right::Val(field) => self.field(field),
                    Right::Call(call) => self.call(call),
                }
            }
        }
    }

    fn literals(&mut self, literals: &[Literal], checker: &Checker) {
        let lists = literals.iter().filter(|literal| !literal.quoted).map(|literal| literal.text().into_owned());
        self.lists.extend(lists.filter(|name| checker.lists.contains_key(name.as_str())));
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Field(field) => self.field(field),
            Operand::Call(call) => self.call(call),
            Operand::List(items) => items.iter().for_each(|item| self.operand(item)),
            Operand::Literal(_) => {}
        }
    }

    fn field(&mut self, field: &FieldName) {
        self.fields.insert(field.to_string());
    }

    fn call(&mut self, call: &Call) {
        call.args.iter().for_each(|arg| self.operand(arg));
    }
}

/// A condition with macros and lists put in.
pub fn expanded(expr: &Expr, checker: &Checker) -> Expr {
    let mut left = MAX_PARTS;
    put_in(expr, checker, 0, &mut left)
}

/// How deep macros are put into each other: as deep as they may be.
const MAX_DEPTH: usize = 128;

fn put_in(expr: &Expr, checker: &Checker, depth: usize, left: &mut usize) -> Expr {
    *left = left.saturating_sub(1);
    let mut all = |terms: &[Expr]| terms.iter().map(|term| put_in(term, checker, depth, left)).collect();
    match expr {
        Expr::And(terms) => Expr::And(all(terms)),
        Expr::Or(terms) => Expr::Or(all(terms)),
        Expr::Not(term) => Expr::Not(Box::new(put_in(term, checker, depth, left))),
        Expr::Macro(word) => match checker.macros.get(&*word.text).and_then(|def| def.expr.as_ref()) {
            Some(inner) if *left > 0 && depth < MAX_DEPTH => put_in(inner, checker, depth + 1, left),
            _ => expr.clone(),
        },
        Expr::Check(check) => {
            let mut check = check.clone();
            let items =
                |literals: &[Literal], left: &mut usize| -> Vec<Literal> {
                    let mut items = Vec::new();
                    for literal in literals {
                        let list = checker.lists.get(&*literal.text()).filter(|_| !literal.quoted);
                        match list.filter(|list| list.items.len() <= *left) {
                            Some(list) => {
                                *left -= list.items.len();
                                items.extend(list.items.iter().map(|item| Literal {
                                    span: Span::default(),
                                    ..(*Arc::clone(&item.literal)).clone()
                                }));
                            }
                            None => items.push(literal.clone()),
                        }
                    }
                    items
                };
            check.right = match check.right {
                Right::List(literals) => Right::List(items(&literals, left)),
                Right::One(literal) => match <[Literal; 1]>::try_from(items(std::slice::from_ref(&literal), left)) {
                    Ok([one]) => Right::One(one),
                    Err(many) if check.op.takes_list() || check.modifier.is_some() => Right::List(many),
                    Err(_) => Right::One(literal),
                },
                other => other,
            };
            Expr::Check(check)
        }
    }
}
