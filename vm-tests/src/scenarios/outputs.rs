//! Where alerts go, and what happens when they cannot.

use super::Scenario;
use crate::guest::alerts::Alerts;
use crate::guest::daemon::{DEFAULT_RULES, Daemon, PROGRAM};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::succeed;
use crate::guest::stage::Stage;
use crate::guest::{demo, load, module, sentinel};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
    Scenario::steps(
        "records-read",
        "records go to whoever reads the socket: what a slow reader misses is said, and strangers get none",
        records_read,
    ),
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

/// The socket that records are read from.
const SOCKET: &str = "/run/records.sock";

/// Opens of this folder's files are recorded for a rule that never matches.
const FOLDER: &str = "/run/records-opened";

/// A `kestrel watch` that prints into a file, and says into another one what it has to say.
struct Reader {
    child: Child,
    lines: String,
    log: String,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Reader {
    fn start(name: &str, uid: u32, options: &[&str]) -> Outcome<Reader> {
        let (lines, log) = (format!("/run/{name}.lines"), format!("/run/{name}.log"));
        let mut command = Command::new(PROGRAM);
        command.args(["watch", "-c", "/dev/null", "--socket", SOCKET, "--records"]).args(options).uid(uid);
        command.stdin(Stdio::null()).stdout(File::create(&lines)?).stderr(File::create(&log)?);
        Ok(Reader { child: command.spawn().doing(PROGRAM)?, lines, log })
    }

    fn signal(&self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).doing("a reader")
    }

    /// Waits for something in one of its files; gives the file.
    fn wait(&self, file: &str, is_there: impl Fn(&str) -> bool) -> Outcome<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(file)?;
            if is_there(&text) {
                return Ok(text);
            }
            let log = std::fs::read_to_string(&self.log)?;
            ensure(Instant::now() < end, || format!("it never came; the reader says:\n{log}"))?;
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn records_read(_: &mut Stage<'_>) -> Outcome {
    std::fs::create_dir_all(FOLDER).doing(FOLDER)?;
    let rules = "/run/records.yaml";
    // The program of a process is nothing that the kernel knows: it keeps all of them.
    let text = format!(
        "- rule: Never\n  desc: d\n  condition: evt.type in (open, openat) and fd.name startswith {FOLDER}/ and proc.exepath = /never\n  \
         output: o\n  priority: DEBUG\n"
    );
    std::fs::write(rules, text).doing(rules)?;
    module::load("")?;
    let path = format!("socket_output.path={SOCKET}");
    let options = ["socket_output.enabled=true", "socket_output.mode=0666", &path];
    let mut daemon = Daemon::start(&[DEFAULT_RULES, rules], &options)?;
    let condition = format!("evt.type in (open, openat) and (fd.name = /etc/shadow or fd.name startswith {FOLDER}/)");
    let fields = ["--filter", &condition, "--fields", "fd.name,proc.name,proc.pname,proc.exepath,user.name"];
    let good = Reader::start("good", 0, &fields)?;
    let slow = Reader::start("slow", 0, &fields)?;
    for reader in [&good, &slow] {
        reader.wait(&reader.log, |log| log.contains("and of these no record that no rule can match"))?;
    }

    // Whoever may connect may not read records for that.
    let mut stranger = Reader::start("stranger", 65_534, &[])?;
    let said = stranger.wait(&stranger.log, |log| log.contains("gives records to root and to its own user alone"));
    let status = stranger.child.wait()?;
    ensure(said.is_ok() && status.code() == Some(1), || format!("a stranger ended with {status}: {said:?}"))?;

    let parent = std::fs::read_to_string("/proc/self/comm")?;
    let expected = format!("/etc/shadow\tcat\t{}\t/bin/busybox\troot", parent.trim());
    succeed(&["/bin/cat", "/etc/shadow"])?;
    for reader in [&good, &slow] {
        let lines = reader.wait(&reader.lines, |lines| lines.contains("/etc/shadow"))?;
        ensure(lines.contains(&expected), || format!("expected {expected:?}, but got {lines:?}"))?;
    }
    daemon.alerts.until_file("/etc/shadow", PATIENCE)?;

    // One reader is stopped while more comes than may wait for it; what is read last is known all the same.
    slow.signal(Signal::SIGSTOP)?;
    load::finish(load::start("opens", 0, &[FOLDER, "20000", "50"])?)?;
    succeed(&["/bin/cat", "/etc/gshadow"])?;
    daemon.alerts.until_file("/etc/gshadow", PATIENCE)?;
    slow.signal(Signal::SIGCONT)?;
    slow.wait(&slow.log, |log| log.contains("records are missing here"))?;
    std::fs::write(format!("{FOLDER}/last"), "").doing(FOLDER)?;
    let lines = slow.wait(&slow.lines, |lines| lines.contains("/last"))?;
    let last = format!("{FOLDER}/last\t{}\t", parent.trim());
    ensure(lines.contains(&last), || format!("what it lost is still missing: {:?}", lines.lines().last()))?;
    // Every line is whole, and what is missing was said.
    let missing: usize = std::fs::read_to_string(&slow.log)?
        .lines()
        .filter_map(|line| line.split_once(" records are missing")?.0.rsplit(' ').next()?.parse::<usize>().ok())
        .sum();
    let opened = lines.lines().filter(|line| line.contains("\tload\t")).count();
    ensure(missing > 0 && opened < 20_000 && opened + missing >= 20_000, || {
        format!("{opened} opens came, and {missing} records are said to be missing")
    })?;
    let ended = daemon.stop()?;
    ensure(ended.log.contains("records for others: "), || ended.log.clone())?;
    let summary = ended.summary()?;
    ensure(summary.sink("socket_output")?.lost == 0, || format!("alerts were lost to nobody: {summary:?}"))
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
    let end = Instant::now() + PATIENCE;
    let text = loop {
        let text = std::fs::read_to_string(file)?;
        if text.contains("forged") {
            break text;
        }
        ensure(Instant::now() < end, || "no alert came".to_owned())?;
        std::thread::sleep(Duration::from_millis(10));
    };
    daemon.stop()?;
    let forged = text.lines().any(|line| line.starts_with("00:00:00"));
    ensure(!forged && !text.contains('\u{1b}'), || format!("a control character got into the log: {text:?}"))
}
