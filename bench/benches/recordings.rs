//! What reading a recording costs, without judging: decompressing, checking, and finding the records that are wanted.
//!
//! `all` hands out every record; `asked for` those that a default rule asks for or the process table is made from; the
//! recordings are of dull work, mixed work and busy work (`records/recorded.rs`).
//!
//! `cargo bench -p kestrel-bench --bench recordings`
#![allow(missing_docs, reason = "made by criterion_group")]
#![allow(dead_code, reason = "other benches use the rest of the records")]

mod records;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel::prefilter::interest;
use kestrel::recording::{Reader, Step};
use kestrel_core::schema::EventSet;
use kestrel_rules::{DEFAULT_RULES, LoadOptions, RuleSet, RuleSource};
use records::recorded::{Work, write};
use std::io::Cursor;

const RECORDS: u64 = 200_000;

fn read(file: &[u8], wanted: &EventSet) -> u64 {
    let mut reader = Reader::open(Cursor::new(file)).expect("a recording");
    reader.want(wanted);
    let mut count = 0;
    loop {
        match reader.advance().expect("an undamaged recording") {
            Step::Record => count += u64::from(reader.record()[0] != 0),
            Step::End => return count,
            Step::Processes(_) | Step::Users(_) | Step::Containers(_) => {}
        }
    }
}

fn reading(criterion: &mut Criterion) {
    let source = RuleSource { name: "kestrel_rules.yaml".to_owned(), text: DEFAULT_RULES.to_owned() };
    let rules = RuleSet::load(&[source], LoadOptions::default()).expect("the default rules are right").rules;
    let asked_for = interest(&rules);
    let mut group = criterion.benchmark_group("recording");
    for work in [Work::Dull, Work::Mixed, Work::Busy] {
        let mut file = Vec::new();
        let records = write(work, RECORDS, &mut file).expect("written to memory");
        group.throughput(Throughput::Elements(records));
        for (name, wanted) in [("all", EventSet::all()), ("asked for", asked_for)] {
            let id = BenchmarkId::new(name, format!("{work:?}").to_lowercase());
            group.bench_with_input(id, &file, |b, file| b.iter(|| read(file, &wanted)));
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = reading
}
criterion_main!(benches);
