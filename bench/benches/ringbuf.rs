//! What a record costs on its way through a ring, without what fills it and without what reads it:
//!
//! - `produce_consume`: enter, reserve, write every byte, commit; peek, read every byte, advance, in batches of 64
//!   records between two publications of the tail. By record size.
//! - `refused`: an event that finds the gate closed; `filtered`: one that is given up after its room was reserved.
//!
//! `cargo bench -p kestrel-bench --bench ringbuf`
#![allow(missing_docs, reason = "made by criterion_group")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel_ringbuf::{Class, MemoryRing, Ring, Wake};
use std::hint::black_box;

const RING_BYTES: usize = 1 << 20;
const BATCH: usize = 64;

fn batch(ring: &MemoryRing, consumer: &mut Ring, len: usize) -> u64 {
    for n in 0..BATCH {
        let mut slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        slot.bytes()[..len].fill(n as u8);
        assert_eq!(slot.commit(len), Wake::No);
    }
    let mut sum = 0u64;
    while let Some(record) = consumer.peek().unwrap() {
        sum = record
            .chunks_exact(8)
            .fold(sum, |sum, word| sum.wrapping_add(u64::from_ne_bytes(word.try_into().unwrap())));
        consumer.advance();
    }
    consumer.publish();
    sum
}

fn produce_consume(c: &mut Criterion) {
    let mut group = c.benchmark_group("produce_consume");
    for len in [128, 256, 512, 1024] {
        let ring = MemoryRing::new(RING_BYTES, RING_BYTES as u64 / 8).unwrap();
        let mut consumer = ring.consumer().unwrap();
        group.throughput(Throughput::Elements(BATCH as u64));
        group.bench_with_input(BenchmarkId::from_parameter(len), &len, |b, &len| {
            b.iter(|| black_box(batch(&ring, &mut consumer, black_box(len))));
        });
        let counters = consumer.counters();
        assert_eq!((counters.dropped(), counters.seen), (0, counters.delivered));
    }
    group.finish();
}

fn without_a_record(c: &mut Criterion) {
    let ring = MemoryRing::new(RING_BYTES, 0).unwrap();
    c.bench_function("filtered", |b| {
        b.iter(|| black_box(&ring).producer().enter().unwrap().reserve(Class::Ordinary).unwrap().filtered());
    });
    let gate = ring.producer().enter().unwrap();
    c.bench_function("refused", |b| b.iter(|| black_box(&ring).producer().enter().is_err()));
    drop(gate);
}

criterion_group!(benches, produce_consume, without_a_record);
criterion_main!(benches);
