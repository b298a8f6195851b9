//! What conditions are compiled to: one graph of tests for all rules, each a field and a predicate that costs little.
//!
//! ```text
//!  rule 1      rule 2         roots
//!     │ ╲       ╱ │
//!    All  ╲   ╱  Any          nodes, each there once however many rules ask for it
//!   ╱   ╲  Not    │
//! Test  Test ╲── Test         tests: operand, operator, predicate
//!   │      ╲     ╱
//! proc.name  fd.name          operands: fields, and what transformers make of them
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `program.rs` | the graph as it is evaluated |
//! | `builder.rs` | making it: nothing twice, cheap tests that say no first |
//! | `specialize.rs` | conditions as they are for one event |
//! | `cost.rs` | what tests cost, and how likely they hold |
//! | `merge.rs` | several tests of one operand made one |
//! | `run.rs` | evaluating it for one event |
//! | `transform.rs`, `getopt.rs` | transformers |
//! | `predicate.rs` | what can be asked of a value |
//! | `shape.rs` | what predicates are, in words |
//! | `compare.rs` | two values of one event compared |
//! | `text_set.rs`, `affix_set.rs`, `search.rs`, `path_set.rs`, `network.rs`, `regex.rs`, `glob.rs` | what predicates are made of |
//!
//! What several rules ask is evaluated once per event: its result stands in a slot that counts only for that event.
//! Evaluating allocates nothing in the long run: values that are composed live in an arena that is kept.

mod affix_set;
mod builder;
mod compare;
mod cost;
mod getopt;
mod glob;
mod merge;
mod network;
mod path_set;
mod predicate;
mod program;
mod regex;
mod run;
mod search;
mod shape;
mod specialize;
mod text_set;
mod transform;

pub use affix_set::{AffixSet, End};
pub use builder::{Builder, Packed};
pub use cost::Estimate;
pub use glob::{Glob, Literal};
pub use merge::{contains, contains_any};
pub use network::{Network, NetworkSet, Prefix, prefixes_of};
pub use path_set::{Listed, PathSet};
pub use predicate::Predicate;
pub use program::{Node, NodeId, Operand, OperandId, Program, Test};
pub use regex::{Needed, Regex};
pub use run::{Memory, Run};
pub use search::Search;
pub use specialize::{Left, Specializer};
pub use text_set::TextSet;
pub use transform::apply;
