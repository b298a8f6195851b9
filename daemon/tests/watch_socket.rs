//! `kestrel watch` at a real socket: the binary is run.

use kestrel_outputs::{Alert, Outputs, OutputsConfig, Priority, SocketConfig, StdoutConfig};
use mio::{Events, Poll, Token};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The sinks of a kestrel, in a loop.
struct Kestrel {
    outputs: Outputs,
    poll: Poll,
}

impl Kestrel {
    fn start(path: &Path) -> Kestrel {
        let socket = SocketConfig { enabled: true, path: path.to_owned(), ..SocketConfig::default() };
        let stdout = StdoutConfig { enabled: false };
        let config = OutputsConfig { socket_output: socket, stdout_output: stdout, ..OutputsConfig::default() };
        Kestrel { outputs: Outputs::new(&config, Token(0)).unwrap(), poll: Poll::new().unwrap() }
    }

    fn raise(&mut self, message: &str) {
        let alert = Alert {
            time_ns: 1_700_000_000_000_000_000,
            priority: Priority::Warning,
            rule: "r".into(),
            source: "syscall".into(),
            tags: Vec::new().into(),
            hostname: "h".into(),
            message: message.to_owned(),
            fields: Vec::new(),
        };
        self.outputs.send(&alert, self.poll.registry());
    }

    fn turn(&mut self) {
        let mut events = Events::with_capacity(8);
        self.poll.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
        for event in &events {
            self.outputs.ready(event.token(), self.poll.registry());
        }
        self.outputs.expired(self.poll.registry());
    }

    /// Raises the alert until a reader is there and prints it; gives the line.
    fn until_printed(&mut self, message: &str, shown: &str, lines: &Receiver<String>) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            self.turn();
            self.raise(message);
            if let Some(line) = lines.try_iter().find(|line| line.contains(shown)) {
                return line;
            }
        }
        panic!("nothing was printed");
    }
}

/// Ends with the test, however that ends.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn watch(arguments: &[&str]) -> (Watching, Receiver<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kestrel"))
        .arg("watch")
        .args(arguments)
        .args(["-c", "/dev/null", "-o", "time_format_iso_8601=true"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    (Watching(child), lines)
}

#[test]
fn alerts_are_printed_escaped_and_a_kestrel_that_comes_back_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let arguments = ["--socket", path.to_str().unwrap()];
    // It may be started first.
    let (_text, text_lines) = watch(&arguments);
    let (_json, json_lines) = watch(&[&arguments[..], &["--json"]].concat());
    let mut kestrel = Kestrel::start(&path);
    let line = kestrel.until_printed("alert \x1b[2J\n1", "alert ", &text_lines);
    assert_eq!(line, r"2023-11-14T22:13:20.000000000+0000: Warning alert \x1b[2J\n1");
    let line = kestrel.until_printed("alert 1", "alert 1", &json_lines);
    assert!(line.starts_with('{') && line.contains(r#""priority":"Warning","rule":"r""#), "{line}");
    drop(kestrel);
    let mut kestrel = Kestrel::start(&path);
    assert!(kestrel.until_printed("alert 2", "alert 2", &text_lines).ends_with("alert 2"));
}

#[test]
fn a_socket_that_speaks_something_else_and_one_that_may_not_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
    let run = |path: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_kestrel"))
            .args(["watch", "-c", "/dev/null", "-M", "20", "--socket", path.to_str().unwrap()])
            .env_clear()
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr.lines().last().unwrap().replace(dir.path().to_str().unwrap(), "DIR"))
    };
    let message = "kestrel: DIR/sock: it speaks version 72 of the format, and this program version 1: use the same version of both";
    assert_eq!(run(&path), (Some(1), message.to_owned()));
    let file = dir.path().join("file/below");
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(run(&file), (Some(1), "kestrel: DIR/file/below: Not a directory (os error 20)".to_owned()));
}

#[test]
fn watching_ends_when_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_kestrel"))
        .args(["watch", "-c", "/dev/null", "-M", "1", "--socket", path.to_str().unwrap()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() && begin.elapsed() < Duration::from_secs(10));
}
