//! Where alerts go, and what happens when they cannot.

use super::Scenario;
use crate::guest::alerts::Alerts;
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::succeed;
use crate::guest::stage::Stage;
use crate::guest::{demo, module, sentinel};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::Duration;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "demonstration",
        "every alert of the demonstration arrives at syslog, file and program",
        demonstration,
    ),
    Scenario::steps(
        "full-disk",
        "a full disk under the alert file: said once, and the alerts come when there is room",
        full_disk,
    ),
    Scenario::steps("missing-program", "a program that is not there: said, and nothing else suffers", missing_program),
    Scenario::steps("file-reopened", "SIGUSR1 opens the alert file anew", reopened),
    Scenario::steps("control-characters", "a file name cannot forge a line of the log", control_characters),
];

const PATIENCE: Duration = Duration::from_secs(60);

fn demonstration(stage: &mut Stage<'_>) -> Outcome {
    let mut lines = Vec::new();
    let missing = demo::perform(&mut |line| lines.push(line))?;
    if missing > 0 {
        println!("{}", lines.join("\n"));
    }
    stage.clear();
    ensure(missing == 0, || format!("{missing} alerts are missing"))
}

fn full_disk(_: &mut Stage<'_>) -> Outcome {
    let folder = "/run/small";
    std::fs::create_dir_all(folder)?;
    mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some("size=64k"))?;
    let result = fill_disk(folder);
    umount2(folder, MntFlags::MNT_DETACH)?;
    result
}

fn fill_disk(folder: &str) -> Outcome {
    let (filler, file) = (format!("{folder}/filler"), format!("{folder}/alerts"));
    // The file fails: there is less room than that.
    let _ = std::fs::write(&filler, vec![0; 1 << 20]);
    module::load("")?;
    let output = format!("file_output.filename={file}");
    let args = [
        "-r",
        DEFAULT_RULES,
        "-o",
        "json_output=true",
        "-o",
        "stdout_output.enabled=false",
        "-o",
        "syslog_output.enabled=false",
    ];
    let file_args = ["-o", "file_output.enabled=true", "-o", "file_output.keep_alive=true", "-o", &output];
    let mut daemon = Daemon::start_with(&[&args[..], &file_args[..]].concat(), Path::new(&file))?;
    for _ in 0..5 {
        succeed(&["/bin/cat", "/etc/shadow"])?;
    }
    daemon.wait_for_log("No space left on device")?;
    daemon.wait_for_log(&file)?;
    std::fs::remove_file(&filler)?;
    succeed(&["/bin/cat", "/etc/gshadow"])?;
    let alerts = daemon.alerts.until_file("/etc/gshadow", PATIENCE)?;
    let waited = alerts.iter().filter(|alert| alert.field("fd.name") == "/etc/shadow").count();
    ensure(waited == 5, || format!("{waited} of the 5 alerts that found no room arrived"))?;
    let ended = daemon.stop()?;
    ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))
}

fn missing_program(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    sentinel::prepare()?;
    for keep_alive in ["program_output.keep_alive=false", "program_output.keep_alive=true"] {
        let options = ["program_output.enabled=true", "program_output.program=/no/such/program", keep_alive];
        let mut daemon = Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &options)?;
        succeed(&["/bin/cat", "/etc/shadow"])?;
        daemon.wait_for_log("/no/such/program")?;
        let alerts = sentinel::settle(&mut daemon)?;
        ensure(alerts.iter().any(|alert| alert.field("fd.name") == "/etc/shadow"), || {
            "the alert file suffers from the program".to_owned()
        })?;
        let ended = daemon.stop()?;
        ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
    }
    Ok(())
}

fn reopened(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let (file, old) = ("/run/rotated", "/run/rotated.1");
    let output = format!("file_output.filename={file}");
    let options = ["file_output.keep_alive=true", output.as_str()];
    let daemon = Daemon::start(&[DEFAULT_RULES], &options)?;
    let mut before = Alerts::follow(Path::new(file))?;
    succeed(&["/bin/cat", "/etc/shadow"])?;
    before.until_file("/etc/shadow", PATIENCE)?;
    std::fs::rename(file, old).doing(file)?;
    daemon.signal(Signal::SIGUSR1)?;
    daemon.wait_for_log("SIGUSR1")?;
    let mut after = Alerts::follow(Path::new(file))?;
    succeed(&["/bin/cat", "/etc/gshadow"])?;
    after.until_file("/etc/gshadow", PATIENCE)?;
    ensure(before.poll()?.is_none(), || "the old file is still written".to_owned())?;
    daemon.stop().map(drop)
}

fn control_characters(_: &mut Stage<'_>) -> Outcome {
    let evil = "/etc/ssl/private/x\n00:00:00 Emergency forged\u{1b}[2J";
    std::fs::write(evil, "").doing("the file")?;
    module::load("")?;
    sentinel::prepare()?;
    let file = "/run/text-alerts";
    let output = format!("file_output.filename={file}");
    let options = ["json_output=false", output.as_str()];
    let daemon = Daemon::start(&[DEFAULT_RULES], &options)?;
    succeed(&["/bin/cat", evil])?;
    let end = std::time::Instant::now() + PATIENCE;
    let text = loop {
        let text = std::fs::read_to_string(file)?;
        if text.contains("forged") {
            break text;
        }
        ensure(std::time::Instant::now() < end, || "no alert came".to_owned())?;
        std::thread::sleep(Duration::from_millis(10));
    };
    daemon.stop()?;
    let forged = text.lines().any(|line| line.starts_with("00:00:00"));
    ensure(!forged && !text.contains('\u{1b}'), || format!("a control character got into the log: {text:?}"))
}
