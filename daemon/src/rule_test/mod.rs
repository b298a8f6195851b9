//! Rule tests: files that say what happens on a machine, and which rules fire then.
//!
//! ```text
//!  text ─document─▶ values with places ─reading─▶ records, expectations ─play─▶ outcomes ─report─▶ lines
//! ```
//!
//! The events of a test become records, written as the kernel module writes them ([`crate::record_builder`]), taken in by the
//! process table and judged as while watching ([`crate::watch::Judge`]). Nothing between the kernel and the alert is replaced.
//!
//! | file | is about |
//! |---|---|
//! | `reading/` | from a file's text to records and expectations; everything that is wrong with it |
//! | `problem.rs` | what is wrong, where |
//! | `machine.rs` | the machine that tests happen on: its clock and its users |
//! | `play.rs` | playing a test |
//! | `replay.rs` | its records once more, to look at what rules see |
//! | `coverage.rs` | which conditions no event made true, or none made false |
//! | `cost.rs` | what each rule cost |
//! | `explain.rs` | why a rule did not fire |
//! | `report.rs` | what people see |
//!
//! Limits: a file has at most [`MAX_BYTES`], tests, processes and events are bounded as well; what is beyond is refused.
//! docs/RULE-TESTS.md is the page for those who write tests.

mod cost;
mod coverage;
mod explain;
mod machine;
mod play;
mod problem;
mod reading;
mod replay;
mod report;

pub use cost::Cost;
pub use coverage::Coverage;
pub use play::{Alerted, Mismatch, Outcome, play};
pub use problem::Problem;
pub use reading::{MAX_BYTES, MAX_EVENTS, MAX_PROCESSES, MAX_RECORDS, MAX_TESTS, Wrong, read};
pub use replay::{Moment, replay};
pub use report::{Tally, failure, heading, line};

use crate::container::{Details, Runtime};
use kestrel_rules::{LoadOptions, Matching, RuleSet, RuleSource, StaticFields};

/// What rules are loaded from.
#[derive(Clone, Debug, Default)]
pub struct RuleTexts {
    /// The texts of their files.
    pub files: Vec<RuleSource>,
    /// Texts that they can name.
    pub static_fields: StaticFields,
}

impl RuleTexts {
    /// How they are loaded, so that every rule that matches fires.
    pub fn options(&self) -> LoadOptions {
        LoadOptions { matching: Matching::All, static_fields: self.static_fields.clone(), ..LoadOptions::default() }
    }
}

/// A file of tests, read and found right.
#[derive(Debug)]
pub struct TestFile {
    /// Its name.
    pub name: String,
    /// What the rules that it tests are loaded from.
    pub sources: RuleTexts,
    /// The rules.
    pub rules: RuleSet,
    /// The tests, in their order.
    pub tests: Vec<Test>,
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it says, in words.
    pub name: String,
    /// The line that it begins in, counted from 1.
    pub line: u64,
    /// The containers that its processes are in.
    pub containers: Vec<ContainerFacts>,
    /// Records that come before, in words; alerts for them do not matter.
    pub before: Vec<Vec<u64>>,
    /// The record that is judged.
    pub judged: Vec<u64>,
    /// The rules that fire for it, in this order, and no others.
    pub expected: Vec<Expected>,
    /// Rules that look at the judged event, and that it comes near to without making them fire.
    pub silent: Vec<String>,
}

/// A container, and what its runtime would have written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Its id: 64 hexadecimal digits.
    pub id: String,
    /// The rest.
    pub details: Details,
}

impl ContainerFacts {
    /// The path of its control group, as its runtime would have made it; Docker's if none is said.
    pub fn cgroup(&self) -> Vec<u8> {
        let scope = match self.details.runtime {
            Some(Runtime::Podman) => "machine.slice/libpod",
            Some(Runtime::Containerd) => "system.slice/cri-containerd",
            Some(Runtime::CriO) => "system.slice/crio",
            _ => "system.slice/docker",
        };
        format!("/{scope}-{}.scope", self.id).into_bytes()
    }
}

/// A rule that is expected to fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub rule: String,
    /// All of its output.
    pub output: Option<String>,
    /// Parts of its output.
    pub contains: Vec<String>,
}
