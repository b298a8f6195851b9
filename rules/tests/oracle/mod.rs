//! The slow oracle: conditions interpreted as trees, in the plainest way, and events that are tables of values.

use kestrel_core::schema::{EVENTS, EventId};
use kestrel_rules::syntax::{Call, Check, Expr, Literal, Modifier, Op, Operand, Right, Transformer};
use kestrel_rules::{Facts, Field, FieldFlags, FieldRef, FieldType, Value};
use std::cmp::Ordering;
use std::net::IpAddr;

/// A value that owns what it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    Missing,
    Bool(bool),
    Number(i64),
    Real(f64),
    Text(Vec<u8>),
    Ip(IpAddr),
    Any(Vec<Owned>),
    List(Vec<Owned>),
}

/// An event: its type, and the value of each field.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    values: Vec<(FieldRef, Owned)>,
    several: Vec<Vec<Value<'static>>>,
}

impl Event {
    /// An event. Its type and number are values, too.
    pub fn new(id: EventId, values: Vec<(FieldRef, Owned)>) -> Event {
        let mut values = values;
        let name = EVENTS[usize::from(id.0)].name.as_bytes().to_vec();
        values.push((FieldRef::plain(Field::EvtType), Owned::Text(name)));
        // Values of several are handed out as slices, which must live somewhere: for a test, for ever.
        let several = values
            .iter()
            .map(|(_, value)| match value {
                Owned::Any(all) | Owned::List(all) => {
                    all.iter().map(|one| plain(Box::leak(Box::new(one.clone())))).collect()
                }
                _ => Vec::new(),
            })
            .collect();
        Event { id, values, several }
    }

    fn owned(&self, field: &FieldRef) -> Owned {
        self.values.iter().find(|(known, _)| known == field).map_or(Owned::Missing, |(_, value)| value.clone())
    }
}

fn plain(value: &Owned) -> Value<'_> {
    match value {
        Owned::Missing | Owned::Any(_) | Owned::List(_) => Value::Missing,
        Owned::Bool(b) => Value::Bool(*b),
        Owned::Number(n) => u64::try_from(*n).map_or(Value::Int(*n), Value::Uint),
        Owned::Real(n) => Value::Double(*n),
        Owned::Text(text) => Value::Str(text),
        Owned::Ip(ip) => Value::Ip(*ip),
    }
}

impl Facts for Event {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        let Some(index) = self.values.iter().position(|(known, _)| known == field) else { return Value::Missing };
        match &self.values[index].1 {
            Owned::Any(_) => Value::Any(&self.several[index]),
            Owned::List(_) => Value::List(&self.several[index]),
            value => plain(value),
        }
    }
}

/// Whether a condition holds for an event.
pub fn holds(expr: &Expr, event: &Event) -> bool {
    match expr {
        Expr::And(terms) => terms.iter().all(|term| holds(term, event)),
        Expr::Or(terms) => terms.iter().any(|term| holds(term, event)),
        Expr::Not(term) => !holds(term, event),
        Expr::Macro(word) => panic!("macros are put in before: {word:?}"),
        Expr::Check(check) => check_holds(check, event),
    }
}

/// The field of a name, as the tests write them.
pub fn field(name: &str) -> FieldRef {
    use kestrel_rules::FieldArg;
    let arg = |text: &str| text.parse().map_or_else(|_| FieldArg::Name(text.into()), FieldArg::Index);
    match (Field::by_name(name), arg_of(name)) {
        (Some(field), _) => FieldRef { field, arg: None },
        (None, Some((base, rest))) => FieldRef { field: Field::by_name(base).unwrap(), arg: Some(arg(rest)) },
        (None, None) => panic!("no field {name}"),
    }
}

fn arg_of(name: &str) -> Option<(&'static str, &str)> {
    ["evt.arg", "evt.rawarg"].into_iter().find_map(|base| Some((base, name.strip_prefix(base)?.strip_prefix('.')?)))
}

fn operand(operand: &Operand, event: &Event) -> Owned {
    match operand {
        Operand::Field(name) => event.owned(&field(&name.name.text)),
        Operand::Literal(literal) => Owned::Text(literal.bytes.clone()),
        Operand::List(items) => {
            let items: Vec<Owned> = items.iter().map(|item| self::operand(item, event)).collect();
            if items.contains(&Owned::Missing) { Owned::Missing } else { Owned::List(items) }
        }
        Operand::Call(call) => transformed(call, event),
    }
}

