//! The default rules: their tests pass, and each rule has some.

use kestrel::rule_test::{self, Moment, Outcome, TestFile, failure, line, replay};
use kestrel_core::event::Record;
use kestrel_core::filter::{Known, OfProcess, Program, Verdict, judge};
use kestrel_rules::prefilter::ProcessNames;
use kestrel_rules::{DEFAULT_RULES, Facts, Field, FieldRef, LoadOptions, RuleSet, RuleSource, Value};
use std::collections::BTreeSet;
use std::path::Path;
use zerocopy::IntoBytes;

/// Every file of tests of the rules that Kestrel brings.
fn files() -> Vec<TestFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/rulesets/tests");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            rule_test::read(&path.display().to_string(), &text, &folder).unwrap_or_else(|wrong| {
                panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))
            })
        })
        .collect()
}

#[test]
fn every_test_of_the_default_rules_passes() {
    let mut failures = Vec::new();
    for file in files() {
        let mut rules = file.rules;
        for test in &file.tests {
            let (outcome, again) = rule_test::play(test, rules, &file.sources);
            rules = again;
            if let Outcome::Failed(mismatch) = &outcome {
                failures.push(format!("{}\n{}\n{}", file.name, line(test, &outcome), failure(mismatch)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_normal_on_a_machine_is_put_into_lists_that_are_empty() {
    let place = tempfile::tempdir().unwrap();
    let mine = "- list: my_readers_of_sensitive_files\n  items: [backup]\n  override: {items: append}\n";
    std::fs::write(place.path().join("mine.yaml"), mine).unwrap();
    let played = |rules: &str| {
        let text = format!(
            "rules: {rules}\ntests: [{{name: a, process: backup, event: {{open: {{name: /etc/shadow}}}}, fires: none}}]"
        );
        let file = rule_test::read("tests.yaml", &text, place.path()).unwrap();
        rule_test::play(&file.tests[0], file.rules, &file.sources).0 == Outcome::Passed
    };
    assert!(!played("default"));
    assert!(played("[default, mine.yaml]"));
}

#[test]
fn every_rule_has_a_test_that_fires_it_and_one_that_comes_near_and_does_not() {
    let source = RuleSource { name: "default".to_owned(), text: DEFAULT_RULES.to_owned() };
    let loaded = RuleSet::load(&[source], LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let files = files();
    let all = loaded.rules.rules().iter().chain(files.iter().flat_map(|file| file.rules.rules()));
    let all: BTreeSet<&str> = all.map(|rule| &*rule.name).collect();
    let tests = || files.iter().flat_map(|file| &file.tests);
    let fired: BTreeSet<&str> =
        tests().flat_map(|test| &test.expected).map(|expected| expected.rule.as_str()).collect();
    let silent: BTreeSet<&str> = tests().flat_map(|test| &test.silent).map(String::as_str).collect();
    let missing = |tested: &BTreeSet<&str>| all.difference(tested).copied().collect::<Vec<_>>().join(", ");
    assert_eq!(missing(&fired), "", "no test in rules/rulesets/tests makes these fire");
    assert_eq!(missing(&silent), "", "no test in rules/rulesets/tests has these as `silent`");
}

/// The program of the default rules keeps every event that a test makes some rule fire for; records of before too, which tests
/// take for what made the state.
#[test]
fn the_prefilter_of_the_default_rules_keeps_whatever_fires() {
    let (mut kept, mut rejected) = (0, 0);
    for file in files() {
        let prefilter = kestrel::prefilter::prefilter(&file.rules, ProcessNames::Known);
        let program = Program::verify(prefilter.program()).unwrap();
        assert_eq!(prefilter.given_up(), None);
        let given_up: Vec<_> = prefilter.events().iter().filter_map(|event| event.given_up).collect();
        assert_eq!(given_up, [], "{}: {}", file.name, prefilter.summary());
        for test in &file.tests {
            let record = Record::parse(test.judged.as_bytes()).unwrap();
            replay(test, |moment, facts| {
                if moment != Moment::Judged {
                    return;
                }
                let named = |name| match name {
                    Value::Str(name) => Known::Is(name),
                    _ => Known::Unknown,
                };
                let mut names = vec![named(facts.value(&FieldRef::plain(Field::ProcName)))];
                if let Value::Any(ancestors) = facts.value(&FieldRef::plain(Field::ProcAname)) {
                    names.extend(ancestors.iter().copied().map(named));
                }
                match judge(&program, &record, OfProcess { names: Some(&names), ..OfProcess::UNKNOWN }) {
                    Verdict::Keep => kept += 1,
                    Verdict::Reject => {
                        rejected += 1;
                        assert!(test.expected.is_empty(), "{}: {} is rejected", file.name, test.name);
                    }
                }
            });
        }
    }
    // Near misses are there to be rejected, as far as the kernel can tell.
    assert!(kept > 100 && rejected > 100, "{kept} kept, {rejected} rejected");
}
