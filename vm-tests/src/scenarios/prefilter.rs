//! The prefilter under load: the alerts are the same with it and without it, and what it leaves out costs the daemon nothing.

use super::{Play, Scenario};
use crate::guest::alerts::Alert;
use crate::guest::daemon::{self, DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::summary::Summary;
use crate::guest::{containers, load, module, sentinel, work};
use crate::protocol::Word;
use std::path::Path;
use std::process::{Command, Stdio};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "prefilter-law",
        "a day's work and every suspicious act: the same alerts with the prefilter and without it",
        |stage| law(stage, 1),
    )
    // Among the acts are requests of io_uring.
    .since(6, 0)
    .on_request()
    .limit(600),
    Scenario::steps("prefilter-law-long", "the same, with more of the work", |stage| law(stage, 12))
        .since(6, 0)
        .on_request()
        .limit(1800),
    Scenario::steps(
        "prefilter-storm",
        "files opened for reading as fast as it goes, by two CPUs and by one: nothing is dropped, and the daemon sleeps",
        storm,
    )
    .on_request()
    .limit(300),
];

/// Rings that hold everything: a record that is dropped would make a difference that is not the prefilter's.
const PARAMETERS: &str = "ring_kib=65536";
const PROBE: &str = "engine.ebpf.ring_kib=65536";

const RECORDING: &str = "/run/work.krec";

fn law(stage: &mut Stage<'_>, rounds: u32) -> Outcome {
    sentinel::prepare()?;
    // The first container would load a module of the kernel's, and no later one.
    containers::prepare()?;
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
    for scenario in super::all().into_iter().filter(|scenario| scenario.is_for_this_machine()) {
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
    let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[&option, PROBE])?;
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

/// An alert without what differs each time that the same is done: its time, ids of containers, and numbers of processes, ports
/// and files.
fn repeatable(alert: &Alert) -> String {
    let mut told = format!("{}:", alert.rule());
    for (name, value) in alert.fields() {
        if !matches!(name, "evt.time" | "proc.pid" | "evt.arg.pid" | "container.id") {
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
    let recorder = Daemon::start_with(&["-o", PROBE, "record", "-w", RECORDING], Path::new("/run/no-alerts"))?;
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

/// How long the storm lasts, and the most that the daemon may need meanwhile, in thousandths of the storm's processor time.
const STORM_SECONDS: u32 = 10;
const MOST: u64 = 20;

const SECOND_CPU: &str = "/sys/devices/system/cpu/cpu1/online";

fn storm(stage: &mut Stage<'_>) -> Outcome {
    sentinel::prepare()?;
    module::load("")?;
    stormed(stage, &[0, 1])?;
    std::fs::write(SECOND_CPU, "0").doing(SECOND_CPU)?;
    let alone = stormed(stage, &[0]);
    std::fs::write(SECOND_CPU, "1").doing(SECOND_CPU)?;
    alone
}

/// A storm on these CPUs, which are all that there are.
fn stormed(stage: &mut Stage<'_>, cpus: &[u32]) -> Outcome {
    let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &["prefilter.enabled=true"])?;
    sentinel::settle(&mut daemon)?;
    let (before, waited) = (ticks(&daemon.pid().to_string())?.own, ticks("self")?.of_children);
    let seconds = STORM_SECONDS.to_string();
    let loads = cpus.iter().map(|cpu| load::start("reads", *cpu, &[&seconds])).collect::<Outcome<Vec<_>>>()?;
    loads.into_iter().try_for_each(load::finish)?;
    let needed = ticks(&daemon.pid().to_string())?.own - before;
    let storm = ticks("self")?.of_children - waited;
    sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    let told = format!(
        "a storm on {} CPUs, {} hundredths of a second of theirs: {} seen, {} rejected, {} delivered, {} dropped; the daemon \
         needed {needed} hundredths",
        cpus.len(),
        storm,
        summary.seen,
        summary.filtered,
        summary.delivered,
        summary.dropped,
    );
    tell(stage, &told);
    ensure(summary.dropped == 0 && summary.missing == 0, || told.clone())?;
    ensure(needed * 1000 < storm * MOST, || format!("the daemon needed more than it may: {told}"))?;
    ensure(summary.filtered * 1000 > summary.seen * 990, || format!("too much was kept: {told}"))
}

/// Processor time of a process and of its children that it waited for, in hundredths of a second (`USER_HZ`, `man proc`).
struct Ticks {
    own: u64,
    of_children: u64,
}

fn ticks(process: &str) -> Outcome<Ticks> {
    let path = format!("/proc/{process}/stat");
    let text = std::fs::read_to_string(&path).doing(&path)?;
    // The name, which may hold anything, ends at the last parenthesis; the state follows, which is the third field.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let number = |field: usize| fields.split_whitespace().nth(field - 3).and_then(|text| text.parse::<u64>().ok());
    match (number(14), number(15), number(16), number(17)) {
        (Some(user), Some(system), Some(children), Some(of_children)) => {
            Ok(Ticks { own: user + system, of_children: children + of_children })
        }
        _ => Err(format!("{path} says {text:?}").into()),
    }
}
