//! How rules are evaluated, and what each of their tests says of an event.
//!
//! ```text
//!  rule files ─load─▶ compiled ─outline─▶ parts, in the order of evaluation ─answer─▶ yes, no, not reached ─text─▶ lines
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `part.rs` | parts of a condition, and what they were compiled to |
//! | `answer.rs` | what each part says of an event |
//! | `text.rs` | what people see |
//!
//! This is an evaluation of its own beside that of [`RuleSet`](crate::RuleSet), which takes no notes. It walks the parts as
//! their author wrote them; only single tests are asked of the same program. A law in the tests says that both agree.
//! Of rules that need a field to have a certain value, most are not even asked ([`RuleSet`](crate::RuleSet) finds them by
//! that value); here they are asked all the same, with the same result.

mod answer;
mod part;
mod text;

pub use answer::{Answer, Answers};
pub use part::{Part, PlacedTest, Position, What};

use crate::check::Subject;
use crate::diagnostic::LoadErrors;
use crate::facts::Facts;
use crate::field::FieldSource;
use crate::load::{self, Compiled, LoadOptions, RuleSource, with_exceptions};
use crate::plan::{Memory, NodeId, Packed, Program};
use crate::suggest::nearest;
use crate::syntax::parse;
use kestrel_core::priority::Priority;
use kestrel_core::schema::{EventId, EventSet};
use std::sync::Arc;

/// Parts that a condition may have after macros were opened; beyond, macros are left closed.
const MAX_PARTS: usize = 20_000;
/// The same, for all rules that are explained at once.
const MAX_ALL_PARTS: usize = 500_000;

/// Why a rule cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum NotExplained {
    /// The rule files are wrong.
    #[error(transparent)]
    Wrong(LoadErrors),
    /// There is no such rule; perhaps one of a name that is near.
    #[error("there is no rule {name}{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean {near}?")))]
    NoRule {
        /// The name that was asked for.
        name: String,
        /// One that there is.
        near: Option<String>,
    },
    /// The rule is left out, because of a field or an event that is not known here.
    #[error("the rule {0} is skipped: it needs what is not known here, and says skip-if-unknown-filter")]
    Skipped(String),
}

/// Rules that can be explained.
#[derive(Debug)]
pub struct Explanations {
    rules: Vec<Explained>,
    program: Program,
    memory: Memory,
}

/// A rule, and how it is evaluated.
#[derive(Debug)]
pub struct Explained {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is defined.
    pub place: Position,
    /// How bad a match is.
    pub priority: Priority,
    /// The source of its events.
    pub source: Arc<str>,
    /// Whether it is used: switched on, and not below the least priority.
    pub used: bool,
    /// The events of the kernel that it can match; none for a rule of another source.
    pub events: EventSet,
    /// Its condition.
    pub condition: Part,
}

impl Explanations {
    /// Explains a rule of rule files.
    ///
    /// # Errors
    /// [`NotExplained`]: the files are wrong, or the rule is not there.
    pub fn of_rule(sources: &[RuleSource], options: &LoadOptions, rule: &str) -> Result<Explanations, NotExplained> {
        let (compiled, findings) = load::load(sources, &options.static_fields);
        if !findings.errors.is_empty() {
            return Err(NotExplained::Wrong(findings.into()));
        }
        if !compiled.rules.iter().any(|known| *known.rule.name == *rule) {
            return Err(match compiled.collection.rules.get(rule) {
                Some(_) => NotExplained::Skipped(rule.to_owned()),
                None => {
                    let names = compiled.collection.rules.names();
                    NotExplained::NoRule { name: rule.to_owned(), near: nearest(rule, names).map(str::to_owned) }
                }
            });
        }
        Ok(Explanations::new(compiled, options, |name, _| name == rule))
    }

    /// Explains every rule of rule files that is used.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with the files.
    pub fn of_all(sources: &[RuleSource], options: &LoadOptions) -> Result<Explanations, LoadErrors> {
        let (compiled, findings) = load::load(sources, &options.static_fields);
        if !findings.errors.is_empty() {
            return Err(findings.into());
        }
        Ok(Explanations::new(compiled, options, |_, used| used))
    }

    fn new(compiled: Compiled, options: &LoadOptions, wanted: impl Fn(&str, bool) -> bool) -> Explanations {
        let Compiled { collection, mut checker, rules } = compiled;
        let mut found = Vec::new();
        let mut left_of_all = MAX_ALL_PARTS;
        for rule in &rules {
            let used = rule.is_used(options);
            if !wanted(&rule.rule.name, used) {
                continue;
            }
            let (Some(def), Some(source)) =
                (collection.rules.get(&rule.rule.name), FieldSource::by_name(&rule.rule.source))
            else {
                continue;
            };
            let text = with_exceptions(&def.condition, &def.exceptions);
            let (name, item) = (&*def.item.name, &def.item);
            let mut subject = Subject {
                kind: "rule",
                name,
                text: &text,
                source,
                static_fields: options.static_fields.clone(),
                sees: u32::MAX,
                problems: Vec::new(),
                item,
            };
            let granted = MAX_PARTS.min(left_of_all);
            let mut left = granted;
            let outline = parse(text.as_str()).ok().and_then(|expr| checker.outline(&expr, &mut subject, &mut left));
            left_of_all -= granted - left;
            found.extend(outline.map(|outline| (rule, used, Position::of(&def.item.place), outline)));
        }
        let users: Vec<NodeId> = rules.iter().filter(|rule| rule.is_used(options)).map(|rule| rule.node).collect();
        let mut wanted = users.clone();
        found.iter().for_each(|(_, _, _, outline)| outline.nodes(&mut wanted));
        let Packed { program, roots: packed, .. } = checker.builder.finish(&wanted);
        let (users, mut nodes) = packed.split_at(users.len());
        let uses = part::uses(users, &program);
        let rules = found.into_iter().map(|(rule, used, place, outline)| {
            let own = nodes.first().filter(|_| used).map(|root| program.below(*root)).unwrap_or_default();
            let shared = |node: NodeId| {
                let uses = uses.get(node as usize).copied().unwrap_or(0);
                uses - usize::from(own.contains(&node))
            };
            Explained {
                name: Arc::clone(&rule.rule.name),
                place,
                priority: rule.rule.priority,
                source: Arc::clone(&rule.rule.source),
                used,
                events: rule.rule.events,
                condition: Part::new(outline, &mut nodes, &program, &shared),
            }
        });
        let rules = rules.collect();
        let memory = Memory::new(&program);
        Explanations { rules, program, memory }
    }

    /// The rules that are explained, in their order.
    pub fn rules(&self) -> &[Explained] {
        &self.rules
    }

    /// What each part of the condition of a rule, which is given by its place among [`Explanations::rules`], says of an event:
    /// `None` for an event that is not the kernel's. The rule is asked even if it does not look at such events.
    pub fn answers(&mut self, rule: usize, event: Option<EventId>, facts: &impl Facts) -> Answers {
        let mut answers = Answers { event, ..Answers::default() };
        if let Some(rule) = self.rules.get(rule) {
            let program = &self.program;
            self.memory.run(program, event, facts, |run| {
                answer::ask(&rule.condition, true, program, run, &mut answers);
            });
        }
        answers
    }
}
