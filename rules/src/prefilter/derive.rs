//! The graph of conditions, for one event.

use super::assume::sharpened;
use super::known::{Known, Subject};
use super::{MOST_TESTS, Need, ProcessNames, argument, ask, descriptor, event_fields, path, task};
use crate::facts::{FieldRef, Value};
use crate::field::Field;
use crate::plan::{Node, NodeId, Operand, OperandId, Predicate, Program};
use crate::ruleset::Rule;
use bumpalo::Bump;
use kestrel_core::filter::build::Condition;
use kestrel_core::schema::EventId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Derives what rules need of one event.
pub struct Derivation<'p> {
    program: &'p Program,
    subject: Option<Subject>,
    /// Nodes that several rules have: what was derived of each, with its number of tests.
    derived: BTreeMap<NodeId, (Arc<Condition>, usize)>,
    fields: BTreeMap<OperandId, Arc<Known>>,
}

impl<'p> Derivation<'p> {
    /// For this event.
    pub fn new(program: &'p Program, event: EventId, names: ProcessNames) -> Derivation<'p> {
        Derivation { program, subject: Subject::new(event, names), derived: BTreeMap::new(), fields: BTreeMap::new() }
    }

    /// What a rule needs.
    pub fn need(&mut self, rule: &Rule, root: NodeId) -> Need {
        let when = sharpened(&self.condition(root).0.simplified());
        let mut unknown = BTreeSet::new();
        if when != Condition::Never {
            self.unknown(root, &mut unknown);
        }
        Need { rule: Arc::clone(&rule.name), when, unknown }
    }

    fn condition(&mut self, id: NodeId) -> (Arc<Condition>, usize) {
        if let Some(known) = self.derived.get(&id) {
            return known.clone();
        }
        let derived = self.node(id);
        self.derived.insert(id, derived.clone());
        derived
    }

    fn node(&mut self, id: NodeId) -> (Arc<Condition>, usize) {
        let program = self.program;
        let (Some((node, _)), Some(subject)) = (program.nodes.get(id as usize), self.subject) else {
            return (Arc::new(Condition::Unknown), 0);
        };
        let condition = match node {
            Node::All(terms) => Condition::all(self.terms(terms)),
            Node::Any(terms) => Condition::any(self.terms(terms)),
            Node::Not(term) => Condition::not((*self.condition(*term).0).clone()),
            Node::Events(events) if events.contains(subject.id) => Condition::Always,
            Node::Events(_) => Condition::Never,
            Node::Test(test) => ask::answer(&self.field(test.operand), test.op, &test.predicate),
            Node::Compare(..) => Condition::Unknown,
        };
        let tests = tests(&condition);
        // A graph may stand for a tree that is very much larger.
        if tests > MOST_TESTS { (Arc::new(Condition::Unknown), 0) } else { (Arc::new(condition), tests) }
    }

    fn terms(&mut self, terms: &[NodeId]) -> Vec<Condition> {
        let mut all = Vec::new();
        let mut tests = 0;
        for term in terms {
            let (condition, more) = self.condition(*term);
            tests += more;
            // The sum decides, before the tree is made.
            all.push(if tests > MOST_TESTS { Condition::Unknown } else { (*condition).clone() });
        }
        all
    }

    fn field(&mut self, operand: OperandId) -> Arc<Known> {
        if let Some(known) = self.fields.get(&operand) {
            return Arc::clone(known);
        }
        let known = match (self.program.operands.get(operand as usize), self.subject) {
            (Some((Operand::Field(field), _)), Some(subject)) => of_field(field, &subject),
            _ => Known::Nothing,
        };
        let known = Arc::new(known);
        self.fields.insert(operand, Arc::clone(&known));
        known
    }

    /// Fields below a node of which the kernel knows nothing, where something is asked that it could not tell.
    fn unknown(&mut self, root: NodeId, unknown: &mut BTreeSet<FieldRef>) {
        let program = self.program;
        for id in program.below(root) {
            let Some((node, _)) = program.nodes.get(id as usize) else { continue };
            let operands = match node {
                Node::Test(test) if hides(&self.condition(id).0) => vec![test.operand],
                Node::Compare(left, _, right) => vec![*left, *right],
                _ => continue,
            };
            for operand in operands {
                program.field_refs(operand, unknown);
            }
        }
    }
}

/// Whether something in a condition is unknown.
fn hides(condition: &Condition) -> bool {
    match condition {
        Condition::Unknown => true,
        Condition::Always | Condition::Never | Condition::Test(..) => false,
        Condition::Not(inner) => hides(inner),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(hides),
    }
}

/// Tests in a condition.
pub fn tests(condition: &Condition) -> usize {
    match condition {
        Condition::Always | Condition::Never | Condition::Unknown => 0,
        Condition::Test(..) => 1,
        Condition::Not(inner) => tests(inner),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().map(tests).sum(),
    }
}

/// What the kernel knows of a field's value.
fn of_field(field: &FieldRef, subject: &Subject) -> Known {
    let arg = field.arg.as_ref();
    event_fields::known(field.field, arg, subject)
        .or_else(|| argument::known(field.field, arg, subject))
        .or_else(|| descriptor::known(field.field, subject))
        .or_else(|| path::known(field.field, arg, subject))
        .or_else(|| task::known(field.field, arg, subject))
        .unwrap_or(Known::Nothing)
}

/// The rules that depend on events before: on their number, or on the time of the last or the first.
pub fn counting(rules: &[Rule], roots: &[NodeId], program: &Program) -> Vec<Arc<str>> {
    let counts = |field: Field| {
        matches!(
            field,
            Field::EvtNum
                | Field::EvtReltime
                | Field::EvtReltimeS
                | Field::EvtReltimeNs
                | Field::EvtDeltatime
                | Field::EvtDeltatimeS
                | Field::EvtDeltatimeNs
        )
    };
    let asks = |root: NodeId| {
        program.below(root).into_iter().any(|id| match program.nodes.get(id as usize) {
            Some((Node::Test(test), _)) => fields(program, test.operand).iter().any(|field| match field.field {
                Field::EvtNum => number(&test.predicate).is_none(),
                Field::UtilCnt => true,
                field => counts(field),
            }),
            Some((Node::Compare(left, _, right), _)) => {
                let both = fields(program, *left).into_iter().chain(fields(program, *right));
                both.into_iter().any(|field| counts(field.field) || field.field == Field::UtilCnt)
            }
            _ => false,
        })
    };
    let shows = |rule: &Rule| rule.output.fields().any(|(_, field)| counts(field.field));
    let all = rules.iter().zip(roots).filter(|(rule, root)| !rule.events.is_empty() && (shows(rule) || asks(**root)));
    all.map(|(rule, _)| Arc::clone(&rule.name)).collect()
}

fn fields(program: &Program, operand: OperandId) -> BTreeSet<FieldRef> {
    let mut fields = BTreeSet::new();
    program.field_refs(operand, &mut fields);
    fields
}

/// Whether a question about the number of an event is answered by its being at least 1; `None` if it is not.
pub fn number(predicate: &Predicate) -> Option<bool> {
    let holds = |n: u64| predicate.test(Value::Uint(n), &Bump::new());
    match predicate {
        Predicate::Whole(numbers) if **numbers == [0] => Some(false),
        Predicate::Not(inner) => number(inner).map(|holds| !holds),
        // Where it holds for both ends, it holds for what lies between.
        Predicate::Order(..) if holds(1) == holds(u64::MAX) => Some(holds(1)),
        Predicate::Never => Some(false),
        Predicate::Exists => Some(true),
        _ => None,
    }
}