fn transformed(call: &Call, event: &Event) -> Owned {
    let args: Vec<Owned> = call.args.iter().map(|arg| operand(arg, event)).collect();
    let map = |value: &Owned, change: &dyn Fn(&[u8]) -> Vec<u8>| match value {
        Owned::Text(text) => Owned::Text(change(text)),
        Owned::List(all) => Owned::List(
            all.iter()
                .map(|one| match one {
                    Owned::Text(text) => Owned::Text(change(text)),
                    other => other.clone(),
                })
                .collect(),
        ),
        _ => Owned::Missing,
    };
    match (call.transformer, args.as_slice()) {
        (Transformer::ToLower, [one]) => map(one, &|text| text.to_ascii_lowercase()),
        (Transformer::ToUpper, [one]) => map(one, &|text| text.to_ascii_uppercase()),
        (Transformer::Basename, [one]) => map(one, &|text| text.rsplit(|b| *b == b'/').next().unwrap().to_vec()),
        (Transformer::Len, [Owned::Text(text)]) => Owned::Number(text.len() as i64),
        (Transformer::Len, [Owned::List(all)]) => Owned::Number(all.len() as i64),
        (Transformer::Concat, texts) => {
            let mut joined = Vec::new();
            for text in texts {
                let Owned::Text(text) = text else { return Owned::Missing };
                joined.extend_from_slice(text);
            }
            Owned::Text(joined)
        }
        (Transformer::Join, [Owned::Text(between), Owned::List(all)]) => {
            let texts: Vec<&[u8]> = all
                .iter()
                .map(|one| match one {
                    Owned::Text(text) => text.as_slice(),
                    other => panic!("{other:?}"),
                })
                .collect();
            Owned::Text(texts.join(between.as_slice()))
        }
        _ => Owned::Missing,
    }
}

fn type_of(operand: &Operand) -> (FieldType, bool) {
    match operand {
        Operand::Field(name) => {
            let def = field(&name.name.text).field.def();
            (def.ty, def.flags.contains(FieldFlags::LIST))
        }
        Operand::Call(call) if call.transformer == Transformer::Len => (FieldType::Uint, false),
        _ => (FieldType::String, false),
    }
}

fn check_holds(check: &Check, event: &Event) -> bool {
    let left = operand(&check.left, event);
    if left == Owned::Missing {
        return false;
    }
    let (ty, _) = type_of(&check.left);
    let literals = |literals: &[Literal]| literals.iter().map(|literal| Owned::Text(literal.bytes.clone())).collect();
    let right: Vec<Owned> = match &check.right {
        Right::Nothing => {
            return match left {
                Owned::Any(all) => all.iter().any(|one| *one != Owned::Missing),
                _ => true,
            };
        }
        Right::One(literal) => literals(std::slice::from_ref(literal)),
        Right::List(all) => literals(all),
        Right::Val(name) => match event.owned(&field(&name.name.text)) {
            Owned::Missing => return false,
            value => vec![value],
        },
        Right::Call(call) => match transformed(call, event) {
            Owned::Missing => return false,
            value => vec![value],
        },
    };
    let literal = matches!(check.right, Right::One(_) | Right::List(_));
    let against = |one: &Owned| with_modifier(one, check.op, check.modifier, &right, ty, literal);
    match &left {
        Owned::Any(all) => {
            let known: Vec<&Owned> = all.iter().filter(|one| **one != Owned::Missing).collect();
            // None of them is equal.
            if check.op == Op::Ne {
                !known.is_empty() && known.into_iter().all(against)
            } else {
                known.into_iter().any(against)
            }
        }
        Owned::List(all) if check.op == Op::In => all.iter().all(against),
        Owned::List(all) => all.iter().any(against),
        one => against(one),
    }
}

fn with_modifier(
    left: &Owned,
    op: Op,
    modifier: Option<Modifier>,
    right: &[Owned],
    ty: FieldType,
    literal: bool,
) -> bool {
    let one = |right: &&Owned| compare(left, op, right, ty, literal);
    let count = right.iter().filter(one).count();
    match modifier {
        None | Some(Modifier::Any) => count > 0,
        Some(Modifier::All) => !right.is_empty() && count == right.len(),
        Some(Modifier::One) => count == 1,
    }
}

