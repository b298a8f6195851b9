//! The prefilter under load: the alerts are the same with it and without it, and what it leaves out costs the daemon nothing.

use super::{Play, Scenario};
use crate::guest::alerts::Alert;
use crate::guest::daemon::{self, DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::summary::Summary;
use crate::guest::{module, sentinel, work};
use crate::protocol::Word;
use std::path::Path;
use std::process::{Command, Stdio};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "prefilter-law",
        "a day's work and every suspicious act: the same alerts with the prefilter and without it",
        |stage| law(stage, 1),
    )
    .limit(300),
    Scenario::steps("prefilter-law-long", "the same, with more of the work", |stage| law(stage, 12))
        .on_request()
        .limit(1800),
];

/// Rings that hold everything: a record that is dropped would make a difference that is not the prefilter's.
const PARAMETERS: &str = "ring_kib=16384";

const RECORDING: &str = "/run/work.krec";

fn law(stage: &mut Stage<'_>, rounds: u32) -> Outcome {
    sentinel::prepare()?;
    module::load(PARAMETERS)?;
    let (all, without) = watched("false", rounds)?;
    let (some, with) = watched("true", rounds)?;
    ensure(without.filtered == 0 && with.filtered > 0, || {
        format!("filtered {} and {}", without.filtered, with.filtered)
    })?;
    same(&all, &some)?;
    tell(stage, &format!("{} alerts with and without the prefilter", all.len()));
    tell(stage, &format!("live: {} seen, {} rejected, {} delivered", with.seen, with.filtered, with.delivered));
    replayed(stage, rounds)
}

fn tell(stage: &mut Stage<'_>, text: &str) {
    stage.say(&Word::Say(format!("  prefilter: {text}")));
}

/// The work, and every act that a default rule is about, with its harmless neighbour.
fn play(rounds: u32) -> Outcome {
    for folder in ["/tmp", "/dev/shm"] {
        empty(folder)?;
    }
    // One of the acts takes it away.
    std::fs::write("/var/log/daemon.log", "something started\n")?;
    work::day(rounds)?;
    for scenario in super::all() {
        if let Play::Rule(case) = &scenario.play {
            (case.act)().doing(scenario.name)?;
            (case.neighbour)().doing(scenario.name)?;
        }
    }
    Ok(())
}

/// Takes away what acts left in a folder: they expect that nothing of theirs is there.
fn empty(folder: &str) -> Outcome {
    for entry in std::fs::read_dir(folder).doing(folder)? {
        let path = entry?.path();
        let removed = match path.is_dir() && !path.is_symlink() {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.doing(path.display())?;
    }
    Ok(())
}

/// The alerts of all that, in order of their text, and the daemon's figures.
fn watched(prefilter: &str, rounds: u32) -> Outcome<(Vec<String>, Summary)> {
    let option = format!("prefilter.enabled={prefilter}");
    let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[&option])?;
    play(rounds)?;
    let alerts = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    ensure(summary.dropped == 0 && summary.missing == 0 && summary.bad == 0, || {
        format!("records were lost: {summary:?}")
    })?;
    let mut told: Vec<String> = alerts.iter().map(repeatable).collect();
    told.sort();
    Ok((told, summary))
}

/// An alert without what differs each time that the same is done: its time, and numbers of processes, ports and files.
fn repeatable(alert: &Alert) -> String {
    let mut told = format!("{}:", alert.rule());
    for (name, value) in alert.fields() {
        if !matches!(name, "evt.time" | "proc.pid" | "evt.arg.pid") {
            told.push_str(&format!(" {name}={}", without_long_numbers(&value)));
        }
    }
    told
}

/// Each number of two digits or more as `#`.
fn without_long_numbers(text: &str) -> String {
    let mut told = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        told.push_str(if digits.len() > 1 { "#" } else { &digits });
        digits.clear();
        told.push(c);
    }
    told.pop();
    told
}

fn same(all: &[String], some: &[String]) -> Outcome {
    let mut missing: Vec<&String> = all.iter().collect();
    let mut more = Vec::new();
    for alert in some {
        match missing.iter().position(|other| *other == alert) {
            Some(at) => drop(missing.swap_remove(at)),
            None => more.push(alert),
        }
    }
    ensure(missing.is_empty() && more.is_empty(), || {
        format!("only without the prefilter: {missing:#?}\nonly with it: {more:#?}")
    })
}

/// The same work recorded in full, and the recording replayed with the prefilter and without it: alerts to the byte the same.
fn replayed(stage: &mut Stage<'_>, rounds: u32) -> Outcome {
    let _ = std::fs::remove_file(RECORDING);
    let recorder = Daemon::start_with(&["record", "-w", RECORDING], Path::new("/run/no-alerts"))?;
    play(rounds)?;
    let ended = recorder.stop()?;
    ensure(ended.status.success() && ended.log.contains(" 0 missing by sequence number"), || {
        format!("the recorder ended with {}:\n{}", ended.status, ended.log)
    })?;
    let (all, _) = replay(&[])?;
    let (some, log) = replay(&["--prefilter"])?;
    ensure(!all.is_empty() && all == some, || {
        format!("{} bytes of alerts, with the prefilter {}:\n{log}", all.len(), some.len())
    })?;
    for line in log.lines().filter_map(|line| line.split_once("kestrel: ")).map(|(_, line)| line) {
        if line.contains(" rejected (") {
            tell(stage, &format!("replayed: {}", line.trim_start_matches("prefilter: ")));
        }
    }
    std::fs::remove_file(RECORDING).doing(RECORDING)
}

/// What a replay writes to standard output, and to standard error.
fn replay(options: &[&str]) -> Outcome<(String, String)> {
    let output = Command::new(daemon::PROGRAM)
        .args(["replay", RECORDING, "-r", DEFAULT_RULES, "-o", "json_output=true"])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .doing("kestrel replay")?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure(output.status.success(), || format!("the replay ended with {}:\n{log}", output.status))?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), log))
}
