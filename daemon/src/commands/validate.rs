//! `-V`: says everything that is wrong with rule files, and a verdict on each.

use super::rules::options;
use super::unfilled::Unfilled;
use super::{Failure, print};
use crate::config::Config;
use crate::config::rule_files;
use kestrel_rules::{Diagnostic, RuleSet, Severity};
use std::path::PathBuf;

/// Validates files. Together, since macros and lists of one can be used in the next.
pub fn run(files: &[PathBuf], config: &Config) -> Result<(), Failure> {
    let sources = rule_files::read(files).map_err(Failure::RuleFiles)?;
    let (problems, errors, unfilled): (Vec<Diagnostic>, usize, _) = match RuleSet::load(&sources, options(config)) {
        Ok(loaded) => (loaded.warnings, 0, Unfilled::of(&loaded.rules, usize::MAX)),
        Err(errors) => {
            let count = errors.errors.len() + errors.more;
            (errors.errors.into_iter().chain(errors.warnings).collect(), count, None)
        }
    };
    for source in &sources {
        let own: Vec<&Diagnostic> = problems.iter().filter(|problem| problem.position().0 == source.name).collect();
        let verdict = match own.as_slice() {
            [] => "Ok",
            own if own.iter().all(|problem| problem.severity() == Severity::Warning) => "Ok, with warnings",
            [..] => "Invalid",
        };
        print(format_args!("{}: {verdict}", source.name))?;
        for problem in own {
            print(format_args!("{problem}\n"))?;
        }
    }
    if let Some(unfilled) = unfilled {
        print(format_args!("warning: {unfilled}"))?;
    }
    if errors > 0 { Err(Failure::Invalid(errors)) } else { Ok(()) }
}
