//! The tree of a condition.

use super::op::{Modifier, Op, Transformer};
use std::ops::Range;

/// Where something stands: bytes of the condition's text. It is no part of what the tree says: any two are equal.
#[derive(Clone, Debug, Default)]
pub struct Span(pub Range<usize>);

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of two or more.
    And(Vec<Expr>),
    /// Any of two or more.
    Or(Vec<Expr>),
    /// Not that.
    Not(Box<Expr>),
    /// A comparison.
    Check(Box<Check>),
    /// A macro by its name.
    Macro(Word),
}

/// A name.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A value that stands in the condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The value, without quotes and escapes.
    pub bytes: Vec<u8>,
    /// Where it stands.
    pub span: Span,
    /// It stands in quotes: never the name of a list.
    pub quoted: bool,
}

impl Literal {
    /// As text, for messages and for names.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Something, an operator, something to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is compared.
    pub left: Operand,
    /// How.
    pub op: Op,
    /// With how many of the values it must hold.
    pub modifier: Option<Modifier>,
    /// Where operator and modifier stand.
    pub op_span: Span,
    /// With what.
    pub right: Right,
}

/// What stands behind an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Right {
    /// Nothing: the operator is `exists`.
    Nothing,
    /// One value, or the name of a list without parentheses.
    One(Literal),
    /// Values and names of lists, in parentheses.
    List(Vec<Literal>),
    /// The value of a field: `val(field)`.
    Val(FieldName),
    /// What a transformer makes.
    Call(Call),
}

/// Something that has a value for each event.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A field.
    Field(FieldName),
    /// What a transformer makes.
    Call(Call),
    /// A value, as an argument of a transformer.
    Literal(Literal),
    /// Several, as an argument of a transformer.
    List(Vec<Operand>),
}

/// A field as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldName {
    /// Its name with whatever stands behind a dot.
    pub name: Word,
    /// What stands in brackets.
    pub arg: Option<Literal>,
}

/// A transformer and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The transformer.
    pub transformer: Transformer,
    /// Where its name stands.
    pub span: Span,
    /// Its arguments.
    pub args: Vec<Operand>,
    /// What stands in brackets behind the parenthesis.
    pub option: Option<Literal>,
}
