//! A YAML text as a tree in which every value knows its place.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A value with its place.
pub type Node = Spanned<Content>;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing (`~`, or left out).
    Nothing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in their order.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Content {
    /// What it is, for messages.
    pub fn describe(&self) -> String {
        match self {
            Content::Nothing => "nothing".to_owned(),
            Content::Bool(b) => b.to_string(),
            Content::Int(n) => n.to_string(),
            Content::Float(n) => n.to_string(),
            Content::Text(text) => format!("{text:?}"),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "keys and values".to_owned(),
        }
    }
}

/// The bytes of the text that a place stands for; empty at its beginning if they are not known.
pub fn span(place: &serde_saphyr::Location) -> std::ops::Range<usize> {
    let known = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let start = known(place.span().byte_offset());
    start..start.saturating_add(known(place.span().byte_len()))
}

/// Reads a text.
///
/// # Errors
/// Line and column, if known, and what is wrong there.
pub fn parse(text: &str) -> Result<Node, (Option<(u64, u64)>, String)> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map(|at| (at.line(), at.column()));
        let message = error.to_string();
        // The place is said by whoever shows the message.
        let message = message.split(" at line ").next().unwrap_or(&message);
        // Advice for programmers.
        let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or(message);
        (place, message.trim_end_matches(':').to_owned())
    })
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        Content::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Int(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Int(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Content, E> {
        Ok(Content::Int(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Content::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_and_every_key_knows_its_place() {
        let node = parse("a: 1\nb:\n  - x\n  - {c: true}\n").unwrap();
        let Content::Map(map) = &node.value else { panic!("{node:?}") };
        let places: Vec<_> = map
            .iter()
            .map(|(key, value)| {
                (key.value.as_str(), key.referenced.line(), value.referenced.line(), value.referenced.column())
            })
            .collect();
        assert_eq!(places, [("a", 1, 1, 4), ("b", 2, 3, 3)]);
        let Content::List(list) = &map[1].1.value else { panic!() };
        assert_eq!((list[1].referenced.line(), list[1].referenced.column()), (4, 5));
        let Content::Map(inner) = &list[1].value else { panic!() };
        assert_eq!((&inner[0].1.value, inner[0].1.referenced.column()), (&Content::Bool(true), 9));
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        let (place, _) = parse("a: [1, 2\nb: }\n").unwrap_err();
        assert_eq!(place.unwrap().0, 2);
        let (place, message) = parse("a: 1\na: 2\n").unwrap_err();
        assert_eq!(place.unwrap(), (2, 1), "{message}");
    }

    #[test]
    fn an_empty_text_is_nothing() {
        assert_eq!(parse("").unwrap().value, Content::Nothing);
        assert_eq!(parse("# only a comment\n").unwrap().value, Content::Nothing);
    }

    #[test]
    fn a_deep_text_is_refused() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"a: ".repeat(10_000)).is_err());
    }
}
