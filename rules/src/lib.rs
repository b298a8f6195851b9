//! Rules in Falco's language: from files to decisions.
//!
//! ```text
//!  text ─yaml─▶ items with positions ─syntax─▶ conditions ─check─▶ plans ─evaluate─▶ the rules that match an event
//! ```
//!
//! | module | is about |
//! |---|---|
//! | `field` | the table of fields |
//! | `facts` | what is known about one event: the border to whoever has events |
//! | `yaml` | YAML with the position of every character |
//! | `syntax` | conditions as trees |
//! | `check` | names, types, macros, lists |
//! | `plan` | predicates that cost little |
//! | `ruleset` | loading and evaluating |
//! | `output` | output formats |
//! | `diagnostic` | what is wrong, where, and what was expected |
//!
//! Promises: all errors of all files in one run, each with file, line and column; hostile files are bounded and refused;
//! evaluating allocates nothing. Limits: exceptions, overrides, transformers and `val()` are not understood yet, and say so.
#![forbid(unsafe_code)]

mod check;
mod diagnostic;
mod facts;
mod field;
mod load;
mod output;
mod plan;
mod ruleset;
mod suggest;
mod syntax;
mod yaml;

pub use diagnostic::{Diagnostic, LoadErrors, Severity};
pub use facts::{Facts, FieldArg, FieldRef, Value};
pub use field::{ArgRule, FIELDS, Field, FieldClass, FieldDef, FieldFlags, FieldSource, FieldType};
pub use kestrel_core::priority::Priority;
pub use load::{LoadOptions, Loaded, RuleSource};
pub use output::OutputFormat;
pub use plan::Glob;
pub use ruleset::{Matching, Rule, RuleSet};

/// The rules that Kestrel comes with, as one file: words first, then subject by subject. Of several rules that match an event
/// the first fires, so the order counts; ci/default-rules.sh has the same.
pub const DEFAULT_RULES: &str = concat!(
    include_str!("../rulesets/words.yaml"),
    include_str!("../rulesets/kernel.yaml"),
    include_str!("../rulesets/credentials.yaml"),
    include_str!("../rulesets/network.yaml"),
    include_str!("../rulesets/containers.yaml"),
    include_str!("../rulesets/persistence.yaml"),
    include_str!("../rulesets/processes.yaml"),
    include_str!("../rulesets/files.yaml"),
);
