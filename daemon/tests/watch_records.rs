//! `kestrel watch --records` at kestrels that run: both are the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const KESTREL: &str = env!("CARGO_BIN_EXE_kestrel");

const PATIENCE: Duration = Duration::from_secs(30);

const RULES: &str = "\
- rule: Secret opened
  desc: The secret was opened.
  condition: evt.type in (open, openat) and fs.path.name endswith /secret
  output: secret opened OUTPUT
  priority: WARNING
";

/// Ends with the test, however that ends.
struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
}

impl Process {
    fn start(folder: &Path, arguments: &[&str]) -> Process {
        let mut child = Command::new(KESTREL)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Process { stdin: child.stdin.take(), child, out, err }
    }

    /// A command that is watched, and gives its records to whoever asks.
    fn run(folder: &Path, output: &str, options: &[&str], script: &str) -> Process {
        std::fs::write(folder.join("rules.yaml"), RULES.replace("OUTPUT", output)).unwrap();
        let mut all = vec!["run", "-r", "rules.yaml", "-o", "socket_output.enabled=true"];
        all.extend(["-o", "socket_output.path=sock", "-o", "stdout_output.enabled=false"]);
        all.extend(options);
        all.extend(["--", "/bin/sh", "-c", script]);
        Process::start(folder, &all)
    }

    fn watch(folder: &Path, options: &[&str]) -> Process {
        Process::start(folder, &[&["watch", "-c", "/dev/null", "--socket", "sock", "--records"], options].concat())
    }

    /// What it says of itself, up to the line with this in it.
    fn says(&self, what: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while let Ok(line) = self.err.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(what) {
                return line;
            }
            said.push(line);
        }
        panic!("it never said {what:?}: {said:?}");
    }

    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("a line")
    }

    /// The end, and what it had not said before.
    fn ends(mut self) -> (Option<i32>, Vec<String>) {
        self.stdin = None;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.err.iter().collect());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it did not end");
    }
}

/// Reads a line before each thing that it does.
const SCRIPT: &str = "read x; cat secret; read x; cat other; read x";

#[test]
fn records_of_a_command_are_shown_to_several_readers_each_as_it_asked() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), "").unwrap();
    std::fs::write(dir.path().join("other"), "").unwrap();
    let mut run = Process::run(dir.path(), "(event=%evt.num)", &["-o", "prefilter.enabled=false"], SCRIPT);
    let condition = ["--filter", "evt.type in (open, openat) and fs.path.nameraw in (secret, other)"];
    let fields = ["--fields", "proc.name,proc.pname,proc.args,fs.path.nameraw"];
    let text = Process::watch(dir.path(), &[&condition[..], &fields].concat());
    let json = Process::watch(dir.path(), &[&condition[..], &["--json", "--fields", "evt.num,fd.name"]].concat());
    let both = Process::watch(
        dir.path(),
        &["--alerts", "--filter", "evt.type in (open, openat) and fs.path.nameraw = secret"],
    );
    for reader in [&text, &json, &both] {
        let said = reader.says("records come of");
        assert!(said.ends_with("kinds of events: those that its rules ask for"), "{said}");
    }
    let go = |run: &mut Process| run.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    go(&mut run);
    assert_eq!(text.line(), "cat\tsh\tsecret\tsecret");
    let record: serde_json::Value = serde_json::from_str(&json.line()).unwrap();
    let number = record["evt.num"].as_u64().unwrap();
    assert_eq!(record["fd.name"], dir.path().join("secret").to_str().unwrap());
    // The record first, with the number that the alert has.
    let (record, alert) = (both.line(), both.line());
    assert!(
        record.starts_with(&format!("{number} ")) && record.contains(" cat (") && record.contains(") openat "),
        "{record}"
    );
    assert!(alert.ends_with(&format!("Warning secret opened (event={number})")), "{alert}");
    go(&mut run);
    assert_eq!(text.line(), "cat\tsh\tother\tother");
    go(&mut run);
    run.ends();
}

#[test]
fn what_the_prefilter_leaves_out_does_not_come_and_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), "").unwrap();
    std::fs::write(dir.path().join("other"), "").unwrap();
    let mut run = Process::run(dir.path(), "by %proc.name", &[], SCRIPT);
    let filter = "evt.type in (open, openat, mkdir) and proc.name = cat";
    let reader = Process::watch(dir.path(), &["--filter", filter, "--fields", "fs.path.nameraw", "--count", "1"]);
    let said = reader.says("records come of");
    let expected = "and of these no record that no rule can match (prefilter.enabled); none will come of mkdir";
    assert!(said.ends_with(expected), "{said}");
    run.stdin.as_mut().unwrap().write_all(b"\n\n\n").unwrap();
    assert_eq!(reader.line(), "secret");
    assert_eq!(reader.ends().0, Some(0));
    run.ends();
}

#[test]
fn whoever_may_not_read_records_or_asks_for_nonsense_is_told_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Process::run(dir.path(), "", &["-o", "socket_output.records=nobody"], "read x");
    let (code, said) = Process::watch(dir.path(), &["-M", "20"]).ends();
    let last = said.last().unwrap();
    assert_eq!(
        (code, &**last),
        (Some(1), "kestrel: sock: this kestrel gives records to nobody (socket_output.records)")
    );
    let (code, said) = Process::watch(dir.path(), &["--filter", "proc.nam = cat"]).ends();
    assert!(code == Some(2) && said.join("\n").contains("proc.nam"), "{code:?} {said:?}");
    let (code, said) = Process::watch(dir.path(), &["--fields", "a b"]).ends();
    assert_eq!(code, Some(2), "{said:?}");
    run.stdin.take();
    run.ends();
}

#[test]
fn a_socket_whose_records_cannot_be_understood_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(dir.path().join("sock")).unwrap();
    std::thread::spawn(move || {
        // An opening with nothing in it, and a record before any.
        for frame in [&[1, 2, 0, 0, 0, 2, 0][..], &[1, 3, 0, 0, 0, 6, 1, 0]] {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(frame).unwrap();
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let ends = || {
        let (code, said) = Process::watch(dir.path(), &["-M", "20"]).ends();
        (code, said.last().unwrap().clone())
    };
    let opening = "kestrel: sock: its records cannot be understood: what it says before them is not a recording";
    assert_eq!(ends(), (Some(1), opening.to_owned()));
    let order = "kestrel: sock: what it says about its records comes in the wrong order";
    assert_eq!(ends(), (Some(1), order.to_owned()));
}
