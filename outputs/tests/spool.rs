//! The spool against kill -9, and sinks that are away for longer than memory holds.
//!
//! The process that is killed is this test program itself, started once more to run one test, with its part in the environment.

mod support;

use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, QueueConfig, SyslogConfig, SyslogFormat, SyslogTransport};
use mio::Token;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Harness, numbers, quiet};

/// A file that is a full disk, or the real one, with a spool beside it.
fn config(dir: &Path, away: bool) -> OutputsConfig {
    let filename = dir.join(if away { "full" } else { "alerts" });
    OutputsConfig {
        file_output: FileConfig { enabled: true, keep_alive: true, filename },
        outputs_queue: QueueConfig { capacity: 8, spool_dir: dir.join("spool"), ..QueueConfig::default() },
        ..quiet()
    }
}

fn full_disk(dir: &Path) {
    std::os::unix::fs::symlink("/dev/full", dir.join("full")).unwrap();
}

#[test]
fn a_file_that_was_away_gets_everything_in_order_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    full_disk(dir.path());
    let mut harness = Harness::new(&config(dir.path(), true));
    harness.send(0..1000);
    assert_eq!((harness.stats().queued, harness.stats().lost), (1000, 0));
    drop(harness);
    let mut harness = Harness::new(&config(dir.path(), true));
    assert_eq!(harness.stats().queued, 1000);
    harness.send(1000..1003);
    drop(harness);
    // Without a new alert: what is there is delivered.
    let mut harness = Harness::new(&config(dir.path(), false));
    assert!(harness.run(|outputs, _| outputs.stats().next().unwrap().1.queued == 0));
    assert_eq!(numbers(&std::fs::read_to_string(dir.path().join("alerts")).unwrap()), (0..1003).collect::<Vec<_>>());
    assert_eq!(harness.stats().delivered, 1003);
}

#[test]
fn what_is_in_memory_at_the_end_waits_on_disk_for_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    full_disk(dir.path());
    let mut harness = Harness::new(&config(dir.path(), true));
    harness.send(0..3);
    drop(harness);
    let mut harness = Harness::new(&config(dir.path(), false));
    assert!(harness.finish());
    assert_eq!(numbers(&std::fs::read_to_string(dir.path().join("alerts")).unwrap()), [0, 1, 2]);
}

#[test]
fn a_syslog_server_that_was_away_gets_everything_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let port = support::free_port();
    let syslog = SyslogConfig {
        enabled: true,
        transport: SyslogTransport::Tcp,
        format: SyslogFormat::Rfc5424,
        address: format!("127.0.0.1:{port}"),
        ..SyslogConfig::default()
    };
    let config =
        OutputsConfig { syslog_output: syslog, file_output: FileConfig::default(), ..config(dir.path(), true) };
    let mut harness = Harness::new(&config);
    harness.send(0..500);
    assert_eq!((harness.stats().queued, harness.stats().lost), (500, 0));
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let server = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut listener.accept().unwrap().0, &mut text).map(|_| text)
    });
    assert!(harness.finish());
    harness.abort();
    // Behind each number stands the length of the next message.
    let text = server.join().unwrap().unwrap();
    let got: Vec<usize> = text
        .split("an alert ")
        .skip(1)
        .map(|rest| rest.split_once('<').map_or(rest, |(rest, _)| &rest[..rest.len() - 4]).parse().unwrap())
        .collect();
    assert_eq!(got, (0..500).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let mut config = config(Path::new("/proc/self"), false);
    config.file_output.filename = "/dev/null".into();
    let error = Outputs::new(&config, Token(0)).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"outputs_queue: spool_dir: /proc/self/spool: No such file or directory (os error 2) (file_output)");
}

/// The part of the process that is killed: `away FIRST`, which raises alerts from FIRST on and says each when it was taken, or
/// `back`, which delivers.
#[test]
fn the_process_that_is_killed() {
    let (Ok(part), Ok(dir)) = (std::env::var("KESTREL_TEST_PART"), std::env::var("KESTREL_TEST_DIR")) else { return };
    let dir = Path::new(&dir);
    match part.strip_prefix("away ") {
        Some(first) => {
            let mut harness = Harness::new(&config(dir, true));
            for n in first.parse().unwrap().. {
                harness.send([n]);
                writeln!(std::io::stderr(), "taken {n}").unwrap();
            }
        }
        None => {
            let mut harness = Harness::new(&config(dir, false));
            writeln!(std::io::stderr(), "taken 0").unwrap();
            loop {
                harness.turn();
            }
        }
    }
}

/// Runs the process for a while from when it has begun, and kills it. Gives the last number that it said.
fn killed_after(dir: &Path, part: &str, time: Duration) -> Option<usize> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--nocapture", "--test-threads=1"])
        .env("KESTREL_TEST_PART", part)
        .env("KESTREL_TEST_DIR", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let (begun, begins) = std::sync::mpsc::channel();
    let said = std::thread::spawn(move || {
        let whole = stderr.split(b'\n').map_while(Result::ok);
        let numbers = whole.filter_map(|line| String::from_utf8(line).ok()?.strip_prefix("taken ")?.parse().ok());
        let mut last = None;
        for number in numbers {
            last = Some(number);
            // After the first time nobody listens.
            let _ = begun.send(());
        }
        last
    });
    begins.recv_timeout(Duration::from_secs(30)).expect("the process begins");
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    said.join().unwrap()
}

#[test]
fn kills_at_any_point_lose_nothing_that_was_on_disk_and_double_little() {
    let dir = tempfile::tempdir().unwrap();
    full_disk(dir.path());
    // Any points will do, and those of a run that failed should come again: a linear congruential generator (Knuth's MMIX).
    let mut random = 7u64;
    let mut pause = |least: u64, most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros(least + (random >> 33) % (most - least))
    };
    let (mut next, mut kills, mut partly, mut before) = (0, 0, 0, usize::MAX);
    let mut taken = HashSet::new();
    for _ in 0..12 {
        if let Some(last) = killed_after(dir.path(), &format!("away {next}"), pause(0, 30_000)) {
            // Up to as many as memory holds are not on disk before the first that has no room there.
            if last >= next + 8 {
                taken.extend(next..=last);
            }
            next = last + 2;
        }
        // Its first turn waits for 10 ms, and then delivers all there is.
        killed_after(dir.path(), "back", pause(10_000, 14_000));
        kills += 2;
        let delivered = std::fs::read_to_string(dir.path().join("alerts")).unwrap_or_default();
        partly += usize::from(numbers(&delivered).last().is_some_and(|last| *last + 2 < next && *last != before));
        before = numbers(&delivered).last().copied().unwrap_or(before);
    }
    let mut harness = Harness::new(&config(dir.path(), false));
    assert!(harness.finish());
    assert_eq!(harness.stats().lost, 0);
    let got = numbers(&std::fs::read_to_string(dir.path().join("alerts")).unwrap());
    let mut seen = HashSet::new();
    let first: Vec<usize> = got.iter().copied().filter(|n| seen.insert(*n)).collect();
    let doubled = got.len() - first.len();
    let lost = taken.difference(&seen).count();
    println!(
        "{kills} kills, {partly} in the middle of delivering: {} taken, {lost} lost, {doubled} doubled",
        taken.len()
    );
    assert!(taken.len() > 100, "the test must take something");
    assert_eq!(lost, 0);
    assert!(first.is_sorted());
    assert!(doubled <= 64 * kills / 2);
}
