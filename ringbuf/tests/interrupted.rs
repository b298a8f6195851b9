//! An event may be interrupted at any instruction by another one on its CPU. Here it is, at each: the processor's single
//! step traps after every instruction of the outer event, and the trap's handler plays the interrupt.
#![cfg(all(not(loom), target_arch = "x86_64"))]

mod support;

use kestrel_ringbuf::{Cause, Class, Counters, MemoryRing, Nested, Producer, Ring};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Relaxed};
use std::{arch::asm, ptr};

/// The producer that the handler uses.
static PRODUCER: AtomicPtr<Producer> = AtomicPtr::new(ptr::null_mut());
/// Traps, and what became of the events in them.
static TRAPS: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
static COMMITTED: AtomicU64 = AtomicU64::new(0);
static FILTERED: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

const INNER: usize = 40;
const OUTER: usize = 320;
/// Tag of the outer event's record; those of inner ones count up from 0.
const OUTER_TAG: u64 = u64::MAX;

/// The interrupt: handles an event of its own from beginning to end, in one of several ways, or is refused.
extern "C" fn interrupt(_signal: i32) {
    // SAFETY: the pointer is set to a producer that lives as long as traps may come. Only this thread traps.
    let producer = unsafe { &*PRODUCER.load(Relaxed) };
    let trap = TRAPS.fetch_add(1, Relaxed);
    match producer.enter() {
        Err(Nested) => {
            REFUSED.fetch_add(1, Relaxed);
        }
        Ok(gate) => match trap % 4 {
            0 | 1 => {
                let slot = gate.reserve(Class::Lifecycle).expect("the test leaves room");
                let _nobody_sleeps = support::commit(slot, INNER, COMMITTED.fetch_add(1, Relaxed));
            }
            2 => {
                gate.filtered();
                FILTERED.fetch_add(1, Relaxed);
            }
            _ => {
                gate.dropped(Cause::Fault);
                DROPPED.fetch_add(1, Relaxed);
            }
        },
    }
}

/// Runs `outer` with a trap after each of its instructions. Not inlined, so that nothing else is stepped.
#[inline(never)]
fn step_through(outer: impl FnOnce()) {
    // SAFETY: sets the processor's trap flag, whose traps a handler awaits.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    outer();
    // SAFETY: clears it again.
    unsafe { asm!("pushfq", "and qword ptr [rsp], ~0x100", "popfq") };
}

/// Reads everything; returns how many records there were, how many of them the outer event's, and the gaps before them.
fn drain(consumer: &mut Ring, next: &mut u64) -> (u64, u64, u64) {
    let (mut records, mut outer, mut gaps) = (0, 0, 0);
    while let Some(record) = consumer.peek().unwrap() {
        let (seq, tag) = support::check(record);
        assert!(seq >= *next, "no number twice: {seq} after {next}");
        gaps += seq - *next;
        *next = seq + 1;
        records += 1;
        outer += u64::from(tag == OUTER_TAG);
        consumer.advance();
    }
    consumer.publish();
    (records, outer, gaps)
}

fn outer_commits(producer: &Producer) {
    if let Ok(gate) = producer.enter()
        && let Ok(slot) = gate.reserve(Class::Ordinary)
    {
        let _nobody_sleeps = support::commit(slot, OUTER, OUTER_TAG);
    }
}

fn outer_is_filtered(producer: &Producer) {
    if let Ok(gate) = producer.enter()
        && let Ok(slot) = gate.reserve(Class::Ordinary)
    {
        slot.filtered();
    }
}

fn outer_is_dropped(producer: &Producer) {
    if let Ok(gate) = producer.enter()
        && let Ok(slot) = gate.reserve(Class::Ordinary)
    {
        slot.dropped(Cause::TooLong);
    }
}

fn outer_commits_nonsense(producer: &Producer) {
    if let Ok(gate) = producer.enter()
        && let Ok(slot) = gate.reserve(Class::Ordinary)
    {
        let _dropped = slot.commit(OUTER + 1);
    }
}

fn outer_leaves_at_the_gate(producer: &Producer) {
    drop(producer.enter());
}

/// An event's name, how it goes, and what the outer event alone adds to the counters.
type Case = (&'static str, fn(&Producer), Counters);

#[test]
fn counters_and_numbers_are_exact_when_an_event_is_interrupted_after_every_instruction() {
    let seen = Counters { seen: 1, ..Counters::default() };
    let cases: [Case; 5] = [
        ("commit", outer_commits, Counters { delivered: 1, ..seen }),
        ("filtered", outer_is_filtered, Counters { filtered: 1, ..seen }),
        ("dropped", outer_is_dropped, Counters { dropped_too_long: 1, ..seen }),
        ("a commit of no record's length", outer_commits_nonsense, Counters { dropped_too_long: 1, ..seen }),
        ("left at the gate", outer_leaves_at_the_gate, Counters { filtered: 1, ..seen }),
    ];
    let action = SigAction::new(SigHandler::Handler(interrupt), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler uses nothing but atomics, the ring and its own stack.
    unsafe { sigaction(Signal::SIGTRAP, &action).unwrap() };

    let ring = MemoryRing::new(1 << 20, 1 << 19).unwrap();
    let mut consumer = ring.consumer().unwrap();
    PRODUCER.store(ptr::from_ref(ring.producer()).cast_mut(), Relaxed);
    let (mut expected, mut next, mut all_gaps) = (Counters::default(), 0, 0);
    for (name, outer, alone) in cases {
        for word in [&TRAPS, &REFUSED, &COMMITTED, &FILTERED, &DROPPED] {
            word.store(0, Relaxed);
        }
        step_through(|| outer(ring.producer()));
        let (refused, committed) = (REFUSED.load(Relaxed), COMMITTED.load(Relaxed));
        assert!(refused > 10 && committed > 2, "{name}: interrupted inside ({refused}) and outside ({committed})");

        expected = expected.plus(&alone).plus(&Counters {
            seen: TRAPS.load(Relaxed),
            delivered: committed,
            filtered: FILTERED.load(Relaxed),
            dropped_nested: refused,
            dropped_fault: DROPPED.load(Relaxed),
            ..Counters::default()
        });
        assert_eq!(consumer.counters(), expected, "{name}");
        assert_eq!(expected.unfinished(), 0, "{name}");
        let (records, outers, gaps) = drain(&mut consumer, &mut next);
        all_gaps += gaps;
        assert_eq!(records, committed + alone.delivered, "{name}: each record once");
        assert_eq!(outers, alone.delivered, "{name}");
        assert_eq!(all_gaps + (expected.next_seq() - next), expected.dropped(), "{name}: gaps are drops");
    }
}
