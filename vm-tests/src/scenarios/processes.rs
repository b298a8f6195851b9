//! Who a process is, and whose child: right whatever crowds of processes do.

use super::{Scenario, losses};
use crate::guest::alerts::Alert;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::processes::{FOLDER, GO, READY};
use crate::guest::programs::{start, succeed, until_there};
use crate::guest::stage::Stage;
use crate::guest::{load, module, sentinel};
use std::process::Child;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "processes-before-the-daemon",
        "a daemon that starts among two thousand processes, under load, knows each of them and its ancestors",
        before_the_daemon,
    )
    .limit(240),
    Scenario::steps("processes-flood", "a flood of processes does not push ancestors out of a small table", flood)
        .limit(240),
    Scenario::steps("processes-chain", "sixty generations are known, one by one", chain),
    Scenario::steps("processes-orphans", "who inherits a process is its parent from then on", orphans),
    Scenario::steps("processes-reused-pids", "a pid that is used again is another process", reused_pids).limit(240),
    Scenario::steps(
        "processes-fleeting",
        "five thousand processes that live for a moment leave nothing behind in the daemon",
        |_| fleeting(5_000),
    )
    .limit(240),
    Scenario::steps("processes-fleeting-in-masses", "nor do a hundred thousand", |_| fleeting(100_000))
        .on_request()
        .limit(1200),
];

const RULES: &str = "/run/processes.yaml";

/// Processes before the daemon: groups, and how many in each.
const GROUPS: usize = 20;
const EACH: usize = 100;

/// A daemon with a rule about marks, whose output shows these fields.
fn watch(fields: &str, options: &[&str]) -> Outcome<Daemon> {
    let text = format!(
        "- rule: Mark\n  desc: A process left its mark.\n  \
         condition: evt.type in (open, openat) and fd.name startswith {FOLDER}/\n  \
         output: Mark (file=%fd.name {fields})\n  priority: INFORMATIONAL\n  tags: [test]\n"
    );
    std::fs::write(RULES, text).doing(RULES)?;
    Daemon::start(&[RULES, sentinel::RULES], options)
}

fn prepare() -> Outcome {
    for path in [READY, GO] {
        let _ = std::fs::remove_file(path);
    }
    let _ = std::fs::remove_dir_all(FOLDER);
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    sentinel::prepare()
}

fn crowd(groups: usize, each: usize) -> Outcome<Child> {
    let child = start(&["/usr/bin/agent", "processes", "crowd", &groups.to_string(), &each.to_string()])?;
    until_there(READY)?;
    Ok(child)
}

/// Checks that the marks of a crowd were seen, each with the pids and the name that are true.
fn right(alerts: &[Alert], count: usize) -> Outcome {
    let marks: Vec<&Alert> = alerts.iter().filter(|alert| alert.rule() == "Mark").collect();
    ensure(marks.len() == count, || format!("{} marks of {count} were seen", marks.len()))?;
    for alert in marks {
        let name = alert.field("fd.name");
        let told = ["proc.pid", "proc.ppid", "proc.apid[2]"].map(|field| alert.field(field)).join("-");
        ensure(name == format!("{FOLDER}/{told}"), || format!("{name} was left by {told}: {}", alert.output()))?;
        for field in ["proc.name", "proc.pname", "proc.aname[2]"] {
            let shown = alert.field(field);
            ensure(shown == "agent", || format!("{field} is {shown:?} in: {}", alert.output()))?;
        }
    }
    Ok(())
}

const PIDS: &str = "%proc.pid %proc.ppid %proc.apid[2] %proc.name %proc.pname %proc.aname[2]";

fn before_the_daemon(_: &mut Stage<'_>) -> Outcome {
    prepare()?;
    let mut crowd = crowd(GROUPS, EACH)?;
    // Room for what happens while the daemon, emulated, reads about all of them in /proc.
    module::load("ring_kib=32768")?;
    let load = load::start("mixed", 1, &["5"])?;
    let mut daemon = watch(PIDS, &[])?;
    std::fs::write(GO, "")?;
    ensure(crowd.wait()?.success(), || "the crowd failed".to_owned())?;
    load::finish(load)?;
    let alerts = sentinel::settle(&mut daemon)?;
    let ended = daemon.stop()?;
    let summary = ended.summary()?;
    losses::exact(&summary)?;
    ensure(summary.dropped == 0, || format!("the rings could have held all: {summary:?}"))?;
    ensure(ended.log.contains(", of which 0 stayed incomplete"), || format!("not all is known:\n{}", ended.log))?;
    right(&alerts, GROUPS * EACH)
}

fn flood(_: &mut Stage<'_>) -> Outcome {
    prepare()?;
    module::load("ring_kib=8192")?;
    let mut daemon = watch(PIDS, &["falco_libs.thread_table_size=256"])?;
    // All of them live at the same time, so that the table cannot hold them.
    let mut crowd = crowd(8, 150)?;
    std::fs::write(GO, "")?;
    ensure(crowd.wait()?.success(), || "the crowd failed".to_owned())?;
    let alerts = sentinel::settle(&mut daemon)?;
    let ended = daemon.stop()?;
    let evicted = ended.log.lines().find_map(|line| line.split("too full for: ").nth(1)).unwrap_or("none");
    ensure(evicted.parse().is_ok_and(|n: u64| n > 900), || format!("{evicted} had to go:\n{}", ended.log))?;
    right(&alerts, 8 * 150)
}

