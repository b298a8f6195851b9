//! Operators with values: what is asked of a field.

use super::types::is_text;
use super::values::{PartKey, ValueRef, Values};
use super::{Problem, Subject};
use crate::field::FieldType;
use crate::number::Number;
use crate::plan::{AffixSet, End, Glob, Network, PathSet, Predicate, Regex, TextSet};
use crate::syntax::{Modifier, Op, Span};
use hashbrown::HashMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// Values that one comparison may have with a modifier; sets may be larger.
const MAX_ALTERNATIVES: usize = 10_000;

/// Large sets that were made, by what they hold.
#[derive(Debug, Default)]
pub struct Sets {
    texts: HashMap<Vec<PartKey>, Arc<TextSet>>,
    paths: HashMap<Vec<PartKey>, Arc<PathSet>>,
}

/// A comparison with values.
pub struct Comparison<'a, 's> {
    pub subject: &'a mut Subject<'s>,
    pub sets: &'a mut Sets,
    pub ty: FieldType,
    pub op: Op,
    pub op_span: &'a Span,
    pub values: &'a Values,
}

impl Comparison<'_, '_> {
    /// What is asked of a value; `None` if a value is wrong, which is among the problems then.
    pub fn predicate(&mut self, modifier: Option<Modifier>) -> Option<Predicate> {
        match (modifier, self.op) {
            (None, Op::Exists) => Some(Predicate::Exists),
            (None, Op::In | Op::Intersects) | (Some(Modifier::Any), Op::Eq) => self.equal(),
            (None, Op::PMatch) => Some(Predicate::PathIn(self.paths())),
            (Some(Modifier::All), Op::Ne) => Some(match self.equal()? {
                Predicate::Never => Predicate::Never,
                equal => Predicate::Not(Box::new(equal)),
            }),
            (None, _) => {
                let mut values = self.values.iter();
                let (Some(value), None) = (values.next(), values.next()) else {
                    let message = format!("{} compares with one value, and this is {}", self.op.name(), self.count());
                    let place = self.subject.place(self.op_span);
                    let help = format!("to compare with several, write {} anyof (…)", self.op.name());
                    self.subject.problems.push(Problem::error(place, message, "expected one value").help(Some(help)));
                    return None;
                };
                self.one(&value)
            }
            (Some(modifier), op) => self.several(modifier, op),
        }
    }

    fn count(&self) -> String {
        match self.values.iter().count() {
            0 => "none".to_owned(),
            n => format!("a list of {n}"),
        }
    }

    fn several(&mut self, modifier: Modifier, op: Op) -> Option<Predicate> {
        if modifier == Modifier::Any && matches!(self.ty, FieldType::String | FieldType::Bytes) {
            let texts = || self.values.iter().map(|value| value.literal.bytes.as_slice().into());
            match op {
                Op::Contains => return self.search(texts().collect(), false),
                Op::IContains => return self.search(texts().collect(), true),
                Op::StartsWith => return Some(Predicate::Affix(AffixSet::new(End::Front, texts()))),
                Op::EndsWith => return Some(Predicate::Affix(AffixSet::new(End::Back, texts()))),
                _ => {}
            }
        }
        if self.values.iter().take(MAX_ALTERNATIVES + 1).count() > MAX_ALTERNATIVES {
            let place = self.subject.place(self.op_span);
            let message = format!("{} {} has more than {MAX_ALTERNATIVES} values", op.name(), modifier.name());
            self.subject.problems.push(Problem::error(place, message, "they would be compared one by one"));
            return None;
        }
        let values: Vec<ValueRef<'_>> = self.values.iter().collect();
        let all: Vec<Option<Predicate>> = values.iter().map(|value| self.one(value)).collect();
        let all: Box<[Predicate]> = all.into_iter().collect::<Option<Vec<_>>>()?.into();
        Some(match modifier {
            Modifier::Any => Predicate::Any(all),
            Modifier::All => Predicate::All(all),
            Modifier::One => Predicate::One(all),
        })
    }

