//! From a condition's tree to its plan: names are looked up, types checked, lists and macros put in.

use crate::diagnostic::{Diagnostic, Place, SourceText};
use crate::facts::{FieldArg, FieldRef};
use crate::field::{ArgRule, FIELDS, Field, FieldType};
use crate::plan::{Glob, Network, PathSet, Plan, Predicate, Test};
use crate::suggest::nearest;
use crate::syntax::{Check, Expr, Op, Word};
use crate::yaml::Scalar;
use kestrel_core::schema::{self, EventSet};
use memchr::memmem::Finder;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::rc::Rc;

/// Items that a list may hold after everything in it was expanded.
const MAX_ITEMS: usize = 100_000;

/// Where a condition's text stands.
#[derive(Clone, Debug)]
pub struct Origin {
    pub file: Rc<SourceText>,
    pub scalar: Rc<Scalar>,
}

impl Origin {
    pub fn place(&self, span: Range<usize>) -> Place {
        Place { file: Rc::clone(&self.file), span: self.scalar.locate(span) }
    }
}

/// A compiled macro or condition, with the events for which it may hold and for which it may not.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub plan: Plan,
    pub when_true: EventSet,
    pub when_false: EventSet,
}

/// Everything that conditions can name, and what was found wrong.
#[derive(Debug, Default)]
pub struct Checker {
    pub lists: BTreeMap<String, Rc<Vec<Word>>>,
    pub macros: BTreeMap<String, Rc<Compiled>>,
    pub problems: Vec<Diagnostic>,
    slots: u32,
    /// Tests that were compiled, by what they ask: the same question is one slot.
    tests: HashMap<String, Plan>,
}

