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
        .args(["dump", "--normalize"])
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
        let mut record: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let text = |name| record.get(name).and_then(Value::as_str).unwrap_or_default();
        // A program that is executed from a descriptor is called by its number then.
        if text("comm") == "calls" || text("event") == "execveat" {
            if let Some(params) = record.get_mut("params").and_then(Value::as_object_mut) {
                for (_, value) in params.iter_mut().filter(|(name, _)| VOLATILE.contains(&name.as_str())) {
                    *value = Value::from("(some)");
                }
            }
            lines.push(without_numbers(&without_numbers(&record.to_string(), "/proc/"), ":["));
        }
    }
    stage.say(&Word::Snapshot { name: "records".to_owned(), lines });
    Ok(())
}

/// Replaces numbers right after a text, such as the process in `/proc/17/maps`.
fn without_numbers(text: &str, after: &str) -> String {
    let mut parts = text.split(after);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let closed = rest.starts_with('/') || rest.starts_with(']');
        out.push_str(after);
        out.push_str(if rest.len() < part.len() && closed { "N" } else { "" });
        out.push_str(if closed { rest } else { part });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_processes_and_name_spaces_are_left_out_and_no_others() {
        assert_eq!(
            without_numbers(r#"{"a":"/proc/17/maps","b":"/proc/self/17"}"#, "/proc/"),
            r#"{"a":"/proc/N/maps","b":"/proc/self/17"}"#
        );
        assert_eq!(
            without_numbers(r#"{"a":"uts:[4026531838]","b":[],"c":["x"],"d":[17]}"#, ":["),
            r#"{"a":"uts:[N]","b":[],"c":["x"],"d":[N]}"#
        );
        assert_eq!(without_numbers("nothing", "/proc/"), "nothing");
    }
}
