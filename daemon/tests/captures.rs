//! Alerts that begin a recording: real rings, real rules, real files; only the kernel is played.

#[allow(dead_code, reason = "other tests use the rest of it")]
mod support;

use kestrel::capture::Captures;
use kestrel::config::{CaptureConfig, CaptureMode, DropsConfig};
use kestrel::event_loop::{EventLoop, Limits};
use kestrel::fields::Clock;
use kestrel::recording::{Machine, Reader, Step};
use kestrel::signals::Signals;
use kestrel::state::{State, Users};
use kestrel::watch::{Judge, Watch};
use kestrel_core::event::Record;
use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, StdoutConfig};
use kestrel_rules::{LoadOptions, RuleSet, RuleSource};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{MemorySource, kill, machine};

const RULES: &str = "\
- rule: Evil kills
  desc: A program named evil sends a signal.
  condition: evt.type = kill and proc.name = evil
  output: evil kills %evt.rawarg.pid
  priority: WARNING
  capture: true
  capture_duration: 2000
- rule: Good kills nine
  desc: Not worth a recording.
  condition: evt.type = kill and evt.rawarg.pid = 9
  output: good kills %evt.rawarg.pid
  priority: NOTICE
";

const MS: u64 = 1_000_000;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn config(&self) -> CaptureConfig {
        CaptureConfig {
            enabled: true,
            path_prefix: self.0.path().join("c").to_str().unwrap().to_owned(),
            look_back: 3,
            ..CaptureConfig::default()
        }
    }

    /// The captures that there are, in their order.
    fn captures(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "krec"));
        files.sort();
        files
    }

    fn watch(&self, config: &CaptureConfig, source: Box<MemorySource>, ms: u64) {
        let file_output = FileConfig { enabled: true, keep_alive: true, filename: self.0.path().join("alerts") };
        let outputs =
            OutputsConfig { file_output, stdout_output: StdoutConfig { enabled: false }, ..OutputsConfig::default() };
        let rules = RuleSource { name: "test.yaml".to_owned(), text: RULES.to_owned() };
        let rules = RuleSet::load(&[rules], LoadOptions::default()).unwrap().rules;
        let state = State::new(1024, Users::default(), None);
        let judge = Judge::new(state, rules, Clock::system("machine".to_owned()));
        let outputs = Outputs::new(&outputs, Watch::OUTPUTS).unwrap();
        let captures = Captures::new(config, Machine { hostname: "machine".to_owned(), ..Machine::default() });
        let mut watch = Watch::new(judge, outputs, &DropsConfig::default(), Box::new(|| None)).with_captures(captures);
        let limits = Limits { end: Some(Instant::now() + Duration::from_millis(ms)), keep_recording: false };
        EventLoop::new(source, Signals::new().unwrap(), limits).unwrap().run(&mut watch).stop.unwrap();
    }

    fn alerts(&self) -> String {
        std::fs::read_to_string(self.0.path().join("alerts")).unwrap()
    }
}

/// Times of the records in a file, in milliseconds.
fn times(path: &Path) -> Vec<u64> {
    let mut reader = Reader::open(File::open(path).unwrap()).unwrap();
    let mut times = Vec::new();
    loop {
        match reader.advance().unwrap() {
            Step::Record => times.push(Record::parse(reader.record()).unwrap().header().time_ns / MS),
            Step::End => return times,
            Step::Processes(_) | Step::Users(_) | Step::Containers(_) => {}
        }
    }
}

/// `good` kills somebody every millisecond, and `evil` at these.
fn play(cpu: &support::Cpu, last: u64, evil: &[u64]) {
    for ms in 1..=last {
        let comm = if evil.contains(&ms) { "evil" } else { "good" };
        assert!(cpu.record(kill(comm, ms * MS, &[(1, ms)])));
    }
}

