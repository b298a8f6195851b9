//! What a key may hold.

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number in these bounds.
    Count(u64, u64),
    /// A number that is not negative.
    Ratio,
    /// A length of time in Prometheus' way (`1h30m`), or milliseconds as a number, of at least so many milliseconds.
    Duration(u64),
    /// Text.
    Text,
    /// One of these words; upper and lower case are the same.
    Choice(&'static [&'static str]),
    /// `enable` or `disable` with the rules that are meant: `{disable: {tag: network}}`.
    Switch,
    /// Keys and values, of which any may be missing.
    Record(&'static [(&'static str, Kind)]),
    /// One name with a text: `{name: text}`.
    Pair,
    /// Any number of names, each with a text: `{name: text, name: text}`.
    Texts,
    /// A text, or what is behind it.
    TextOr(&'static Kind),
    /// A list of such.
    List(&'static Kind),
}

impl Kind {
    /// What was expected, for messages.
    pub fn expected(self) -> String {
        match self {
            Kind::Bool => "true or false".to_owned(),
            Kind::Count(least, u64::MAX) => format!("a whole number of at least {least}"),
            Kind::Count(least, most) => format!("a whole number from {least} to {most}"),
            Kind::Ratio => "a number that is not negative".to_owned(),
            Kind::Duration(least) => format!("a time of at least {least}ms, such as 1h, 30m or 1m30s"),
            Kind::Text => "text".to_owned(),
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
            Kind::Switch => "enable or disable with a rule or a tag, as in {disable: {tag: network}}".to_owned(),
            Kind::Record(fields) => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                format!("keys and values ({})", names.join(", "))
            }
            Kind::Pair => "one name with a text".to_owned(),
            Kind::Texts => "names with texts, as in {site: north}".to_owned(),
            Kind::TextOr(other) => format!("text, or {}", other.expected()),
            Kind::List(Kind::Switch) => {
                "a list such as [{disable: {rule: \"*\"}}, {enable: {tag: network}}]".to_owned()
            }
            Kind::List(Kind::Choice(words)) => format!("a list of {}", words.join(", ")),
            Kind::List(Kind::Record(_) | Kind::TextOr(_)) => "a list".to_owned(),
            Kind::List(_) => "a list of texts".to_owned(),
        }
    }

    /// The kind of what has this name in it, if it holds names.
    pub fn field(self, name: &str) -> Option<Kind> {
        match self {
            Kind::Record(fields) => fields.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind),
            Kind::TextOr(other) => other.field(name),
            Kind::Pair | Kind::Texts => Some(Kind::Text),
            _ => None,
        }
    }
}

/// Units of Prometheus' lengths of time in the order in which they must stand, in milliseconds. See "Time durations" in
/// <https://prometheus.io/docs/prometheus/latest/querying/basics/>.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A length of time in Prometheus' way, such as `1h30m`, in milliseconds.
pub fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().ok()?;
        let word = &rest[digits..];
        let letters = word.len() - word.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (_, ms) = units.by_ref().find(|(unit, _)| *unit == &word[..letters])?;
        total = total.checked_add(number.checked_mul(*ms)?)?;
        rest = &word[letters..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_prometheus() {
        let good = [
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("100ms", 100),
            ("1s5ms", 1_005),
            ("0s", 0),
            ("2w1d", 15 * 86_400_000),
            ("1y", 31_536_000_000),
        ];
        for (text, ms) in good {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
        for text in ["", "1", "h", "1 h", "1m1h", "1h1h", "-1h", "1.5h", "1µs", "99999999999y", "é"] {
            assert_eq!(duration_ms(text), None, "{text}");
        }
    }
}
