//! What it costs to bring the records of all CPUs into one order, from their rings. Every next record is on another CPU,
//! which is the most that a merge has to do. By the number of CPUs; filling the rings is not measured.
//!
//! `cargo bench -p kestrel-bench --bench merge`
#![allow(missing_docs, reason = "made by criterion_group")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel::sources::Rings;
use kestrel_core::event::RecordHeader;
use kestrel_ringbuf::{Class, MemoryRing};
use std::hint::black_box;
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

/// Bytes of a ring: what the module has by default.
const RING_BYTES: usize = 1 << 20;
/// Records in all rings together, and bytes of each.
const RECORDS: u64 = 2048;
const RECORD_BYTES: usize = 256;

/// Writes the records, from this time on, in turn to each ring.
fn fill(rings: &[MemoryRing], begin: u64) {
    for (n, ring) in (0..RECORDS).zip(rings.iter().cycle()) {
        let mut slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        let header = RecordHeader { time_ns: begin + n, ..RecordHeader::default() };
        slot.bytes()[..size_of::<RecordHeader>()].copy_from_slice(header.as_bytes());
        let _nobody_sleeps = slot.commit(RECORD_BYTES);
    }
}

fn merge(c: &mut Criterion) {
    let mut group = c.benchmark_group("merge");
    for cpus in [1, 8, 64] {
        let memory: Vec<MemoryRing> = (0..cpus).map(|_| MemoryRing::new(RING_BYTES, 0).unwrap()).collect();
        let consumers = (0..).zip(&memory).map(|(cpu, ring)| (cpu, ring.consumer().unwrap())).collect();
        let mut rings = Rings::new(consumers, true, Duration::from_secs(1));
        let mut now = 0;
        group.throughput(Throughput::Elements(RECORDS));
        group.bench_function(BenchmarkId::from_parameter(cpus), |b| {
            b.iter_custom(|times| {
                let mut taken = Duration::ZERO;
                for _ in 0..times {
                    fill(&memory, now);
                    now += RECORDS;
                    let begin = Instant::now();
                    let mut read = 0;
                    while let Some(record) = rings.next_record() {
                        black_box(record);
                        read += 1;
                    }
                    rings.release();
                    taken += begin.elapsed();
                    assert_eq!(read, RECORDS);
                }
                taken
            });
        });
    }
    group.finish();
}

criterion_group!(benches, merge);
criterion_main!(benches);
