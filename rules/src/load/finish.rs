//! From what was read to rules: lists are put together, conditions and outputs compiled.

use super::collection::{Collection, ListDef, RuleDef};
use super::{LoadOptions, exception};
use crate::check::{Checker, List, ListItem, MacroDef, Problem, parse};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings};
use crate::field::FieldSource;
use crate::output::OutputFormat;
use crate::plan::NodeId;
use crate::ruleset::{Rule, RuleSet};
use crate::select;
use crate::static_fields::StaticFields;
use crate::syntax::elements;
use kestrel_core::schema::EventSet;
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// Items of all lists together, after everything in them was put in its place.
const MAX_ITEMS: usize = 2_000_000;
/// How deep lists may stand in lists.
const MAX_DEPTH: usize = 64;
/// A rule for more events than this should say which it means.
const MANY_EVENTS: usize = 100;

/// Everything that was read, compiled.
pub struct Compiled {
    pub collection: Collection,
    pub checker: Checker,
    /// The rules that can be used, in their order: switched on or not.
    pub rules: Vec<CompiledRule>,
}

/// A rule that can be used.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    pub rule: Rule,
    pub node: NodeId,
    pub enabled: bool,
}

impl Compiled {
    /// The rules that are switched on.
    pub fn rule_set(self, options: &LoadOptions) -> RuleSet {
        let Compiled { checker, rules, .. } = self;
        let wanted = rules.into_iter().filter(|compiled| compiled.is_used(options));
        RuleSet::new(wanted.map(|compiled| (compiled.rule, compiled.node)).collect(), checker.builder, options.matching)
    }
}

impl CompiledRule {
    /// Whether it is used: switched on, and not below the least priority.
    pub fn is_used(&self, options: &LoadOptions) -> bool {
        let rule = &self.rule;
        let enabled = select::is_enabled(&options.selection, &rule.name, &rule.tags, self.enabled);
        enabled && rule.priority <= options.least_priority
    }
}

/// Compiles everything that was read.
pub fn finish(collection: Collection, static_fields: &StaticFields, findings: &mut Findings) -> Compiled {
    let mut checker = Checker::new(static_fields.clone());
    lists(&collection, &mut checker, findings);
    macros(&collection, &mut checker, findings);
    let mut rules = Vec::new();
    for def in collection.rules.iter().filter(|def| !def.broken) {
        if let Some(rule) = rule(def, &mut checker, findings) {
            rules.push(rule);
        }
    }
    unused_macros(&collection, &checker, findings);
    unused(&collection, &checker, findings);
    Compiled { collection, checker, rules }
}

/// Puts together the lists.
fn lists(collection: &Collection, checker: &mut Checker, findings: &mut Findings) {
    let mut ordered: Vec<&ListDef> = collection.lists.iter().collect();
    // A list can hold those that were defined before it was changed last.
    ordered.sort_by_key(|def| def.changed);
    let mut total = 0;
    let mut depths = hashbrown::HashMap::<Arc<str>, usize>::new();
    for (index, def) in (0u32..).zip(ordered) {
        let mut items = Vec::new();
        let mut depth = 0;
        for origin in &def.items {
            let text = origin.scalar.text.trim();
            let inner = collection.lists.get(text).filter(|inner| inner.defined < def.changed);
            match inner.and_then(|_| checker.lists.get(text)) {
                Some(inner) => {
                    inner.used.set(true);
                    depth = depth.max(1 + depths.get(text).copied().unwrap_or(0));
                    total += inner.items.len();
                    if total <= MAX_ITEMS && depth <= MAX_DEPTH {
                        items.extend(inner.items.iter().cloned());
                    }
                }
                None => match elements(&origin.scalar.text) {
                    Ok(literals) => {
                        total += literals.len();
                        let item = |literal| ListItem { literal: Arc::new(literal), origin: origin.clone() };
                        items.extend(literals.into_iter().map(item));
                    }
                    Err(error) => {
                        let place = origin.place(error.span);
                        let problem = Diagnostic::new(Code::ConditionError, place, error.message, error.label);
                        findings.add(problem.help(error.help).of(&def.item));
                    }
                },
            }
        }
        if total > MAX_ITEMS || depth > MAX_DEPTH {
            let message = if total > MAX_ITEMS {
                format!("the lists have more than {MAX_ITEMS} items together")
            } else {
                format!("lists stand in lists more than {MAX_DEPTH} times")
            };
            let label = "this one is too much";
            findings.add(Diagnostic::new(Code::Validate, def.item.place.first_line(), message, label).of(&def.item));
            items.clear();
            total = total.min(MAX_ITEMS);
        }
        depths.insert(Arc::clone(&def.item.name), depth);
        let list = List { name: Arc::clone(&def.item.name), items: Arc::new(items), index, used: Cell::new(false) };
        checker.lists.insert(Arc::clone(&def.item.name), Rc::new(list));
    }
}