impl Checker {
    /// Number of cache slots that plans use.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    fn slot(&mut self) -> u32 {
        self.slots += 1;
        self.slots - 1
    }

    fn error(
        &mut self,
        origin: &Origin,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let mut problem = Diagnostic::error(origin.place(span), message, label);
        problem.help = help;
        self.problems.push(problem);
    }

    /// Compiles a condition; `None` if something is wrong with it, which is among the problems then.
    pub fn compile(&mut self, expr: &Expr, origin: &Origin) -> Option<Compiled> {
        match expr {
            Expr::And(terms) => {
                let terms = self.all(terms, origin)?;
                Some(Compiled {
                    when_true: terms.iter().fold(EventSet::all(), |set, term| set.intersection(&term.when_true)),
                    when_false: terms.iter().fold(EventSet::EMPTY, |set, term| set.union(&term.when_false)),
                    plan: Plan::And(terms.into_iter().map(|term| term.plan).collect()),
                })
            }
            Expr::Or(terms) => {
                let terms = self.all(terms, origin)?;
                Some(Compiled {
                    when_true: terms.iter().fold(EventSet::EMPTY, |set, term| set.union(&term.when_true)),
                    when_false: terms.iter().fold(EventSet::all(), |set, term| set.intersection(&term.when_false)),
                    plan: Plan::Or(terms.into_iter().map(|term| term.plan).collect()),
                })
            }
            Expr::Not(term) => {
                let term = self.compile(term, origin)?;
                Some(Compiled {
                    plan: Plan::Not(Box::new(term.plan)),
                    when_true: term.when_false,
                    when_false: term.when_true,
                })
            }
            Expr::Macro(word) => match self.macros.get(&word.text) {
                Some(found) => Some((**found).clone()),
                None => {
                    let names = self.macros.keys().map(String::as_str);
                    let help = nearest(&word.text, names).map(|name| format!("did you mean {name}?"));
                    let label = "a macro must be defined before it is used";
                    self.error(origin, word.span.clone(), format!("there is no macro {}", word.text), label, help);
                    None
                }
            },
            Expr::Check(check) => self.check(check, origin),
        }
    }

    /// Compiles every term, so that all of their problems are found.
    fn all(&mut self, terms: &[Expr], origin: &Origin) -> Option<Vec<Compiled>> {
        let terms: Vec<Option<Compiled>> = terms.iter().map(|term| self.compile(term, origin)).collect();
        terms.into_iter().collect()
    }

    /// Makes a macro of a compiled condition: evaluated once per event.
    pub fn share(&mut self, compiled: Compiled) -> Compiled {
        if matches!(compiled.plan, Plan::Shared(..)) {
            return compiled;
        }
        let slot = self.slot();
        Compiled { plan: Plan::Shared(slot, Rc::new(compiled.plan)), ..compiled }
    }

    /// Puts the items of lists in the place of their names.
    pub fn expand(&mut self, words: &[Word], origin: &Origin) -> Vec<Word> {
        let mut items = Vec::new();
        for word in words {
            match self.lists.get(&word.text).filter(|_| !word.quoted) {
                // Problems with an item are shown where the list is named.
                Some(list) => items.extend(list.iter().map(|item| Word { span: word.span.clone(), ..item.clone() })),
                None => items.push(word.clone()),
            }
        }
        if items.len() > MAX_ITEMS {
            let span = words.first().map_or(0..0, |word| word.span.clone());
            self.error(origin, span, format!("the list has more than {MAX_ITEMS} items"), "", None);
            items.clear();
        }
        items
    }

    fn check(&mut self, check: &Check, origin: &Origin) -> Option<Compiled> {
        let field = self.field(check, origin)?;
        let ty = value_type(&field);
        if !accepts(ty, check.op) {
            let message = format!("{} cannot be used with {}", check.op.name(), check.field.text);
            self.error(origin, check.op_span.clone(), message, format!("the field is of type {}", ty.name()), None);
            return None;
        }
        let values = self.expand(&check.values, origin);
        let key = format!("{field} {:?} {:?}", check.op, values.iter().map(|word| &word.text).collect::<Vec<_>>());
        let (when_true, when_false) = event_sets(&field, check.op, &values);
        if let Some(plan) = self.tests.get(&key) {
            return Some(Compiled { plan: plan.clone(), when_true, when_false });
        }
        let predicate = self.predicate(check, ty, &values, origin)?;
        let test = Plan::Test(Rc::new(Test { field, predicate }));
        let slot = self.slot();
        let plan = Plan::Shared(slot, Rc::new(test));
        self.tests.insert(key, plan.clone());
        Some(Compiled { plan, when_true, when_false })
    }

    fn field(&mut self, check: &Check, origin: &Origin) -> Option<FieldRef> {
        let name = &check.field.text;
        let arg_word = check.arg.as_ref();
        match resolve(name, arg_word.map(|word| word.text.as_str())) {
            Ok(field) => Some(field),
            Err(problem) => {
                let span = match (&problem, arg_word) {
                    (FieldProblem::BadArg(_), Some(word)) => word.span.clone(),
                    _ => check.field.span.clone(),
                };
                let (message, label, help) = problem.describe(name);
                self.error(origin, span, message, label, help);
                None
            }
        }
    }

    fn predicate(&mut self, check: &Check, ty: FieldType, values: &[Word], origin: &Origin) -> Option<Predicate> {
        let bytes = |word: &Word| -> Box<[u8]> { word.text.as_bytes().into() };
        let one = values.first();
        let text = |word: Option<&Word>| word.map(bytes).unwrap_or_default();
        let lower = |word: Option<&Word>| {
            word.map(|word| word.text.to_ascii_lowercase().into_bytes().into()).unwrap_or_default()
        };
        Some(match check.op {
            Op::Exists => Predicate::Exists,
            Op::Ne => Predicate::Not(Box::new(self.equal(ty, values, origin)?)),
            Op::Eq | Op::In | Op::Intersects => self.equal(ty, values, origin)?,
            Op::Lt => Predicate::Less(self.number(one?, origin)?),
            Op::Le => Predicate::LessEqual(self.number(one?, origin)?),
            Op::Gt => Predicate::Greater(self.number(one?, origin)?),
            Op::Ge => Predicate::GreaterEqual(self.number(one?, origin)?),
            Op::Contains => Predicate::Contains(Box::new(Finder::new(&text(one)).into_owned())),
            Op::IContains => Predicate::IContains(lower(one)),
            Op::StartsWith => Predicate::StartsWith(text(one)),
            Op::IStartsWith => Predicate::IStartsWith(lower(one)),
            Op::EndsWith => Predicate::EndsWith(text(one)),
            Op::Glob => Predicate::Glob(Glob::new(&text(one), false)),
            Op::IGlob => Predicate::Glob(Glob::new(&text(one), true)),
            Op::PMatch => Predicate::PathIn(PathSet::new(values.iter().map(|word| word.text.as_bytes()))),
        })
    }

    fn equal(&mut self, ty: FieldType, values: &[Word], origin: &Origin) -> Option<Predicate> {
        match ty {
            FieldType::Bool => {
                // `in (true, false)` would always hold: one value decides.
                let word = values.first()?;
                match word.text.to_ascii_lowercase().as_str() {
                    "true" | "1" => Some(Predicate::Bool(true)),
                    "false" | "0" => Some(Predicate::Bool(false)),
                    _ => {
                        self.error(
                            origin,
                            word.span.clone(),
                            format!("{} is neither true nor false", word.text),
                            "expected true or false",
                            None,
                        );
                        None
                    }
                }
            }
            ty if ty.is_number() => {
                let numbers: Vec<Option<i128>> = values.iter().map(|word| self.number(word, origin)).collect();
                Some(Predicate::NumberIn(numbers.into_iter().collect::<Option<Vec<_>>>()?.into()))
            }
            FieldType::Ip | FieldType::Net => {
                let networks: Vec<Option<Network>> = values
                    .iter()
                    .map(|word| {
                        let network = word.text.parse().ok();
                        if network.is_none() {
                            self.error(
                                origin,
                                word.span.clone(),
                                format!("{} is no address", word.text),
                                "expected an address or a network such as 10.0.0.0/8",
                                None,
                            );
                        }
                        network
                    })
                    .collect();
                Some(Predicate::NetworkIn(networks.into_iter().collect::<Option<Vec<_>>>()?.into()))
            }
            _ => match values {
                [one] => Some(Predicate::Text(one.text.as_bytes().into())),
                many => Some(Predicate::TextIn(many.iter().map(|word| word.text.as_bytes().into()).collect())),
            },
        }
    }

    fn number(&mut self, word: &Word, origin: &Origin) -> Option<i128> {
        let number = match word.text.strip_prefix("0x").or_else(|| word.text.strip_prefix("0X")) {
            Some(hex) => i128::from_str_radix(hex, 16).ok(),
            None => word.text.parse().ok(),
        };
        if number.is_none() {
            self.error(origin, word.span.clone(), format!("{} is no number", word.text), "expected a number", None);
        }
        number
    }
}

