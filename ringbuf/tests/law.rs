//! Any sequence of events, readings and sleeps does what a slow and plain model of the ring does.
#![cfg(not(loom))]

mod support;

use kestrel_core::event::MAX_RECORD;
use kestrel_ringbuf::{Cause, Class, Counters, Full, MIN_SLOT, MemoryRing, Nested, Ring, Wake};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

/// How an event ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Commit,
    Filtered,
    Dropped(Cause),
    Abandoned,
    /// Ended at the gate, before anything was reserved.
    FilteredEarly,
    DroppedEarly(Cause),
    AbandonedEarly,
}

#[derive(Clone, Debug)]
enum Step {
    /// An event of a class, a record's length, how often it is interrupted by another, and how it ends.
    Event(Class, usize, u8, End),
    /// Up to so many records are read.
    Read(usize),
    Publish,
    /// The consumer goes and another one comes.
    Replace,
    Sleep,
    Wishes(u32, u32),
}

/// The ring as one would explain it: a list.
struct Model {
    size: u64,
    ordinary: u64,
    head: u64,
    tail: u64,
    published: u64,
    /// Length, number and tag of the records that nobody has given back yet, and how many of them were read.
    records: VecDeque<(usize, u64, u64)>,
    read: usize,
    next_seq: u64,
    counters: Counters,
    asleep: bool,
    woken: bool,
    timed: bool,
    wake_bytes: u64,
    wake_delay: u32,
}

impl Model {
    fn new(size: u64, reserve: u64) -> Model {
        Model {
            size,
            ordinary: size.saturating_sub(reserve),
            head: 0,
            tail: 0,
            published: 0,
            records: VecDeque::new(),
            read: 0,
            next_seq: 0,
            counters: Counters::default(),
            asleep: false,
            woken: false,
            timed: false,
            wake_bytes: 0,
            wake_delay: 0,
        }
    }

    /// Length of the slot that a class gets now.
    fn slot(&self, class: Class) -> Option<usize> {
        let limit = if class == Class::Ordinary { self.ordinary } else { self.size };
        let room = limit.saturating_sub(self.head - self.published);
        (room >= MIN_SLOT).then_some(room.min(MAX_RECORD as u64) as usize)
    }

    fn dropped(&mut self, counter: fn(&mut Counters) -> &mut u64) {
        *counter(&mut self.counters) += 1;
        self.next_seq += 1;
    }

    fn dropped_full(&mut self, class: Class) {
        match class {
            Class::Ordinary => self.dropped(|c| &mut c.dropped_full),
            Class::Lifecycle => self.dropped(|c| &mut c.dropped_full_lifecycle),
        }
    }

    fn dropped_by(&mut self, cause: Cause) {
        match cause {
            Cause::Fault => self.dropped(|c| &mut c.dropped_fault),
            Cause::TooLong => self.dropped(|c| &mut c.dropped_too_long),
        }
    }

    fn commit(&mut self, len: usize, tag: u64) -> Wake {
        self.records.push_back((len, self.next_seq, tag));
        self.next_seq += 1;
        self.counters.delivered += 1;
        self.head += len as u64;
        if !self.asleep {
            return Wake::No;
        }
        let fill = self.head - self.published;
        if self.wake_delay == 0 || fill >= self.wake_bytes.min(self.ordinary / 2) {
            if std::mem::replace(&mut self.woken, true) { Wake::No } else { Wake::Now }
        } else if std::mem::replace(&mut self.timed, true) {
            Wake::No
        } else {
            Wake::After(self.wake_delay)
        }
    }

    fn publish(&mut self) {
        self.published = self.tail;
        self.records.drain(..self.read);
        self.read = 0;
    }
}

/// Both, side by side.
struct Pair {
    ring: MemoryRing,
    consumer: Ring,
    model: Model,
    tag: u64,
}

