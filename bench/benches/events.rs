//! What an event costs in user space, with the default rules and without the ring:
//!
//! - `parse`: the record's bytes become a checked record, and every parameter of it is looked at.
//! - `judge`: parse, process table, fields and rules. `nothing` is what no rule matches, what a machine pays all day: for
//!   the life of a process from its fork to its end, and by event. `alert` is one that matches, up to the alert with its message and fields.
//! - `format`: that alert as one line of text, and as JSON.
//!
//! `cargo bench -p kestrel-bench --bench events`
#![allow(missing_docs, reason = "made by criterion_group")]

mod records;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel::fields::Clock;
use kestrel::prefilter::interest;
use kestrel::state::{State, Users};
use kestrel::watch::Judge;
use kestrel_core::event::Record;
use kestrel_outputs::{Alert, Format, Formatter, TimeStyle};
use kestrel_rules::{DEFAULT_RULES, LoadOptions, RuleSet, RuleSource};
use records::Written;
use std::hint::black_box;

/// Processes that are kept in mind, a quarter of them when they have ended.
const PROCESSES: usize = 1024;

/// Processes that live and end in the mix, one after the other, before the first is there again: it is forgotten by then.
const GENERATIONS: u32 = 1024;

/// A judge by the default rules who knows nobody by name and asks no /proc.
fn judge() -> Judge {
    let source = RuleSource { name: "kestrel_rules.yaml".to_owned(), text: DEFAULT_RULES.to_owned() };
    let rules = RuleSet::load(&[source], LoadOptions::default()).expect("the default rules are right").rules;
    let state = State::new(PROCESSES, Users::read_from("/no/such/folder"), None);
    Judge::new(state, rules, Clock::system("machine".to_owned()))
}

/// Judges records and says how many alerts they raised.
fn judged(judge: &mut Judge, records: &[Written]) -> usize {
    let mut alerts = 0;
    for record in records {
        judge.record(record.bytes(), |alert| {
            black_box(&alert);
            alerts += 1;
        });
    }
    alerts
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    for written in records::ordinary(0).iter().filter(|written| ["execve", "openat"].contains(&written.name)) {
        group.bench_with_input(BenchmarkId::from_parameter(written.name), written.bytes(), |b, bytes| {
            b.iter(|| {
                let record = Record::parse(black_box(bytes)).expect("a record");
                (0..record.param_count())
                    .filter_map(|index| record.param(index))
                    .map(|param| param.0.len())
                    .sum::<usize>()
            });
        });
    }
    group.finish();
}

fn nothing_matches(c: &mut Criterion) {
    let lives: Vec<Vec<Written>> = (0..GENERATIONS).map(records::ordinary).collect();
    let mut judge = judge();
    let asked = interest(judge.rules());
    for written in &lives[0] {
        assert!(asked.contains(written.event()), "{} never gets here", written.name);
    }
    let raised: usize = lives.iter().map(|life| judged(&mut judge, life)).sum();
    assert_eq!(raised, 0, "no rule is about these");
    let records: usize = lives.iter().map(Vec::len).sum();
    assert_eq!(judge.judged().records, records as u64);

    let mut group = c.benchmark_group("judge/nothing");
    group.throughput(Throughput::Elements(lives[0].len() as u64));
    let mut life = lives.iter().cycle();
    group
        .bench_function("life of a process", |b| b.iter(|| judged(&mut judge, life.next().expect("an endless cycle"))));
    group.throughput(Throughput::Elements(1));
    // A process ends only once.
    for written in lives[0].iter().filter(|written| written.name != "procexit") {
        group.bench_function(written.name, |b| {
            b.iter(|| judged(&mut judge, std::slice::from_ref(black_box(written))));
        });
    }
    group.finish();
}

fn one_matches(c: &mut Criterion) {
    let shadow = [records::shadow()];
    let mut judge = judge();
    let mut alerts: Vec<Alert> = Vec::new();
    judge.record(shadow[0].bytes(), |alert| alerts.push(alert));
    let [alert] = alerts.as_slice() else { panic!("one rule is about it: {alerts:?}") };
    assert_eq!(&*alert.rule, "Sensitive file opened for reading");

    let mut group = c.benchmark_group("judge/alert");
    group.throughput(Throughput::Elements(1));
    group.bench_function("openat", |b| b.iter(|| assert_eq!(judged(&mut judge, black_box(&shadow)), 1)));
    group.finish();

    let mut group = c.benchmark_group("format");
    group.throughput(Throughput::Elements(1));
    for (name, format) in [("text", Format::Text), ("json", Format::Json)] {
        let formatter = Formatter { format, time: TimeStyle::Iso8601, ..Formatter::default() };
        group.bench_function(name, |b| b.iter(|| formatter.format(black_box(alert))));
    }
    group.finish();
}

criterion_group!(benches, parse, nothing_matches, one_matches);
criterion_main!(benches);