/// Type that a field's value is compared as.
fn value_type(field: &FieldRef) -> FieldType {
    field.field.def().ty
}

/// Whether an operator makes sense for a type (FALCO's table of comparisons).
fn accepts(ty: FieldType, op: Op) -> bool {
    match op {
        Op::Exists | Op::Eq | Op::Ne | Op::In | Op::Intersects => true,
        Op::Lt | Op::Le | Op::Gt | Op::Ge => ty.is_number(),
        Op::Contains | Op::StartsWith | Op::EndsWith => {
            matches!(ty, FieldType::String | FieldType::Bytes | FieldType::Dynamic)
        }
        Op::IContains | Op::IStartsWith | Op::Glob | Op::IGlob | Op::PMatch => {
            matches!(ty, FieldType::String | FieldType::Dynamic)
        }
    }
}

/// The events for which a test may hold, and for which it may not: only the event's type tells.
fn event_sets(field: &FieldRef, op: Op, values: &[Word]) -> (EventSet, EventSet) {
    let named: EventSet = values.iter().filter_map(|word| schema::by_name(&word.text)).collect();
    match (field.field, op) {
        (Field::EvtType | Field::SyscallType, Op::Eq | Op::In | Op::Intersects) => (named, named.complement()),
        (Field::EvtType | Field::SyscallType, Op::Ne) => (named.complement(), named),
        _ => (EventSet::all(), EventSet::all()),
    }
}