#[test]
fn a_capture_holds_what_came_before_the_alert_and_what_came_after() {
    let (cpus, source, _told) = machine(1, 8 << 20);
    play(&cpus[0], 4000, &[100]);
    let folder = Folder::new();
    folder.watch(&folder.config(), source, 50);
    let files = folder.captures();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "c_00000000000100000000_00000000000000000100.krec");
    assert_eq!(times(&files[0]), (97..=2100).collect::<Vec<_>>());
}

#[test]
fn another_alert_makes_a_capture_longer_and_a_later_one_begins_another() {
    let (cpus, source, _told) = machine(1, 8 << 20);
    play(&cpus[0], 9000, &[100, 1100, 7000]);
    let folder = Folder::new();
    folder.watch(&folder.config(), source, 50);
    let files = folder.captures();
    let spans: Vec<_> = files.iter().map(|file| times(file)).map(|times| (times[0], times[times.len() - 1])).collect();
    assert_eq!(spans, [(97, 3100), (6997, 9000)]);
}

#[test]
fn only_rules_that_ask_for_it_begin_a_capture_unless_all_do() {
    let folder = Folder::new();
    let (cpus, source, _told) = machine(1, 1 << 20);
    play(&cpus[0], 20, &[]);
    folder.watch(&folder.config(), source, 50);
    assert_eq!(folder.captures().len(), 0);
    assert!(folder.alerts().contains("good kills 9"));
    let (cpus, source, _told) = machine(1, 1 << 20);
    play(&cpus[0], 20, &[]);
    folder.watch(&CaptureConfig { mode: CaptureMode::AllRules, ..folder.config() }, source, 50);
    assert_eq!(folder.captures().len(), 1);
}

#[test]
fn a_capture_that_gets_too_large_is_ended_and_an_alert_says_so() {
    let folder = Folder::new();
    let (cpus, source, _told) = machine(1, 64 << 20);
    // What does not compress: every parameter is another number.
    for ms in 1..=60_000_u64 {
        let comm = if ms == 5 { "evil" } else { "good" };
        let noise = ms.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let numbers = [(0, noise), (1, ms), (2, noise.rotate_left(17))];
        assert!(cpus[0].record(kill(comm, 5 * MS + ms, &numbers)));
    }
    folder.watch(&CaptureConfig { max_file_size_mb: 1, ..folder.config() }, source, 200);
    let files = folder.captures();
    assert_eq!(files.len(), 1);
    let size = std::fs::metadata(&files[0]).unwrap().len();
    assert!((1 << 20..(1 << 20) + (1 << 18)).contains(&size), "{size}");
    assert!(folder.alerts().contains("capture size limit reached"), "{}", folder.alerts());
    assert!(!times(&files[0]).is_empty());
}

#[test]
fn of_many_captures_the_newest_are_kept() {
    let folder = Folder::new();
    let (cpus, source, _told) = machine(1, 32 << 20);
    play(&cpus[0], 20_000, &[1, 4000, 8000, 12_000, 16_000]);
    folder.watch(&CaptureConfig { max_files: 2, ..folder.config() }, source, 100);
    let first: Vec<u64> = folder.captures().iter().map(|file| times(file)[0]).collect();
    assert_eq!(first, [11_997, 15_997]);
}

#[test]
fn a_capture_ends_by_the_clock_if_nothing_happens_any_more() {
    let folder = Folder::new();
    let (cpus, source, _told) = machine(1, 1 << 20);
    play(&cpus[0], 10, &[10]);
    let path = folder.0.path().to_owned();
    let seen = std::thread::spawn(move || {
        // Ended, long before the daemon is: its index is written.
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            let file = std::fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path());
            let mut file = file.filter(|path| path.extension().is_some_and(|extension| extension == "krec"));
            let index = file.next().and_then(|file| Reader::open(File::open(file).ok()?).ok()?.index().ok()?);
            if index.is_some() {
                return Some(Instant::now());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    });
    folder.watch(&folder.config(), source, 5_000);
    assert!(seen.join().unwrap().is_some_and(|at| at + Duration::from_secs(1) < Instant::now()));
    assert_eq!(times(&folder.captures()[0]), [7, 8, 9, 10]);
}
