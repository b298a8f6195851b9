//! Questions about numbers.

use super::ask::{composed, constant};
use super::known::{Number, exists};
use crate::number::Number as Literal;
use crate::plan::Predicate;
use kestrel_core::filter::build::{Condition, Is};
use std::cmp::Ordering;

/// A number.
pub fn number(number: Number, predicate: &Predicate) -> Condition {
    if let Some(condition) = composed(number.what, predicate, |part| self::number(number, part)) {
        return condition;
    }
    match predicate {
        Predicate::Whole(numbers) => among(number, numbers.iter().copied()),
        Predicate::Order(Literal::Whole(limit), wanted) => order(number, *limit, wanted),
        Predicate::Order(Literal::Real(_), _) | Predicate::Real(_) => Condition::Unknown,
        Predicate::ByType(of_number, _) => self::number(number, of_number),
        // All others are about texts, addresses, or true and false.
        _ => Condition::Never,
    }
}

/// A number in decimal, as text.
pub fn decimal(number: Number, predicate: &Predicate) -> Condition {
    if let Some(condition) = composed(number.what, predicate, |part| decimal(number, part)) {
        return condition;
    }
    let written = |text: &[u8]| {
        let n: i128 = std::str::from_utf8(text).ok()?.parse().ok()?;
        // `007` and `+7` are not what is shown.
        (n.to_string().as_bytes() == text).then_some(n)
    };
    match predicate {
        // A text is read as a number there, and decimal digits are the number that they stand for.
        Predicate::Whole(_) | Predicate::Order(..) | Predicate::Real(_) => self::number(number, predicate),
        Predicate::ByType(_, of_text) => decimal(number, of_text),
        Predicate::Text(text) => among(number, written(text)),
        Predicate::TextIn(texts) => among(number, texts.iter().filter_map(written)),
        Predicate::Bool(..) | Predicate::NetworkIn(_) => Condition::Never,
        _ => Condition::Unknown,
    }
}

/// Equal to one of these. What 64 bits cannot hold, no value is equal to.
fn among(number: Number, values: impl IntoIterator<Item = i128>) -> Condition {
    let bits = |n: i128| {
        if number.signed { i64::try_from(n).ok().map(i64::cast_unsigned) } else { u64::try_from(n).ok() }
    };
    let values: Vec<u64> = values.into_iter().filter_map(bits).collect();
    match values.as_slice() {
        [] => Condition::Never,
        [one] => Condition::test(number.what, Is::Equal(*one)),
        _ => Condition::test(number.what, Is::Among(values)),
    }
}

fn order(number: Number, limit: i128, wanted: &[Ordering]) -> Condition {
    let less = wanted.contains(&Ordering::Less);
    let equal = wanted.contains(&Ordering::Equal);
    let (least, most) = if number.signed { (i64::MIN.into(), i64::MAX.into()) } else { (0, i128::from(u64::MAX)) };
    if limit < least || limit > most {
        // Every value lies on one side.
        let above = limit < least;
        return if constant(above != less) == Condition::Always { exists(number.what) } else { Condition::Never };
    }
    // Of `<` and `>=`, and of `<=` and `>`, each is the opposite of the other.
    let strictly = less != equal;
    let is = match (strictly, number.signed) {
        (true, true) => Is::BelowSigned(limit as i64),
        (false, true) => Is::AtMostSigned(limit as i64),
        (true, false) => Is::Below(limit as u64),
        (false, false) => Is::AtMost(limit as u64),
    };
    let test = Condition::test(number.what, is);
    if less { test } else { Condition::all([exists(number.what), Condition::not(test)]) }
}
