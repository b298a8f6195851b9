//! Fields and transformers.

use super::names::resolve;
use super::types::is_text;
use super::{Problem, Subject};
use crate::code::Code;
use crate::facts::FieldRef;
use crate::field::{FieldFlags, FieldType};
use crate::plan::{self, Builder, OperandId};
use crate::static_fields::StaticFields;
use crate::syntax::{Call, FieldName, Literal, Operand, Span, Transformer};

/// What kind of value an operand has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its type; of each value if there are several.
    pub ty: FieldType,
    /// It has several values at once.
    pub list: bool,
    /// It cannot stand in a transformer or in `val()`, nor be compared with another.
    pub no_value: bool,
}

impl Shape {
    fn one(ty: FieldType) -> Shape {
        Shape { ty, list: false, no_value: false }
    }
}

/// An operand that was looked up.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    pub id: OperandId,
    pub shape: Shape,
}

/// Whether fields stand in a condition or in an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Condition,
    Output,
}

/// Looks up operands for a subject.
pub struct Operands<'a, 's> {
    pub builder: &'a mut Builder,
    pub subject: &'a mut Subject<'s>,
    pub wanted: Use,
}

impl Operands<'_, '_> {
    fn error(&mut self, span: &Span, message: impl Into<String>, label: impl Into<String>) -> Option<Checked> {
        let place = self.subject.place(span);
        self.subject.problems.push(Problem::error(place, message, label));
        None
    }

    /// An operand; `None` if something is wrong with it, which is among the problems then.
    pub fn operand(&mut self, operand: &Operand) -> Option<Checked> {
        match operand {
            Operand::Field(field) => self.field(field).map(|(checked, _)| checked),
            Operand::Call(call) => self.call(call),
            Operand::Literal(literal) => Some(self.literal(literal)),
            Operand::List(items) => {
                let items: Vec<Option<Checked>> = items.iter().map(|item| self.operand(item)).collect();
                let items: Vec<Checked> = items.into_iter().collect::<Option<_>>()?;
                let ty = if items.iter().all(|item| is_text(item.shape.ty) && !item.shape.list) {
                    FieldType::String
                } else {
                    FieldType::Bytes
                };
                let id = self.builder.operand(plan::Operand::List(items.iter().map(|item| item.id).collect()));
                Some(Checked { id, shape: Shape { ty, list: true, no_value: false } })
            }
        }
    }

    fn literal(&mut self, literal: &Literal) -> Checked {
        let id = self.builder.operand(plan::Operand::Text(literal.bytes.as_slice().into()));
        Checked { id, shape: Shape::one(FieldType::String) }
    }

    /// A text of the configuration.
    fn static_field(&mut self, name: &FieldName) -> Option<Checked> {
        if let Some(arg) = &name.arg {
            let (message, label, _) = super::FieldProblem::NoArg.describe(&name.name.text);
            return self.error(&arg.span, message, label);
        }
        match self.subject.static_fields.text(&name.name.text) {
            Ok(text) => {
                let id = self.builder.operand(plan::Operand::Text(text.as_bytes().into()));
                Some(Checked { id, shape: Shape::one(FieldType::String) })
            }
            Err((message, label, help)) => {
                let mut found = Problem::error(self.subject.place(&name.name.span), message, label).help(help);
                found.unknown = true;
                self.subject.problems.push(found);
                None
            }
        }
    }

    /// A field, and which it is, if an event is asked for it.
    pub fn field(&mut self, name: &FieldName) -> Option<(Checked, Option<FieldRef>)> {
        if StaticFields::is_meant(&name.name.text) {
            return self.static_field(name).map(|checked| (checked, None));
        }
        let arg = name.arg.as_ref().map(Literal::text);
        let field = match resolve(&name.name.text, arg.as_deref(), self.subject.source) {
            Ok(field) => field,
            Err(problem) => {
                let span = match (&problem, &name.arg) {
                    (super::FieldProblem::BadArg(_) | super::FieldProblem::NoArg, Some(arg)) => &arg.span,
                    _ => &name.name.span,
                };
                let (message, label, help) = problem.describe(&name.name.text);
                let mut found = Problem::error(self.subject.place(span), message, label).help(help);
                found.unknown = problem.is_unknown();
                self.subject.problems.push(found);
                return None;
            }
        };
        let def = field.field.def();
        match self.wanted {
            Use::Condition if def.flags.contains(FieldFlags::PRINT_ONLY) => {
                let message = format!("{} is for outputs only", def.name);
                self.error(&name.name.span, message, "it cannot stand in a condition")?;
            }
            Use::Output if def.flags.contains(FieldFlags::FILTER_ONLY) => {
                let message = format!("{} is for conditions only", def.name);
                self.error(&name.name.span, message, "it cannot stand in an output")?;
            }
            _ => {}
        }
        if def.flags.contains(FieldFlags::DEPRECATED) {
            let place = self.subject.place(&name.name.span);
            let message = format!("the field {} should not be used any more", def.name);
            self.subject.problems.push(Problem::warning(Code::DeprecatedItem, place, message, "it will go away"));
        }
        let id = self.builder.operand(plan::Operand::Field(field.clone()));
        let shape = Shape {
            ty: def.ty,
            list: def.flags.contains(FieldFlags::LIST),
            no_value: def.flags.contains(FieldFlags::NO_VALUE),
        };
        Some((Checked { id, shape }, Some(field)))
    }

