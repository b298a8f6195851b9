//! Values of an output: fields, and what transformers make of them.

use crate::facts::{Facts, FieldRef, Value};
use crate::plan::{Builder, Operand, OperandId, apply};
use crate::syntax::Transformer;
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

/// A value that is computed when it is shown.
#[derive(Clone, Debug)]
pub enum Computed {
    Field(FieldRef),
    Text(Box<[u8]>),
    List(Box<[Computed]>),
    Call(Transformer, Box<[Computed]>, Option<u8>),
}

impl Computed {
    /// An operand with everything that it is made of.
    pub fn new(builder: &Builder, id: OperandId) -> Option<Computed> {
        let all = |ids: &[OperandId]| ids.iter().map(|id| Computed::new(builder, *id)).collect::<Option<Box<[_]>>>();
        Some(match builder.operand_of(id)? {
            Operand::Field(field) => Computed::Field(field.clone()),
            Operand::Text(text) => Computed::Text(text.clone()),
            Operand::List(items) => Computed::List(all(items)?),
            Operand::Call(transformer, args, option) => Computed::Call(*transformer, all(args)?, *option),
        })
    }

    /// The value for an event.
    pub fn of<'e>(&'e self, facts: &'e impl Facts, arena: &'e Bump) -> Value<'e> {
        let all = |values: &'e [Computed]| {
            BumpVec::from_iter_in(values.iter().map(|value| value.of(facts, arena)), arena).into_bump_slice()
        };
        match self {
            Computed::Field(field) => facts.value(field),
            Computed::Text(text) => Value::Str(text),
            Computed::List(items) => Value::List(all(items)),
            Computed::Call(transformer, args, option) => apply(*transformer, all(args), *option, arena),
        }
    }

    /// The field, if it is one alone.
    pub fn field(&self) -> Option<&FieldRef> {
        match self {
            Computed::Field(field) => Some(field),
            _ => None,
        }
    }

    /// Every field in it.
    pub fn fields(&self) -> Vec<&FieldRef> {
        match self {
            Computed::Field(field) => vec![field],
            Computed::Text(_) => Vec::new(),
            Computed::List(values) | Computed::Call(_, values, _) => values.iter().flat_map(Computed::fields).collect(),
        }
    }
}
