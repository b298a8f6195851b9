//! What is added to alerts, and how many of them there may be.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is added to the alerts of some rules, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppendOutput {
    /// The rules that are meant.
    #[serde(rename = "match")]
    pub to: AppendTo,
    /// An output format, added to the message behind a blank.
    pub extra_output: String,
    /// Fields that are added to `output_fields` alone.
    pub extra_fields: Vec<ExtraField>,
    /// Add to the message what there is to say about the container and the pod, if the rule's source has such fields.
    pub suggested_output: bool,
}

impl AppendOutput {
    /// What is wrong with it, if anything is: whether its formats are right is found out with the rules.
    pub fn problem(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        let twice = self.extra_fields.iter().flat_map(ExtraField::names).find(|name| !names.insert(*name))?;
        Some(format!("append_output: extra_fields: {:?} is there twice", twice))
    }
}

impl ExtraField {
    /// What it is called in `output_fields`.
    fn names(&self) -> Vec<&str> {
        match self {
            ExtraField::Field(name) => vec![name],
            ExtraField::Named(named) => named.keys().map(String::as_str).collect(),
        }
    }
}

/// Rules for which all of this is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppendTo {
    /// The rule's name; empty for any.
    pub rule: String,
    /// The source of its events; empty for any.
    pub source: String,
    /// Tags that it has.
    pub tags: Vec<String>,
}

/// A field that is added to `output_fields`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExtraField {
    /// A field of the event under its own name, with its type.
    Field(String),
    /// An output format under a name, as text.
    Named(BTreeMap<String, String>),
}

/// How many alerts a rule may raise. Nothing is limited if nothing is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertLimits {
    /// Alerts of one rule a second, on average; 0 for no limit.
    pub rate: f64,
    /// Alerts of one rule in a row.
    pub max_burst: u64,
    /// Milliseconds for which an alert that is the same as one before but for its time is counted instead of sent; 0 for
    /// none.
    pub repeat_interval: u64,
}

impl Default for AlertLimits {
    fn default() -> Self {
        AlertLimits { rate: 0.0, max_burst: 1000, repeat_interval: 0 }
    }
}
