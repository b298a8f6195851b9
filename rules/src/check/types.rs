//! Which operator goes with which type.

use super::operand::Shape;
use crate::field::FieldType;
use crate::syntax::{Modifier, Op};

/// Why an operator does not go with a value, or nothing if it does.
pub fn mismatch(op: Op, modifier: Option<Modifier>, shape: Shape) -> Option<String> {
    if op == Op::Exists {
        return None;
    }
    if shape.list {
        return match (op, modifier) {
            (Op::In | Op::Intersects, None) => None,
            _ => Some("it has several values: expected in, intersects or exists".to_owned()),
        };
    }
    let fits = match op {
        Op::Exists | Op::Eq | Op::Ne | Op::In | Op::Intersects => true,
        Op::Lt | Op::Le | Op::Gt | Op::Ge => {
            shape.ty.is_number() || matches!(shape.ty, FieldType::String | FieldType::Dynamic)
        }
        Op::Contains | Op::StartsWith | Op::EndsWith => {
            matches!(shape.ty, FieldType::String | FieldType::Bytes | FieldType::Dynamic)
        }
        Op::BContains | Op::BStartsWith => matches!(shape.ty, FieldType::Bytes | FieldType::Dynamic),
        Op::IContains | Op::Glob | Op::IGlob | Op::PMatch | Op::Regex => {
            matches!(shape.ty, FieldType::String | FieldType::Dynamic)
        }
    };
    (!fits).then(|| format!("the value is of type {}", shape.ty.name()))
}

/// True if values of the two types can be compared with each other.
pub fn comparable(left: FieldType, right: FieldType) -> bool {
    let kind = |ty: FieldType| match ty {
        FieldType::String | FieldType::Bytes => 0,
        FieldType::Bool => 1,
        FieldType::Ip | FieldType::Net => 2,
        FieldType::Dynamic => 3,
        _ => 4,
    };
    kind(left) == kind(right) || left == FieldType::Dynamic || right == FieldType::Dynamic
}

/// True if values of the type are text, or may be.
pub fn is_text(ty: FieldType) -> bool {
    matches!(ty, FieldType::String | FieldType::Dynamic)
}
