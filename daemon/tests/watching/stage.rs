//! What all of these tests stand on: rules, outputs, a loop.

use crate::support::MemorySource;
use kestrel::config::DropsConfig;
use kestrel::event_loop::{Ended, EventLoop, Handler, Limits, Stop};
use kestrel::fields::Clock;
use kestrel::signals::Signals;
use kestrel::state::{State, Users};
use kestrel::watch::{Judge, Summary, Watch};
use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, StdoutConfig};
use kestrel_rules::{LoadOptions, RuleSet, RuleSource};
use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One rule: what `evil` kills raises an alert that says whom.
pub const RULES: &str = "\
- rule: Evil kills
  desc: A program named evil sends a signal.
  condition: evt.type = kill and proc.name = evil
  output: evil kills %evt.rawarg.pid
  priority: WARNING
  tags: [test]
";

pub fn rules(text: &str) -> RuleSet {
    let source = RuleSource { name: "test.yaml".to_owned(), text: text.to_owned() };
    RuleSet::load(&[source], LoadOptions::default()).unwrap().rules
}

pub fn outputs() -> OutputsConfig {
    OutputsConfig { stdout_output: StdoutConfig { enabled: false }, ..OutputsConfig::default() }
}

pub fn file_output(path: &Path) -> OutputsConfig {
    let file_output = FileConfig { enabled: true, keep_alive: true, filename: path.to_owned() };
    OutputsConfig { file_output, ..outputs() }
}

pub fn judge() -> Judge {
    judge_by(RULES)
}

pub fn judge_by(text: &str) -> Judge {
    let users = Users::read_from("/no/such/folder");
    Judge::new(State::new(1024, users, None), rules(text), Clock::system("machine".to_owned()))
}

pub fn watch(outputs: &OutputsConfig) -> Watch {
    watch_with(outputs, &DropsConfig::default())
}

pub fn watch_with(outputs: &OutputsConfig, drops: &DropsConfig) -> Watch {
    Watch::new(judge(), Outputs::new(outputs, Watch::OUTPUTS).unwrap(), drops, Box::new(|| None))
}

pub fn in_ms(ms: u64) -> Limits {
    Limits { end: Some(Instant::now() + Duration::from_millis(ms)), keep_recording: false }
}

pub fn run(source: Box<MemorySource>, limits: Limits, handler: &mut dyn Handler) -> Ended {
    EventLoop::new(source, Signals::new().unwrap(), limits).unwrap().run(handler)
}

pub fn watch_until(source: Box<MemorySource>, limits: Limits, watch: &mut Watch) -> (Stop, Summary) {
    let Ended { stop, accounts, system_calls } = run(source, limits, watch);
    (stop.unwrap(), watch.summary(accounts, system_calls))
}

pub fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    (dir, path)
}

pub fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// What the alerts in a file say, without their times.
pub fn messages(path: &Path) -> Vec<String> {
    lines(path).iter().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

/// Sends signals to the thread of the loop: to the process they would hit whichever test has none blocked.
pub struct Bell(Pthread);

impl Bell {
    pub fn here() -> Bell {
        // Blocked from here on, so that a signal can wait for the loop.
        Signals::new().unwrap();
        Bell(pthread_self())
    }

    pub fn ring(&self, signal: Signal) {
        pthread_kill(self.0, signal).unwrap();
    }
}

/// Waits until something is so.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}
