//! `kestrel run`: a command is watched without the module, by root and by an ordinary user.

use super::Scenario;
use crate::guest::daemon::{DEFAULT_RULES, PROGRAM};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::module;
use crate::guest::stage::Stage;
use serde_json::Value;
use std::process::{Command, Stdio};

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "run-script",
    "without the module, a script that does suspicious things raises its alerts, and keeps its output and its exit code",
    script,
)];

const SCRIPT: &str = "/run/script";

/// What it ends with.
const CODE: i32 = 7;

/// What it writes to standard output.
const SAYS: &str = "done\n";

/// Runs a program from shared memory, reads the hashes of passwords as far as it may, connects to a port where nobody listens, and
/// takes away what it made.
const STEPS: &str = "#!/bin/sh
/bin/cp /bin/busybox /dev/shm/true
/dev/shm/true
/bin/cat /etc/shadow >/dev/null
/bin/nc 127.0.0.1 9 </dev/null
/bin/rm /dev/shm/true
echo done
exit 7
";

/// The rules whose alerts are expected, each once, with a field and its value: what root's run raises.
const ALERTS: [(&str, &str, &str); 2] = [
    ("Program run from shared memory", "proc.exepath", "/dev/shm/true"),
    ("Sensitive file opened for reading", "fd.name", "/etc/shadow"),
];

/// What must be among the records: the events that it may be, on one architecture or another, and text that is in it.
const RECORDS: [(&[&str], &str); 5] = [
    (&["execve"], "/dev/shm/true"),
    (&["open", "openat"], "/etc/shadow"),
    (&["connect"], "127.0.0.1"),
    (&["unlink", "unlinkat"], "/dev/shm/true"),
    (&["procexit"], ""),
];

fn script(_: &mut Stage<'_>) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(SCRIPT, STEPS).doing(SCRIPT)?;
    std::fs::set_permissions(SCRIPT, std::fs::Permissions::from_mode(0o755)).doing(SCRIPT)?;
    ensure(!module::is_loaded(), || "the module is loaded".to_owned())?;
    alerts()?;
    records(&[])?;
    records(&["/usr/bin/agent", "as-user"])
}

/// Runs the script under `kestrel run` with these options, started by another program if there is one; gives what came to
/// standard output and to standard error.
fn run(by: &[&str], options: &[&str]) -> Outcome<(String, String)> {
    let words = [by, &[PROGRAM, "run"], options, &["--", SCRIPT]].concat();
    let output = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).output().doing(words.join(" "))?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure(output.status.code() == Some(CODE), || format!("{}: {}:\n{errors}", words.join(" "), output.status))?;
    Ok((said.into_owned(), errors.into_owned()))
}

fn alerts() -> Outcome {
    let mut options = vec!["-r", DEFAULT_RULES];
    for option in ["json_output=true", "stdout_output.enabled=true", "syslog_output.enabled=false"] {
        options.extend(["-o", option]);
    }
    let (said, errors) = run(&[], &options)?;
    ensure(said == SAYS, || format!("the script said {said:?}"))?;
    let raised = objects(&errors);
    for (rule, field, value) in ALERTS {
        let count = raised.iter().filter(|alert| {
            alert["rule"] == rule && alert["output_fields"][field] == value && alert["source"] == "syscall"
        });
        let count = count.count();
        ensure(count == 1, || format!("{count} alerts of {rule:?} with {field}={value}:\n{errors}"))?;
    }
    Ok(())
}

fn records(by: &[&str]) -> Outcome {
    let (said, errors) = run(by, &["--dump"])?;
    let recorded = objects(&said);
    for (events, text) in RECORDS {
        let is_it = |record: &&Value| events.iter().any(|event| record["event"] == *event);
        let there = recorded.iter().filter(is_it).any(|record| record.to_string().contains(text));
        ensure(there, || format!("{}: no {events:?} with {text:?}:\n{said}\n{errors}", by.join(" ")))?;
    }
    Ok(())
}

/// The lines that are JSON objects: the script's own lines are among them.
fn objects(lines: &str) -> Vec<Value> {
    lines.lines().filter(|line| line.starts_with('{')).filter_map(|line| serde_json::from_str(line).ok()).collect()
}