    /// What a transformer makes.
    pub fn call(&mut self, call: &Call) -> Option<Checked> {
        let args: Vec<Option<Checked>> = call.args.iter().map(|arg| self.operand(arg)).collect();
        let args: Vec<Checked> = args.into_iter().collect::<Option<_>>()?;
        let name = call.transformer.name();
        if args.iter().any(|arg| arg.shape.no_value) {
            let message = format!("{name} has an argument that has no single value");
            return self.error(&call.span, message, "the field can only be compared with values");
        }
        let shapes: Vec<Shape> = args.iter().map(|arg| arg.shape).collect();
        let mut shape = match result(call.transformer, &shapes) {
            Ok(shape) => shape,
            Err(expected) => {
                let found: Vec<String> = shapes.iter().map(|shape| shown(*shape)).collect();
                let message = format!("{name} cannot be used with ({})", found.join(", "));
                return self.error(&call.span, message, format!("expected {expected}"));
            }
        };
        let option = match (&call.option, call.transformer) {
            (None, _) => None,
            (Some(option), Transformer::GetOpt) => match *option.bytes {
                [letter] => {
                    shape.list = false;
                    Some(letter)
                }
                _ => return self.error(&option.span, "an option of getopt is one letter", "expected one letter"),
            },
            (Some(option), _) => {
                return self.error(&option.span, format!("{name} takes nothing in brackets"), "leave it out");
            }
        };
        let ids = args.iter().map(|arg| arg.id).collect();
        let id = self.builder.operand(plan::Operand::Call(call.transformer, ids, option));
        Some(Checked { id, shape })
    }
}

fn shown(shape: Shape) -> String {
    if shape.list { format!("a list of {}", shape.ty.name()) } else { shape.ty.name().to_owned() }
}

/// What a transformer makes of arguments like these, or what it expects.
fn result(transformer: Transformer, args: &[Shape]) -> Result<Shape, &'static str> {
    let text = |shape: &Shape| is_text(shape.ty) && !shape.list;
    let texts = |shape: &Shape| is_text(shape.ty) && shape.list;
    match (transformer, args) {
        (Transformer::ToLower | Transformer::ToUpper | Transformer::Basename, [one]) if is_text(one.ty) => Ok(*one),
        (Transformer::ToLower | Transformer::ToUpper | Transformer::Basename, _) => Err("a text"),
        (Transformer::B64, [one]) if is_text(one.ty) || one.ty == FieldType::Bytes => Ok(*one),
        (Transformer::B64, _) => Err("a text or bytes"),
        (Transformer::Len, [one]) if one.list || is_text(one.ty) || one.ty == FieldType::Bytes => {
            Ok(Shape::one(FieldType::Uint))
        }
        (Transformer::Len, _) => Err("a text, bytes or several values"),
        (Transformer::Join, [between, many]) if text(between) && texts(many) => Ok(Shape::one(FieldType::String)),
        (Transformer::Join, _) => Err("a text and several texts"),
        (Transformer::Concat, args) if args.len() >= 2 && args.iter().all(text) => Ok(Shape::one(FieldType::String)),
        (Transformer::Concat, _) => Err("two or more texts"),
        (Transformer::GetOpt, [line, options]) if is_text(line.ty) && text(options) => {
            Ok(Shape { ty: FieldType::String, list: true, no_value: false })
        }
        (Transformer::GetOpt, _) => Err("a command line, or its words, and a text of options"),
    }
}
