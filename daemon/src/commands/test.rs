//! `test`: plays files of rule tests, and says what became of each test.

use super::{Failure, print};
use crate::cli::{Cli, TestArgs};
use crate::config::rule_files;
use crate::rule_test::{self, Cost, Coverage, Outcome, Tally, TestFile, failure, heading, line};
use kestrel_outputs::escape;
use std::path::Path;

/// Plays files. If anything is wrong with one of them, all that is wrong with any is said, and none is played.
pub fn run(args: &TestArgs, cli: &Cli) -> Result<(), Failure> {
    if cli.config.is_some() || !cli.options.is_empty() || !cli.rules.is_empty() {
        let message = "test takes no -c, -o or -r: a file of tests names its rules, and how many of them can match";
        return Err(Failure::Usage(message.to_owned()));
    }
    let sources = rule_files::read(&args.files).map_err(Failure::TestFiles)?;
    let mut files = Vec::new();
    let mut wrong = Vec::new();
    for source in &sources {
        let folder = Path::new(&source.name).parent().unwrap_or(Path::new(""));
        match rule_test::read(&source.name, &source.text, folder) {
            Ok(file) => files.push(file),
            Err(problems) => wrong.extend(problems.iter().map(ToString::to_string)),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::Tests(wrong));
    }
    if files.is_empty() {
        return Err(Failure::Usage(
            "there are no tests: a folder stands for the .yaml and .yml files in it".to_owned(),
        ));
    }
    let mut tally = Tally::default();
    let mut coverage = Coverage::default();
    let mut cost = args.cost.then(Cost::default);
    for file in files {
        play(file, &mut tally, &mut coverage, cost.as_mut())?;
    }
    print(format_args!("{coverage}"))?;
    if args.coverage {
        coverage.lines().iter().try_for_each(|line| print(format_args!("{}", escape::line(line))))?;
    }
    for line in cost.iter().flat_map(Cost::lines) {
        print(format_args!("{}", escape::line(&line)))?;
    }
    print(format_args!("{tally}"))?;
    if tally.failed > 0 { Err(Failure::TestsFailed(tally.failed)) } else { Ok(()) }
}

fn play(file: TestFile, tally: &mut Tally, coverage: &mut Coverage, cost: Option<&mut Cost>) -> Result<(), Failure> {
    let TestFile { name, sources, mut rules, tests } = file;
    rules.measure(cost.is_some());
    print(format_args!("{}", heading(&name)))?;
    for test in &tests {
        let (outcome, again) = rule_test::play(test, rules, &sources);
        rules = again;
        tally.count(&outcome);
        coverage.record(&sources, test).map_err(|errors| Failure::Rules { errors })?;
        print(format_args!("{}", line(test, &outcome)))?;
        if let Outcome::Failed(mismatch) = &outcome {
            print(format_args!("{}", failure(mismatch)))?;
        }
    }
    if let Some(cost) = cost {
        cost.add(&rules);
    }
    Ok(())
}