    fn search(&mut self, texts: Vec<Box<[u8]>>, ignore_case: bool) -> Option<Predicate> {
        if texts.is_empty() {
            return Some(Predicate::Never);
        }
        let found = crate::plan::contains_any(texts, ignore_case);
        if found.is_none() {
            let place = self.subject.place(self.op_span);
            self.subject.problems.push(Problem::error(place, "the texts are too many to look for at once", ""));
        }
        found
    }

    /// The operator with one value.
    fn one(&mut self, value: &ValueRef<'_>) -> Option<Predicate> {
        let text: Box<[u8]> = value.literal.bytes.as_slice().into();
        Some(match self.op {
            Op::Eq => self.equal_to(value)?,
            Op::Ne => Predicate::Not(Box::new(self.equal_to(value)?)),
            Op::Lt => Predicate::Order(self.number(value)?, &[Ordering::Less]),
            Op::Le => Predicate::Order(self.number(value)?, &[Ordering::Less, Ordering::Equal]),
            Op::Gt => Predicate::Order(self.number(value)?, &[Ordering::Greater]),
            Op::Ge => Predicate::Order(self.number(value)?, &[Ordering::Greater, Ordering::Equal]),
            Op::Contains => crate::plan::contains(&text),
            Op::IContains => return self.search(vec![text], true),
            Op::BContains => crate::plan::contains(&self.hex(value)?),
            Op::StartsWith => Predicate::StartsWith(text),
            Op::BStartsWith => Predicate::StartsWith(self.hex(value)?),
            Op::EndsWith => Predicate::EndsWith(text),
            Op::Glob => Predicate::Glob(Glob::new(&text, false)),
            Op::IGlob => Predicate::Glob(Glob::new(&text, true)),
            Op::PMatch => Predicate::PathIn(Arc::new(PathSet::new([&*text].into_iter()))),
            Op::Regex => match Regex::new(&text) {
                Ok(regex) => Predicate::Regex(regex),
                Err(reason) => {
                    let message = format!("{} is no regular expression", value.literal.text());
                    value.error(self.subject, message, reason);
                    return None;
                }
            },
            Op::Exists | Op::In | Op::Intersects => Predicate::Exists,
        })
    }

    fn equal_to(&mut self, value: &ValueRef<'_>) -> Option<Predicate> {
        match self.ty {
            FieldType::Bool => self.boolean(value).map(|wanted| Predicate::Bool(wanted, !wanted)),
            FieldType::Double => self.number(value).map(|n| Predicate::Real([real(n)].into())),
            ty if ty.is_number() => self.whole(value).map(|n| Predicate::Whole([n].into())),
            FieldType::Ip | FieldType::Net => {
                self.network(value).map(|network| Predicate::NetworkIn([network].into_iter().collect()))
            }
            ty => {
                let of_text = Predicate::Text(value.literal.bytes.as_slice().into());
                if ty != FieldType::Dynamic {
                    return Some(of_text);
                }
                let of_number = match Number::parse(&value.literal.text()) {
                    Some(Number::Whole(n)) => Predicate::Whole([n].into()),
                    Some(Number::Real(n)) => Predicate::Real([n].into()),
                    None => Predicate::Never,
                };
                Some(Predicate::ByType(Box::new(of_number), Box::new(of_text)))
            }
        }
    }

