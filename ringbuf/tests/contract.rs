//! What the ring promises, one sentence a test.
#![cfg(not(loom))]

mod support;

use kestrel_core::event::MAX_RECORD;
use kestrel_ringbuf::{Cause, Class, Counters, Full, MAGIC, MapError, MemoryRing, Nested, Ring, Wake};
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;
use support::{Memory, TAIL};

const SIZE: usize = 1 << 16;
const RESERVE: u64 = 1 << 13;

fn ring() -> (MemoryRing, Ring) {
    let ring = MemoryRing::new(SIZE, RESERVE).unwrap();
    let consumer = ring.consumer().unwrap();
    (ring, consumer)
}

/// Commits one record; `Err` if there is no room for this one.
fn write(ring: &MemoryRing, class: Class, len: usize, tag: u64) -> Result<Wake, Full> {
    let mut slot = ring.producer().enter().unwrap().reserve(class)?;
    if slot.bytes().len() < len {
        slot.dropped(Cause::TooLong);
        return Err(Full);
    }
    Ok(support::commit(slot, len, tag))
}

/// Commits a record for which there is room, when nobody sleeps.
fn deliver(ring: &MemoryRing, len: usize, tag: u64) {
    assert_eq!(write(ring, Class::Ordinary, len, tag), Ok(Wake::No));
}

fn tags(consumer: &mut Ring) -> Vec<u64> {
    let mut tags = Vec::new();
    while let Some(record) = consumer.peek().unwrap() {
        tags.push(support::check(record).1);
        consumer.advance();
    }
    tags
}

#[test]
fn a_record_is_read_as_it_was_written_and_stamped_by_the_ring() {
    let (ring, mut consumer) = ring();
    assert_eq!(consumer.peek(), Ok(None));
    for tag in 0..3 {
        deliver(&ring, 200, tag);
    }
    for seq in 0..3 {
        assert_eq!(support::check(consumer.peek().unwrap().unwrap()), (seq, seq));
        consumer.advance();
    }
    assert_eq!(consumer.peek(), Ok(None));
}

#[test]
fn a_record_over_the_end_of_the_ring_is_one_slice() {
    let (ring, mut consumer) = ring();
    // 600 does not divide the ring: every lap one record lies over its end.
    for tag in 0..1000 {
        deliver(&ring, 600, tag);
        assert_eq!(tags(&mut consumer), [tag]);
        consumer.publish();
    }
}

#[test]
fn the_longest_record_fits() {
    let (ring, mut consumer) = ring();
    deliver(&ring, MAX_RECORD, 5);
    assert_eq!(consumer.peek().unwrap().map(<[u8]>::len), Some(MAX_RECORD));
    assert_eq!(tags(&mut consumer), [5]);
}

#[test]
fn only_lifecycle_records_may_use_the_reserve() {
    let (ring, mut consumer) = ring();
    let mut ordinary = 0;
    while write(&ring, Class::Ordinary, 512, ordinary).is_ok() {
        ordinary += 1;
    }
    assert_eq!(ordinary * 512, SIZE as u64 - RESERVE);
    let mut lifecycle = 0;
    while write(&ring, Class::Lifecycle, 512, ordinary + lifecycle).is_ok() {
        lifecycle += 1;
    }
    assert_eq!(lifecycle * 512, RESERVE);
    let counters = consumer.counters();
    assert_eq!((counters.dropped_full, counters.dropped_full_lifecycle), (1, 1));
    assert_eq!(tags(&mut consumer), (0..ordinary + lifecycle).collect::<Vec<_>>());
}

#[test]
fn room_that_was_read_is_used_again_once_it_is_published() {
    let (ring, mut consumer) = ring();
    while write(&ring, Class::Ordinary, 1024, 0).is_ok() {}
    tags(&mut consumer);
    assert_eq!(consumer.unpublished(), SIZE as u64 - RESERVE);
    assert_eq!(write(&ring, Class::Ordinary, 1024, 1), Err(Full), "the ring does not know yet");
    consumer.publish();
    assert_eq!(consumer.unpublished(), 0);
    deliver(&ring, 1024, 2);
}

#[test]
fn an_abandoned_slot_leaves_nothing_but_a_count_in_filtered() {
    let (ring, mut consumer) = ring();
    let mut slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
    slot.bytes().fill(0xff);
    drop(slot);
    drop(ring.producer().enter().unwrap());
    ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap().filtered();
    ring.producer().enter().unwrap().filtered();
    assert_eq!(consumer.peek(), Ok(None));
    assert!(!ring.producer().has_data());
    assert_eq!(consumer.counters(), Counters { seen: 4, filtered: 4, ..Counters::default() });
    deliver(&ring, 64, 0);
    assert_eq!(support::check(consumer.peek().unwrap().unwrap()).0, 0, "what was filtered took no number");
}

