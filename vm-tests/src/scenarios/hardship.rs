//! A machine that makes it hard: nothing can be written, memory is short, the clock jumps, nobody takes alerts, ten thousand rules.

use super::losses::exact;
use super::{Scenario, load_rules};
use crate::guest::alerts::Alert;
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::succeed;
use crate::guest::stage::Stage;
use crate::guest::{load, module, sentinel};
use nix::mount::{MsFlags, mount};
use nix::sys::signal::Signal;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime, clock_settime};
use std::fmt::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps("read-only-root", "nothing can be written but in /run and /dev: alerts come", read_only_root),
    Scenario::steps(
        "memory-at-rest",
        "what of the program only starting needed does not stay in memory, nor what reading rules again needed",
        memory_at_rest,
    ),
    Scenario::steps(
        "clock-jumps",
        "the clock is set back by an hour and forward by a day: every event has its alert, once",
        clock_jumps,
    ),
    Scenario::steps(
        "dead-outputs",
        "a storm of alerts while two outputs take nothing: the third gets all, memory stays small",
        dead_outputs,
    )
    .parallel()
    .limit(240),
    Scenario::steps(
        "many-rules",
        "ten thousand rules are read under load: no event is lost while they are compiled",
        many_rules,
    )
    .parallel()
    .limit(600),
];

fn read_only_root(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    sentinel::prepare()?;
    let remount = |flags| mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>);
    remount(MsFlags::MS_RDONLY).doing("/ read-only")?;
    let outcome = watch_read_only();
    remount(MsFlags::empty()).doing("/ writable again")?;
    outcome
}

fn watch_read_only() -> Outcome {
    ensure(std::fs::write("/etc/new", "").is_err(), || "the root can be written".to_owned())?;
    let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[])?;
    succeed(&["/bin/cat", "/etc/shadow"])?;
    let alerts = sentinel::settle(&mut daemon)?;
    ensure(alerts.iter().any(|alert| alert.field("fd.name") == "/etc/shadow"), || "no alert came".to_owned())?;
    let ended = daemon.stop()?;
    ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))
}

fn memory_at_rest(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let daemon = Daemon::start(&[DEFAULT_RULES], &[])?;
    rests(&daemon)?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.wait_for_logs("watching with ", 2)?;
    rests(&daemon)?;
    daemon.stop().map(drop)
}

/// Waits until the daemon has a good part less in memory than it had when it had most.
fn rests(daemon: &Daemon) -> Outcome {
    let mut told = String::new();
    for _ in 0..50 {
        let (now, most) = (daemon.memory_kib("VmRSS:")?, daemon.memory_kib("VmHWM:")?);
        if now < most * 4 / 5 {
            return Ok(());
        }
        told = format!("{now} of {most} KiB are still resident");
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(told.into())
}

fn clock_jumps(_: &mut Stage<'_>) -> Outcome {
    const COUNT: u64 = 300;
    const JUMPS: [i64; 3] = [0, -3600, 86_400];
    load_rules::prepare()?;
    sentinel::prepare()?;
    module::load("")?;
    let mut daemon = Daemon::start(
        &[load_rules::RULES, sentinel::RULES],
        &["metrics.enabled=true", "metrics.interval=100", "alert_limits.repeat_interval=0"],
    )?;
    let before = clock_gettime(ClockId::CLOCK_REALTIME)?;
    let mut shift = 0;
    let outcome = JUMPS.into_iter().try_for_each(|jump| {
        set_clock(jump)?;
        shift += jump;
        let count = COUNT.to_string();
        for (cpu, folder) in (0..).zip(load_rules::FOLDERS) {
            load::finish(load::start("opens", cpu, &[folder, &count, "0"])?)?;
        }
        let alerts: Vec<Alert> = sentinel::settle(&mut daemon)?;
        let missing = load_rules::missing(&alerts, COUNT);
        ensure(missing.is_empty(), || {
            format!("after a jump by {jump} s {} opens raised no alert, such as {:?}", missing.len(), missing.first())
        })?;
        let of_load = alerts.iter().filter(|alert| alert.rule() == "Load").count() as u64;
        ensure(of_load == 2 * COUNT, || format!("after a jump by {jump} s: {of_load} alerts for {} opens", 2 * COUNT))
    });
    // Other scenarios have the time that they had.
    set_clock(-shift)?;
    outcome?;
    let after = clock_gettime(ClockId::CLOCK_REALTIME)?;
    ensure(after > before, || "the clock was not set right again".to_owned())?;
    let summary = daemon.stop()?.summary()?;
    exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("something was dropped: {summary:?}"))
}

