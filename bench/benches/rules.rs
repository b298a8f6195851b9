//! What judging an event costs: nanoseconds an event, with the default rules and with many synthetic ones, where none
//! matches and where one event in a thousand does.
//!
//! `found by name` are rules that need a process of a name of their own, as many rules do; `asked one by one` have nothing
//! that they could be found by.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel_core::schema::{EventId, id};
use kestrel_rules::{DEFAULT_RULES, Facts, Field, FieldRef, LoadOptions, RuleSet, RuleSource, Value};
use std::fmt::Write;
use std::hint::black_box;

/// Events of a round.
const EVENTS: usize = 1_000;

/// A process opens a file.
struct Opening {
    name: &'static str,
    file: &'static str,
}

impl Facts for Opening {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        match field.field {
            Field::ProcName => Value::Str(self.name.as_bytes()),
            Field::ProcPname => Value::Str(b"systemd"),
            Field::ProcAname => Value::Any(&[Value::Str(b"systemd"), Value::Str(b"sshd")]),
            Field::ProcCmdline => Value::Str(b"nginx -g daemon off;"),
            Field::ProcExepath => Value::Str(b"/usr/sbin/nginx"),
            Field::FdName | Field::FsPathName => Value::Str(self.file.as_bytes()),
            Field::FdDirectory => Value::Str(b"/var/www/html"),
            Field::FdFilename => Value::Str(b"index.html"),
            Field::FdNum | Field::EvtRawres => Value::Int(7),
            Field::EvtFailed => Value::Bool(false),
            Field::EvtIsOpenRead => Value::Bool(true),
            Field::EvtIsOpenWrite => Value::Bool(false),
            Field::EvtArg => Value::Str(b"O_RDONLY|O_CLOEXEC"),
            _ => Value::Missing,
        }
    }
}

const DULL: Opening = Opening { name: "nginx", file: "/var/www/html/index.html" };
const MATCHED: Opening = Opening { name: "prog7", file: "/etc/secret7/file" };

fn load(text: &str) -> RuleSet {
    let source = RuleSource { name: "bench.yaml".to_owned(), text: text.to_owned() };
    RuleSet::load(&[source], LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}")).rules
}

fn synthetic(count: usize, condition: impl Fn(usize) -> String) -> String {
    let mut text = "- macro: opened\n  condition: evt.type in (open, openat) and evt.rawres >= 0\n".to_owned();
    for n in 0..count {
        let condition = condition(n);
        let _ = write!(text, "- rule: R{n}\n  desc: d\n  condition: {condition}\n  output: o\n  priority: NOTICE\n");
    }
    text
}

/// The condition of each of many rules, by its number.
type Condition = fn(usize) -> String;

fn found_by_name(n: usize) -> String {
    format!("opened and proc.name = prog{n} and (fd.name startswith /etc/secret{n} or fd.name contains key{n})")
}

fn asked_one_by_one(n: usize) -> String {
    format!("opened and fd.name startswith /etc/secret{n} and not proc.pname in (a{n}, b)")
}

/// Judges a round of events; gives how many matched.
fn round(rules: &mut RuleSet, event: EventId, with_a_match: bool) -> usize {
    let mut matches = 0;
    for n in 0..EVENTS {
        let facts = if with_a_match && n == EVENTS / 2 { &MATCHED } else { &DULL };
        rules.evaluate(event, black_box(facts), |_| matches += 1);
    }
    matches
}

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let mut default = load(DEFAULT_RULES);
    assert_eq!(round(&mut default, id::OPENAT, false), 0);
    group.bench_function("default/none matches", |b| b.iter(|| round(&mut default, id::OPENAT, false)));
    let kinds = [("found by name", found_by_name as Condition), ("asked one by one", asked_one_by_one)];
    for (kind, condition) in kinds {
        for count in [1_000, 10_000] {
            let mut rules = load(&synthetic(count, condition));
            assert_eq!((round(&mut rules, id::OPENAT, false), round(&mut rules, id::OPENAT, true)), (0, 1));
            for (what, with_a_match) in [("none matches", false), ("one in a thousand", true)] {
                let name = BenchmarkId::new(format!("{kind}/{what}"), count);
                group.bench_function(name, |b| b.iter(|| round(&mut rules, id::OPENAT, with_a_match)));
            }
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = judging
}
criterion_main!(benches);