/// Why a name is no field.
pub enum FieldProblem {
    Unknown,
    NoArg,
    NeedsArg,
    BadArg(&'static str),
}

impl FieldProblem {
    /// Message, label and help.
    pub fn describe(&self, name: &str) -> (String, String, Option<String>) {
        match self {
            FieldProblem::Unknown => {
                let help = nearest(name, FIELDS.iter().map(|def| def.name)).map(|name| format!("did you mean {name}?"));
                (
                    format!("there is no field {name}"),
                    "unknown field".to_owned(),
                    help.or_else(|| Some("`kestrel --list` lists the fields".to_owned())),
                )
            }
            FieldProblem::NoArg => (format!("{name} takes no argument"), "leave the argument out".to_owned(), None),
            FieldProblem::NeedsArg => (format!("{name} needs an argument"), format!("write {name}[…]"), None),
            FieldProblem::BadArg(expected) => {
                (format!("the argument of {name} is wrong"), format!("expected {expected}"), None)
            }
        }
    }
}

/// The field of a name and what stood in brackets. `evt.arg.flags` is `evt.arg[flags]`, `evt.abspath.src` is `evt.abspath[src]`.
pub fn resolve(name: &str, arg: Option<&str>) -> Result<FieldRef, FieldProblem> {
    let (field, arg) = match Field::by_name(name) {
        Some(field) => (field, arg),
        None => {
            let dotted = ["evt.arg", "evt.rawarg", "evt.abspath", "evt.type.is"]
                .into_iter()
                .find_map(|base| Some((Field::by_name(base)?, name.strip_prefix(base)?.strip_prefix('.')?)));
            match dotted {
                Some((field, rest)) if arg.is_none() && !rest.is_empty() => (field, Some(rest)),
                _ => return Err(FieldProblem::Unknown),
            }
        }
    };
    let rule = field.def().arg;
    let index = |text: &str| text.parse().ok().map(FieldArg::Index);
    let arg = match (rule, arg) {
        (rule, None) if rule.is_required() => return Err(FieldProblem::NeedsArg),
        (_, None) => None,
        (ArgRule::None, Some(_)) => return Err(FieldProblem::NoArg),
        (rule, Some("")) => return Err(FieldProblem::BadArg(expected(rule))),
        (ArgRule::OptionalIndex, Some(text)) => Some(index(text).ok_or(FieldProblem::BadArg(expected(rule)))?),
        (ArgRule::OptionalEnd, Some(text)) if !matches!(text, "src" | "dst") => {
            return Err(FieldProblem::BadArg(expected(rule)));
        }
        (ArgRule::OptionalName | ArgRule::OptionalEnd | ArgRule::Name, Some(text)) => Some(FieldArg::Name(text.into())),
        (ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex, Some(text)) => {
            Some(index(text).unwrap_or_else(|| FieldArg::Name(text.into())))
        }
    };
    Ok(FieldRef { field, arg })
}

/// What a message says that an argument must be.
fn expected(rule: ArgRule) -> &'static str {
    match rule {
        ArgRule::None => "no argument",
        ArgRule::OptionalIndex => "a number",
        ArgRule::OptionalName | ArgRule::Name => "a name",
        ArgRule::OptionalNameOrIndex | ArgRule::NameOrIndex => "a name or a number",
        ArgRule::OptionalEnd => "src or dst",
    }
}
