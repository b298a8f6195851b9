//! Evaluating a program for one event.

use super::program::{NOT_KEPT, Node, NodeId, Operand, OperandId, Program, Test};
use super::{compare, transform};
use crate::facts::{Facts, Value};
use crate::syntax::Op;
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use kestrel_core::schema::EventId;

/// Bytes that the arena may keep between events.
const ARENA_BYTES: usize = 256 << 10;

/// What is kept from event to event, so that nothing is allocated for one.
#[derive(Debug, Default)]
pub struct Memory {
    /// For each slot the generation in which it was written, and the result in the lowest bit.
    results: Vec<u32>,
    generation: u32,
    /// For each slot of a value the generation in which it was asked for, in the upper half, and its place in `values`: an
    /// event pays for the values that it has, not for all that rules know.
    places: Vec<u64>,
    /// Empty between events: only its memory is kept.
    values: Vec<Value<'static>>,
    arena: Bump,
}

impl Memory {
    /// Memory for a program.
    pub fn new(program: &Program) -> Memory {
        Memory {
            results: vec![0; program.result_slots as usize],
            generation: 0,
            places: vec![0; program.value_slots as usize],
            values: Vec::with_capacity(program.value_slots as usize),
            arena: Bump::new(),
        }
    }

    /// Begins an event: nothing of the one before counts any more.
    fn begin(&mut self) {
        self.generation = (self.generation + 2) & !1;
        if self.generation == 0 {
            self.results.fill(0);
            self.places.fill(0);
            self.generation = 2;
        }
        if self.arena.allocated_bytes() > ARENA_BYTES {
            self.arena = Bump::new();
        } else {
            self.arena.reset();
        }
    }

    /// Evaluates whatever `judge` asks, for one event.
    pub fn run<F: Facts>(
        &mut self,
        program: &Program,
        event: Option<EventId>,
        facts: &F,
        judge: impl FnOnce(&mut Run<'_, F>),
    ) {
        self.begin();
        let values = emptied(std::mem::take(&mut self.values));
        let mut run = Run {
            program,
            event,
            facts,
            arena: &self.arena,
            results: &mut self.results,
            generation: self.generation,
            places: &mut self.places,
            values,
        };
        judge(&mut run);
        self.values = emptied(run.values);
    }
}

/// The same memory without the values, for values that live at another time.
fn emptied<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    // The standard library collects in place where the layout is the same; a test sees to it.
    values.into_iter().map(|_| Value::Missing).collect()
}

/// One event, while it is judged.
pub struct Run<'e, F> {
    program: &'e Program,
    event: Option<EventId>,
    facts: &'e F,
    arena: &'e Bump,
    results: &'e mut [u32],
    generation: u32,
    places: &'e mut [u64],
    values: Vec<Value<'e>>,
}

impl<'e, F: Facts> Run<'e, F> {
    /// The event, if it is the kernel's.
    pub fn event(&self) -> Option<EventId> {
        self.event
    }

    /// Whether a condition holds.
    pub fn holds(&mut self, id: NodeId) -> bool {
        let program: &'e Program = self.program;
        let Some((node, slot)) = program.nodes.get(id as usize) else { return false };
        if *slot == NOT_KEPT {
            return self.node(node);
        }
        match self.results.get(*slot as usize) {
            Some(entry) if entry & !1 == self.generation => return entry & 1 == 1,
            _ => {}
        }
        let result = self.node(node);
        if let Some(entry) = self.results.get_mut(*slot as usize) {
            *entry = self.generation | u32::from(result);
        }
        result
    }

    fn node(&mut self, node: &'e Node) -> bool {
        match node {
            Node::All(nodes) => nodes.iter().all(|node| self.holds(*node)),
            Node::Any(nodes) => nodes.iter().any(|node| self.holds(*node)),
            Node::Not(node) => !self.holds(*node),
            Node::Events(events) => self.event.is_some_and(|event| events.contains(event)),
            Node::Test(test) => {
                let value = self.value(test.operand);
                self.test(test, value)
            }
            Node::Compare(left, op, right) => {
                let (left, right) = (self.value(*left), self.value(*right));
                compared(left, *op, right)
            }
        }
    }

    fn test(&self, test: &Test, value: Value<'_>) -> bool {
        let one = |value: &Value<'_>| test.predicate.test(*value, self.arena);
        match value {
            Value::Any(values) if test.op == Op::Ne => all_known(values, one),
            Value::Any(values) => values.iter().any(one),
            Value::List(_) if test.op == Op::Exists => true,
            Value::List(values) if matches!(test.op, Op::In | Op::Ne) => values.iter().all(one),
            Value::List(values) => values.iter().any(one),
            value => one(&value),
        }
    }

    /// The value of an operand.
    pub fn value(&mut self, id: OperandId) -> Value<'e> {
        let program: &'e Program = self.program;
        let Some((operand, slot)) = program.operands.get(id as usize) else { return Value::Missing };
        if let Some(place) = self.places.get(*slot as usize)
            && (*place >> 32) as u32 == self.generation
            && let Some(value) = self.values.get(*place as u32 as usize)
        {
            return *value;
        }
        let value = match operand {
            Operand::Field(field) => self.facts.value(field),
            Operand::Text(text) => Value::Str(text),
            Operand::List(operands) => {
                let values = self.all(operands);
                if values.iter().any(|value| matches!(value, Value::Missing)) {
                    Value::Missing
                } else {
                    Value::List(values)
                }
            }
            Operand::Call(transformer, args, option) => {
                let args = self.all(args);
                transform::apply(*transformer, args, *option, self.arena)
            }
        };
        if let Some(place) = self.places.get_mut(*slot as usize) {
            *place = u64::from(self.generation) << 32 | self.values.len() as u64;
            self.values.push(value);
        }
        value
    }

    fn all(&mut self, operands: &'e [OperandId]) -> &'e [Value<'e>] {
        let mut values = BumpVec::with_capacity_in(operands.len(), self.arena);
        for operand in operands {
            let value = self.value(*operand);
            values.push(value);
        }
        values.into_bump_slice()
    }
}

/// True if some of the values are known, and each of those satisfies it.
fn all_known(values: &[Value<'_>], mut one: impl FnMut(&Value<'_>) -> bool) -> bool {
    let mut known = values.iter().filter(|value| !matches!(value, Value::Missing)).peekable();
    known.peek().is_some() && known.all(&mut one)
}

/// Whether an operator holds between two values, each of which may be several.
fn compared(left: Value<'_>, op: Op, right: Value<'_>) -> bool {
    // With several values on the right, one that fits is enough; they are what a list in the condition would be.
    let one = |left: &Value<'_>| match right {
        Value::Any(values) | Value::List(values) if op == Op::Ne => {
            all_known(values, |right| compare::holds(*left, op, *right))
        }
        Value::Any(values) | Value::List(values) => values.iter().any(|right| compare::holds(*left, op, *right)),
        right => compare::holds(*left, op, right),
    };
    match left {
        Value::Any(values) if op == Op::Ne => all_known(values, one),
        Value::Any(values) => values.iter().any(one),
        Value::List(_) if matches!(right, Value::Missing) => false,
        Value::List(values) if matches!(op, Op::In | Op::Ne) => values.iter().all(one),
        Value::List(values) => values.iter().any(one),
        left => one(&left),
    }
}
