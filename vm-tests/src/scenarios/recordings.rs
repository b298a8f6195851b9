//! Recordings: what happens once can be judged again, and comes to the same.

use super::Scenario;
use crate::guest::daemon::{self, DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::succeed;
use crate::guest::stage::Stage;
use crate::guest::{containers, module, sentinel};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "record",
        "what was recorded is replayed with the alerts that it would have raised, twice the same",
        record,
    ),
    Scenario::steps(
        "record-container",
        "the replay of a recording knows the container that an alert is about as it was known when it ran",
        record_container,
    ),
    Scenario::steps(
        "record-capture",
        "an alert begins a capture, and its replay gives the very alerts that were raised",
        capture,
    ),
];

/// Raises alerts of default rules.
fn act() -> Outcome {
    succeed(&["/bin/cat", "/etc/shadow"])?;
    succeed(&["/bin/cat", "/etc/gshadow"]).map(drop)
}

/// Replays a file with the default rules and those of sentinels; gives the alerts as JSON lines.
fn replay(file: &Path) -> Outcome<Vec<String>> {
    let output = Command::new(daemon::PROGRAM)
        .arg("replay")
        .arg(file)
        .args(["-r", DEFAULT_RULES, "-r", sentinel::RULES, "-o", "json_output=true"])
        .stdin(Stdio::null())
        .output()
        .doing("kestrel replay")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), || format!("the replay ended with {}:\n{said}", output.status))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn record(_: &mut Stage<'_>) -> Outcome {
    let (file, unused) = (Path::new("/run/recording.krec"), Path::new("/run/no-alerts"));
    sentinel::prepare()?;
    module::load("")?;
    let recorder = Daemon::start_with(&["record", "-w", "/run/recording.krec"], unused)?;
    act()?;
    let ended = recorder.stop()?;
    ensure(ended.status.success(), || format!("the recorder ended with {}:\n{}", ended.status, ended.log))?;
    ensure(ended.log.contains(" 0 missing by sequence number"), || format!("records are missing:\n{}", ended.log))?;
    let first = replay(file)?;
    for name in ["/etc/shadow", "/etc/gshadow"] {
        let alerts = first.iter().filter(|line| line.contains(&format!("\"fd.name\":\"{name}\""))).count();
        ensure(alerts == 1, || format!("{alerts} alerts about {name}:\n{}", first.join("\n")))?;
    }
    ensure(first.iter().any(|line| line.contains("\"proc.cmdline\":\"cat /etc/shadow\"")), || first.join("\n"))?;
    ensure(first == replay(file)?, || "two replays are not the same".to_owned())?;
    std::fs::remove_file(file).doing(file.display())
}

fn record_container(_: &mut Stage<'_>) -> Outcome {
    let (file, unused) = (Path::new("/run/container.krec"), Path::new("/run/no-alerts"));
    sentinel::prepare()?;
    module::load("")?;
    let recorder = Daemon::start_with(&["record", "-w", "/run/container.krec"], unused)?;
    // Its runtime's files are gone with it, and with them everything that a replay could look up.
    containers::run_one(containers::PLAIN, &["/sbin/apk", "add", "nmap"])?;
    let ended = recorder.stop()?;
    ensure(ended.status.success(), || format!("the recorder ended with {}:\n{}", ended.status, ended.log))?;
    let alerts = replay(file)?;
    let about = alerts.iter().find(|line| line.contains("Package manager started in a container"));
    let about = about.ok_or_else(|| format!("no alert about the container:\n{}", alerts.join("\n")))?;
    for (field, value) in
        [("container.name", containers::NAME), ("container.image", containers::IMAGE), ("user.name", "root")]
    {
        ensure(about.contains(&format!("\"{field}\":\"{value}\"")), || format!("{field} is not {value} in: {about}"))?;
    }
    std::fs::remove_file(file).doing(file.display())
}

fn capture(_: &mut Stage<'_>) -> Outcome {
    let alerts = "/run/captured-alerts";
    sentinel::prepare()?;
    module::load("")?;
    let output = format!("file_output.filename={alerts}");
    let mut args = vec!["-r", DEFAULT_RULES, "-r", sentinel::RULES];
    for option in [
        "json_output=true",
        "stdout_output.enabled=false",
        "syslog_output.enabled=false",
        "file_output.enabled=true",
        "file_output.keep_alive=true",
        &output,
        "capture.enabled=true",
        "capture.mode=all_rules",
        "capture.path_prefix=/run/capture",
        "capture.default_duration=600000",
        "capture.look_back=60000",
    ] {
        args.extend(["-o", option]);
    }
    let mut daemon = Daemon::start_with(&args, Path::new(alerts))?;
    act()?;
    sentinel::settle(&mut daemon)?;
    let ended = daemon.stop()?;
    ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
    let raised: Vec<String> = std::fs::read_to_string(alerts).doing(alerts)?.lines().map(str::to_owned).collect();
    let captures = captures()?;
    let [file] = &captures[..] else { return Err(format!("{captures:?} were captured:\n{}", ended.log).into()) };
    let replayed = replay(file)?;
    let only = |a: &[String], b: &[String]| {
        let b: BTreeSet<&String> = b.iter().collect();
        a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>().join("\n")
    };
    ensure(raised == replayed, || {
        format!("only raised:\n{}\nonly replayed:\n{}", only(&raised, &replayed), only(&replayed, &raised))
    })?;
    ensure(raised.len() >= 3, || format!("only these alerts were raised:\n{}", raised.join("\n")))?;
    std::fs::remove_file(file).doing(file.display())
}

/// The captures that there are; recordings that another scenario left behind are none.
fn captures() -> Outcome<Vec<PathBuf>> {
    let files = std::fs::read_dir("/run").doing("/run")?.flatten().map(|entry| entry.path());
    let is_capture = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "krec")
            && path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"capture_"))
    };
    Ok(files.filter(is_capture).collect())
}
