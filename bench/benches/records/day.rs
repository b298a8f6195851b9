//! A day's work of a small machine, recorded: `bench/day.krec`.
//!
//! `make vm-test KERNEL=6.1 SCENARIO=record-a-day` records another in a virtual machine, and leaves it in `target/vm/kept`:
//! stand-ins for make, a compiler and a linker, a web server under requests, two packages unpacked, a login, `find`, `grep`
//! and `tar` (`vm-tests/src/guest/work.rs`). It holds every system call but what the shell reads byte by byte.

use bumpalo::Bump;
use kestrel::fields::{Clock, EventFacts};
use kestrel::live::Taken;
use kestrel::recording::{Reader, Step, restore_containers, restore_processes, restore_users};
use kestrel::state::{State, Users};
use kestrel_core::event::{Record, RecordHeader};
use kestrel_core::schema::{EventId, EventSet};
use kestrel_rules::RuleSet;
use std::io::Cursor;
use zerocopy::{FromBytes, IntoBytes};

const FILE: &[u8] = include_bytes!("../../day.krec");

/// Processes that are kept in mind.
const PROCESSES: usize = 1024;

/// The records, and who was there when they began.
pub struct Day {
    state: State,
    clock: Clock,
    arena: Bump,
    records: Vec<Vec<u64>>,
}

impl Day {
    /// The records of these events.
    pub fn of(events: &EventSet) -> Day {
        let mut reader = Reader::open(Cursor::new(FILE)).expect("a recording");
        let mut state = State::new(PROCESSES, Users::default(), None);
        let mut records = Vec::new();
        loop {
            match reader.advance().expect("an undamaged recording") {
                Step::Record => {
                    let bytes = reader.record();
                    let (header, _) = RecordHeader::ref_from_prefix(bytes).expect("a record has a header");
                    if events.contains(EventId(header.event)) {
                        let words = bytes.chunks_exact(8);
                        records.push(words.map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes"))).collect());
                    }
                }
                Step::Processes(entries) => restore_processes(&mut state, entries),
                Step::Users(lists) => restore_users(&mut state.users, lists),
                Step::Containers(entries) => restore_containers(&mut state.containers, entries),
                Step::End => break,
            }
        }
        Day { state, clock: Clock::system("machine".to_owned()), arena: Bump::new(), records }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// Takes in one after the other, and gives each to `other`, with what is known of processes.
    pub fn each(&mut self, mut other: impl FnMut(&Taken<'_>)) {
        for (number, words) in (1..).zip(&self.records) {
            let record = Record::parse(words.as_bytes()).expect("it was recorded");
            let key = self.state.apply(&record);
            other(&Taken { record, bytes: words.as_bytes(), number, key, state: &self.state });
            self.state.settle(&record, key);
        }
    }

    /// Takes in one after the other, and judges them by these rules, if there are any; gives how many matched.
    pub fn judge(&mut self, mut rules: Option<&mut RuleSet>) -> usize {
        let Day { state, clock, arena, records } = self;
        let mut matches = 0;
        for words in records {
            let record = Record::parse(words.as_bytes()).expect("it was recorded");
            let time_ns = record.header().time_ns;
            clock.tick(time_ns);
            let key = state.apply(&record);
            if let (Some(facts), Some(rules)) = (EventFacts::new(record, key, state, clock, arena), rules.as_mut()) {
                rules.evaluate(facts.id(), &facts, |_| matches += 1);
            }
            clock.previous_ns = time_ns;
            state.settle(&record, key);
            arena.reset();
        }
        matches
    }
}