/// Generations below the first, and those whose ancestors are asked for.
const DEPTH: usize = 60;
const ASKED: [usize; 6] = [1, 2, 7, 31, 50, 60];

fn chain(_: &mut Stage<'_>) -> Outcome {
    prepare()?;
    module::load("")?;
    let fields: Vec<String> = ASKED.iter().map(|n| format!("%proc.apid[{n}]")).collect();
    let mut daemon = watch(&fields.join(" "), &[])?;
    succeed(&["/usr/bin/agent", "processes", "chain", &DEPTH.to_string()])?;
    let alerts = sentinel::settle(&mut daemon)?;
    daemon.stop()?.summary()?;
    let [alert] = alerts.as_slice() else { return Err(format!("{} alerts instead of one", alerts.len()).into()) };
    let name = alert.field("fd.name");
    let ancestors: Vec<&str> = name.rsplit('/').next().unwrap_or_default().split('-').collect();
    ensure(ancestors.len() == DEPTH, || format!("the chain is {name}"))?;
    for n in ASKED {
        let (told, shown) =
            (ancestors.get(n - 1).copied().unwrap_or_default(), alert.field(&format!("proc.apid[{n}]")));
        ensure(shown == told, || format!("ancestor {n} is {shown} instead of {told}: {}", alert.output()))?;
    }
    Ok(())
}

fn orphans(_: &mut Stage<'_>) -> Outcome {
    for (act, parent) in [("orphan", "init"), ("orphan-of-a-subreaper", "agent")] {
        prepare()?;
        module::load("")?;
        let mut daemon = watch("%proc.name %proc.ppid %proc.pname", &[])?;
        succeed(&["/usr/bin/agent", "processes", act])?;
        let alerts = sentinel::settle(&mut daemon)?;
        daemon.stop()?.summary()?;
        module::unload().doing("cannot unload the module")?;
        let [alert] = alerts.as_slice() else { return Err(format!("{} alerts instead of one", alerts.len()).into()) };
        let told = format!("{FOLDER}/{}", alert.field("proc.ppid"));
        ensure(alert.field("fd.name") == told, || format!("another parent than {told}: {}", alert.output()))?;
        ensure(alert.field("proc.pname") == parent, || format!("not {parent}: {}", alert.output()))?;
    }
    Ok(())
}

/// Pids that there may be (`kernel.pid_max`, proc_sys_kernel(5)): those below 300 are given once only (RESERVED_PIDS,
/// `kernel/pid.c`), so that 60 are used again and again.
const PIDS_AT_MOST: &str = "360";

/// Processes that share them.
const REUSES: usize = 900;

fn reused_pids(_: &mut Stage<'_>) -> Outcome {
    const MAX: &str = "/proc/sys/kernel/pid_max";
    prepare()?;
    let before = std::fs::read_to_string(MAX)?;
    module::load("ring_kib=4096")?;
    let mut daemon = watch("%proc.cmdline %proc.pcmdline %proc.exepath", &[])?;
    std::fs::write(MAX, PIDS_AT_MOST).doing(MAX)?;
    let outcome = succeed(&["/usr/bin/agent", "processes", "reuse", &REUSES.to_string()]);
    std::fs::write(MAX, before.trim()).doing(MAX)?;
    outcome?;
    let alerts = sentinel::settle(&mut daemon)?;
    losses::exact(&daemon.stop()?.summary()?)?;
    ensure(alerts.len() == REUSES, || format!("{} marks of {REUSES} were seen", alerts.len()))?;
    for alert in alerts {
        let told = format!("agent processes touch {}", alert.field("fd.name"));
        ensure(alert.field("proc.cmdline") == told, || format!("not {told:?}: {}", alert.output()))?;
        let parent = alert.field("proc.pcmdline");
        ensure(parent == format!("agent processes reuse {REUSES}"), || format!("the parent is {parent:?}"))?;
    }
    Ok(())
}

/// Growth of the daemon that is taken for noise: pages of the allocator, and of its program.
const GROWTH_KIB: u64 = 1024;

fn fleeting(count: u64) -> Outcome {
    prepare()?;
    module::load("ring_kib=8192")?;
    let mut daemon = watch("%proc.name", &["falco_libs.thread_table_size=1024"])?;
    // Until the table is as full as it gets, it grows.
    succeed(&["/usr/bin/agent", "processes", "fleeting", "2000"])?;
    sentinel::settle(&mut daemon)?;
    let before = daemon.memory_kib("VmRSS:")?;
    succeed(&["/usr/bin/agent", "processes", "fleeting", &count.to_string()])?;
    sentinel::settle(&mut daemon)?;
    let after = daemon.memory_kib("VmRSS:")?;
    let summary = daemon.stop()?.summary()?;
    losses::exact(&summary)?;
    ensure(summary.dropped == 0, || format!("the rings could have held all: {summary:?}"))?;
    ensure(summary.judged > 2 * count, || format!("not all were seen: {summary:?}"))?;
    ensure(after <= before + GROWTH_KIB, || format!("the daemon grew from {before} to {after} KiB"))
}
