//! Recordings of work, which the host keeps: for measuring what records cost that were not made up.

use super::Scenario;
use crate::guest::daemon::{self, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, work};
use crate::protocol::Word;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "record-a-day",
        "a day's work, recorded for bench/: the host keeps the file in target/vm/kept",
        record_a_day,
    )
    .on_request()
    .limit(600),
    Scenario::steps(
        "record-five-million",
        "the same work again and again, recorded whole, until there are five million records or fifteen minutes are over",
        record_five_million,
    )
    .on_request()
    .parallel()
    .limit(1800),
];

/// Rings that hold everything.
const PARAMETERS: &str = "ring_kib=65536";

const RECORDING: &str = "/run/work.krec";

/// Page faults are as many as the machine's memory makes them.
const WITHOUT_FAULTS: &str = "evt.type != page_fault";

/// The shell reads lines of files byte by byte, which would be 19 of 20 records.
const WITHOUT_BYTES: &str = "not (proc.name = sh and evt.type in (read, poll)) and evt.type != page_fault";

/// Bytes of a file in a word to the host.
const PART: usize = 48 << 10;

const FIVE_MILLION: u64 = 5_000_000;

/// How long it may take to make so many.
const PATIENCE: Duration = Duration::from_secs(900);

fn begin(condition: &str) -> Outcome<Daemon> {
    module::load(PARAMETERS)?;
    let _ = std::fs::remove_file(RECORDING);
    Daemon::start_with(&["record", "-w", RECORDING, condition], Path::new("/run/no-alerts"))
}

/// Ends the recording; gives how many records it has.
fn end(recorder: Daemon) -> Outcome<u64> {
    let ended = recorder.stop()?;
    ensure(ended.status.success() && ended.log.contains(" 0 missing by sequence number"), || {
        format!("the recorder ended with {}:\n{}", ended.status, ended.log)
    })?;
    let words = ["show", "--about", RECORDING];
    let output = Command::new(daemon::PROGRAM).args(words).stdin(Stdio::null()).output().doing("kestrel show")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let number = said.lines().find_map(|line| line.strip_prefix("records: ")?.parse().ok());
    number.ok_or_else(|| format!("kestrel show --about said {said:?}").into())
}

/// Hands the recording over under this name.
fn hand_over(stage: &mut Stage<'_>, name: &str) -> Outcome {
    let mut file = std::fs::File::open(RECORDING).doing(RECORDING)?;
    let mut part = Vec::with_capacity(PART);
    while file.by_ref().take(PART as u64).read_to_end(&mut part).doing(RECORDING)? > 0 {
        stage.say(&Word::File { name: name.to_owned(), part: BASE64_STANDARD.encode(&part) });
        part.clear();
    }
    std::fs::remove_file(RECORDING).doing(RECORDING)
}

fn record_a_day(stage: &mut Stage<'_>) -> Outcome {
    let recorder = begin(WITHOUT_BYTES)?;
    work::day(1)?;
    end(recorder)?;
    hand_over(stage, "day.krec")
}

fn record_five_million(stage: &mut Stage<'_>) -> Outcome {
    let recorder = begin(WITHOUT_FAULTS)?;
    work::day(1)?;
    let a_day = end(recorder)?;
    module::unload()?;
    let recorder = begin(WITHOUT_FAULTS)?;
    let start = Instant::now();
    let mut days = 0;
    while days * a_day < FIVE_MILLION && start.elapsed() < PATIENCE {
        work::day(1)?;
        days += 1;
    }
    let seconds = start.elapsed().as_secs();
    let records = end(recorder)?;
    stage.say(&Word::Say(format!("  {records} records of {days} days' work in {seconds} s")));
    hand_over(stage, "five-million.krec")
}
