//! `-V`: says everything that is wrong with rule files, and a verdict on each.

use super::describe::{self, Wanted};
use super::rules::{options, static_fields};
use super::unfilled::Unfilled;
use super::{Failure, print};
use crate::config::Config;
use crate::config::rule_files;
use kestrel_rules::describe::Verdict;
use kestrel_rules::{Diagnostic, RuleSet, RuleSource, Severity};
use std::path::PathBuf;

/// Validates files. Together, since macros and lists of one can be used in the next. What is wanted of their description
/// goes into the same answer where that is JSON, and behind it otherwise.
pub fn run(files: &[PathBuf], described: Option<&Wanted>, config: &Config) -> Result<(), Failure> {
    let (sources, unreadable) = rule_files::read_each(files);
    let unreadable: Vec<Verdict> = unreadable
        .iter()
        .map(|problem| Verdict::unreadable(&problem.path.display().to_string(), &problem.error.to_string()))
        .collect();
    if config.outputs.json_output {
        return as_json(&sources, unreadable, described, config);
    }
    for verdict in &unreadable {
        print(format_args!("{verdict}"))?;
    }
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
    if errors + unreadable.len() > 0 {
        return Err(Failure::Invalid(errors + unreadable.len()));
    }
    match described {
        Some(wanted) => describe::run(files, wanted, config),
        None => Ok(()),
    }
}

/// The verdicts in Falco's JSON.
fn as_json(
    sources: &[RuleSource],
    unreadable: Vec<Verdict>,
    described: Option<&Wanted>,
    config: &Config,
) -> Result<(), Failure> {
    let mut verdicts = unreadable;
    verdicts.extend(kestrel_rules::describe::validate(sources, &static_fields(config)));
    let errors: usize = verdicts.iter().map(|verdict| verdict.errors.len()).sum();
    let mut answer = kestrel_rules::describe::as_json(&verdicts);
    if errors == 0
        && let Some(wanted) = described
    {
        answer["falco_describe_results"] = wanted.describe(sources, config)?;
    }
    print(format_args!("{answer}"))?;
    if errors > 0 { Err(Failure::Invalid(errors)) } else { Ok(()) }
}
