//! What predicates are, in a few words.

use super::{End, Predicate};
use std::fmt::{self, Display, Formatter};

/// A number of things: `3 texts`, `1 text`.
struct Many(usize, &'static str);

impl Display for Many {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Predicate::Exists => f.write_str("known or not"),
            Predicate::Not(inner) => write!(f, "not: {inner}"),
            Predicate::Bool(..) => f.write_str("true or false"),
            Predicate::Whole(numbers) if numbers.len() == 1 => f.write_str("a number"),
            Predicate::Whole(numbers) => write!(f, "sorted array of {}", Many(numbers.len(), "number")),
            Predicate::Real(numbers) => write!(f, "{}, one by one", Many(numbers.len(), "number")),
            Predicate::Order(..) => f.write_str("order of numbers"),
            Predicate::Text(_) => f.write_str("a text"),
            Predicate::TextIn(texts) => write!(f, "set of {}", Many(texts.len(), "text")),
            Predicate::Contains(_) => f.write_str("search for a text"),
            Predicate::ContainsAny(search) => write!(f, "automaton of {}", Many(search.texts().len(), "text")),
            Predicate::StartsWith(_) => f.write_str("a beginning"),
            Predicate::EndsWith(_) => f.write_str("an ending"),
            Predicate::Affix(affixes) => {
                let what = if affixes.end() == End::Front { "beginning" } else { "ending" };
                write!(f, "set of {}", Many(affixes.len(), what))
            }
            Predicate::Glob(_) => f.write_str("pattern"),
            Predicate::Regex(regex) => f.write_str(if regex.is_table() { "regex table" } else { "regex, simulated" }),
            Predicate::PathIn(paths) => write!(f, "prefix trie of {}", Many(paths.len(), "path")),
            Predicate::NetworkIn(networks) => write!(f, "CIDR set of {}", Many(networks.len(), "network")),
            Predicate::ByType(of_number, of_text) => write!(f, "of a number: {of_number}; of a text: {of_text}"),
            Predicate::Any(all) => write!(f, "any of {}, one by one", Many(all.len(), "comparison")),
            Predicate::All(all) => write!(f, "all of {}, one by one", Many(all.len(), "comparison")),
            Predicate::One(all) => write!(f, "exactly one of {}, one by one", Many(all.len(), "comparison")),
            Predicate::Never => f.write_str("never holds"),
        }
    }
}
