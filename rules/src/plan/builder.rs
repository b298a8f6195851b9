//! Making a program: whatever is asked twice is there once, and what costs little and probably decides comes first.
//!
//! Conditions have no side effects, so the order inside of `and` and `or` is free.

use super::Predicate;
use super::cost::{self, Estimate};
use super::merge;
use super::program::{NOT_KEPT, Node, NodeId, Operand, OperandId, Program, Test};
use crate::field::FieldFlags;
use crate::syntax::Op;
use hashbrown::HashMap;
use kestrel_core::schema::EventSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes a program.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<(Node, Estimate)>,
    operands: Vec<(Operand, f32)>,
    operand_ids: HashMap<Operand, OperandId>,
    node_ids: HashMap<Key, NodeId>,
    merged: HashMap<NodeId, Box<[NodeId]>>,
}

/// What a node asks. Tests are told apart by whoever makes them.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
    Not(NodeId),
    Events([u64; kestrel_core::abi::INTEREST_WORDS]),
    Compare(OperandId, Op, OperandId),
    /// Tests that were made one.
    Merged(Box<[NodeId]>),
}

impl Builder {
    fn add(&mut self, node: Node, estimate: Estimate) -> NodeId {
        self.nodes.push((node, estimate));
        self.nodes.len() as NodeId - 1
    }

    fn estimate(&self, id: NodeId) -> Estimate {
        self.nodes.get(id as usize).map_or(Estimate::EVENTS, |(_, estimate)| *estimate)
    }

    fn operand_cost(&self, id: OperandId) -> f32 {
        self.operands.get(id as usize).map_or(0.0, |(_, cost)| *cost)
    }

    fn once(&mut self, key: Key, make: impl FnOnce(&mut Self) -> (Node, Estimate)) -> NodeId {
        if let Some(known) = self.node_ids.get(&key) {
            return *known;
        }
        let (node, estimate) = make(self);
        let id = self.add(node, estimate);
        self.node_ids.insert(key, id);
        id
    }

    /// An operand.
    pub fn operand(&mut self, operand: Operand) -> OperandId {
        if let Some(known) = self.operand_ids.get(&operand) {
            return *known;
        }
        let cost = cost::of_operand(&operand, |id| self.operand_cost(id));
        self.operands.push((operand.clone(), cost));
        let id = self.operands.len() as OperandId - 1;
        self.operand_ids.insert(operand, id);
        id
    }

    /// An operand by its id.
    pub fn operand_of(&self, id: OperandId) -> Option<&Operand> {
        self.operands.get(id as usize).map(|(operand, _)| operand)
    }

    /// A test. Whoever asks for the same twice should not ask again.
    pub fn test(&mut self, operand: OperandId, op: Op, predicate: Predicate) -> NodeId {
        let estimate = Estimate::test(self.operand_of(operand), self.operand_cost(operand), op, &predicate);
        self.add(Node::Test(Test { operand, op, predicate: Arc::new(predicate) }), estimate)
    }

    /// Two operands compared.
    pub fn compare(&mut self, left: OperandId, op: Op, right: OperandId) -> NodeId {
        self.once(Key::Compare(left, op, right), |builder| {
            let estimate = Estimate::compare(builder.operand_cost(left), builder.operand_cost(right));
            (Node::Compare(left, op, right), estimate)
        })
    }

    /// The event is one of these.
    pub fn events(&mut self, events: EventSet) -> NodeId {
        self.once(Key::Events(*events.words()), |_| (Node::Events(Arc::new(events)), Estimate::EVENTS))
    }

    /// Not that.
    pub fn not(&mut self, id: NodeId) -> NodeId {
        if let Some((Node::Not(inner), _)) = self.nodes.get(id as usize) {
            return *inner;
        }
        self.once(Key::Not(id), |builder| (Node::Not(id), builder.estimate(id).negated()))
    }

    /// All of these.
    pub fn all(&mut self, mut terms: Vec<NodeId>) -> NodeId {
        self.order(&mut terms, Estimate::to_say_no);
        if let [one] = *terms {
            return one;
        }
        self.once(Key::All(terms.clone().into()), |builder| {
            let estimate = Estimate::all(terms.iter().map(|term| builder.estimate(*term)));
            (Node::All(terms.into()), estimate)
        })
    }

    /// Any of these.
    pub fn any(&mut self, terms: Vec<NodeId>) -> NodeId {
        let mut terms = self.merge(terms);
        self.order(&mut terms, Estimate::to_say_yes);
        if let [one] = *terms {
            return one;
        }
        self.once(Key::Any(terms.clone().into()), |builder| {
            let estimate = Estimate::any(terms.iter().map(|term| builder.estimate(*term)));
            (Node::Any(terms.into()), estimate)
        })
    }

    fn order(&self, terms: &mut Vec<NodeId>, by: impl Fn(Estimate) -> f32) {
        terms.sort_by(|a, b| by(self.estimate(*a)).total_cmp(&by(self.estimate(*b))).then(a.cmp(b)));
        terms.dedup();
    }