impl Pair {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Event(class, len, nested, end) => self.event(class, len, nested, end),
            Step::Read(count) => self.read(count),
            Step::Publish => {
                self.consumer.publish();
                self.model.publish();
            }
            Step::Replace => {
                self.consumer = self.ring.consumer().unwrap();
                self.model.tail = self.model.published;
                self.model.read = 0;
                self.model.asleep = false;
            }
            Step::Sleep => {
                self.model.publish();
                self.model.asleep = self.model.head == self.model.published;
                assert_eq!(self.consumer.arm(), self.model.asleep);
                (self.model.woken, self.model.timed) = (false, false);
            }
            Step::Wishes(bytes, delay) => {
                self.consumer.set_wake(bytes, Duration::from_micros(delay.into()));
                (self.model.wake_bytes, self.model.wake_delay) = (bytes.into(), delay);
            }
        }
        let counters = self.consumer.counters();
        assert_eq!(counters, self.model.counters, "after {step:?}");
        assert_eq!(counters.unfinished(), 0);
        assert_eq!(counters.next_seq(), self.model.next_seq);
        assert_eq!(self.ring.producer().has_data(), self.model.head != self.model.published);
        assert_eq!(self.consumer.fill_level(), self.model.head - self.model.tail);
        assert_eq!(self.consumer.unpublished(), self.model.tail - self.model.published);
    }

    fn event(&mut self, class: Class, len: usize, nested: u8, end: End) {
        let (producer, model) = (self.ring.producer(), &mut self.model);
        self.tag += 1;
        model.counters.seen += 1;
        let gate = producer.enter().expect("nothing is being handled");
        let interrupt = |model: &mut Model| {
            assert_eq!(producer.enter().err(), Some(Nested));
            model.counters.seen += 1;
            model.dropped(|c| &mut c.dropped_nested);
        };
        match end {
            End::FilteredEarly | End::AbandonedEarly => {
                (0..nested).for_each(|_| interrupt(model));
                model.counters.filtered += 1;
                return if matches!(end, End::FilteredEarly) { gate.filtered() } else { drop(gate) };
            }
            End::DroppedEarly(cause) => {
                (0..nested).for_each(|_| interrupt(model));
                model.dropped_by(cause);
                return gate.dropped(cause);
            }
            _ => {}
        }
        (0..nested / 2).for_each(|_| interrupt(model));
        let expected = model.slot(class);
        let mut slot = match gate.reserve(class) {
            Ok(slot) => slot,
            Err(Full) => {
                assert_eq!(expected, None);
                model.dropped_full(class);
                return;
            }
        };
        (nested / 2..nested).for_each(|_| interrupt(model));
        let room = slot.bytes().len();
        assert_eq!(Some(room), expected);
        assert_eq!(slot.bytes().as_ptr() as usize % 8, 0);
        match end {
            End::Commit if len <= room => {
                let wake = support::commit(slot, len, self.tag);
                assert_eq!(wake, model.commit(len, self.tag));
            }
            End::Commit => {
                slot.dropped(Cause::TooLong);
                model.dropped_full(class);
            }
            End::Dropped(cause) => {
                slot.dropped(cause);
                match cause {
                    Cause::TooLong if room < MAX_RECORD => model.dropped_full(class),
                    _ => model.dropped_by(cause),
                }
            }
            _ => {
                slot.bytes().fill(0xaa);
                model.counters.filtered += 1;
                if matches!(end, End::Filtered) { slot.filtered() } else { drop(slot) }
            }
        }
    }

    fn read(&mut self, count: usize) {
        for _ in 0..count {
            let Some(&(len, seq, tag)) = self.model.records.get(self.model.read) else {
                assert_eq!(self.consumer.peek(), Ok(None));
                return;
            };
            let record = self.consumer.peek().unwrap().expect("the model has one");
            assert_eq!((record.len(), support::check(record)), (len, (seq, tag)));
            let again = self.consumer.peek().unwrap().map(<[u8]>::len);
            assert_eq!(again, Some(len), "the same until it is passed");
            self.consumer.advance();
            self.consumer.advance();
            self.model.tail += len as u64;
            self.model.read += 1;
        }
    }
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 4..64usize, 2 => 64..600usize, 1 => 600..=MAX_RECORD / 8].prop_map(|words| words * 8)
}

