//! CPUs that go and come back.

use super::{Scenario, load_rules, losses};
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{load, module, sentinel};
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "cpu-off-and-on",
    "a CPU is taken away under load and brought back, again and again: every record arrives",
    off_and_on,
)
.limit(240)];

/// Files that each CPU's load opens.
const COUNT: u64 = 2500;

const ONLINE: &str = "/sys/devices/system/cpu/cpu1/online";

fn off_and_on(_: &mut Stage<'_>) -> Outcome {
    load_rules::prepare()?;
    sentinel::prepare()?;
    module::load("ring_kib=8192")?;
    let mut daemon = Daemon::start(&[load_rules::RULES, sentinel::RULES], &[])?;
    let count = COUNT.to_string();
    // Whoever is bound to a CPU that goes is moved to another.
    let mut loads = [
        load::start("opens", 0, &[load_rules::FOLDERS[0], &count, "500"])?,
        load::start("opens", 1, &[load_rules::FOLDERS[1], &count, "500"])?,
    ];
    let mut times = 0;
    while loads.iter_mut().any(|load| matches!(load.try_wait(), Ok(None))) || times < 3 {
        for state in ["0", "1"] {
            std::fs::write(ONLINE, state).doing(ONLINE)?;
            std::thread::sleep(Duration::from_millis(200));
        }
        times += 1;
    }
    for load in loads {
        load::finish(load)?;
    }
    let alerts = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    losses::exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("the rings could have held all: {summary:?}"))?;
    let missing = load_rules::missing(&alerts, COUNT);
    ensure(missing.is_empty(), || {
        format!("{} of {} opens were not seen, such as {:?}", missing.len(), 2 * COUNT, missing.first())
    })
}
