//! What judging an event costs: nanoseconds an event, with the default rules and with many synthetic ones, where none
//! matches and where one event in a thousand does.
//!
//! `mixed` are rules of the shapes that people write: of ten rules four ask for names, two for beginnings, two for parts or
//! endings, one for a network or a port, one for a pattern or only for what must not be. The other kinds are of one shape
//! each; `asked one by one` have nothing that they could be found by. `day` judges a recording of a day's work.

#[allow(dead_code, reason = "other benches use the rest of the records")]
mod records;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel::prefilter::interest;
use kestrel_core::schema::{EventId, EventSet, id};
use kestrel_rules::{DEFAULT_RULES, Facts, Field, FieldRef, LoadOptions, RuleSet, RuleSource, Value};
use records::day::Day;
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

fn found_by_beginning(n: usize) -> String {
    format!("opened and fd.name startswith /etc/secret{n} and not proc.pname in (a{n}, b)")
}

fn found_by_part(n: usize) -> String {
    format!("opened and proc.cmdline contains --secret{n}- and not proc.pname in (a{n}, b)")
}

fn asked_one_by_one(n: usize) -> String {
    format!("opened and evt.rawres > {} and proc.name != x{n}", n + 100)
}

/// Rules of the shapes that people write.
fn mixed(n: usize) -> String {
    match n % 10 {
        0 => format!("opened and proc.name in (prog{n}, tool{n}) and fd.name startswith /etc"),
        1 => format!("opened and proc.name = prog{n} and not proc.pname in (a{n}, b)"),
        2 => format!("opened and fd.name in (/etc/file{n}, /etc/other{n}) and evt.is_open_read = true"),
        3 => format!("opened and (fd.name = /etc/file{n} or proc.exepath = /usr/bin/tool{n})"),
        4 => format!("opened and fd.name startswith /etc/secret{n} and not proc.name = prog{n}"),
        5 => format!("opened and fd.name pmatch (/srv/share{n}, /home/*/share{n}) and evt.is_open_read = true"),
        6 => format!("opened and (proc.cmdline contains --secret{n} or proc.cmdline contains key{n})"),
        7 if n % 20 < 10 => format!("opened and fd.name endswith .secret{n}"),
        7 => format!("opened and fd.name glob */secret{n}/*"),
        8 if n % 20 < 10 => format!("opened and fd.sip in (10.{}.{}.0/24)", n / 256 % 256, n % 256),
        8 => format!("opened and fd.sport = {n}"),
        _ if n % 30 < 10 => format!("opened and fd.name regex \"/etc/secret{n}/[a-z]+\""),
        _ if n % 30 < 20 => format!("opened and evt.is_open_write = true and fd.name != /etc/file{n}"),
        _ => format!("opened and fd.name regex \".*/secret{n}\" and proc.name != prog{n}"),
    }
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
    let mut default = load(DEFAULT_RULES);
    default.measure(true);
    group.bench_function("default, measured/none matches", |b| b.iter(|| round(&mut default, id::OPENAT, false)));
    for count in [10, 100, 1_000, 10_000] {
        let mut rules = load(&synthetic(count, mixed));
        assert_eq!(round(&mut rules, id::OPENAT, false), 0);
        group.bench_function(BenchmarkId::new("mixed/none matches", count), |b| {
            b.iter(|| round(&mut rules, id::OPENAT, false));
        });
        rules.measure(true);
        round(&mut rules, id::OPENAT, false);
        let asked: u64 = rules.statistics().rules.iter().map(|rule| rule.evaluations).sum();
        println!("of {count} mixed rules {} are asked of an event", asked as f64 / EVENTS as f64);
    }
    let kinds = [
        ("found by name", found_by_name as Condition, true),
        ("found by beginning", found_by_beginning, true),
        ("found by part", found_by_part, false),
        ("asked one by one", asked_one_by_one, false),
    ];
    for (kind, condition, can_match) in kinds {
        let counts = if kind == "asked one by one" { &[1_000][..] } else { &[1_000, 10_000] };
        for &count in counts {
            let mut rules = load(&synthetic(count, condition));
            assert_eq!(round(&mut rules, id::OPENAT, false), 0);
            let name = BenchmarkId::new(format!("{kind}/none matches"), count);
            group.bench_function(name, |b| b.iter(|| round(&mut rules, id::OPENAT, false)));
            if can_match {
                assert_eq!(round(&mut rules, id::OPENAT, true), 1);
                let name = BenchmarkId::new(format!("{kind}/one in a thousand"), count);
                group.bench_function(name, |b| b.iter(|| round(&mut rules, id::OPENAT, true)));
            }
        }
    }
    group.finish();
}

/// A recorded day: taking records in alone, and judging them too. `all` are its events, `asked for` those that a default rule
/// asks for or the process table is made from: what a daemon without a prefilter gets.
fn day(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("day");
    for (name, events) in [("all", EventSet::all()), ("asked for", interest(&load(DEFAULT_RULES)))] {
        let mut measure = |kind: &str, rules: Option<&str>| {
            let mut day = Day::of(&events);
            let mut rules = rules.map(load);
            let matches = day.judge(rules.as_mut());
            println!("{name}, {kind}: {matches} of {} events match", day.len());
            group.throughput(Throughput::Elements(day.len()));
            group.bench_function(BenchmarkId::new(name, kind), |b| b.iter(|| day.judge(rules.as_mut())));
        };
        measure("no rules", None);
        measure("default rules", Some(DEFAULT_RULES));
        for count in [10, 100, 1_000, 10_000] {
            measure(&format!("{count} mixed rules"), Some(&synthetic(count, mixed)));
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = judging, day
}
criterion_main!(benches);
