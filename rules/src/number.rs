//! Numbers as conditions write them: `-12`, `0x1f`, `1.5`, `1e+9`.

use std::cmp::Ordering;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Whole(i128),
    /// A number with a fraction.
    Real(f64),
}

impl Number {
    /// Reads a number; `None` if the text is none.
    pub fn parse(text: &str) -> Option<Number> {
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return u64::from_str_radix(hex, 16)
                .ok()
                .filter(|_| !hex.starts_with('+'))
                .map(|n| Number::Whole(n.into()));
        }
        if let Ok(whole) = text.parse() {
            return Some(Number::Whole(whole));
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let looks_like_one = digits.starts_with(|c: char| c.is_ascii_digit());
        text.parse().ok().filter(|n: &f64| looks_like_one && n.is_finite()).map(Number::Real)
    }

    /// How it compares with another.
    pub fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(a), Number::Whole(b)) => Some(a.cmp(&b)),
            (a, b) => a.real().partial_cmp(&b.real()),
        }
    }

    fn real(self) -> f64 {
        match self {
            Number::Whole(n) => n as f64,
            Number::Real(n) => n,
        }
    }
}

/// True if the text is a number.
pub fn is_number(text: &str) -> bool {
    Number::parse(text).is_some()
}