#[test]
fn an_event_inside_another_is_refused_counted_and_leaves_a_gap() {
    let (ring, mut consumer) = ring();
    let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
    assert_eq!(ring.producer().enter().err(), Some(Nested));
    assert_eq!(ring.producer().enter().err(), Some(Nested));
    let _nobody_sleeps = support::commit(slot, 64, 1);
    assert_eq!(support::check(consumer.peek().unwrap().unwrap()).0, 2, "two numbers went to those refused");
    let expected = Counters { seen: 3, delivered: 1, dropped_nested: 2, ..Counters::default() };
    assert_eq!(consumer.counters(), expected);
    deliver(&ring, 64, 2);
}

#[test]
fn each_drop_is_counted_by_its_cause() {
    let (ring, consumer) = ring();
    ring.producer().enter().unwrap().dropped(Cause::Fault);
    ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap().dropped(Cause::Fault);
    ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap().dropped(Cause::TooLong);
    let counters = consumer.counters();
    assert_eq!(counters.causes(), [("full", 0), ("full_lifecycle", 0), ("nested", 0), ("fault", 2), ("too_long", 1)]);
    assert_eq!((counters.seen, counters.dropped(), counters.next_seq()), (3, 3, 3));
}

#[test]
fn too_long_for_a_slot_that_was_short_counts_as_full() {
    let (ring, consumer) = ring();
    deliver(&ring, MAX_RECORD, 0);
    deliver(&ring, 16_384, 1);
    let mut slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
    assert_eq!(slot.bytes().len(), SIZE - RESERVE as usize - MAX_RECORD - 16_384);
    slot.dropped(Cause::TooLong);
    assert_eq!(consumer.counters().dropped_full, 1);
    assert_eq!(consumer.counters().dropped_too_long, 0);
}

#[test]
fn a_length_that_is_no_records_is_never_published() {
    let (ring, mut consumer) = ring();
    for len in [0, 8, 24, 31, 33, 100, MAX_RECORD + 8, usize::MAX, usize::MAX - 7] {
        let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        assert_eq!(slot.commit(len), Wake::No);
        assert_eq!(consumer.peek(), Ok(None), "length {len}");
    }
    assert_eq!(consumer.counters(), Counters { seen: 9, dropped_too_long: 9, ..Counters::default() });
}

#[test]
fn a_consumer_that_is_awake_is_told_nothing() {
    let (ring, mut consumer) = ring();
    consumer.set_wake(0, Duration::ZERO);
    assert_eq!(write(&ring, Class::Ordinary, 64, 0), Ok(Wake::No));
    tags(&mut consumer);
    assert!(consumer.arm());
    consumer.disarm();
    assert_eq!(write(&ring, Class::Ordinary, 64, 0), Ok(Wake::No));
}

#[test]
fn a_sleeper_is_told_of_the_first_record_and_of_enough_each_once() {
    let (ring, mut consumer) = ring();
    consumer.set_wake(256, Duration::from_millis(20));
    for _sleep in 0..3 {
        assert!(consumer.arm());
        let wakes: Vec<_> = (0..6).map(|tag| write(&ring, Class::Ordinary, 64, tag).unwrap()).collect();
        assert_eq!(wakes, [Wake::After(20_000), Wake::No, Wake::No, Wake::Now, Wake::No, Wake::No]);
        consumer.disarm();
        tags(&mut consumer);
    }
}

#[test]
fn a_consumer_with_something_to_read_may_not_sleep() {
    let (ring, mut consumer) = ring();
    deliver(&ring, 64, 0);
    assert!(!consumer.arm());
    assert_eq!(write(&ring, Class::Ordinary, 64, 1), Ok(Wake::No), "and is awake");
    assert_eq!(tags(&mut consumer), [0, 1]);
    assert!(consumer.arm());
}

#[test]
fn without_a_delay_the_first_record_wakes_at_once() {
    let (ring, mut consumer) = ring();
    consumer.set_wake(u32::MAX, Duration::from_nanos(999));
    assert!(consumer.arm());
    assert_eq!(write(&ring, Class::Ordinary, 64, 0), Ok(Wake::Now));
}

#[test]
fn a_sleeper_that_wants_too_much_is_woken_when_the_ring_is_half_full() {
    let (ring, mut consumer) = ring();
    consumer.set_wake(u32::MAX, Duration::from_secs(100_000));
    assert!(consumer.arm());
    let half = (SIZE as u64 - RESERVE) / 2 / 512;
    for tag in 0..half - 1 {
        assert_ne!(write(&ring, Class::Ordinary, 512, tag), Ok(Wake::Now));
    }
    assert_eq!(write(&ring, Class::Ordinary, 512, half), Ok(Wake::Now));
}

