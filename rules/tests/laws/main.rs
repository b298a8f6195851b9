//! Laws of conditions, on random conditions and events: the program says what the interpreter of the tree says, printing
//! and parsing are inverse, and the events that a rule is asked for are never too few.

#[path = "../oracle/mod.rs"]
mod oracle;

mod arbitrary;
mod glob;

use arbitrary::{any_condition, any_event, any_guarded, any_tree};
use kestrel_rules::explain::{Answer, Explanations, What};
use kestrel_rules::syntax::{self, Expr};
use kestrel_rules::{LoadOptions, Matching, RuleSet, RuleSource};
use oracle::{Event, holds};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseResult, TestRunner};

/// A rule file with a rule for each condition.
fn rules(conditions: &[Expr]) -> String {
    let rule = |(index, condition): (usize, &Expr)| {
        let text = condition.to_string().replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "- rule: r{index}\n  desc: d\n  condition: \"{text}\"\n  output: o\n  priority: NOTICE\n  warn_evttypes: false\n"
        )
    };
    conditions.iter().enumerate().map(rule).collect()
}

fn load(text: String, matching: Matching) -> RuleSet {
    let source = RuleSource { name: "laws.yaml".to_owned(), text };
    let options = LoadOptions { matching, ..LoadOptions::default() };
    RuleSet::load(&[source], options).unwrap_or_else(|errors| panic!("{errors}")).rules
}

fn matches(rules: &mut RuleSet, event: &Event) -> Vec<String> {
    let mut names = Vec::new();
    rules.evaluate(event.id, event, |rule| names.push(rule.name.to_string()));
    names
}

fn same_as_the_oracle(conditions: &[Expr], events: &[Event]) -> TestCaseResult {
    let text = rules(conditions);
    let mut all = load(text.clone(), Matching::All);
    let mut first = load(text, Matching::First);
    for event in events {
        let expected: Vec<String> = conditions
            .iter()
            .enumerate()
            .filter(|(_, condition)| holds(condition, event))
            .map(|(index, _)| format!("r{index}"))
            .collect();
        prop_assert_eq!(&matches(&mut all, event), &expected, "{:?}", event);
        prop_assert_eq!(matches(&mut first, event), expected.into_iter().take(1).collect::<Vec<_>>());
    }
    Ok(())
}

/// Explains each condition; of each event, what is said of the whole and of each test that is reached is what the oracle says.
fn explained_as_the_oracle(conditions: &[Expr], events: &[Event]) -> TestCaseResult {
    let source = RuleSource { name: "laws.yaml".to_owned(), text: rules(conditions) };
    let mut explained = Explanations::of_all(&[source], &LoadOptions::default()).unwrap();
    prop_assert_eq!(explained.rules().len(), conditions.len());
    for event in events {
        for (index, condition) in conditions.iter().enumerate() {
            let answers = explained.answers(index, Some(event.id), event);
            prop_assert_eq!(answers.holds(), holds(condition, event), "{} {:?}", condition, event);
            for test in explained.rules()[index].condition.tests() {
                let What::Test { text, .. } = &test.part.what else { panic!("{test:?}") };
                let (answer, _) = answers.all[test.number];
                if answer != Answer::NotReached {
                    let expected = holds(&syntax::parse(text).unwrap(), event);
                    prop_assert_eq!(answer == Answer::Yes, expected, "{} in {}", text, condition);
                }
            }
        }
    }
    Ok(())
}

/// Tests in a condition.
fn tests(condition: &Expr) -> usize {
    match condition {
        Expr::And(terms) | Expr::Or(terms) => terms.iter().map(tests).sum(),
        Expr::Not(term) => tests(term),
        Expr::Check(_) => 1,
        Expr::Macro(_) => 0,
    }
}

#[test]
fn random_conditions_hold_often_enough_for_the_laws_to_mean_something() {
    let mut runner = TestRunner::deterministic();
    let mut sample = || {
        let condition = any_condition().new_tree(&mut runner).unwrap().current();
        let event = any_event().new_tree(&mut runner).unwrap().current();
        holds(&condition, &event)
    };
    let held = (0..1_000).filter(|_| sample()).count();
    assert!((200..800).contains(&held), "{held} of 1000");
}

#[test]
fn most_rules_of_the_laws_are_found_by_a_value_and_not_asked_of_every_event() {
    let mut runner = TestRunner::deterministic();
    let (mut asked, mut could) = (0, 0);
    for _ in 0..20 {
        let conditions: Vec<Expr> = (0..48).map(|_| any_guarded().new_tree(&mut runner).unwrap().current()).collect();
        let mut rules = load(rules(&conditions), Matching::All);
        rules.measure(true);
        for _ in 0..10 {
            let event = any_event().new_tree(&mut runner).unwrap().current();
            could += rules.rules().iter().filter(|rule| rule.events.contains(event.id)).count();
            rules.evaluate(event.id, &event, |_| {});
        }
        asked += rules.statistics().rules.iter().map(|rule| rule.evaluations as usize).sum::<usize>();
    }
    assert!(asked > could / 10 && asked < could * 8 / 10, "{asked} of {could}");
}

proptest! {

    #[test]
    fn the_program_says_what_the_tree_says(
        conditions in prop::collection::vec(any_condition(), 1..12),
        events in prop::collection::vec(any_event(), 1..8),
    ) {
        same_as_the_oracle(&conditions, &events)?;
    }

    #[test]
    fn rules_that_are_found_by_a_value_are_those_that_the_tree_says(
        conditions in prop::collection::vec(any_guarded(), 8..48),
        events in prop::collection::vec(any_event(), 1..8),
    ) {
        same_as_the_oracle(&conditions, &events)?;
    }

    #[test]
    fn what_is_explained_is_what_the_tree_says(
        conditions in prop::collection::vec(any_condition(), 1..8),
        events in prop::collection::vec(any_event(), 1..8),
    ) {
        explained_as_the_oracle(&conditions, &events)?;
    }

    #[test]
    fn no_test_of_a_condition_is_left_out_of_its_explanation(condition in any_condition()) {
        let source = RuleSource { name: "laws.yaml".to_owned(), text: rules(std::slice::from_ref(&condition)) };
        let explained = Explanations::of_all(&[source], &LoadOptions::default()).unwrap();
        prop_assert_eq!(explained.rules()[0].condition.tests().len(), tests(&condition), "{}", condition);
    }

    #[test]
    fn a_rule_is_asked_for_every_event_that_it_matches(condition in any_condition(), event in any_event()) {
        let rules = load(rules(std::slice::from_ref(&condition)), Matching::First);
        if holds(&condition, &event) {
            prop_assert!(rules.rules()[0].events.contains(event.id), "{condition}");
            prop_assert!(rules.events().contains(event.id));
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_tree(tree in any_tree()) {
        let text = tree.to_string();
        prop_assert_eq!(syntax::parse(&text), Ok(tree), "{}", text);
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise_than_with_an_error(text in "[a-z.()\\[\\]=!<>\"' ,\\\\0-9é%]{0,60}") {
        match syntax::parse(&text) {
            Ok(tree) => prop_assert_eq!(syntax::parse(&tree.to_string()), Ok(tree)),
            Err(error) => prop_assert!(error.span.start <= text.len() && text.get(error.span.clone()).is_some(), "{error:?}"),
        }
    }
}
