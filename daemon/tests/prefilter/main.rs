//! The law of the prefilter: an event that the program rejects, no rule matches.

mod corners;
mod draws;
mod lineage;
mod records;
mod rules;

use bumpalo::Bump;
use draws::Draws;
use kestrel::fields::{Clock, EventFacts};
use kestrel::prefilter;
use kestrel::record_builder::RecordBuilder;
use kestrel::state::{ProcessKey, State, Users};
use kestrel_core::event::{Record, TaskContext};
use kestrel_core::filter::{OfProcess, Program, Verdict, judge};
use kestrel_core::schema::{EVENTS, EventId, EventSet, id};
use kestrel_rules::prefilter::{Prefilter, ProcessNames};
use kestrel_rules::{LoadOptions, Matching, RuleSet, RuleSource};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use zerocopy::IntoBytes;

/// Numbers that choices are drawn by: for a rule file, for a record.
const OF_RULES: usize = 96;
const OF_RECORD: usize = 160;

/// Rules that all count, if the text is right; random ones need not be.
fn load(text: &str) -> Option<RuleSet> {
    let source = RuleSource { name: "law.yaml".to_owned(), text: text.to_owned() };
    let options = LoadOptions { matching: Matching::All, ..LoadOptions::default() };
    RuleSet::load(&[source], options).ok().map(|loaded| loaded.rules)
}

/// What is known of a machine that nothing happened on.
struct Machine {
    state: State,
    clock: Clock,
}

impl Machine {
    fn new() -> Machine {
        Machine {
            state: State::new(64, Users::read_from("/nonexistent"), None),
            clock: Clock::system("box".to_owned()),
        }
    }

    /// Takes in a record, and before it one of its process's parent, and one of the parent's parent.
    fn apply(&mut self, record: &Record<'_>) -> ProcessKey {
        let task = record.task();
        for (pid, ppid) in [(1, 0), (task.ppid, 1)] {
            if pid == task.pid || pid == ppid {
                continue;
            }
            let mut ancestor = TaskContext { tid: pid, pid, ppid, ..TaskContext::default() };
            ancestor.comm[..3].copy_from_slice(if pid % 2 == 0 { b"cat" } else { b"abc" });
            let bytes = RecordBuilder::new(id::GETPID, ancestor, record.header().time_ns).unwrap().build().unwrap();
            self.state.apply(&Record::parse(bytes.as_bytes()).unwrap());
        }
        self.state.apply(record)
    }

    /// The rules that match a record by the daemon's own facts.
    fn matches(&mut self, record: &Record<'_>, key: ProcessKey, rules: &mut RuleSet) -> Vec<String> {
        self.clock.tick(record.header().time_ns);
        let arena = Bump::new();
        let mut names = Vec::new();
        if let Some(facts) = EventFacts::new(*record, key, &self.state, &self.clock, &arena) {
            rules.evaluate(facts.id(), &facts, |rule| names.push(rule.name.to_string()));
        }
        names
    }
}

/// What became of the records of a run.
#[derive(Debug, Default)]
struct Seen {
    rejected: usize,
    matched: usize,
    kept: usize,
}

fn holds(text: &str, records: &[Vec<u64>], seen: &mut Seen) -> Result<(), TestCaseError> {
    let Some(mut rules) = load(text) else { return Ok(()) };
    let asked = records.iter().filter_map(|bytes| Record::parse(bytes.as_bytes()).ok());
    let asked: EventSet = asked.map(|record| EventId(record.header().event)).collect();
    let filter: Prefilter = rules.prefilter(&asked, &EventSet::EMPTY, ProcessNames::Known);
    let program = Program::verify(filter.program()).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
    let mut machine = Machine::new();
    for bytes in records {
        let record = Record::parse(bytes.as_bytes()).unwrap();
        let key = machine.apply(&record);
        let names = prefilter::names(&record, &machine.state.processes);
        let verdict = judge(&program, &record, OfProcess { names: names.as_deref(), ..OfProcess::UNKNOWN });
        let matches = machine.matches(&record, key, &mut rules);
        match verdict {
            Verdict::Reject => {
                seen.rejected += 1;
                let event = EventId(record.header().event);
                let only = [event].into_iter().collect();
                let event = EVENTS[usize::from(event.0)].name;
                prop_assert!(matches.is_empty(), "{event}\n{text}{}", filter.lines(&only).join("\n"));
            }
            Verdict::Keep if matches.is_empty() => seen.kept += 1,
            Verdict::Keep => seen.matched += 1,
        }
    }
    Ok(())
}

#[test]
fn what_the_program_rejects_no_rule_matches() {
    let cases = std::env::var("PREFILTER_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000);
    let numbers = |n: usize| prop::collection::vec(any::<u32>(), n);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let seen = std::cell::RefCell::new(Seen::default());
    let strategy = (numbers(OF_RULES), prop::collection::vec(numbers(OF_RECORD), 1..6));
    let outcome = runner.run(&strategy, |(of_rules, of_records)| {
        let text = rules::file(&mut Draws::new(&of_rules));
        let records: Vec<Vec<u64>> =
            of_records.iter().map(|numbers| records::record(&mut Draws::new(numbers))).collect();
        holds(&text, &records, &mut seen.borrow_mut())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let Seen { rejected, matched, kept } = seen.into_inner();
    println!("{rejected} rejected, {matched} matched, {kept} kept in vain");
    let all = rejected + matched + kept;
    assert!(rejected > all / 10 && matched > all / 20, "{rejected} rejected, {matched} matched, {kept} kept in vain");
}

#[test]
fn most_random_rules_are_rules() {
    let mut runner = TestRunner::deterministic();
    let numbers = prop::collection::vec(any::<u32>(), OF_RULES);
    let mut loaded = 0;
    for _ in 0..200 {
        let numbers = proptest::strategy::Strategy::new_tree(&numbers, &mut runner).unwrap();
        let text = rules::file(&mut Draws::new(&proptest::strategy::ValueTree::current(&numbers)));
        let source = RuleSource { name: "law.yaml".to_owned(), text: text.clone() };
        match RuleSet::load(&[source], LoadOptions::default()) {
            Ok(_) => loaded += 1,
            Err(errors) => println!("{errors}"),
        }
    }
    assert!(loaded > 150, "{loaded} of 200");
}