fn set_clock(seconds: i64) -> Outcome {
    let now = clock_gettime(ClockId::CLOCK_REALTIME)?;
    let then = TimeSpec::new(now.tv_sec() + seconds, now.tv_nsec());
    clock_settime(ClockId::CLOCK_REALTIME, then).doing("the clock")
}

fn dead_outputs(_: &mut Stage<'_>) -> Outcome {
    const COUNT: u64 = 8000;
    /// KiB of its own that a daemon may have in memory, without the rings that it maps: the queues of two outputs are 1 MiB each.
    const MOST_KIB: u64 = 24 << 10;
    load_rules::prepare()?;
    sentinel::prepare()?;
    module::load("ring_kib=16384")?;
    let _deaf = UnixDatagram::bind("/run/deaf").doing("/run/deaf")?;
    let mut daemon = Daemon::start(
        &[load_rules::RULES, sentinel::RULES],
        &[
            "syslog_output.enabled=true",
            "syslog_output.path=/run/deaf",
            "http_output.enabled=true",
            // Nobody listens there.
            "http_output.url=http://127.0.0.1:9/",
        ],
    )?;
    let count = COUNT.to_string();
    let loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, "0"])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, "0"])?,
    ];
    let status = format!("/proc/{}/status", daemon.pid());
    let is_over = AtomicBool::new(false);
    let (alerts, most) = std::thread::scope(|scope| {
        let meter = scope.spawn(|| {
            let mut most = own_memory(&status)?;
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
                most = most.max(own_memory(&status)?);
            }
            Outcome::Ok(most)
        });
        let finished = loads.into_iter().try_for_each(load::finish);
        let alerts = finished.and_then(|()| sentinel::settle(&mut daemon));
        is_over.store(true, Ordering::Relaxed);
        let most = meter.join().map_err(|_| "the meter of memory panicked")??;
        alerts.map(|alerts| (alerts, most))
    })?;
    std::fs::remove_file("/run/deaf")?;
    let ended = daemon.stop()?;
    exact(&ended.summary()?)?;
    let missing = load_rules::missing(&alerts, COUNT);
    ensure(missing.is_empty(), || {
        format!("{} alerts are not in the file, such as {:?}", missing.len(), missing.first())
    })?;
    for output in ["syslog_output: ", "http_output: "] {
        let is_account = |line: &&str| line.contains(output) && line.contains(" delivered, ");
        let line = ended.log.lines().find(is_account).unwrap_or_default();
        ensure(line.contains(" lost") && !line.contains(" 0 lost"), || {
            format!("{output}nothing was lost, so that nothing was shown: {line:?}\n{}", ended.log)
        })?;
    }
    ensure(most <= MOST_KIB, || format!("the daemon had {most} KiB in memory"))
}

/// KiB of memory that are a process's own, by its `status` (proc_pid_status(5)).
fn own_memory(status: &str) -> Outcome<u64> {
    let text = std::fs::read_to_string(status).doing(status)?;
    let value = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    Ok(value.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).ok_or("no RssAnon")?)
}

fn many_rules(_: &mut Stage<'_>) -> Outcome {
    const RULES: u64 = 10_000;
    const COUNT: u64 = 10_000;
    const FILE: &str = "/run/many.yaml";
    load_rules::prepare()?;
    sentinel::prepare()?;
    let few = std::fs::read_to_string(load_rules::RULES).doing(load_rules::RULES)?;
    std::fs::write(FILE, &few).doing(FILE)?;
    module::load("")?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    let count = COUNT.to_string();
    let loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, "1000"])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, "1000"])?,
    ];
    std::thread::sleep(Duration::from_millis(500));
    let mut many = few;
    for n in 0..RULES {
        let _ = write!(
            many,
            "- rule: Rule {n}\n  desc: One of many.\n  condition: evt.type in (open, openat, openat2) and \
             fd.name startswith /srv/{n}/ and proc.name in (a{n}, b{n}) and not user.name = u{n}\n  \
             output: Rule {n} (file=%fd.name)\n  priority: NOTICE\n"
        );
    }
    std::fs::write("/run/many.next", many).doing("the rules")?;
    std::fs::rename("/run/many.next", FILE).doing(FILE)?;
    daemon.wait_longer_for_log(&format!("{} rules", RULES + 2), 4)?;
    loads.into_iter().try_for_each(load::finish)?;
    let alerts = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("something was dropped: {summary:?}"))?;
    let missing = load_rules::missing(&alerts, COUNT);
    ensure(missing.is_empty(), || format!("{} opens raised no alert, such as {:?}", missing.len(), missing.first()))
}
