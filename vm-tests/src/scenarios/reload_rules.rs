//! Rules that change while the daemon runs.

use super::losses::exact;
use super::{Scenario, load_rules};
use crate::guest::alerts::Alert;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{load, module, sentinel};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "reload-rules",
    "rules that change under load, by renaming, by a link and by SIGHUP, a broken one among them: no event is lost or judged twice",
    reload,
)
.parallel()
.limit(240)];

/// A link to the rules that are in force.
const LINK: &str = "/run/reload/rules.yaml";

/// Files that each CPU's load opens.
const COUNT: u64 = 6000;

/// How many times as long everything takes as on x86, where the machine is emulated: the daemon must find the time to read one
/// version of the rules before the next is there.
const SLOWER: u32 = if cfg!(target_arch = "aarch64") { 6 } else { 1 };

fn reload(_: &mut Stage<'_>) -> Outcome {
    load_rules::prepare()?;
    sentinel::prepare()?;
    std::fs::create_dir_all("/run/reload").doing("/run/reload")?;
    let text = std::fs::read_to_string(load_rules::RULES).doing(load_rules::RULES)?;
    let version = |n: u32| text.replace("output: ", &format!("output: version {n} "));
    turn(&version(0), 0)?;
    module::load("ring_kib=16384")?;
    let mut daemon = Daemon::start(&[LINK, sentinel::RULES], &[])?;
    let (count, pause_us) = (COUNT.to_string(), (500 * SLOWER).to_string());
    let loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, &pause_us])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, &pause_us])?,
    ];
    // Each version is in force for a while before the next one comes, however slow the machine is.
    let mut in_force = 1;
    for n in 1..=5 {
        std::thread::sleep(Duration::from_millis(300) * SLOWER);
        match n {
            3 => {
                turn("- rule: broken", n)?;
                daemon.wait_for_log("stays in force")?;
                continue;
            }
            5 => {
                std::fs::write(format!("/run/reload/v{}.yaml", n - 1), version(n)).doing("the rules")?;
                daemon.signal(Signal::SIGHUP)?;
            }
            n => turn(&version(n), n)?,
        }
        in_force += 1;
        daemon.wait_for_logs("watching with ", in_force)?;
    }
    for load in loads {
        load::finish(load)?;
    }
    let mut alerts = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("something was dropped: {summary:?}"))?;
    let failures = alerts.iter().filter(|alert| alert.rule() == "Falco internal: hot restart failure").count();
    ensure(failures == 1, || format!("{failures} alerts about the broken rules"))?;
    alerts.retain(|alert| !alert.rule().starts_with("Falco internal"));
    let missing = load_rules::missing(&alerts, COUNT);
    ensure(missing.is_empty(), || format!("{} opens raised no alert, such as {:?}", missing.len(), missing.first()))?;
    ensure(alerts.len() as u64 == 2 * COUNT, || format!("{} alerts for {} opens", alerts.len(), 2 * COUNT))?;
    let seen = |n: u32| alerts.iter().any(|alert: &Alert| alert.output().contains(&format!("version {n} ")));
    let versions: Vec<u32> = (0..=5).filter(|n| seen(*n)).collect();
    ensure(versions == [0, 1, 2, 4, 5], || format!("only these versions of the rules were in force: {versions:?}"))
}

/// Makes the link lead to another file, as Kubernetes does.
fn turn(text: &str, n: u32) -> Outcome {
    let file = format!("/run/reload/v{n}.yaml");
    std::fs::write(&file, text).doing(&file)?;
    let other = Path::new("/run/reload/next");
    std::os::unix::fs::symlink(&file, other).doing("a link")?;
    std::fs::rename(other, LINK).doing(LINK)
}
