//! Why a command failed, and its exit code.

use crate::config::ConfigError;
use crate::config::rule_files::UnreadableRules;
use crate::event_loop::LoopError;
use crate::shown::ViewError;
use crate::sources::{DeviceError, SourceError};
use crate::web::WebError;
use kestrel_outputs::OutputError;
use kestrel_rules::LoadErrors;
use std::io;

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Failure {
        match error {
            ViewError::NoField(_) => Failure::Usage(error.to_string()),
            ViewError::Wrong(errors) => Failure::Condition(errors),
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Rule files cannot be read.
    #[error("{}", lines(.0))]
    RuleFiles(Vec<UnreadableRules>),
    /// Rules are wrong.
    #[error("{errors}\n\n{}", count(errors.errors.len() + errors.more))]
    Rules {
        /// What is wrong.
        errors: LoadErrors,
    },
    /// Rule files were validated, and their verdicts printed: some are wrong.
    #[error("{}", count(*.0))]
    Invalid(usize),
    /// Files of rule tests cannot be read.
    #[error("{}", test_files(.0))]
    TestFiles(Vec<UnreadableRules>),
    /// Files of rule tests are wrong: each thing that is.
    #[error("{}\n\nno test was played", .0.join("\n\n"))]
    Tests(Vec<String>),
    /// Rule tests were played, and their outcomes printed: some failed.
    #[error("{}", if *.0 == 1 { "one test failed".to_owned() } else { format!("{} tests failed", .0) })]
    TestsFailed(usize),
    /// No rule is left to judge by.
    #[error("no rule is enabled: nothing would ever be found. Name rule files with -r or in rules_files")]
    NoRules,
    /// A word on the command line.
    #[error("{0}")]
    Usage(String),
    /// The sinks.
    #[error(transparent)]
    Outputs(#[from] OutputError),
    /// The web server.
    #[error(transparent)]
    Web(#[from] WebError),
    /// What `kestrel watch` reads.
    #[error("{0}")]
    Stream(String),
    /// What `kestrel stats` and `kestrel top` ask.
    #[error(transparent)]
    Stats(#[from] crate::stats::Trouble),
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The loop.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// `syscall_event_drops.actions: [exit]`.
    #[error("events were dropped, and syscall_event_drops.actions says to end then")]
    Drops,
    /// Standard output cannot be written.
    #[error("standard output: {0}")]
    Stdout(io::Error),
    /// A condition or a list of fields on the command line.
    #[error("{0}")]
    Condition(LoadErrors),
    /// The system.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        error: io::Error,
    },
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Source(SourceError::Trace(error))
            | Failure::Loop(LoopError::Source(SourceError::Trace(error))) => error.code(),
            Failure::Config(_)
            | Failure::RuleFiles(_)
            | Failure::Rules { .. }
            | Failure::Invalid(_)
            | Failure::NoRules
            | Failure::TestFiles(_)
            | Failure::Tests(_)
            | Failure::Usage(_)
            | Failure::Web(WebError::Config(_))
            | Failure::Condition(_)
            | Failure::Outputs(OutputError::Config(_) | OutputError::File { .. }) => 2,
            Failure::Outputs(OutputError::Stdout(_) | OutputError::Socket { .. } | OutputError::Spool { .. })
            | Failure::Web(WebError::Listen { .. })
            | Failure::Stream(_)
            | Failure::Stats(_)
            | Failure::Source(_)
            | Failure::Loop(_)
            | Failure::Drops
            | Failure::TestsFailed(_)
            | Failure::Stdout(_)
            | Failure::System { .. } => 1,
        }
    }

    /// True if nobody is left to be told: whoever read standard output has what they wanted.
    pub fn is_silent(&self) -> bool {
        matches!(self, Failure::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Failure {
        Failure::Source(error.into())
    }
}

/// Makes a failure of what the system said.
pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
    let what = what.into();
    move |error| Failure::System { what, error }
}

fn lines(problems: &[UnreadableRules]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn test_files(problems: &[UnreadableRules]) -> String {
    let line =
        |problem: &UnreadableRules| format!("{}: cannot read the tests: {}", problem.path.display(), problem.error);
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn count(n: usize) -> String {
    match n {
        1 => "one thing is wrong in the rules".to_owned(),
        n => format!("{n} things are wrong in the rules"),
    }
}