/// Reads the conditions of macros. They are compiled when something uses them.
fn macros(collection: &Collection, checker: &mut Checker, findings: &mut Findings) {
    for def in collection.macros.iter() {
        let expr = if def.condition.as_str().is_empty() {
            None
        } else {
            match parse(&def.condition, &def.item) {
                Ok(expr) => Some(expr),
                Err(problem) => {
                    findings.add(problem.diagnostic.of(&def.item));
                    None
                }
            }
        };
        let parsed = MacroDef {
            item: def.item.clone(),
            text: def.condition.clone(),
            expr,
            defined: def.defined,
            changed: def.changed,
            used: Cell::new(false),
        };
        checker.macros.insert(Arc::clone(&def.item.name), Rc::new(parsed));
    }
}

/// Reports what was found in a rule. True if the rule is skipped because of what is unknown.
fn report(def: &RuleDef, problems: Vec<Problem>, findings: &mut Findings) -> bool {
    let errors = || problems.iter().filter(|problem| problem.diagnostic.severity() == crate::Severity::Error);
    let skip = def.skip_if_unknown && errors().count() > 0 && errors().all(|problem| problem.unknown);
    for problem in problems {
        let mut diagnostic = problem.diagnostic;
        if skip && problem.unknown {
            diagnostic.code = Code::UnknownFilter;
            diagnostic.help = Some("the rule is skipped, as its skip-if-unknown-filter says".to_owned());
        }
        findings.add(diagnostic.of(&def.item));
    }
    skip
}

fn rule(def: &RuleDef, checker: &mut Checker, findings: &mut Findings) -> Option<CompiledRule> {
    let source = FieldSource::by_name(&def.source)?;
    let condition = exception::with_exceptions(&def.condition, &def.exceptions);
    // What is wrong with the condition itself is better said without the parentheses that exceptions put around it.
    let outcome = match parse(&def.condition, &def.item) {
        Ok(_) if matches!(condition, Cow::Owned(_)) => {
            checker.rule(&def.item, &condition, parse(&condition, &def.item), source)
        }
        read => checker.rule(&def.item, &condition, read, source),
    };
    let skipped = report(def, outcome.problems, findings);
    let output = output(def, source, &checker.static_fields, findings);
    let (compiled, output) = (outcome.compiled?, output?);
    if skipped {
        return None;
    }
    let events = if source == FieldSource::Syscall { compiled.when_true() } else { EventSet::EMPTY };
    let many = events.len() > MANY_EVENTS || events == EventSet::all();
    if many && def.warn_evttypes {
        let place = condition.start().unwrap_or_else(|| def.item.place.clone()).first_line();
        let message = "the rule is asked for every kind of event, or nearly";
        let help = "name the events with evt.type, or write warn_evttypes: false".to_owned();
        let problem = Diagnostic::new(Code::NoEvtType, place, message, "this costs much");
        findings.add(problem.help(Some(help)).of(&def.item));
    }
    let rule = Rule {
        name: Arc::clone(&def.item.name),
        description: def.description.clone(),
        priority: def.priority,
        source: Arc::clone(&def.source),
        tags: def.tags.clone().into(),
        output,
        events,
        capture: def.capture,
        capture_duration: def.capture_duration,
    };
    Some(CompiledRule { rule, node: compiled.node, enabled: def.enabled })
}

fn output(
    def: &RuleDef,
    source: FieldSource,
    static_fields: &StaticFields,
    findings: &mut Findings,
) -> Option<OutputFormat> {
    let (format, problems) = OutputFormat::compile(&def.output, &def.item, source, static_fields);
    let skipped = report(def, problems, findings);
    format.filter(|_| !skipped)
}

/// Looks at the macros that no rule uses: those that only such use count as used, and wrong names are wrong there, too.
fn unused_macros(collection: &Collection, checker: &Checker, findings: &mut Findings) {
    let unused =
        |def: &&super::collection::MacroDef| checker.macros.get(&def.item.name).is_some_and(|known| !known.used.get());
    let defs: Vec<_> = collection.macros.iter().filter(unused).collect();
    for def in defs {
        let problems = checker.macros.get(&def.item.name).map(|def| checker.unused_macro(def)).unwrap_or_default();
        problems.into_iter().for_each(|problem| findings.add(problem.diagnostic.of(&def.item)));
    }
}

fn unused(collection: &Collection, checker: &Checker, findings: &mut Findings) {
    let mut add = |code: Code, item: &crate::diagnostic::ItemRef| {
        let message = format!("nothing uses the {} {}", item.kind, item.name);
        findings.add(Diagnostic::new(code, item.place.first_line(), message, "never used").of(item));
    };
    for def in collection.macros.iter() {
        if checker.macros.get(&def.item.name).is_some_and(|known| !known.used.get()) {
            add(Code::UnusedMacro, &def.item);
        }
    }
    for def in collection.lists.iter() {
        if checker.lists.get(&def.item.name).is_some_and(|known| !known.used.get()) {
            add(Code::UnusedList, &def.item);
        }
    }
}