/// A number as a literal or as a text of the event.
fn number(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok().map(f64::from),
        None if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        None => None,
    }
}

fn as_number(value: &Owned) -> Option<f64> {
    match value {
        Owned::Number(n) => Some(*n as f64),
        Owned::Real(n) => Some(*n),
        Owned::Text(text) => number(text),
        _ => None,
    }
}

fn compare(left: &Owned, op: Op, right: &Owned, ty: FieldType, literal: bool) -> bool {
    match op {
        Op::Eq | Op::In | Op::Intersects => equal(left, right, ty, literal),
        Op::Ne => !equal(left, right, ty, literal),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => {
            let order = match (left, right) {
                (Owned::Text(left), Owned::Text(right)) if !literal => Some(left.cmp(right)),
                _ => as_number(left).zip(as_number(right)).and_then(|(left, right)| left.partial_cmp(&right)),
            };
            order.is_some_and(|order| match op {
                Op::Lt => order == Ordering::Less,
                Op::Le => order != Ordering::Greater,
                Op::Gt => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })
        }
        _ => match (left, right) {
            (Owned::Text(left), Owned::Text(right)) => text(left, op, right),
            _ => false,
        },
    }
}

fn equal(left: &Owned, right: &Owned, ty: FieldType, literal: bool) -> bool {
    match (left, right) {
        (Owned::Ip(ip), Owned::Text(network)) => in_network(*ip, std::str::from_utf8(network).unwrap()),
        (Owned::Bool(b), Owned::Text(text)) => text == if *b { b"true".as_slice() } else { b"false" },
        (Owned::Text(left), Owned::Text(right)) if ty != FieldType::Double => left == right,
        (left, right) => match (as_number(left), as_number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => !literal && left == right,
        },
    }
}

fn in_network(ip: IpAddr, network: &str) -> bool {
    let (address, bits) = match network.split_once('/') {
        Some((address, bits)) => (address.parse::<IpAddr>().unwrap(), bits.parse::<usize>().unwrap()),
        None => (network.parse::<IpAddr>().unwrap(), 128),
    };
    // An IPv4 address in an IPv6 socket is still that address (RFC 4291, 2.5.5.2).
    let ip = match ip {
        IpAddr::V6(v6) if address.is_ipv4() => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        ip => ip,
    };
    let bits_of = |ip: IpAddr| -> Vec<bool> {
        let bytes = match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    };
    let (ip, address) = (bits_of(ip), bits_of(address));
    ip.len() == address.len() && ip.iter().zip(&address).take(bits).all(|(a, b)| a == b)
}

fn find(text: &[u8], part: &[u8]) -> bool {
    (0..=text.len()).any(|at| text[at..].starts_with(part))
}

fn bytes_of_hex(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn text(left: &[u8], op: Op, right: &[u8]) -> bool {
    match op {
        Op::Contains => find(left, right),
        Op::IContains => find(&left.to_ascii_lowercase(), &right.to_ascii_lowercase()),
        Op::BContains => find(left, &bytes_of_hex(right)),
        Op::StartsWith => left.starts_with(right),
        Op::BStartsWith => left.starts_with(&bytes_of_hex(right)),
        Op::EndsWith => left.ends_with(right),
        Op::Glob => glob(right, left),
        Op::IGlob => glob(&right.to_ascii_lowercase(), &left.to_ascii_lowercase()),
        Op::PMatch => {
            let names = |path: &[u8]| -> Vec<Vec<u8>> {
                path.split(|b| *b == b'/').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
            };
            let (path, folder) = (names(left), names(right));
            !left.is_empty()
                && left.starts_with(b"/") == right.starts_with(b"/")
                && path.len() >= folder.len()
                && folder.iter().zip(&path).all(|(pattern, name)| glob(pattern, name))
        }
        Op::Regex => {
            let pattern = format!("\\A(?:{})\\z", std::str::from_utf8(right).unwrap());
            regex::bytes::Regex::new(&pattern).unwrap().is_match(left)
        }
        _ => panic!("{op:?}"),
    }
}

/// Patterns of `*`, `?` and other characters.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], text) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        ([b'?', pattern @ ..], [_, text @ ..]) => glob(pattern, text),
        ([a, pattern @ ..], [b, text @ ..]) => a == b && glob(pattern, text),
        _ => false,
    }
}
