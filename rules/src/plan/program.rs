//! The graph of all conditions, as it is evaluated.

use super::Predicate;
use crate::facts::FieldRef;
use crate::field::Field;
use crate::syntax::{Op, Transformer};
use kestrel_core::schema::EventSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A node, by its place in the program.
pub type NodeId = u32;

/// An operand, by its place in the program.
pub type OperandId = u32;

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// All of them; true if there is none.
    All(Box<[NodeId]>),
    /// Any of them; false if there is none.
    Any(Box<[NodeId]>),
    /// Not that.
    Not(NodeId),
    /// The event is one of these.
    Events(Arc<EventSet>),
    /// A question about a value.
    Test(Test),
    /// Two values of the event.
    Compare(OperandId, Op, OperandId),
}

/// A question about a value.
#[derive(Clone, Debug)]
pub struct Test {
    /// What is asked about.
    pub operand: OperandId,
    /// How several values count.
    pub op: Op,
    /// What is asked of one value.
    pub predicate: Arc<Predicate>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A field of the event.
    Field(FieldRef),
    /// Always this.
    Text(Box<[u8]>),
    /// Several values.
    List(Box<[OperandId]>),
    /// What a transformer makes of others, with the option behind it.
    Call(Transformer, Box<[OperandId]>, Option<u8>),
}

/// The graph of all conditions.
#[derive(Debug, Default)]
pub struct Program {
    /// The nodes, and where the result of each is kept: `u32::MAX` for one that is asked for once.
    pub nodes: Box<[(Node, u32)]>,
    /// The operands, and where the value of each is kept.
    pub operands: Box<[(Operand, u32)]>,
    /// How many results are kept.
    pub result_slots: u32,
    /// How many values are kept.
    pub value_slots: u32,
}

/// What is not kept.
pub const NOT_KEPT: u32 = u32::MAX;

impl Program {
    /// All nodes of a condition, its root included.
    pub fn below(&self, root: NodeId) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        let mut nodes = vec![root];
        while let Some(id) = nodes.pop() {
            let Some((node, _)) = self.nodes.get(id as usize).filter(|_| seen.insert(id)) else { continue };
            match node {
                Node::All(terms) | Node::Any(terms) => nodes.extend(terms),
                Node::Not(term) => nodes.push(*term),
                Node::Events(_) | Node::Test(_) | Node::Compare(..) => {}
            }
        }
        seen
    }

    /// Adds the fields that a condition asks for.
    pub fn fields(&self, root: NodeId, fields: &mut BTreeSet<Field>) {
        let mut operands = Vec::new();
        for id in self.below(root) {
            match &self.nodes[id as usize].0 {
                Node::Events(_) => drop(fields.insert(Field::EvtType)),
                Node::Test(test) => operands.push(test.operand),
                Node::Compare(left, _, right) => operands.extend([*left, *right]),
                Node::All(_) | Node::Any(_) | Node::Not(_) => {}
            }
        }
        let mut refs = BTreeSet::new();
        operands.into_iter().for_each(|operand| self.field_refs(operand, &mut refs));
        fields.extend(refs.into_iter().map(|field| field.field));
    }

    /// Adds the fields that an operand is made of.
    pub fn field_refs(&self, operand: OperandId, fields: &mut BTreeSet<FieldRef>) {
        let mut operands = vec![operand];
        while let Some(id) = operands.pop() {
            match self.operands.get(id as usize).map(|(operand, _)| operand) {
                Some(Operand::Field(field)) => drop(fields.insert(field.clone())),
                Some(Operand::List(more) | Operand::Call(_, more, _)) => operands.extend(more),
                Some(Operand::Text(_)) | None => {}
            }
        }
    }
}
