//! Whatever one side writes, the other stays within the ring, counts what it loses, and goes on when sense returns.
#![cfg(not(loom))]

mod support;

use kestrel_core::event::MAX_RECORD;
use kestrel_ringbuf::{Class, Corrupt, Full, MemoryRing, Ring, Wake};
use proptest::prelude::*;
use support::{ARMED, DATA, HEAD, HEADER, Memory, TAIL, WAKE_BYTES, WAKE_DELAY};

/// Positions that a hostile side would try: anything, and what is near the truth and the limits.
fn positions() -> impl Strategy<Value = u64> {
    let near = |center: u64| (0..80u64).prop_map(move |off| center.wrapping_add(off).wrapping_sub(40));
    prop_oneof![any::<u64>(), near(0), near(1 << 16), near(1 << 15), near(u64::MAX), near(1 << 63), 0..1u64 << 18]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_producer_survives_whatever_the_consumer_page_says(
        writes in prop::collection::vec((positions(), any::<[u32; 3]>(), 4..200usize, any::<bool>()), 1..200),
    ) {
        const SIZE: usize = 1 << 16;
        let ring = MemoryRing::new(SIZE, 1 << 13).unwrap();
        let memory = Memory::of(&ring);
        let mut consumer = ring.consumer().unwrap();
        for &(tail, [armed, bytes, delay], words, lifecycle) in &writes {
            memory.set(TAIL, tail);
            memory.set_u32(ARMED, armed);
            memory.set_u32(WAKE_BYTES, bytes);
            memory.set_u32(WAKE_DELAY, delay);
            let head = memory.get(HEAD);
            let class = if lifecycle { Class::Lifecycle } else { Class::Ordinary };
            if let Ok(mut slot) = ring.producer().enter().unwrap().reserve(class) {
                let room = slot.bytes().len();
                prop_assert!(room <= MAX_RECORD);
                let len = (words * 8).min(room / 8 * 8);
                prop_assert_ne!(support::commit(slot, len, 7), Wake::After(0));
                prop_assert_eq!(memory.get(HEAD), head + len as u64);
            } else {
                prop_assert_eq!(memory.get(HEAD), head);
            }
        }
        let counters = consumer.counters();
        prop_assert_eq!(counters.seen, writes.len() as u64);
        prop_assert_eq!(counters.unfinished(), 0);
        // An honest consumer takes over: everything works again.
        consumer.resync();
        let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        let _nobody_sleeps = support::commit(slot, 128, 9);
        let seq = counters.next_seq();
        prop_assert_eq!(support::check(consumer.peek().unwrap().unwrap()), (seq, 9));
    }

    #[test]
    fn a_tail_that_cannot_be_makes_the_ring_full_and_is_counted(tail in positions()) {
        const SIZE: usize = 1 << 15;
        let ring = MemoryRing::new(SIZE, 0).unwrap();
        let consumer = ring.consumer().unwrap();
        // With less than the greatest record left, the producer looks at the tail each time.
        let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        let _nobody_sleeps = support::commit(slot, 256, 1);
        Memory::of(&ring).set(TAIL, tail);
        let used = 256u64.wrapping_sub(tail);
        let result = ring.producer().enter().unwrap().reserve(Class::Ordinary).map(drop);
        if used > SIZE as u64 || SIZE as u64 - used < kestrel_ringbuf::MIN_SLOT {
            prop_assert_eq!(result, Err(Full));
            prop_assert_eq!(consumer.counters().dropped_full, 1);
        } else {
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(consumer.counters().filtered, 1);
        }
        prop_assert_eq!(consumer.counters().unfinished(), 0);
    }

    #[test]
    fn a_consumer_survives_any_bytes_and_positions(
        data in prop::collection::vec(prop_oneof![any::<u32>(), 0..40_000u32, Just(64u32), Just(32u32)], 1024..=1024),
        (head, tail) in (positions(), positions()),
    ) {
        let ring = MemoryRing::new(4096, 0).unwrap();
        let memory = Memory::of(&ring);
        let bytes: Vec<u8> = data.iter().flat_map(|word| word.to_ne_bytes()).collect();
        memory.write(DATA, &bytes);
        memory.set(HEAD, head);
        memory.set(TAIL, tail);
        let mut consumer = ring.consumer().unwrap();
        let (read, corrupt) = read_all(&mut consumer);
        prop_assert!(read <= 4096);
        prop_assert!(corrupt.is_some() || tail.wrapping_add(read) == head);
        prop_assert_eq!(consumer.peek().is_err(), corrupt.is_some(), "it says the same again");
        prop_assert!(consumer.resync() <= 4096);
        prop_assert_eq!(consumer.peek(), Ok(None));
        prop_assert_eq!(memory.get(TAIL), head);
    }

    #[test]
    fn a_damaged_record_is_reported_and_the_next_one_after_it_is_read(
        records in prop::collection::vec(4..100usize, 1..60),
        (place, value) in (0..8192u64, any::<u32>()),
    ) {
        let ring = MemoryRing::new(1 << 16, 0).unwrap();
        let mut consumer = ring.consumer().unwrap();
        for (tag, words) in records.iter().enumerate() {
            let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
            let _nobody_sleeps = support::commit(slot, words * 8, tag as u64);
        }
        Memory::of(&ring).write(DATA + place * 4, &value.to_ne_bytes());
        let (read, corrupt) = read_all(&mut consumer);
        let all: u64 = records.iter().map(|words| *words as u64 * 8).sum();
        prop_assert!(read <= all);
        if corrupt.is_some() {
            prop_assert_eq!(consumer.resync(), all - read);
        }
        let slot = ring.producer().enter().unwrap().reserve(Class::Ordinary).unwrap();
        let _nobody_sleeps = support::commit(slot, 128, 9);
        prop_assert_eq!(support::check(consumer.peek().unwrap().unwrap()), (records.len() as u64, 9));
    }
}

/// Reads until there is no more or it makes no sense; every record must be one by its framing.
fn read_all(consumer: &mut Ring) -> (u64, Option<Corrupt>) {
    let mut read = 0;
    loop {
        match consumer.peek() {
            Ok(None) => return (read, None),
            Err(corrupt) => return (read, Some(corrupt)),
            Ok(Some(record)) => {
                assert!((HEADER..=MAX_RECORD).contains(&record.len()) && record.len() % 8 == 0);
                assert_eq!(record[..4], (record.len() as u32).to_ne_bytes());
                // Every byte can be touched.
                std::hint::black_box(record.iter().fold(0u8, |sum, byte| sum ^ byte));
                read += record.len() as u64;
                consumer.advance();
            }
        }
    }
}

#[test]
fn what_is_corrupt_is_said_with_its_place() {
    let ring = MemoryRing::new(4096, 0).unwrap();
    let memory = Memory::of(&ring);
    let said = |head: u64, len: u32| {
        memory.set(HEAD, head);
        memory.write(DATA, &len.to_ne_bytes());
        ring.consumer().unwrap().peek().unwrap_err().to_string()
    };
    assert_eq!(said(4104, 64), "ring is corrupt at position 0: more was published than the ring can hold");
    assert_eq!(said(24, 24), "ring is corrupt at position 0: what was published is no record");
    assert_eq!(said(64, 24), "ring is corrupt at position 0: no record has such a length");
    assert_eq!(said(64, 0), "ring is corrupt at position 0: no record has such a length");
    assert_eq!(said(64, 60), "ring is corrupt at position 0: no record has such a length");
    assert_eq!(said(64, 72), "ring is corrupt at position 0: the record is longer than what was published");
}
