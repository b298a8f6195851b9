//! The module comes and goes while programs run.

use super::Scenario;
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{load, module};
use nix::errno::Errno;
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "reload-under-load",
    "the module is unloaded and loaded again under load: in peace, after its consumer was killed, never under one",
    reload,
)
.of_module()
.alone()
.limit(240)];

fn reload(_: &mut Stage<'_>) -> Outcome {
    let loads = [load::start("mixed", 0, &["12"])?, load::start("mixed", 1, &["12"])?];
    for round in 0..4 {
        module::load("ring_kib=256")?;
        let daemon = Daemon::start(&[DEFAULT_RULES], &[])?;
        std::thread::sleep(Duration::from_millis(200));
        ensure(module::unload() == Err(Errno::EAGAIN), || "the module was unloaded under its consumer".to_owned())?;
        if round % 2 == 0 {
            let ended = daemon.stop()?;
            ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
        } else {
            // The rings are mapped and the capture goes on, waiting for the next consumer.
            daemon.kill()?;
        }
        module::unload().doing(format!("cannot unload the module in round {round}"))?;
    }
    for load in loads {
        load::finish(load)?;
    }
    Ok(())
}
