//! Two values of one event compared. Both are one value, and not missing.

use super::Glob;
use crate::facts::Value;
use crate::number::Number;
use crate::syntax::Op;
use memchr::memmem;
use std::cmp::Ordering;
use std::net::IpAddr;

/// Whether the operator holds between two values.
pub fn holds(left: Value<'_>, op: Op, right: Value<'_>) -> bool {
    match op {
        Op::Exists => true,
        Op::Eq | Op::In | Op::Intersects => equal(left, right) == Some(true),
        Op::Ne => equal(left, right) == Some(false),
        Op::Lt => order(left, right) == Some(Ordering::Less),
        Op::Le => order(left, right).is_some_and(Ordering::is_le),
        Op::Gt => order(left, right) == Some(Ordering::Greater),
        Op::Ge => order(left, right).is_some_and(Ordering::is_ge),
        _ => match (left, right) {
            (Value::Str(left), Value::Str(right)) => text(left, op, right),
            _ => false,
        },
    }
}

fn number(value: Value<'_>) -> Option<Number> {
    match value {
        Value::Int(n) => Some(Number::Whole(n.into())),
        Value::Uint(n) => Some(Number::Whole(n.into())),
        Value::Double(n) => Some(Number::Real(n)),
        _ => None,
    }
}

/// `None` if they cannot be compared.
fn equal(left: Value<'_>, right: Value<'_>) -> Option<bool> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Ip(left), Value::Ip(right)) => Some(plain(left) == plain(right)),
        _ => order(left, right).map(Ordering::is_eq),
    }
}

/// An IPv4 address in an IPv6 socket is still that address (RFC 4291, 2.5.5.2).
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        v4 => v4,
    }
}

fn order(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Some(left.cmp(right)),
        _ => number(left)?.compare(number(right)?),
    }
}

fn text(left: &[u8], op: Op, right: &[u8]) -> bool {
    match op {
        Op::Contains => memmem::find(left, right).is_some(),
        Op::IContains => right.is_empty() || left.windows(right.len()).any(|window| window.eq_ignore_ascii_case(right)),
        Op::StartsWith => left.starts_with(right),
        Op::EndsWith => left.ends_with(right),
        Op::Glob => Glob::matches_text(right, left, false),
        Op::IGlob => Glob::matches_text(right, left, true),
        Op::PMatch => lies_in(left, right),
        _ => false,
    }
}

/// Whether a path is another or lies below it; what is no pattern.
fn lies_in(path: &[u8], folder: &[u8]) -> bool {
    let mut names = path.split(|&b| b == b'/').filter(|name| !name.is_empty());
    !path.is_empty()
        && path.starts_with(b"/") == folder.starts_with(b"/")
        && folder.split(|&b| b == b'/').filter(|name| !name.is_empty()).all(|name| names.next() == Some(name))
}
