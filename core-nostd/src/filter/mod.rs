//! The prefilter: a small program that says of an event, where it happens, whether anybody can want it.
//!
//! ```text
//!   rules ─derive─▶ Condition ─build─▶ bytes ─verify─▶ Program
//!                                                         │
//!   an event: View (numbers, texts, addresses) ─▶ Evaluation ─▶ Keep, Reject, or Later
//! ```
//!
//! A program has for each event at most one section: nodes, each of which loads one value, tests it, and says where to go on,
//! always forward. An event without a section is kept. *Reject* means: no rule, and no state that rules need, can want this
//! event. Which events are asked for at all is another matter ([`crate::abi::Interest`]).
//!
//! **What a value can be.** It is there; or it is *absent*, which is sure, and satisfies no test, as a missing value in a rule
//! satisfies none: the node's *no* is taken, so that swapping *yes* and *no* is the rule language's `not`; or it is *unknown*:
//! then the event is kept, whatever the test. Which of the three it is, the doc comment of each [`Load`] says.
//!
//! **What values are.** Those of the record that is written if the event is kept, and what is kept of its process
//! ([`OfProcess`]); no others: a program that is evaluated over
//! a finished record ([`RecordView`]) says the same as one that was evaluated while the event happened
//! ([`crate::fill::Draft`]). That law is tested.
//!
//! **What is judged.** System calls that returned, requests of io_uring, and delivered signals. The records that tracepoints of
//! their own write are always kept: a task that was made (clone, clone3, fork, vfork, which did not fail), a program that was
//! executed (execve, execveat, which did not fail), and a task that ended (procexit). See [`is_judged`].
//!
//! | file | holds |
//! |---|---|
//! | `load.rs` | what can be looked at |
//! | `test.rs` | what can be asked of it |
//! | `program.rs` | the bytes |
//! | `verify.rs`, `tables.rs` | what bytes are a program; sets |
//! | `eval.rs` | the evaluator |
//! | `foresee.rs` | what is sure before an event happened |
//! | `read.rs` | values from what a record holds |
//! | `record.rs` | values from a finished record |
//! | `place.rs` | values that need no record: in registers, or at the end of one |
//! | `paths.rs` | paths that are tested before there is a record |
//! | `live.rs` | values from registers, and from a record in the making ([`crate::fill::Draft`]) |
//! | `build/` | for user space (feature `alloc`): from a [`build::Condition`] to bytes |
//!
//! Limits: [`MAX_PROGRAM`] bytes, [`MAX_SECTION`] nodes a section, [`MAX_NODES`] in all, [`MAX_TABLES`] tables, [`MAX_STEPS`]
//! steps an event, whatever the program.

#[cfg(feature = "alloc")]
pub mod build;
mod eval;
mod foresee;
mod live;
mod load;
mod paths;
mod place;
mod program;
mod read;
mod record;
mod tables;
mod test;
mod verify;

pub use eval::{Early, Evaluation, MAX_STEPS, Reached, SEARCH_STEPS, Step, Verdict, View};
pub use foresee::foresee;
pub use live::MomentView;
pub use load::{Class, Ip, Known, Load, MAX_GENERATION, Part, Scope};
pub use place::Registers;
pub use program::{
    Header, KEEP, MAGIC, MAX_NODES, MAX_PATTERN, MAX_PROGRAM, MAX_SECTION, MAX_TABLES, MAX_TEXT, NONE, Node, Program,
    REJECT, Section, Table, TableKind,
};
pub(crate) use read::{address_of, number_of, task_number, text_of};
pub use record::{OfProcess, RecordView, is_judged, judge};
pub use test::Test;
pub use verify::{Refused, Why};
