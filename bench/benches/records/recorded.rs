//! Recordings of such records: what a long recording of a machine holds, made faster than by waiting for it.

use super::{Written, dull, ordinary};
use kestrel::recording::{Machine, Opening, Writer};
use kestrel::state::{State, Users};
use kestrel_core::event::RecordHeader;
use std::io::{self, Write};
use zerocopy::{FromBytes, IntoBytes};

/// Time of the first record, ns since the epoch.
const BEGIN: u64 = 1_767_268_800_000_000_000;

/// Nanoseconds between two records.
const PACE: u64 = 2_000;

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Records of events that no default rule asks for.
    Dull,
    /// Of 80 records 8 are the life of a process, from its fork to its end; the others are dull.
    Mixed,
    /// The lives of processes alone: a rule asks for every record.
    Busy,
}

impl Work {
    /// The records of one round.
    fn round(self, generation: u32) -> Vec<Written> {
        match self {
            Work::Dull => dull(generation),
            Work::Busy => ordinary(generation),
            Work::Mixed => {
                let mut records = ordinary(generation);
                records.extend((0..12).flat_map(|n| dull(generation.wrapping_add(n))));
                records
            }
        }
    }
}

/// Writes a recording of about this many records, and gives their number.
pub fn write(work: Work, records: u64, out: impl Write) -> io::Result<u64> {
    let machine = Machine { hostname: "bench".to_owned(), boot_ns: BEGIN - 1_000_000_000_000, ..Machine::default() };
    let state = State::new(64, Users::from_text("root:x:0:0::/root:/bin/sh\n", "root:x:0:\n"), None);
    let mut writer = Writer::begin(out, &Opening::new(machine, ""), &state)?;
    // Filling is slower than writing: what was filled is written again, as another process, at another time.
    let mut rounds: Vec<Vec<Written>> = (0..1024).map(|generation| work.round(generation)).collect();
    let (mut count, mut time) = (0_u64, BEGIN);
    while count < records {
        for round in &mut rounds {
            for record in round {
                let words = &mut record.words;
                let (header, _) = RecordHeader::mut_from_prefix(words.as_mut_bytes()).expect("a record has a header");
                (header.time_ns, header.seq) = (time, count);
                writer.record(words.as_bytes())?;
                time += PACE;
                count += 1;
            }
            if count >= records {
                break;
            }
        }
    }
    writer.finish()?;
    Ok(count)
}
