//! Nothing is lost silently.

use super::{Scenario, load_rules};
use crate::guest::alerts::{Alert, Alerts};
use crate::guest::daemon::{ALERTS, Daemon};
use crate::guest::failure::{Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::summary::Summary;
use crate::guest::{load, module, sentinel};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::{Duration, Instant};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "killed-under-load",
        "kill -9 of the daemon under load and a new one: no record that the ring could hold is lost",
        killed,
    )
    .parallel()
    .limit(240),
    Scenario::steps(
        "overload",
        "with a ring that is much too small, every missing record is counted exactly",
        overload,
    )
    .parallel()
    .limit(240),
];

const RULES: [&str; 2] = [load_rules::RULES, sentinel::RULES];

/// A ring of the eBPF probe's that holds everything.
const LARGE: &str = "engine.ebpf.ring_kib=32768";

/// Files that each CPU's load opens.
const COUNT: u64 = 3000;

fn killed(_: &mut Stage<'_>) -> Outcome {
    load_rules::prepare()?;
    sentinel::prepare()?;
    module::load("ring_kib=16384")?;
    // One that follows the file over both daemons.
    let mut all = Alerts::follow(Path::new(ALERTS))?;
    let first = Daemon::start(&RULES, &[LARGE])?;
    let count = COUNT.to_string();
    let loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, "200"])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, "200"])?,
    ];
    let mut alerts = Vec::new();
    let end = Instant::now() + Duration::from_secs(60);
    while alerts.len() < 200 {
        match all.poll()? {
            Some(alert) => alerts.push(alert),
            None if Instant::now() > end => return Err("the load raises no alerts".into()),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    first.kill()?;
    // So that there is a time of which only the rings know.
    std::thread::sleep(Duration::from_millis(300));
    let mut second = Daemon::start(&RULES, &[LARGE])?;
    second.wait_for_log("going on where the last kestrel stopped")?;
    for load in loads {
        load::finish(load)?;
    }
    sentinel::settle(&mut second)?;
    let summary = second.stop()?.summary()?;
    while let Some(alert) = all.poll()? {
        alerts.push(alert);
    }
    exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("the rings could have held all: {summary:?}"))?;
    let missing = load_rules::missing(&alerts, COUNT);
    ensure(missing.is_empty(), || {
        format!("{} of {} opens were seen by neither daemon, such as {:?}", missing.len(), 2 * COUNT, missing.first())
    })
}

fn overload(_: &mut Stage<'_>) -> Outcome {
    load_rules::prepare()?;
    sentinel::prepare()?;
    module::load("ring_kib=128")?;
    let mut daemon = Daemon::start(&RULES, &["engine.ebpf.ring_kib=128"])?;
    // Nobody reads for a while.
    daemon.signal(Signal::SIGSTOP)?;
    let count = COUNT.to_string();
    let loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, "0"])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, "0"])?,
    ];
    for load in loads {
        load::finish(load)?;
    }
    daemon.signal(Signal::SIGCONT)?;
    // The last record on each CPU is one that arrives: so every gap lies before a record that shows it.
    let alerts: Vec<Alert> = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    exact(&summary)?;
    ensure(summary.dropped > 0, || format!("the ring was not too small: {summary:?}"))?;
    let causes: u64 = summary.causes.iter().map(|(_, count)| count).sum();
    ensure(causes == summary.dropped, || format!("the causes do not add up: {summary:?}"))?;
    ensure(summary.missing == summary.dropped, || format!("gaps in the numbers are not the drops: {summary:?}"))?;
    let unseen = load_rules::missing(&alerts, COUNT).len() as u64;
    ensure(unseen <= summary.dropped, || format!("{unseen} opens were not seen, and {summary:?}"))?;
    ensure(unseen > 0, || "no open of the load was lost: nothing was shown".to_owned())
}

/// The accounts of a daemon that read everything.
pub fn exact(summary: &Summary) -> Outcome {
    ensure(summary.seen == summary.delivered + summary.filtered + summary.dropped, || {
        format!("seen is not delivered + filtered + dropped: {summary:?}")
    })?;
    ensure(summary.bad == 0, || format!("there are records that nobody can read: {summary:?}"))
}
