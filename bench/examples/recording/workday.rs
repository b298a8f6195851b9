//! The recorded day (`bench/day.krec`), one after the other: real work of many kinds, of which a quarter is asked for.
//!
//! Every day is later than the one before, and its processes are others under the same numbers. Those that were there when the first
//! day began stay.

use kestrel::recording::{Opening, Reader, Step, Writer, restore_containers, restore_processes, restore_users};
use kestrel::state::{State, Users};
use kestrel_core::event::{Record, RecordHeader, TaskContext};
use kestrel_core::schema::{self, EventId};
use std::io::{self, Cursor, Write};
use zerocopy::{FromBytes, IntoBytes};

const FILE: &[u8] = include_bytes!("../../day.krec");

/// Processes that are kept in mind.
const PROCESSES: usize = 1024;

/// Ns between the last record of a day and the first of the next.
const NIGHT: u64 = 1_000_000_000;

/// A clock tick in ns: processes start at multiples of it (proc_pid_stat(5)).
const TICK: u64 = 10_000_000;

/// A record of the first day.
struct First {
    words: Vec<u64>,
    /// Its process began that day.
    of_the_day: bool,
    /// Where it says when the process began that it makes, if it makes one.
    child_start: Option<usize>,
}

impl First {
    fn new(bytes: &[u8], since_boot: u64) -> First {
        let words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes"))).collect();
        let record = Record::parse(bytes).expect("it was recorded");
        let params = schema::get(EventId(record.header().event)).map_or(&[][..], |event| event.params);
        let start = params.iter().position(|param| param.name == "child_start_time");
        let start = start.and_then(|index| record.param(index)).filter(|param| param.0.len() == 8);
        let child_start = start.map(|param| param.0.as_ptr().addr() - bytes.as_ptr().addr());
        First { words, of_the_day: record.task().start_time >= since_boot, child_start }
    }

    /// Puts it off.
    fn later(&mut self, by: u64, seq: u64) {
        let bytes = self.words.as_mut_bytes();
        if let Some(at) = self.child_start {
            let place = &mut bytes[at..at + 8];
            let start = u64::from_ne_bytes((&*place).try_into().expect("8 bytes"));
            place.copy_from_slice(&(start + by).to_ne_bytes());
        }
        let (header, rest) = RecordHeader::mut_from_prefix(bytes).expect("a record has a header");
        (header.time_ns, header.seq) = (header.time_ns + by, seq);
        if self.of_the_day {
            let (task, _) = TaskContext::mut_from_prefix(rest).expect("a record has a task");
            task.start_time += by;
        }
    }
}

/// Writes whole days until there are so many records, and gives their number.
pub fn write(records: u64, out: impl Write) -> io::Result<u64> {
    let damaged = |error: kestrel::recording::RecordingError| io::Error::other(error);
    let mut reader = Reader::open(Cursor::new(FILE)).map_err(damaged)?;
    let machine = reader.opening().machine.clone();
    let mut state = State::new(PROCESSES, Users::default(), None);
    let mut day: Vec<First> = Vec::new();
    let (mut begin, mut end) = (None, 0);
    loop {
        match reader.advance().map_err(damaged)? {
            Step::Record => {
                let bytes = reader.record();
                let (header, _) = RecordHeader::ref_from_prefix(bytes).expect("a record has a header");
                let begin = *begin.get_or_insert(header.time_ns);
                end = header.time_ns.max(end);
                day.push(First::new(bytes, begin.saturating_sub(machine.boot_ns)));
            }
            Step::Processes(entries) => restore_processes(&mut state, entries),
            Step::Users(lists) => restore_users(&mut state.users, lists),
            Step::Containers(entries) => restore_containers(&mut state.containers, entries),
            Step::End => break,
        }
    }
    let length = (end - begin.unwrap_or(0) + NIGHT).next_multiple_of(TICK);
    let mut writer = Writer::begin(out, &Opening::new(machine, ""), &state)?;
    let mut count = 0;
    while count < records {
        for record in &mut day {
            writer.record(record.words.as_bytes())?;
            count += 1;
            record.later(length, count);
        }
    }
    writer.finish()?;
    Ok(count)
}
