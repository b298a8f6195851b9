//! An argument that another thread rewrites while the call is carried out.

use super::Scenario;
use super::records::record;
use crate::guest::alerts::Alert;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::succeed;
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use serde_json::Value;

/// Rules see what the kernel did.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "evade-by-rewriting",
        "of a path that another thread rewrites during the call, rules and alerts have the file that was opened",
        judged,
    ),
    Scenario::steps(
        "evade-by-memory-taken-away",
        "of a path whose memory another thread takes away during the call, rules and alerts have the file that was opened, and \
         the record says what could not be read",
        taken_away,
    ),
    Scenario::steps(
        "rewritten-is-told",
        "a record says that its argument was rewritten, where no symbolic link can be the reason",
        told,
    ),
];

const FILE: &str = "/run/rewritten.yaml";
const RULE: &str = "Opened";
const TEXT: &str = "- rule: Opened
  desc: The secret file was opened, whatever was said.
  condition: evt.type in (open, openat) and fd.name = /srv/secret and proc.name = agent
  output: Secret opened (file=%fd.name path=%fs.path.name said=%fs.path.nameraw process=%proc.name)
  priority: WARNING
- rule: Harmless
  desc: Nobody opens this file.
  condition: evt.type in (open, openat) and (fd.name = /srv/harmless or fs.path.name = /srv/harmless)
  output: Harmless opened (file=%fd.name)
  priority: WARNING
";

/// What the agent does: the path that is read in the end, and the file that is opened.
const fn act(how: &'static str) -> [&'static str; 6] {
    ["/usr/bin/agent", "evade", "rewritten", "/srv/harmless", "/srv/secret", how]
}

fn judged(_: &mut Stage<'_>) -> Outcome {
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    for how in ["follow", "nofollow"] {
        succeed(&act(how))?;
        let alerts = sentinel::settle(&mut daemon)?;
        // The other thread's open of the other end is one more, under its true name.
        let hits: Vec<&Alert> =
            alerts.iter().filter(|alert| alert.field("fs.path.nameraw") == "/srv/harmless").collect();
        let [hit] = hits.as_slice() else {
            let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
            return Err(format!("{how}: {} alerts of the rewritten open, among {outputs:#?}", hits.len()).into());
        };
        let expected = "Secret opened (file=/srv/secret path=/srv/secret said=/srv/harmless process=agent)";
        ensure(hit.rule() == RULE && hit.output().ends_with(expected), || format!("{how}: {}", hit.output()))?;
        ensure(alerts.iter().all(|alert| alert.rule() == RULE), || format!("{how}: the rewritten path counted"))?;
    }
    daemon.stop()?.summary()?;
    Ok(())
}

fn taken_away(_: &mut Stage<'_>) -> Outcome {
    const ACT: [&str; 4] = ["/usr/bin/agent", "evade", "taken-away", "/srv/secret"];
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    succeed(&ACT)?;
    let alerts = sentinel::settle(&mut daemon)?;
    daemon.stop()?.summary()?;
    module::unload().doing("cannot unload the module")?;
    // The other thread's open has its string.
    let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
    let unread = "Secret opened (file=/srv/secret path=/srv/secret said=<NA> process=agent)";
    ensure(outputs.iter().filter(|output| output.ends_with(unread)).count() == 1, || format!("{outputs:#?}"))?;

    let text = record(&["open", "openat"], &ACT)?;
    let opens = text.lines().filter(|line| line.contains("/srv/secret") && line.contains("\"fault\"")).count();
    ensure(opens == 1, || format!("{opens} records of an open say that memory could not be read:\n{text}"))
}

fn told(_: &mut Stage<'_>) -> Outcome {
    for (how, expected) in [("follow", false), ("nofollow", true)] {
        let text = record(&["open", "openat"], &act(how))?;
        module::unload().doing("cannot unload the module")?;
        let opens: Vec<&str> = text.lines().filter(|line| line.contains("/srv/harmless")).collect();
        let [open] = opens.as_slice() else {
            return Err(format!("{how}: {} records of the rewritten open: {opens:#?}", opens.len()).into());
        };
        let record: Value = serde_json::from_str(open).map_err(|error| format!("{open}: {error}"))?;
        let flags = record["flags"].as_array().map_or(&[][..], Vec::as_slice);
        ensure(flags.iter().any(|flag| flag == "rewritten") == expected, || format!("{how}: {open}"))?;
        // What is opened by its true name is not suspicious.
        let others = text.lines().filter(|line| line.contains("rewritten")).count();
        ensure(others == usize::from(expected), || format!("{how}: {others} records are marked:\n{text}"))?;
    }
    Ok(())
}