    /// Equal to any of the values.
    fn equal(&mut self) -> Option<Predicate> {
        let values = self.values;
        let mut each = values.iter();
        if let (Some(value), None) = (each.next(), each.next()) {
            return self.equal_to(&value);
        }
        if values.iter().next().is_none() {
            return Some(Predicate::Never);
        }
        match self.ty {
            FieldType::Bool => {
                let all: Vec<Option<bool>> = values.iter().map(|value| self.boolean(&value)).collect();
                let all = all.into_iter().collect::<Option<Vec<bool>>>()?;
                Some(Predicate::Bool(all.contains(&true), all.contains(&false)))
            }
            FieldType::Double => {
                let all: Vec<Option<Number>> = values.iter().map(|value| self.number(&value)).collect();
                let all = all.into_iter().map(|n| n.map(real)).collect::<Option<Vec<f64>>>()?;
                Some(Predicate::Real(all.into()))
            }
            ty if ty.is_number() => {
                let all: Vec<Option<i128>> = values.iter().map(|value| self.whole(&value)).collect();
                let mut all = all.into_iter().collect::<Option<Vec<i128>>>()?;
                all.sort_unstable();
                all.dedup();
                Some(Predicate::Whole(all.into()))
            }
            FieldType::Ip | FieldType::Net => {
                let all: Vec<Option<Network>> = values.iter().map(|value| self.network(&value)).collect();
                Some(Predicate::NetworkIn(all.into_iter().collect::<Option<Vec<_>>>()?.into_iter().collect()))
            }
            FieldType::Dynamic => {
                let texts = values.iter().map(|value| value.literal.text().into_owned());
                let mut numbers: Vec<i128> = texts
                    .filter_map(|text| match Number::parse(&text) {
                        Some(Number::Whole(n)) => Some(n),
                        _ => None,
                    })
                    .collect();
                numbers.sort_unstable();
                let of_number = Predicate::Whole(numbers.into());
                Some(Predicate::ByType(Box::new(of_number), Box::new(Predicate::TextIn(self.texts()))))
            }
            FieldType::String | FieldType::Bytes => Some(Predicate::TextIn(self.texts())),
            _ => None,
        }
    }

    fn texts(&mut self) -> Arc<TextSet> {
        let make = || Arc::new(self.values.iter().map(|value| value.literal.bytes.as_slice().into()).collect());
        Arc::clone(self.sets.texts.entry(self.values.key()).or_insert_with(make))
    }

    fn paths(&mut self) -> Arc<PathSet> {
        let make = || Arc::new(PathSet::new(self.values.iter().map(|value| value.literal.bytes.as_slice())));
        Arc::clone(self.sets.paths.entry(self.values.key()).or_insert_with(make))
    }

    fn boolean(&mut self, value: &ValueRef<'_>) -> Option<bool> {
        match value.literal.text().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => {
                let message = format!("{} is neither true nor false", value.literal.text());
                value.error(self.subject, message, "expected true or false");
                None
            }
        }
    }

    fn number(&mut self, value: &ValueRef<'_>) -> Option<Number> {
        let number = Number::parse(&value.literal.text());
        if number.is_none() {
            value.error(self.subject, format!("{} is no number", value.literal.text()), "expected a number");
        }
        number
    }

    fn whole(&mut self, value: &ValueRef<'_>) -> Option<i128> {
        match self.number(value)? {
            Number::Whole(n) => Some(n),
            Number::Real(_) => {
                let message = format!("{} is no whole number", value.literal.text());
                value.error(self.subject, message, "expected a whole number");
                None
            }
        }
    }

    fn network(&mut self, value: &ValueRef<'_>) -> Option<Network> {
        let network = value.literal.text().parse().ok();
        if network.is_none() {
            let message = format!("{} is no address", value.literal.text());
            value.error(self.subject, message, "expected an address or a network such as 10.0.0.0/8");
        }
        network
    }

    fn hex(&mut self, value: &ValueRef<'_>) -> Option<Box<[u8]>> {
        let digits = &value.literal.bytes;
        let pairs = digits.chunks(2).map(|pair| {
            let text = std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(text, 16).ok().filter(|_| pair.len() == 2)
        });
        let bytes = pairs.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty());
        if bytes.is_none() {
            let message = format!("{} is not hexadecimal", value.literal.text());
            value.error(self.subject, message, "expected two hexadecimal digits for each byte");
        }
        bytes.map(Into::into)
    }
}

fn real(number: Number) -> f64 {
    match number {
        Number::Whole(n) => n as f64,
        Number::Real(n) => n,
    }
}

/// True if a value of the type is compared as a text: then what it looks like can be suspicious.
pub fn compares_text(ty: FieldType) -> bool {
    is_text(ty)
}
