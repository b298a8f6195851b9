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
//! | `static_fields` | texts of the configuration that rules can name |
//! | `yaml`, `text` | YAML with the position of every character, and text put together of it |
//! | `syntax`, `number` | conditions as trees |
//! | `load` | rule files: definitions, changes, exceptions, requirements |
//! | `check` | names, types, macros, lists |
//! | `plan` | the tests of all conditions, in one graph |
//! | `ruleset`, `index` | judging an event |
//! | `statistics` | what judging costs |
//! | `prefilter` | from conditions to a program that the kernel judges events by |
//! | `select` | which rules are switched on |
//! | `output` | output formats |
//! | `explain` | how a rule is evaluated, and what each of its tests says of an event |
//! | `describe` | what rule files hold, and whether they are valid, as text and JSON |
//! | `diagnostic`, `code` | what is wrong, where, and what was expected |
//!
//! Where it differs from Falco, on purpose:
//!
//! - The name of a list stands for its items only where a value stands, not inside of quotes; lists in lists in lists are
//!   put in, too.
//! - Loading goes on after the first file with errors, so that everything wrong is said at once.
//! - `!=` on a field that may mean several things (`fd.ip`, `proc.aname`) says that none of them is equal.
//! - The name of an event that is not recorded here is a warning, not an error.
//! - `regex` knows `\d`, `\s` and `\w`; `getopt` takes one text, too, and looks at its words.
//! - Plugins are not loaded: the fields of those for containers, Kubernetes and JSON are built in, and count as present
//!   whatever version is asked for.
//!
//! Promises: all errors of all files in one run, each with file, line and column; hostile files are bounded and refused;
//! judging an event that matches nothing allocates nothing in the long run.
#![forbid(unsafe_code)]

mod check;
mod code;
pub mod describe;
mod diagnostic;
pub mod explain;
mod facts;
mod field;
mod index;
mod load;
mod number;
mod output;
mod plan;
pub mod prefilter;
mod ruleset;
mod select;
mod static_fields;
mod statistics;
mod suggest;
pub mod syntax;
mod text;
mod yaml;

pub use code::Code;
pub use diagnostic::{Diagnostic, LoadErrors, Severity};
pub use facts::{Facts, FieldArg, FieldRef, Value};
pub use field::{ArgRule, FIELDS, Field, FieldClass, FieldDef, FieldFlags, FieldSource, FieldType};
pub use kestrel_core::priority::Priority;
pub use load::{ENGINE_VERSION, LoadOptions, Loaded, RuleSource};
pub use output::OutputFormat;
pub use plan::Glob;
pub use ruleset::{Matching, Rule, RuleSet};
pub use select::{Selected, Selection};
pub use static_fields::StaticFields;
pub use statistics::{RuleStatistics, Statistics};

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

/// The rules about Kubernetes that Kestrel comes with, of the source `k8s_audit`.
pub const KUBERNETES_RULES: &str = include_str!("../rulesets/kubernetes.yaml");
