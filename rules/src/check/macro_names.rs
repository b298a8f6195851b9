//! Names of macros that lead nowhere, and macros that lead to no rule.

use super::compile::{Checker, MacroDef, Subject};
use super::values::Values;
use super::{MAX_PROBLEMS, Problem};
use crate::code::Code;
use crate::diagnostic::Note;
use crate::field::FieldSource;
use crate::suggest::nearest;
use crate::syntax::{Expr, Right, Word};

impl Checker {
    /// Why a word is no macro here, though one of that name may be defined somewhere.
    pub(super) fn no_macro(&self, word: &Word, found: Option<&MacroDef>, subject: &Subject<'_>) -> Problem {
        let place = subject.place(&word.span);
        let problem = if subject.kind == "macro" && word.text == subject.name {
            let message = format!("the macro {} uses itself", word.text);
            Problem::error(place, message, "it would never end")
        } else if let Some(def) = found {
            let later = Note { message: "it is defined here".to_owned(), place: def.item.place.first_line() };
            let message = format!("the macro {} is used before it is defined", word.text);
            let mut problem = Problem::error(place, message, "a macro can use those that stand before it");
            problem.diagnostic.notes.push(later);
            problem
        } else if self.lists.contains_key(&*word.text) {
            let message = format!("{} is a list, not a macro", word.text);
            Problem::error(place, message, "expected a macro or a field")
                .help(Some(format!("write <field> in ({})", word.text)))
        } else {
            let names = self.macros.iter().filter(|(_, def)| def.defined < subject.sees).map(|(name, _)| &**name);
            let help = nearest(&word.text, names).map(|name| format!("did you mean {name}?"));
            Problem::error(place, format!("there is no macro {}", word.text), "unknown macro").help(help)
        };
        problem.coded(Code::Validate)
    }

    /// What is wrong with the names in a macro that no rule uses. What it names counts as used. Its fields are not looked
    /// at: which of them there are depends on the source of a rule.
    pub fn unused_macro(&self, def: &MacroDef) -> Vec<Problem> {
        let mut subject = Subject {
            kind: "macro",
            name: &def.item.name,
            text: &def.text,
            source: FieldSource::Any,
            static_fields: self.static_fields.clone(),
            sees: def.changed,
            problems: Vec::new(),
            item: &def.item,
        };
        let mut rest: Vec<&Expr> = def.expr.iter().collect();
        while let Some(expr) = rest.pop() {
            match expr {
                Expr::And(terms) | Expr::Or(terms) => rest.extend(terms.iter().rev()),
                Expr::Not(term) => rest.push(term),
                Expr::Check(check) => {
                    let literals = match &check.right {
                        Right::List(literals) => &**literals,
                        Right::One(literal) => std::slice::from_ref(literal),
                        _ => &[],
                    };
                    // Reading the values marks the lists among them as used.
                    drop(Values::new(literals, |name| self.list(name)));
                }
                Expr::Macro(word) => match self.macros.get(&*word.text) {
                    Some(found) if found.defined < subject.sees => found.used.set(true),
                    found => {
                        let problem = self.no_macro(word, found.map(|def| &**def), &subject);
                        subject.problems.push(problem);
                    }
                },
            }
            if subject.problems.len() >= MAX_PROBLEMS {
                break;
            }
        }
        subject.problems
    }
}
