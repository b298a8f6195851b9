//! Sinks against the real thing: sockets, files, a full device, programs that crash, hang and dawdle.

use kestrel_outputs::{
    Alert, FileConfig, OutputError, Outputs, OutputsConfig, Priority, ProgramConfig, QueueConfig, StdoutConfig,
    SyslogConfig,
};
use mio::{Events, Poll, Token};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

struct Harness {
    outputs: Outputs,
    poll: Poll,
}

fn quiet() -> OutputsConfig {
    OutputsConfig { stdout_output: StdoutConfig { enabled: false }, ..OutputsConfig::default() }
}

fn alert(n: usize) -> Alert {
    Alert {
        time_ns: 1_700_000_000_000_000_000,
        priority: Priority::Critical,
        rule: "r".into(),
        source: "syscall".into(),
        tags: Vec::new().into(),
        hostname: "h".into(),
        message: format!("alert {n}"),
        fields: Vec::new(),
    }
}

impl Harness {
    fn new(config: &OutputsConfig) -> Harness {
        Harness { outputs: Outputs::new(config, Token(10)).expect("sinks"), poll: Poll::new().expect("poll") }
    }

    fn send(&mut self, numbers: impl IntoIterator<Item = usize>) {
        for n in numbers {
            self.outputs.send(&alert(n), self.poll.registry());
        }
    }

    /// Runs the loop until `done` or too long.
    fn run(&mut self, mut done: impl FnMut(&mut Outputs, &mio::Registry) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(20);
        let mut events = Events::with_capacity(16);
        while Instant::now() < end {
            if done(&mut self.outputs, self.poll.registry()) {
                return true;
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(10))).expect("poll");
            for event in &events {
                self.outputs.ready(event.token(), self.poll.registry());
            }
            self.outputs.expired(self.poll.registry());
            self.outputs.child_exited(self.poll.registry());
        }
        false
    }

    fn finish(&mut self) -> bool {
        self.run(|outputs, registry| outputs.finish(registry))
    }

    fn stats(&self) -> kestrel_outputs::SinkStats {
        self.outputs.stats().next().expect("a sink").1
    }
}

fn numbers(text: &str) -> Vec<usize> {
    text.lines().map(|line| line.rsplit_once("alert ").expect("an alert").1.parse().expect("a number")).collect()
}

fn file(path: &Path) -> OutputsConfig {
    OutputsConfig { file_output: FileConfig { enabled: true, keep_alive: true, filename: path.to_owned() }, ..quiet() }
}

#[test]
fn a_file_can_get_its_alerts_together_a_moment_later() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    let file_output = FileConfig { enabled: true, keep_alive: true, filename: path.clone() };
    let mut harness = Harness::new(&OutputsConfig { file_output, buffered_outputs: true, ..quiet() });
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap().lines().count();
    harness.outputs.expired(harness.poll.registry());
    let start = Instant::now();
    harness.send(0..100);
    assert_eq!(lines(&path), 0);
    assert!(harness.run(|_, _| lines(&path) == 100));
    assert!(start.elapsed() >= Duration::from_millis(900));
    // Many do not wait, and the end waits for nobody.
    harness.send(0..600);
    assert_eq!(lines(&path), 612);
    assert!(harness.run(|outputs, registry| outputs.finish(registry)));
    assert_eq!(lines(&path), 700);
    let (_, stats) = harness.outputs.stats().next().unwrap();
    assert_eq!((stats.delivered, stats.lost, stats.queued), (700, 0, 0));
    assert!(stats.system_calls < 10, "{stats:?}");
}

#[test]
fn alerts_are_appended_to_the_file_and_a_reopened_one_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    let mut harness = Harness::new(&file(&path));
    harness.send(0..3);
    std::fs::rename(&path, dir.path().join("old")).unwrap();
    harness.outputs.reopen(harness.poll.registry());
    harness.send(3..5);
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(dir.path().join("old")).unwrap()), [0, 1, 2]);
    assert_eq!(numbers(&std::fs::read_to_string(&path).unwrap()), [3, 4]);
}

#[test]
fn a_line_that_somebody_left_cut_off_does_not_spoil_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    std::fs::write(&path, "a whole line\nhalf a li").unwrap();
    let mut harness = Harness::new(&file(&path));
    harness.send(0..2);
    // The same file again, after something else wrote to it.
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"anoth").unwrap();
    harness.outputs.reopen(harness.poll.registry());
    harness.send(2..3);
    assert!(harness.finish());
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines[1], lines[4], lines.len()), ("a whole line", "half a li", "anoth", 6));
    assert_eq!(numbers(&[lines[2], lines[3], lines[5]].join("\n")), [0, 1, 2]);
}

#[test]
fn a_full_device_keeps_the_alerts_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut harness = Harness::new(&file(&path));
    harness.send(0..10);
    assert_eq!((harness.stats().queued, harness.stats().delivered), (10, 0));
    std::fs::remove_file(&path).unwrap();
    harness.outputs.reopen(harness.poll.registry());
    harness.send(10..12);
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(&path).unwrap()), (0..12).collect::<Vec<_>>());
    assert_eq!(harness.stats().lost, 0);
}

#[test]
fn a_full_queue_refuses_the_newest_and_counts_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut harness = Harness::new(&OutputsConfig {
        outputs_queue: QueueConfig { capacity: 4, ..QueueConfig::default() },
        ..file(&path)
    });
    harness.send(0..10);
    assert_eq!((harness.stats().queued, harness.stats().lost), (4, 6));
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_that_names_it() {
    let error = Outputs::new(&file(Path::new("/no/such/folder/alerts")), Token(0)).unwrap_err();
    assert!(matches!(error, OutputError::File { .. }));
    insta::assert_snapshot!(error, @"file_output: cannot open /no/such/folder/alerts: No such file or directory (os error 2)");
}

