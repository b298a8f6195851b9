//! What is recorded, to the last parameter.

use super::Scenario;
use crate::guest::daemon::PROGRAM;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, programs};
use crate::protocol::Word;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "records",
    "a program makes each call of the first set once; its records are the same on every kernel",
    records,
)];

const LOG: &str = "/run/dump.log";
const RECORDS: &str = "/run/records";

/// Parameters that tell of memory and time, and differ from run to run.
const VOLATILE: [&str; 5] = ["pgft_maj", "pgft_min", "vm_size", "vm_rss", "vm_swap"];

fn records(stage: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let mut dump = Command::new(PROGRAM)
        .args(["dump", "--normalize", "--comm", "calls"])
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
    programs::succeed(&["/usr/bin/calls", "calls"])?;
    kill(Pid::from_raw(dump.id().cast_signed()), Signal::SIGTERM)?;
    let status = dump.wait()?;
    ensure(status.success(), || format!("the dump ended with {status}"))?;

    let mut lines = Vec::new();
    for line in std::fs::read_to_string(RECORDS)?.lines() {
        let mut value: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        if let Some(params) = value.get_mut("params").and_then(Value::as_object_mut) {
            for (_, value) in params.iter_mut().filter(|(name, _)| VOLATILE.contains(&name.as_str())) {
                *value = Value::from("(some)");
            }
        }
        lines.push(value.to_string());
    }
    stage.say(&Word::Snapshot { name: "records".to_owned(), lines });
    Ok(())
}
