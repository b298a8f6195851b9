//! Producer and consumer at full speed on two threads.
#![cfg(not(loom))]

mod support;

use kestrel_core::event::MAX_RECORD;
use kestrel_ringbuf::{Cause, Class, MemoryRing, Wake};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const EVENTS: u64 = 200_000;
/// A sleep that lasts as long as this was one that nobody ended.
const FOR_GOOD: Duration = Duration::from_secs(60);

/// A cheap sequence of numbers without a pattern.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn every_record_arrives_intact_or_is_counted_and_no_sleep_is_for_good() {
    let ring = MemoryRing::new(1 << 14, 1 << 11).unwrap();
    let mut consumer = ring.consumer().unwrap();
    consumer.set_wake(2048, Duration::from_micros(50));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = thread::current();
        let (done, ring) = (&done, ring);
        let producer = scope.spawn(move || {
            let mut random = 0x5eed;
            for tag in 0..EVENTS {
                let len = (next(&mut random) % 60 * 8 + 64) as usize;
                let class = if tag % 7 == 0 { Class::Lifecycle } else { Class::Ordinary };
                let gate = ring.producer().enter().unwrap();
                if tag % 11 == 0 {
                    assert!(ring.producer().enter().is_err());
                }
                let Ok(mut slot) = gate.reserve(class) else { continue };
                assert!(slot.bytes().len() <= MAX_RECORD);
                if slot.bytes().len() < len {
                    slot.dropped(Cause::TooLong);
                } else if tag % 13 == 0 {
                    slot.filtered();
                } else {
                    match support::commit(slot, len, tag) {
                        Wake::No => {}
                        // The delay's timer, without the delay.
                        Wake::Now | Wake::After(_) => reader.unpark(),
                    }
                }
                if tag % 1000 == 0 {
                    // Lets the consumer catch up and sleep.
                    thread::sleep(Duration::from_micros(100));
                }
            }
            done.store(true, Ordering::Release);
            reader.unpark();
            ring
        });

        let (mut seqs, mut last_tag, mut gaps, mut records, mut sleeps) = (0, None, 0, 0u64, 0u64);
        loop {
            let finished = done.load(Ordering::Acquire);
            while let Some(record) = consumer.peek().unwrap() {
                let (seq, tag) = support::check(record);
                assert!(seq >= seqs && Some(tag) > last_tag);
                gaps += seq - seqs;
                (seqs, last_tag) = (seq + 1, Some(tag));
                records += 1;
                consumer.advance();
                if records.is_multiple_of(8) {
                    consumer.publish();
                }
            }
            if finished {
                break;
            }
            if consumer.arm() {
                let since = Instant::now();
                sleeps += 1;
                while consumer.fill_level() == 0 && !done.load(Ordering::Acquire) {
                    thread::park_timeout(FOR_GOOD);
                    assert!(since.elapsed() < FOR_GOOD, "a wake-up was lost");
                }
                consumer.disarm();
            }
        }
        let _ring = producer.join().unwrap();
        let counters = consumer.counters();
        gaps += counters.next_seq() - seqs;
        assert_eq!(counters.delivered, records);
        assert_eq!(counters.dropped(), gaps);
        assert_eq!(counters.dropped_nested, EVENTS.div_ceil(11));
        assert_eq!(counters.seen, EVENTS + EVENTS.div_ceil(11));
        assert_eq!(counters.unfinished(), 0);
        assert!(records > 0 && sleeps > 0, "{records} records, {sleeps} sleeps");
    });
}

#[test]
fn counters_read_while_they_move_belong_to_one_moment() {
    let ring = MemoryRing::new(1 << 14, 0).unwrap();
    let consumer = ring.consumer().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = &done;
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                // Over sooner than a reader gives up, which tries only so often.
                for _ in 0..5 {
                    ring.producer().enter().unwrap().dropped(Cause::Fault);
                    ring.producer().enter().unwrap().filtered();
                }
                thread::sleep(Duration::from_micros(20));
            }
        });
        let torn = (0..20_000).map(|_| consumer.counters()).find(|counters| counters.unfinished() > 1);
        done.store(true, Ordering::Relaxed);
        assert_eq!(torn, None);
    });
}
