//! How a scenario knows that everything it did was judged: it does one more thing on each CPU, and waits for those alerts.
//! Records are judged in the order of their time, so nothing that was done before can come after.

use super::alerts::Alert;
use super::daemon::Daemon;
use super::failure::{Doing, Outcome};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The rule file that makes the sentinels' alerts.
pub const RULES: &str = "/run/sentinel.yaml";

const FOLDER: &str = "/run/sentinel";
const RULE: &str = "Sentinel";

/// How often sentinels are posted, and how long one may take: those that come while a ring is full are lost like others.
const TRIES: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes the rule file.
///
/// # Errors
/// What the system said.
pub fn prepare() -> Outcome {
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    let text = format!(
        "- rule: {RULE}\n  desc: Everything before it was judged.\n  \
         condition: evt.type in (open, openat) and fd.name startswith {FOLDER}/\n  \
         output: Sentinel (file=%fd.name)\n  priority: DEBUG\n  tags: [test]\n"
    );
    std::fs::write(RULES, text).doing(RULES)
}

/// Waits until everything that was done until now was judged. Gives the alerts since the last time, without sentinels.
///
/// # Errors
/// If the sentinels' alerts do not come.
pub fn settle(daemon: &mut Daemon) -> Outcome<Vec<Alert>> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut alerts = Vec::new();
    for _ in 0..TRIES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let last = post(number)?;
        if daemon.alerts.until(&mut alerts, PATIENCE, |alert| alert.field("fd.name") == last)? {
            alerts.retain(|alert| alert.rule() != RULE);
            return Ok(alerts);
        }
    }
    Err(format!("no sentinel's alert came; {} others did; the daemon says:\n{}", alerts.len(), daemon.log()).into())
}

/// Opens a file on each CPU; gives the path of the last.
fn post(number: u64) -> Outcome<String> {
    let me = Pid::from_raw(0);
    let all = sched_getaffinity(me)?;
    let mut last = String::new();
    for cpu in (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).unwrap_or(false)) {
        let mut one = CpuSet::new();
        one.set(cpu)?;
        sched_setaffinity(me, &one)?;
        last = format!("{FOLDER}/{number}-{cpu}");
        File::create(&last).doing(&last)?;
        std::fs::remove_file(&last).doing(&last)?;
    }
    sched_setaffinity(me, &all)?;
    Ok(last)
}
