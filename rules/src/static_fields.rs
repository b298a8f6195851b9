//! `static.NAME`: texts that the configuration gives names to, for rules and outputs of every source.
//!
//! They are known when rules are loaded, and stand in plans and outputs as what they are: no event is asked for them.

use crate::suggest::nearest;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What stands before each name.
const PREFIX: &str = "static.";

/// Texts by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticFields(Rc<BTreeMap<String, String>>);

impl StaticFields {
    /// These texts, by their names without `static.`.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> StaticFields {
        StaticFields(Rc::new(texts.into_iter().map(|(name, text)| (format!("{PREFIX}{name}"), text)).collect()))
    }

    /// True if a rule can name a field like this: letters, digits and underscores, with dots between them.
    pub fn can_be_named(name: &str) -> bool {
        let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        name.split('.').all(is_part)
    }

    /// The names of all of them, with `static.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// True if a field of this name is meant to be one of them.
    pub(crate) fn is_meant(name: &str) -> bool {
        name.starts_with(PREFIX)
    }

    /// The text of a field of this name, or what there is to say if there is none: message, label, help.
    pub(crate) fn text(&self, name: &str) -> Result<&str, (String, String, Option<String>)> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            let near = nearest(name, self.names()).map(|name| format!("did you mean {name}?"));
            let help = near.unwrap_or_else(|| "static_fields in the configuration says which there are".to_owned());
            (format!("there is no field {name}"), "not in static_fields".to_owned(), Some(help))
        })
    }
}
