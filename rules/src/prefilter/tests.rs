//! The laws of what conditions are made into, and the bounds. That fields are what they are said to be is tested where they are.

use super::assume::sharpened;
use super::factor::factored;
use super::{GivenUp, Kept, ProcessNames};
use crate::DEFAULT_RULES;
use crate::{LoadOptions, RuleSet, RuleSource};
use kestrel_core::filter::Load;
use kestrel_core::filter::Program;
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::schema::{EventSet, id};
use proptest::prelude::*;

/// A number, or none.
type World = [Option<u64>; 3];

const LOADS: [Load; 3] = [Load::Number, Load::FdNumber, Load::LocalPort];

/// What a condition says of a world in which every value is known or absent.
fn holds(condition: &Condition, world: &World) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Never => false,
        Condition::Unknown => panic!("simplified"),
        Condition::Not(inner) => !holds(inner, world),
        Condition::All(parts) => parts.iter().all(|part| holds(part, world)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, world)),
        Condition::Test(what, is) => {
            let value = LOADS.iter().zip(world).find(|(load, _)| **load == what.load).and_then(|(_, value)| *value);
            value.is_some_and(|value| match is {
                Is::There => true,
                Is::Equal(n) => value == *n,
                Is::Among(all) => all.contains(&value),
                Is::BelowSigned(n) => value.cast_signed() < *n,
                Is::AnyBits(bits) => value & bits != 0,
                other => panic!("{other:?}"),
            })
        }
    }
}

fn any_test() -> impl Strategy<Value = Condition> {
    let is = prop_oneof![
        Just(Is::There),
        (0u64..4).prop_map(Is::Equal),
        prop::collection::vec(0u64..4, 1..3).prop_map(Is::Among),
        (-1i64..4).prop_map(Is::BelowSigned),
        (1u64..4).prop_map(Is::AnyBits),
    ];
    (prop::sample::select(&LOADS[..]), is).prop_map(|(load, is)| Condition::test(Operand::param(load, 0), is))
}

fn any_condition() -> impl Strategy<Value = Condition> {
    any_test().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(Condition::not),
        ]
    })
}

fn worlds() -> impl Iterator<Item = World> {
    let values = || [None, Some(0), Some(1), Some(2), Some(3), Some(u64::MAX)].into_iter();
    values().flat_map(move |a| values().flat_map(move |b| values().map(move |c| [a, b, c])))
}

proptest! {
    #[test]
    fn factored_and_sharpened_a_condition_says_what_it_said(parts in prop::collection::vec(any_condition(), 1..6)) {
        let simplified: Vec<Condition> = parts.iter().map(Condition::simplified).collect();
        let factored = factored(simplified);
        let sharpened = sharpened(&factored);
        for world in worlds() {
            let expected = parts.iter().any(|part| holds(part, &world));
            prop_assert_eq!(holds(&factored, &world), expected, "{:?} {:?}", world, factored);
            prop_assert_eq!(holds(&sharpened, &world), expected, "{:?} {:?}", world, sharpened);
        }
    }
}

fn load(text: String) -> RuleSet {
    let source = RuleSource { name: "rules.yaml".to_owned(), text };
    RuleSet::load(&[source], LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}")).rules
}

fn rule(number: usize, condition: &str) -> String {
    format!("- {{rule: r{number}, desc: d, condition: '{condition}', output: o, priority: INFO}}\n")
}

#[test]
fn thousands_of_rules_for_one_file_each_become_one_set() {
    let text =
        (0..3_000).map(|n| rule(n, &format!("evt.type = open and fd.num >= 0 and fd.name = /srv/{n}"))).collect();
    let prefilter = load(text).prefilter(&[id::OPEN].into_iter().collect(), &EventSet::EMPTY, ProcessNames::Unknown);
    let Kept::If(_, tests) = prefilter.events()[0].kept else { panic!("{}", prefilter.summary()) };
    assert!(tests <= 4 && prefilter.given_up().is_none(), "{tests}");
}

#[test]
fn what_is_too_much_is_given_up_text_by_text_and_said() {
    let many = |check: fn(usize) -> String| -> String {
        (0..2_000).map(|n| rule(n, &format!("evt.type = unlink and evt.rawres > -9 and {}", check(n)))).collect()
    };
    type Check = fn(usize) -> String;
    let cases: [(Check, GivenUp); 2] = [
        (|n| format!("fs.path.name contains /{n}/"), GivenUp::Searches),
        (|n| format!("(fs.path.name endswith .{n} and proc.pid != {n})"), GivenUp::Texts),
    ];
    for (check, expected) in cases {
        let prefilter =
            load(many(check)).prefilter(&[id::UNLINK].into_iter().collect(), &EventSet::EMPTY, ProcessNames::Unknown);
        assert!(prefilter.events()[0].given_up >= Some(expected), "{}", prefilter.summary());
        assert!(prefilter.summary().contains("too much to ask"), "{}", prefilter.summary());
        assert!(Program::verify(prefilter.program()).is_ok());
    }
}

#[test]
fn an_event_that_is_kept_whatever_rules_say_has_no_section() {
    let rules = load(rule(0, "evt.type = chdir and evt.failed = true"));
    let chdir: EventSet = [id::CHDIR].into_iter().collect();
    let prefilter = rules.prefilter(&chdir, &chdir, ProcessNames::Unknown);
    assert!(prefilter.events().is_empty());
    assert!(Program::verify(prefilter.program()).unwrap().section(id::CHDIR).is_none());
}

#[test]
fn on_demand_there_is_a_program_for_the_same_events_as_at_once() {
    let (all, always) = (EventSet::all(), [id::CHDIR].into_iter().collect::<EventSet>());
    let set = load(DEFAULT_RULES.to_owned());
    let at_once = set.prefilter(&all, &always, ProcessNames::Unknown);
    let on_demand = set.prefilter_on_demand(all, always, ProcessNames::Unknown);
    assert!(at_once.given_up().is_none());
    let mut judged = 0;
    for event in all.iter() {
        let kept = at_once.events().iter().find(|filter| filter.event == event).map(|filter| &filter.kept);
        let program = on_demand.program(event);
        assert_eq!(program.is_some(), kept.is_some_and(|kept| *kept != Kept::Always), "{event:?}");
        if let Some(program) = program {
            assert!(Program::verify(program.as_bytes()).unwrap().section(event).is_some());
            judged += 1;
        }
    }
    assert!(judged > 40, "{judged}");
}

#[test]
fn on_demand_nothing_is_left_out_where_events_are_counted() {
    let set = load(rule(0, "evt.type = unlink and evt.num > 3"));
    let on_demand = set.prefilter_on_demand(EventSet::all(), EventSet::EMPTY, ProcessNames::Unknown);
    assert!(on_demand.judged().is_empty() && on_demand.program(id::UNLINK).is_none());
}
