//! Loading rule files.
//!
//! ```text
//!  files ─yaml─▶ items ─reader─▶ collection ─finish─▶ rules
//!                                lists, macros and rules, each with
//!                                whatever was appended to or put over it
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `item.rs` | an item's keys |
//! | `reader.rs` | which item is what |
//! | `definition.rs` | lists and macros |
//! | `rule.rs` | rules: defined, changed, switched |
//! | `overriding.rs` | the key `override` |
//! | `exception.rs` | exceptions, and the conditions that they are |
//! | `requirement.rs` | what the rules require of the engine |
//! | `collection.rs` | everything that was read |
//! | `finish.rs` | from what was read to rules |
//!
//! As in Falco, macros and lists count as they stand at the end of all files: a later file changes what earlier ones mean.

mod collection;
mod definition;
mod exception;
mod finish;
mod item;
mod overriding;
mod reader;
mod requirement;
mod rule;

pub use collection::{Collection, ListDef, RuleDef};
pub use exception::{Entry, with_exceptions};
pub use finish::{Compiled, finish};
pub use requirement::{ENGINE_VERSION, Requirement};

use crate::diagnostic::{Diagnostic, Findings, LoadErrors, SourceText};
use crate::ruleset::{Matching, RuleSet};
use crate::select::Selection;
use crate::static_fields::StaticFields;
use crate::yaml;
use kestrel_core::priority::Priority;
use std::sync::Arc;

/// A rule file.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// How rules are loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Rules below this priority are left out.
    pub least_priority: Priority,
    /// How many rules an event can match.
    pub matching: Matching,
    /// Which rules are switched on and off, in order: a later entry counts more.
    pub selection: Vec<Selection>,
    /// Texts that rules can name.
    pub static_fields: StaticFields,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            least_priority: Priority::Debug,
            matching: Matching::First,
            selection: Vec::new(),
            static_fields: StaticFields::default(),
        }
    }
}

/// Rules that were loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The rules.
    pub rules: RuleSet,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

impl RuleSet {
    /// Loads rule files, in order: macros and lists of one can be used in the next.
    ///
    /// # Errors
    /// [`LoadErrors`]: everything that is wrong with any of them.
    pub fn load(sources: &[RuleSource], options: LoadOptions) -> Result<Loaded, LoadErrors> {
        let (compiled, findings) = load(sources, &options.static_fields);
        if !findings.errors.is_empty() {
            return Err(findings.into());
        }
        Ok(Loaded { rules: compiled.rule_set(&options), warnings: findings.warnings })
    }
}

/// Reads and compiles everything, and says what was found.
pub fn load(sources: &[RuleSource], static_fields: &StaticFields) -> (Compiled, Findings) {
    let mut findings = Findings::default();
    let mut collection = Collection::default();
    for (index, source) in sources.iter().enumerate() {
        let file = Arc::new(SourceText { index, name: source.name.clone(), text: source.text.clone() });
        match yaml::parse(&file) {
            Ok(documents) => {
                documents.iter().for_each(|document| reader::document(&file, document, &mut collection, &mut findings))
            }
            Err(problem) => {
                let content = reader::content("rules content", problem.place.clone());
                findings.add(problem.of(&content));
            }
        }
    }
    let compiled = finish(collection, static_fields, &mut findings);
    findings.sort();
    (compiled, findings)
}

impl From<Findings> for LoadErrors {
    fn from(findings: Findings) -> LoadErrors {
        LoadErrors { errors: findings.errors, warnings: findings.warnings, more: findings.more }
    }
}
