//! What is recorded, to the last parameter: one scenario a file of the schema, one snapshot each, the same on every kernel.

mod coverage;
mod lines;

use super::Scenario;
use super::callers::NO_32_BITS;
use crate::guest::calls::{SUBJECTS, Subject};
use crate::guest::daemon::PROGRAM;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, programs};
use crate::protocol::Word;
use kestrel_core::schema::{self, EventId};
use lines::{Kept, lines};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The scenario of the subject with this index.
macro_rules! subject {
    ($index:literal, $name:literal) => {
        Scenario::steps(
            $name,
            "a program makes each call of a file of the schema; its records are the same on every kernel",
            |stage| of_subject(stage, $name, &SUBJECTS[$index]),
        )
    };
}

/// Those that hold from 6.1 on make calls that older kernels do not have, or answer otherwise.
pub const SCENARIOS: &[Scenario] = &[
    subject!(0, "records-file").since(6, 1),
    subject!(1, "records-io").since(6, 1),
    subject!(2, "records-net"),
    subject!(3, "records-process").since(6, 1),
    subject!(4, "records-user"),
    subject!(5, "records-signal"),
    subject!(6, "records-memory").since(6, 1),
    subject!(7, "records-mount").since(6, 1),
    // Among its calls are those that load and unload modules, with ours.
    subject!(8, "records-system").since(6, 1).of_module(),
    subject!(9, "records-ipc").since(6, 1),
    subject!(10, "records-time"),
    Scenario::steps(
        "records-32",
        "a 32-bit program makes calls of every kind; its records are the same on every kernel",
        of_32_bits,
    )
    .since(6, 1)
    .not_on_arm64(NO_32_BITS),
];

const LOG: &str = "/run/dump.log";
const RECORDS: &str = "/run/records";

fn of_subject(stage: &mut Stage<'_>, name: &str, subject: &Subject) -> Outcome {
    let (first, last) = subject.events;
    let events = (first.0..=last.0).filter_map(|id| schema::get(EventId(id))).map(|event| event.name);
    let text = record(&events.collect::<Vec<_>>(), &["/usr/bin/calls", "calls", subject.name])?;
    let kept = Kept { comm: subject.comm, executed: subject.executed };
    stage.say(&Word::Snapshot { name: name.to_owned(), lines: lines(&text, &kept)? });
    Ok(())
}

/// The lines of a subject's snapshot, from a dump of all records of a program that made its calls.
///
/// # Errors
/// If a line is no record.
pub fn of_dump(subject: &Subject, dump: &str) -> Outcome<Vec<String>> {
    let (first, last) = subject.events;
    let names: Vec<&str> =
        (first.0..=last.0).filter_map(|id| schema::get(EventId(id))).map(|event| event.name).collect();
    let of_subject = |line: &&str| names.iter().any(|name| line.contains(&format!("\"event\":\"{name}\"")));
    let dump: Vec<&str> = dump.lines().filter(of_subject).collect();
    lines(&dump.join("\n"), &Kept { comm: subject.comm, executed: subject.executed })
}

/// The program has no runtime: whatever it calls is looked at.
fn of_32_bits(stage: &mut Stage<'_>) -> Outcome {
    const NAME: &str = "calls32";
    // No event is named: that is all of them but those that are recorded on request alone.
    let text = record(&["--comm", NAME], &["/bin/calls32"])?;
    stage.say(&Word::Snapshot {
        name: "records-32".to_owned(),
        lines: lines(&text, &Kept { comm: NAME, executed: &[] })?,
    });
    Ok(())
}

/// Records these events while a program runs, which must end well.
pub(super) fn record(events: &[&str], program: &[&str]) -> Outcome<String> {
    module::load("")?;
    let mut dump = Command::new(PROGRAM)
        .args(["dump", "--normalize"])
        .args(events)
        .stdin(Stdio::null())
        .stdout(File::create(RECORDS)?)
        .stderr(File::create(LOG)?)
        .spawn()
        .doing(PROGRAM)?;
    let end = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(LOG)?.contains("recording") {
        if let Some(status) = dump.try_wait()? {
            return Err(format!("the dump ended with {status}: {}", std::fs::read_to_string(LOG)?).into());
        }
        ensure(Instant::now() < end, || "the dump does not record".to_owned())?;
        std::thread::sleep(Duration::from_millis(10));
    }
    let ended = programs::succeed(program);
    kill(Pid::from_raw(dump.id().cast_signed()), Signal::SIGTERM)?;
    let status = dump.wait()?;
    ended?;
    let log = std::fs::read_to_string(LOG)?;
    ensure(status.success(), || format!("the dump ended with {status}: {log}"))?;
    ensure(log.contains(" 0 skipped, 0 missing, 0 dropped"), || format!("not every record arrived: {log}"))?;
    Ok(std::fs::read_to_string(RECORDS)?)
}