#[test]
fn the_next_consumer_goes_on_where_the_last_one_published() {
    let (ring, mut consumer) = ring();
    for tag in 0..5 {
        deliver(&ring, 64, tag);
    }
    for read in 0..3 {
        assert_eq!(support::check(consumer.peek().unwrap().unwrap()).1, read);
        consumer.advance();
        if read == 1 {
            consumer.publish();
        }
    }
    drop(consumer);
    deliver(&ring, 64, 5);
    let mut next = ring.consumer().unwrap();
    assert_eq!(tags(&mut next), [2, 3, 4, 5], "what was read but not given back comes again");
}

#[test]
fn a_ring_without_a_consumer_fills_and_counts_and_its_sleep_is_over() {
    let (ring, mut consumer) = ring();
    assert!(consumer.arm());
    drop(consumer);
    let written = (0..1000).filter(|&tag| write(&ring, Class::Ordinary, 512, tag).is_ok()).count() as u64;
    assert_eq!(written * 512, SIZE as u64 - RESERVE);
    let mut next = ring.consumer().unwrap();
    assert_eq!(next.counters().dropped_full, 1000 - written);
    assert_eq!(next.fill_level(), written * 512);
    assert_eq!(tags(&mut next), (0..written).collect::<Vec<_>>());
    next.publish();
    assert_eq!(write(&ring, Class::Ordinary, 512, 7), Ok(Wake::No), "the new consumer is awake");
    assert_eq!(support::check(next.peek().unwrap().unwrap()), (1000, 7), "the gap tells how many were lost");
}

#[test]
fn a_tail_that_the_last_consumer_left_wrong_is_reported_and_put_right() {
    let (ring, mut consumer) = ring();
    for tag in 0..3 {
        deliver(&ring, 64, tag);
    }
    tags(&mut consumer);
    drop(consumer);
    Memory::of(&ring).set(TAIL, 1 << 40);
    let mut next = ring.consumer().unwrap();
    assert_eq!(next.peek().unwrap_err().position, 1 << 40);
    assert!(!next.arm(), "it cannot sleep over it");
    next.resync();
    assert_eq!(next.peek(), Ok(None));
    assert!(next.arm());
    next.disarm();
    deliver(&ring, 64, 9);
    assert_eq!(tags(&mut next), [9]);
}

#[test]
fn a_ring_that_cannot_be_is_refused_with_the_reason() {
    let size = |bytes| MemoryRing::new(bytes, 0).unwrap_err();
    for bytes in [0, 1, 2048, 4096 + 8, 3 << 20, 1 << 31, usize::MAX, 1 << (usize::BITS - 1)] {
        assert!(matches!(size(bytes), MapError::Size(b) if b == bytes), "{bytes}");
    }
    insta::assert_snapshot!(size(1000), @"a ring of 1000 bytes cannot be: the size must be a power of two from 4096 (or a page, if that is larger) to 1073741824");
}

/// A file laid out as a device maps it: two pages, and the data twice.
fn device(bytes: usize) -> File {
    let file = tempfile::tempfile().unwrap();
    file.set_len(8192 + 2 * bytes as u64).unwrap();
    file
}

#[test]
fn a_device_is_mapped_only_if_it_holds_a_ring_of_the_expected_size() {
    let file = device(SIZE);
    let error = Ring::map(file.as_fd(), SIZE).unwrap_err();
    insta::assert_snapshot!(error, @"what was mapped is no ring of the expected size: install a kernel module and a daemon of the same version");
    file.write_all_at(&MAGIC.to_ne_bytes(), 4096).unwrap();
    file.write_all_at(&(2 * SIZE as u64).to_ne_bytes(), 4096 + 8).unwrap();
    assert!(matches!(Ring::map(file.as_fd(), SIZE), Err(MapError::NoRing)));
    file.write_all_at(&(SIZE as u64).to_ne_bytes(), 4096 + 8).unwrap();
    let mut ring = Ring::map(file.as_fd(), SIZE).unwrap();
    assert_eq!(ring.peek(), Ok(None));
    file.write_all_at(&32u32.to_ne_bytes(), 8192).unwrap();
    file.write_all_at(&32u64.to_ne_bytes(), 4096 + 64).unwrap();
    assert_eq!(ring.peek().unwrap().map(<[u8]>::len), Some(32));
}

#[test]
fn what_cannot_be_mapped_is_refused_with_the_systems_reason() {
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let error = Ring::map(socket.as_fd(), SIZE).unwrap_err();
    insta::assert_snapshot!(error, @"mapping the ring: ENODEV: No such device");
}

#[test]
fn counters_add_up_by_cause() {
    let one =
        Counters { seen: 6, delivered: 1, filtered: 1, dropped_full: 1, dropped_nested: 3, ..Counters::default() };
    let two = one.plus(&one);
    assert_eq!((two.seen, two.dropped(), two.next_seq(), two.unfinished()), (12, 8, 10, 0));
}