fn ends() -> impl Strategy<Value = End> {
    let causes = || prop_oneof![Just(Cause::Fault), Just(Cause::TooLong)];
    prop_oneof![
        12 => Just(End::Commit),
        1 => Just(End::Filtered),
        1 => causes().prop_map(End::Dropped),
        1 => Just(End::Abandoned),
        1 => Just(End::FilteredEarly),
        1 => causes().prop_map(End::DroppedEarly),
        1 => Just(End::AbandonedEarly),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let classes = prop_oneof![3 => Just(Class::Ordinary), 1 => Just(Class::Lifecycle)];
    let nested = prop_oneof![4 => Just(0u8), 1 => 1..5u8];
    let delays = prop_oneof![1 => Just(0), 4 => any::<u32>()];
    prop::collection::vec(
        prop_oneof![
            12 => (classes, lengths(), nested, ends()).prop_map(|(class, len, n, end)| Step::Event(class, len, n, end)),
            4 => (1..40usize).prop_map(Step::Read),
            3 => Just(Step::Publish),
            1 => Just(Step::Replace),
            3 => Just(Step::Sleep),
            1 => (0..100_000u32, delays).prop_map(|(bytes, delay)| Step::Wishes(bytes, delay)),
        ],
        1..300,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_ring_does_what_its_model_does(
        size in prop_oneof![Just(4096usize), Just(8192), Just(65536), Just(1 << 18)],
        reserve in prop_oneof![Just(0u64), Just(512), Just(4096), Just(1 << 15), Just(u64::MAX)],
        steps in steps(),
    ) {
        let ring = MemoryRing::new(size, reserve).unwrap();
        let consumer = ring.consumer().unwrap();
        let mut pair = Pair { ring, consumer, model: Model::new(size as u64, reserve), tag: 0 };
        for step in &steps {
            pair.step(step);
        }
        pair.read(usize::MAX);
    }

    #[test]
    fn gaps_in_the_numbers_are_exactly_the_drops(
        events in prop::collection::vec((lengths(), 0..3u8, ends(), 0..4usize), 1..400),
    ) {
        let ring = MemoryRing::new(1 << 16, 1 << 13).unwrap();
        let mut consumer = ring.consumer().unwrap();
        let (mut next, mut gaps) = (0, 0);
        let mut read = |consumer: &mut Ring, count: usize| {
            for _ in 0..count {
                let Some(record) = consumer.peek().unwrap() else { break };
                let (seq, _) = support::check(record);
                assert!(seq >= next);
                gaps += seq - next;
                next = seq + 1;
                consumer.advance();
            }
            consumer.publish();
        };
        for (tag, &(len, nested, end, reads)) in events.iter().enumerate() {
            let gate = ring.producer().enter().unwrap();
            for _ in 0..nested {
                prop_assert!(ring.producer().enter().is_err());
            }
            if let Ok(mut slot) = gate.reserve(Class::Ordinary) {
                let fits = len <= slot.bytes().len();
                match end {
                    End::Commit if fits => {
                        let _nobody_sleeps = support::commit(slot, len, tag as u64);
                    }
                    End::Filtered | End::FilteredEarly => slot.filtered(),
                    End::Abandoned | End::AbandonedEarly => drop(slot),
                    _ => slot.dropped(Cause::Fault),
                }
            }
            read(&mut consumer, reads);
        }
        read(&mut consumer, usize::MAX);
        let counters = consumer.counters();
        gaps += counters.next_seq() - next;
        prop_assert_eq!(gaps, counters.dropped());
        prop_assert_eq!(counters.seen, counters.delivered + counters.filtered + counters.dropped());
        let events_seen: u64 = events.iter().map(|event| 1 + u64::from(event.1)).sum();
        prop_assert_eq!(counters.seen, events_seen);
    }
}
