//! Signals that arrive, and how processes end.

use super::Scenario;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::{run, start};
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::time::{Duration, Instant};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "signals",
        "a signal is seen when it is sent and when it arrives, and the end of its receiver with it; on a terminal too",
        signals,
    ),
    Scenario::steps(
        "signals-core",
        "the end of a process that leaves its memory in a file says so, that of one that may not does not",
        core_dumped,
    ),
];

const FILE: &str = "/run/signals.yaml";
const TEXT: &str = "- rule: Signal
  desc: A signal arrived, or a process ended by one.
  condition: >
    (evt.type = signaldeliver and proc.name in (sleep, sh)) or (evt.type = kill and evt.arg.sig = SIGTERM)
    or (evt.type = procexit and proc.name in (sleep, sh))
  output: >
    %evt.type %evt.arg.spid %evt.arg.dpid %evt.arg.sig %evt.arg.pid %evt.arg.status %evt.arg.core %proc.name %proc.pid
  priority: NOTICE
";

fn signals(_: &mut Stage<'_>) -> Outcome {
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let me = std::process::id().to_string();
    // The kernel kills a process without a handler at once, by a signal of its own; a handler gets what was sent.
    let plain: &[&str] = &["/bin/sleep", "100"];
    let on_terminal: &[&str] = &["/usr/bin/agent", "terminal", "/bin/sleep", "100"];
    let handler: &[&str] = &["/bin/sh", "-c", "trap 'exit 3' TERM; sleep 2 & wait"];
    for (program, name, ends) in [(plain, "sleep", "15"), (on_terminal, "sleep", "15"), (handler, "sh", "768")] {
        let mut child = start(program)?;
        std::thread::sleep(Duration::from_millis(500));
        let target = named(child.id(), name)?;
        sentinel::settle(&mut daemon)?;
        kill(Pid::from_raw(target.cast_signed()), Signal::SIGTERM)?;
        child.wait()?;
        let alerts = sentinel::settle(&mut daemon)?;
        let target = target.to_string();
        let one = |event: &str, shows: &[(&str, &str)]| {
            let found = alerts.iter().any(|alert| {
                alert.output().contains(&format!(" {event} "))
                    && shows.iter().all(|(field, value)| alert.field(field) == *value)
            });
            let outputs: Vec<&str> = alerts.iter().map(|alert| alert.output()).collect();
            ensure(found, || format!("no {event} with {shows:?} of {program:?} among {outputs:#?}"))
        };
        one("kill", &[("evt.arg.pid", &target), ("evt.arg.sig", "SIGTERM")])?;
        let (sender, signal) = if name == "sh" { (&*me, "SIGTERM") } else { ("0", "SIGKILL") };
        one("signaldeliver", &[("evt.arg.spid", sender), ("evt.arg.dpid", &target), ("evt.arg.sig", signal)])?;
        one("procexit", &[("evt.arg.status", ends), ("proc.pid", &target), ("evt.arg.core", "0")])?;
    }
    daemon.stop()?.summary()?;
    Ok(())
}

fn core_dumped(_: &mut Stage<'_>) -> Outcome {
    const PATTERN: &str = "/proc/sys/kernel/core_pattern";
    const CORE: &str = "/run/core";
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let before = std::fs::read_to_string(PATTERN).doing(PATTERN)?;
    std::fs::write(PATTERN, CORE).doing(PATTERN)?;
    // The status is wait(2)'s: the signal, and bit 7 with a core.
    let outcome = [("0", "11", "0"), ("unlimited", "139", "1")].into_iter().try_for_each(|(limit, status, core)| {
        run(&["/bin/sh", "-c", &format!("ulimit -c {limit}; kill -SEGV $$")])?;
        let alerts = sentinel::settle(&mut daemon)?;
        let found = alerts.iter().any(|alert| {
            alert.output().contains(" procexit ")
                && (alert.field("evt.arg.status"), alert.field("evt.arg.core")) == (status.into(), core.into())
        });
        let outputs: Vec<&str> = alerts.iter().map(|alert| alert.output()).collect();
        ensure(found, || format!("no end with status {status} and core {core} among {outputs:#?}"))?;
        ensure(Path::new(CORE).exists() == (core == "1"), || {
            format!("with a limit of {limit}, {CORE} is not as it must be")
        })
    });
    std::fs::write(PATTERN, before.trim_end()).doing(PATTERN)?;
    let _ = std::fs::remove_file(CORE);
    outcome?;
    daemon.stop()?.summary()?;
    Ok(())
}

/// How long a program may take to start its children.
const STARTING: Duration = Duration::from_secs(20);

/// A process of this name: this one, or its first child, or its first child, as soon as it is there.
fn named(pid: u32, name: &str) -> Outcome<u32> {
    let end = Instant::now() + STARTING;
    loop {
        match look_for(pid, name) {
            Err(failure) if Instant::now() > end => return Err(failure),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
            found => return found,
        }
    }
}

fn look_for(pid: u32, name: &str) -> Outcome<u32> {
    let mut at = pid;
    for _ in 0..4 {
        if std::fs::read_to_string(format!("/proc/{at}/comm")).doing("comm")?.trim() == name {
            return Ok(at);
        }
        let children = std::fs::read_to_string(format!("/proc/{at}/task/{at}/children")).doing("children")?;
        at = children.split_whitespace().next().ok_or("it has no child")?.parse().map_err(|_| "no number")?;
    }
    Err(format!("no {name} below it").into())
}
