//! `explain`: how a rule is evaluated, why it matches an event or does not, and what the prefilter leaves out.

use super::{Failure, print, rules, stats};
use crate::cli::{Cli, ExplainArgs};
use crate::config::{Config, EngineKind, rule_files};
use crate::rule_test::{self, Moment, Test, TestFile, replay};
use kestrel_core::schema::{self, EventId, EventSet};
use kestrel_outputs::escape;
use kestrel_rules::explain::{Answers, Explanations, NotExplained};
use kestrel_rules::prefilter::ProcessNames;
use kestrel_rules::{LoadOptions, RuleSource};
use std::path::{Path, PathBuf};

/// Explains a rule of the files that are named on the command line, or else of those of the configuration.
pub fn rule(args: &ExplainArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    if let Some(events) = &args.prefilter {
        return prefilter(events, cli, config);
    }
    let sources = rules::sources(&cli.rules, config)?;
    show(&explanations(&sources, &rules::options(config), rule_name(args))?, None)
}

/// Shows what the kernel leaves out with these rules, of the events of these names or of all.
fn prefilter(names: &[String], cli: &Cli, config: &Config) -> Result<(), Failure> {
    let rules = rules::load(&cli.rules, config)?;
    let only = names
        .iter()
        .map(|name| {
            schema::by_name(name).ok_or_else(|| {
                let message = format!("there is no event {name}; --list-events lists them");
                Failure::Usage(escape::line(&message).into_owned())
            })
        })
        .collect::<Result<Vec<EventId>, Failure>>()?;
    let only = if only.is_empty() { EventSet::all() } else { only.into_iter().collect() };
    // Of the sources, the module alone knows what processes are called.
    let names = if config.engine.kind == EngineKind::Ebpf { ProcessNames::Unknown } else { ProcessNames::Known };
    let mut lines = crate::prefilter::prefilter(&rules, names).lines(&only);
    if let Some(shares) = stats::shares(config) {
        lines.push(String::new());
        lines.push("the kestrel that runs, so far:".to_owned());
        lines.extend(shares.of(&only).lines());
    }
    lines.into_iter().try_for_each(|line| print(format_args!("{}", escape::line(&line))))
}

/// The rule that is named; the command line takes care that one is.
fn rule_name(args: &ExplainArgs) -> &str {
    args.rule.as_deref().unwrap_or_default()
}

/// Explains what a rule says of the judged event of a test in this file.
pub fn event(args: &ExplainArgs, file: &PathBuf, cli: &Cli) -> Result<(), Failure> {
    if cli.config.is_some() || !cli.options.is_empty() || !cli.rules.is_empty() {
        let message = "explain --event takes no -c, -o or -r: a file of tests names its rules";
        return Err(Failure::Usage(message.to_owned()));
    }
    let TestFile { sources, tests, name, .. } = read(file)?;
    let test = chosen(&tests, args.test_name.as_deref(), &name)?;
    let mut explained = explanations(&sources.files, &sources.options(), rule_name(args))?;
    let mut answers = None;
    replay(test, |moment, facts| {
        if moment == Moment::Judged {
            answers = Some(explained.answers(0, Some(facts.id()), facts));
        }
    });
    print(format_args!("{}", escape::line(&format!("{name}:{}: {}", test.line, test.name))))?;
    show(&explained, answers.as_ref())
}

fn explanations(sources: &[RuleSource], options: &LoadOptions, rule: &str) -> Result<Explanations, Failure> {
    Explanations::of_rule(sources, options, rule).map_err(|reason| match reason {
        NotExplained::Wrong(errors) => Failure::Rules { errors },
        NotExplained::NoRule { near: None, .. } => {
            Failure::Usage(format!("{}; -L lists all rules, with -V those of files", escape::line(&reason.to_string())))
        }
        NotExplained::NoRule { .. } | NotExplained::Skipped(_) => {
            Failure::Usage(escape::line(&reason.to_string()).into_owned())
        }
    })
}

/// The tests of a file.
fn read(file: &PathBuf) -> Result<TestFile, Failure> {
    let sources = rule_files::read(std::slice::from_ref(file)).map_err(Failure::TestFiles)?;
    let [source] = sources.as_slice() else {
        let message = format!("{} is a folder: name one file of rule tests", file.display());
        return Err(Failure::Usage(escape::line(&message).into_owned()));
    };
    let folder = Path::new(&source.name).parent().unwrap_or(Path::new(""));
    rule_test::read(&source.name, &source.text, folder)
        .map_err(|problems| Failure::Tests(problems.iter().map(ToString::to_string).collect()))
}

/// The test of this name, or else the first.
fn chosen<'t>(tests: &'t [Test], name: Option<&str>, file: &str) -> Result<&'t Test, Failure> {
    let found = match name {
        Some(name) => tests.iter().find(|test| test.name == name),
        None => tests.first(),
    };
    found.ok_or_else(|| {
        let message = match name {
            Some(name) => format!("{file} has no test called {name}"),
            None => format!("{file} has no tests"),
        };
        Failure::Usage(escape::line(&message).into_owned())
    })
}

fn show(explained: &Explanations, answers: Option<&Answers>) -> Result<(), Failure> {
    let lines = explained.rules().iter().flat_map(|rule| rule.lines(answers));
    lines.into_iter().try_for_each(|line| print(format_args!("{}", escape::line(&line))))
}