fn syslog(path: &Path) -> OutputsConfig {
    OutputsConfig {
        syslog_output: SyslogConfig {
            enabled: true,
            facility: "auth".to_owned(),
            path: path.to_owned(),
            ..SyslogConfig::default()
        },
        ..quiet()
    }
}

fn receive(server: &UnixDatagram) -> Option<String> {
    let mut buf = [0; 8192];
    let n = server.recv(&mut buf).ok()?;
    Some(String::from_utf8(buf[..n].to_vec()).unwrap())
}

#[test]
fn syslog_gets_facility_and_severity_and_keeps_the_order_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let mut harness = Harness::new(&syslog(&path));
    harness.send(0..5);
    let first = receive(&server).unwrap();
    assert!(first.starts_with("<34>Nov 14 "), "{first}"); // LOG_AUTH | LOG_CRIT, 2023-11-14
    assert!(first.contains(&format!(" kestrel[{}]: ", std::process::id())), "{first}");
    let mut got = numbers(&first);
    while let Some(message) = receive(&server) {
        got.extend(numbers(&message));
    }
    drop(server);
    std::fs::remove_file(&path).unwrap();
    harness.send(5..40);
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let done = harness.run(|outputs, registry| {
        while let Some(message) = receive(&server) {
            got.extend(numbers(&message));
        }
        outputs.finish(registry) && got.len() == 40
    });
    assert!(done, "{got:?}");
    assert_eq!(got, (0..40).collect::<Vec<_>>());
}

#[test]
fn a_syslog_that_is_not_there_at_the_start_gets_everything_in_order_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut harness = Harness::new(&syslog(&path));
    harness.send(0..100);
    assert_eq!((harness.stats().queued, harness.stats().lost), (100, 0));
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let mut got = Vec::new();
    let done = harness.run(|outputs, registry| {
        got.extend(receive(&server).iter().flat_map(|message| numbers(message)));
        outputs.finish(registry) && got.len() == 100
    });
    assert!(done, "{}", got.len());
    assert_eq!(got, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_syslog_that_reads_slowly_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let mut harness = Harness::new(&syslog(&path));
    let begin = Instant::now();
    harness.send(0..500);
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert!(harness.stats().queued > 0, "the socket's queue is shorter than that");
    let mut got = Vec::new();
    let done = harness.run(|outputs, registry| {
        got.extend(receive(&server).iter().flat_map(|message| numbers(message)));
        outputs.finish(registry) && got.len() == 500
    });
    assert!(done, "{}", got.len());
    assert_eq!(got, (0..500).collect::<Vec<_>>());
}

#[test]
fn a_wrong_facility_is_refused() {
    let config = OutputsConfig {
        syslog_output: SyslogConfig { enabled: true, facility: "nonsense".to_owned(), ..SyslogConfig::default() },
        ..quiet()
    };
    assert!(Outputs::new(&config, Token(0)).unwrap_err().to_string().contains("nonsense"));
}

fn program(command: String, keep_alive: bool) -> OutputsConfig {
    OutputsConfig {
        program_output: ProgramConfig { enabled: true, keep_alive, program: command, timeout_ms: 1500 },
        ..quiet()
    }
}

#[test]
fn a_program_is_started_for_each_alert_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut harness = Harness::new(&program(format!("cat >> {}", out.display()), false));
    harness.send(0..5);
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(out).unwrap()), [0, 1, 2, 3, 4]);
    assert_eq!((harness.stats().delivered, harness.stats().lost), (5, 0));
}

#[test]
fn a_program_kept_alive_gets_all_alerts_even_if_it_is_slow() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let command = format!("sleep 0.3; while read line; do echo \"$line\"; done > {}", out.display());
    let mut harness = Harness::new(&program(command, true));
    let begin = Instant::now();
    harness.send(0..3000);
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(out).unwrap()), (0..3000).collect::<Vec<_>>());
}

#[test]
fn a_program_that_crashes_is_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let command = format!("read line; echo \"$line\" >> {}; exit 3", out.display());
    let mut harness = Harness::new(&program(command, true));
    harness.send(0..1);
    assert!(harness.run(|_, _| out.exists()));
    std::thread::sleep(Duration::from_millis(50));
    harness.send(1..2);
    assert!(harness.run(|_, _| std::fs::read_to_string(&out).unwrap().lines().count() == 2));
    assert_eq!(numbers(&std::fs::read_to_string(&out).unwrap()), [0, 1]);
}

#[test]
fn a_program_that_hangs_is_killed_and_the_next_alert_gets_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let command =
        format!("read line; case \"$line\" in *'alert 0') exec sleep 1000;; esac; echo \"$line\" >> {}", out.display());
    let mut harness = Harness::new(&program(command, false));
    harness.send(0..2);
    assert!(harness.run(|_, _| out.exists()));
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(&out).unwrap()), [1]);
}

#[test]
fn a_program_that_does_not_exist_loses_its_alert_and_says_so_in_the_counts() {
    let mut harness = Harness::new(&program("/no/such/program".to_owned(), false));
    harness.send(0..1);
    assert!(harness.run(|outputs, _| outputs.stats().next().unwrap().1.queued == 0));
    let stats = harness.stats();
    assert_eq!(stats.lost + stats.delivered, 1);
}
