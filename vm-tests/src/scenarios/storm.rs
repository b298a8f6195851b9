//! Processes that come and go faster than anybody can look.

use super::{Scenario, losses};
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{load, module, sentinel};

pub const SCENARIOS: &[Scenario] =
    &[Scenario::steps("storm", "two CPUs that start programs: each is seen, with its parent", storm)
        .parallel()
        .limit(240)];

/// Programs that each CPU starts.
const COUNT: usize = 150;

const RULES: &str = "/run/storm.yaml";

fn storm(_: &mut Stage<'_>) -> Outcome {
    sentinel::prepare()?;
    let text = "- rule: Storm\n  desc: The storm started a program.\n  \
                condition: evt.type in (execve, execveat) and evt.failed = false and proc.pname = storm\n  \
                output: Storm (name=%proc.name exe=%proc.exepath args=%proc.args parent=%proc.pname)\n  \
                priority: INFORMATIONAL\n  tags: [test]\n";
    std::fs::write(RULES, text).doing(RULES)?;
    module::load("ring_kib=4096")?;
    let mut daemon = Daemon::start(&[RULES, sentinel::RULES], &[])?;
    let count = COUNT.to_string();
    let loads =
        [load::start("storm", 0, &[&count, "/bin/true"])?, load::start("storm", 1, &[&count, "/usr/bin/agent"])?];
    let [first, second] = loads;
    load::finish(first)?;
    // An agent that is told nothing ends in failure, which its starter does not mind.
    load::finish(second)?;
    let alerts = sentinel::settle(&mut daemon)?;
    let summary = daemon.stop()?.summary()?;
    losses::exact(&summary)?;
    ensure(summary.dropped == 0 && summary.missing == 0, || format!("the rings could have held all: {summary:?}"))?;
    ensure(summary.judged == summary.delivered, || format!("records were not judged: {summary:?}"))?;
    for (name, exe) in [("true", "/bin/busybox"), ("agent", "/init")] {
        let seen = alerts
            .iter()
            .filter(|alert| alert.field("proc.name") == name && alert.field("proc.exepath") == exe)
            .count();
        ensure(seen == COUNT, || format!("{seen} of {COUNT} starts of {name} were seen: {summary:?}"))?;
    }
    Ok(())
}