    /// Makes one test of several of the same operand, where any is enough.
    fn merge(&mut self, terms: Vec<NodeId>) -> Vec<NodeId> {
        let mut groups = BTreeMap::<(OperandId, merge::Kind), Vec<NodeId>>::new();
        let mut others = Vec::new();
        for term in terms {
            match self.mergeable(term) {
                Some(group) => groups.entry(group).or_default().push(term),
                None => others.push(term),
            }
        }
        for ((operand, kind), mut group) in groups {
            group.sort_unstable();
            group.dedup();
            if group.len() < 2 {
                others.extend(group);
                continue;
            }
            if let Some(known) = self.node_ids.get(&Key::Merged(group.clone().into())) {
                others.push(*known);
                continue;
            }
            let texts = group.iter().filter_map(|id| match self.nodes.get(*id as usize) {
                Some((Node::Test(test), _)) => merge::parts(&test.predicate).map(|(_, texts)| texts),
                _ => None,
            });
            match merge::merged(kind, texts.flatten().collect()) {
                Some(predicate) => {
                    let one = self.test(operand, Op::Eq, predicate);
                    self.node_ids.insert(Key::Merged(group.clone().into()), one);
                    self.merged.insert(one, group.into());
                    others.push(one);
                }
                None => others.extend(group),
            }
        }
        others
    }

    fn mergeable(&self, id: NodeId) -> Option<(OperandId, merge::Kind)> {
        let (Node::Test(test), _) = self.nodes.get(id as usize)? else { return None };
        // Of several values at once `in` asks something else than `=`.
        let of_list = match &self.operands.get(test.operand as usize)?.0 {
            Operand::Field(field) => field.field.def().flags.contains(FieldFlags::LIST),
            _ => true,
        };
        let (kind, _) = merge::parts(&test.predicate).filter(|_| !of_list && test.op != Op::Ne)?;
        Some((test.operand, kind))
    }

    /// The nodes that a conjunction or a disjunction is made of, in the order in which they are asked; none of another node.
    pub fn terms(&self, id: NodeId) -> &[NodeId] {
        match self.nodes.get(id as usize) {
            Some((Node::All(terms) | Node::Any(terms), _)) => terms,
            _ => &[],
        }
    }

    /// The tests that were made this one; none if it is one of its own.
    pub fn merged(&self, id: NodeId) -> &[NodeId] {
        self.merged.get(&id).map_or(&[], |group| group)
    }

    /// The program of some conditions: what only others asked for is left out.
    pub fn finish(self, roots: &[NodeId]) -> Packed {
        Packer::new(&self).pack(roots)
    }
}

/// The program of some conditions.
pub struct Packed {
    /// The program.
    pub program: Program,
    /// The conditions in it, in their order.
    pub roots: Vec<NodeId>,
    /// What each of its nodes costs.
    pub estimates: Vec<Estimate>,
}

/// Packs what is needed.
struct Packer<'a> {
    builder: &'a Builder,
    nodes: Vec<(Node, u32)>,
    estimates: Vec<Estimate>,
    node_at: Vec<u32>,
    operands: Vec<(Operand, u32)>,
    operand_at: Vec<u32>,
}

impl<'a> Packer<'a> {
    fn new(builder: &'a Builder) -> Packer<'a> {
        Packer {
            builder,
            nodes: Vec::new(),
            estimates: Vec::new(),
            node_at: vec![NOT_KEPT; builder.nodes.len()],
            operands: Vec::new(),
            operand_at: vec![NOT_KEPT; builder.operands.len()],
        }
    }

    /// The slots count uses until the end; then those that are used more than once get one.
    fn pack(mut self, roots: &[NodeId]) -> Packed {
        let roots = roots.iter().map(|root| self.node(*root)).collect();
        let mut result_slots = 0;
        for (node, uses) in &mut self.nodes {
            let keep = *uses > 1 && !matches!(node, Node::Events(_) | Node::Not(_));
            *uses = if keep { result_slots } else { NOT_KEPT };
            result_slots += u32::from(keep);
        }
        let mut value_slots = 0;
        for (operand, uses) in &mut self.operands {
            let keep = *uses > 1 && !matches!(operand, Operand::Text(_));
            *uses = if keep { value_slots } else { NOT_KEPT };
            value_slots += u32::from(keep);
        }
        let program = Program { nodes: self.nodes.into(), operands: self.operands.into(), result_slots, value_slots };
        Packed { program, roots, estimates: self.estimates }
    }

    fn node(&mut self, id: NodeId) -> NodeId {
        let at = self.node_at[id as usize];
        if at != NOT_KEPT {
            self.nodes[at as usize].1 += 1;
            return at;
        }
        let node = match &self.builder.nodes[id as usize].0 {
            Node::All(terms) => Node::All(terms.iter().map(|term| self.node(*term)).collect()),
            Node::Any(terms) => Node::Any(terms.iter().map(|term| self.node(*term)).collect()),
            Node::Not(term) => Node::Not(self.node(*term)),
            Node::Events(events) => Node::Events(Arc::clone(events)),
            Node::Test(test) => Node::Test(Test { operand: self.operand(test.operand), ..test.clone() }),
            Node::Compare(left, op, right) => Node::Compare(self.operand(*left), *op, self.operand(*right)),
        };
        self.nodes.push((node, 1));
        self.estimates.push(self.builder.estimate(id));
        self.node_at[id as usize] = self.nodes.len() as u32 - 1;
        self.node_at[id as usize]
    }

    fn operand(&mut self, id: OperandId) -> OperandId {
        let at = self.operand_at[id as usize];
        if at != NOT_KEPT {
            self.operands[at as usize].1 += 1;
            return at;
        }
        let operand = match &self.builder.operands[id as usize].0 {
            Operand::List(items) => Operand::List(items.iter().map(|item| self.operand(*item)).collect()),
            Operand::Call(transformer, args, option) => {
                Operand::Call(*transformer, args.iter().map(|arg| self.operand(*arg)).collect(), *option)
            }
            plain => plain.clone(),
        };
        self.operands.push((operand, 1));
        self.operand_at[id as usize] = self.operands.len() as u32 - 1;
        self.operand_at[id as usize]
    }
}
