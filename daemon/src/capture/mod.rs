//! Alerts that begin a recording: what led to an alert, and what came of it, in a file to be replayed.
//!
//! ```text
//!   records ──▶ look-back (memory, bounded) ──alert──▶ FILE: processes, users, look-back, records …… end
//!                     the last seconds                                                 duration after the last alert
//! ```
//!
//! Another alert while a file is written makes it longer, and begins no other. The file holds the processes as they are at
//! the alert: a record of the look-back that a process made before it executed another program is shown with the later one.
//! Only records that the rules ask for, and those that the process table is made from, are there to be recorded.
//!
//! | file | is about |
//! |---|---|
//! | `look_back.rs` | the last records, in memory |

mod look_back;

use crate::config::{CaptureConfig, CaptureMode};
use crate::recording::{Files, Machine, Opening, Rotation};
use crate::state::{Process, State};
use kestrel_rules::Rule;
use look_back::LookBack;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Name of the internal alert about a file that may not get any larger.
pub const SIZE_LIMIT: &str = "Kestrel internal: capture size limit reached";

/// A file that is being written.
struct Running {
    path: PathBuf,
    files: Files,
    /// When it ends: by the records' time, and by the clock if no more of them come.
    end_ns: u64,
    end: Instant,
}

/// Begins and ends recordings.
pub struct Captures {
    config: CaptureConfig,
    machine: Machine,
    look_back: LookBack,
    running: Option<Running>,
    /// Files of this run, oldest first.
    made: VecDeque<PathBuf>,
    /// A file reached its greatest size, and nobody was told yet.
    full: Option<PathBuf>,
    count: u64,
    /// The last one could not be begun, and that was said.
    failing: bool,
}

impl Captures {
    /// Captures as they are configured; `None` if they are switched off.
    pub fn new(config: &CaptureConfig, machine: Machine) -> Option<Captures> {
        let look_back =
            LookBack::new(Duration::from_millis(config.look_back), config.look_back_kb.saturating_mul(1024));
        config.enabled.then(|| Captures {
            config: config.clone(),
            machine,
            look_back,
            running: None,
            made: VecDeque::new(),
            full: None,
            count: 0,
            failing: false,
        })
    }

    /// Files that were begun.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a match of this rule begins a recording, and how long that lasts.
    pub fn wanted(&self, rule: &Rule) -> Option<Duration> {
        let wanted = rule.capture || self.config.mode == CaptureMode::AllRules;
        let duration = if rule.capture_duration > 0 { rule.capture_duration } else { self.config.default_duration };
        wanted.then(|| Duration::from_millis(duration))
    }

    /// Takes a record of this time in, before it is judged.
    pub fn record(&mut self, bytes: &[u8], time_ns: u64) {
        if self.running.as_ref().is_some_and(|running| time_ns > running.end_ns) {
            self.end();
        }
        let Some(running) = &mut self.running else {
            self.look_back.push(bytes, time_ns);
            return;
        };
        let most = self.config.max_file_size_mb.saturating_mul(1 << 20);
        let written = running.files.record(bytes);
        let too_large = most > 0 && running.files.bytes() >= most;
        if too_large {
            self.full = self.running.as_ref().map(|running| running.path.clone());
            self.end();
        } else if let Err(error) = written {
            self.failed(&error);
        }
    }

    /// The record that was taken in last is of this process: what is known of its container is told with it.
    pub fn process(&mut self, process: &Process) {
        if let Some(container) = process.group.container.as_deref()
            && let Some(running) = &mut self.running
            && let Err(error) = running.files.container(container)
        {
            self.failed(&error);
        }
    }

    /// An alert wants a recording of this duration: of the record that was taken in last, of this time, the `number`th.
    pub fn alert(&mut self, duration: Duration, time_ns: u64, number: u64, state: &State) {
        let end_ns = time_ns.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        let end = Instant::now() + duration;
        if let Some(running) = &mut self.running {
            running.end_ns = running.end_ns.max(end_ns);
            running.end = running.end.max(end);
            return;
        }
        let path = PathBuf::from(format!("{}_{time_ns:020}_{number:020}.krec", self.config.path_prefix));
        let opening = Opening::new(self.machine.clone(), "");
        match self.begin(&path, opening, state) {
            Ok(files) => {
                log::info!("capturing into {}", path.display());
                self.count += 1;
                self.made.push_back(path.clone());
                self.failing = false;
                self.running = Some(Running { path, files, end_ns, end });
            }
            Err(error) => {
                // Said once: there may be an alert every millisecond.
                if !std::mem::replace(&mut self.failing, true) {
                    log::error!("{}: cannot begin the capture: {error}", path.display());
                }
            }
        }
    }

    fn begin(&mut self, path: &std::path::Path, opening: Opening, state: &State) -> io::Result<Files> {
        while self.config.max_files > 0 && self.made.len() as u64 >= self.config.max_files {
            // Whoever has taken it away already is welcome to it.
            if let Some(oldest) = self.made.pop_front()
                && let Err(error) = std::fs::remove_file(&oldest)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
        }
        let mut files = Files::begin(path, Rotation::default(), opening, state)?;
        self.look_back.drain(|record| files.record(record))?;
        Ok(files)
    }

    /// When [`Captures::expired`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let running = self.running.as_ref()?;
        [Some(running.end), running.files.deadline()].into_iter().flatten().min()
    }

    /// Does what is due: ends a file whose time is over, writes what has waited.
    pub fn expired(&mut self, state: &State, now: Instant) {
        let Some(running) = &mut self.running else { return };
        if now >= running.end {
            self.end();
        } else if let Err(error) = running.files.expired(state, now) {
            self.failed(&error);
        }
    }

    /// A file that reached its greatest size since this was asked last.
    pub fn full(&mut self) -> Option<PathBuf> {
        self.full.take()
    }

    /// Ends the file that is written.
    pub fn end(&mut self) {
        if let Some(Running { path, mut files, .. }) = self.running.take() {
            match files.close() {
                Ok(()) => log::info!("captured {} records into {}", files.records(), path.display()),
                Err(error) => log::error!("{}: cannot end the capture: {error}", path.display()),
            }
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if let Some(running) = self.running.take() {
            log::error!("{}: cannot go on with the capture: {error}", running.path.display());
        }
    }
}
