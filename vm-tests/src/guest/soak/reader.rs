//! A program that reads records from the daemon's socket all the while: what it gets is what the loads did, without a gap that
//! it was not told of.
//!
//! Daemons come and go, and it connects to each. Each load opens its files in their order, so that what one daemon gives of a load
//! is one file after the other: a file that is left out is a record that is missing.

use super::{FOLDER, PATIENCE};
use crate::guest::daemon::PROGRAM;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::scenarios::load_rules;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The daemon's socket.
pub const SOCKET: &str = "/run/soak/socket";

/// The program that reads, and what it got.
#[derive(Debug)]
pub struct RecordReader {
    child: Child,
    got: Arc<Mutex<Got>>,
}

impl Drop for RecordReader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl RecordReader {
    /// Starts the program; there need not be a daemon yet.
    ///
    /// # Errors
    /// What the system said.
    pub fn start() -> Outcome<RecordReader> {
        // One pipe for what it prints and what it says of itself: so both come in their order.
        let (read, write) = std::io::pipe().doing("a pipe")?;
        let folder = load_rules::FOLDERS[0].trim_end_matches('0');
        // The loads say there, too, how many files they opened.
        let condition = format!("evt.type = openat and fd.name startswith {folder} and not fd.name endswith .count");
        let child = Command::new(PROGRAM)
            .args(["watch", "-c", "/dev/null", "--socket", SOCKET, "--records"])
            .args(["--filter", &condition, "--fields", "fd.name"])
            .current_dir(FOLDER)
            .stdin(Stdio::null())
            .stdout(write.try_clone().doing("a pipe")?)
            .stderr(write)
            .spawn()
            .doing(PROGRAM)?;
        let got = Arc::new(Mutex::new(Got::default()));
        let into = Arc::clone(&got);
        std::thread::spawn(move || {
            for line in BufReader::new(read).lines().map_while(Result::ok) {
                into.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
            }
        });
        Ok(RecordReader { child, got })
    }

    fn got(&self) -> Got {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It reads nothing until [`RecordReader::go_on`].
    ///
    /// # Errors
    /// What the system said.
    pub fn pause(&self) -> Outcome {
        self.signal(Signal::SIGSTOP)
    }

    /// It reads again.
    ///
    /// # Errors
    /// What the system said.
    pub fn go_on(&self) -> Outcome {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).doing("a reader of records")
    }

    /// What is there to say at the end, when each load had opened so many files.
    ///
    /// # Errors
    /// A gap that it was not told of, or something that it did not understand.
    pub fn verify(&self, opened: [usize; 2]) -> Outcome<String> {
        let last = opened.map(|count| count.checked_sub(1));
        let end = Instant::now() + PATIENCE;
        while self.got().last != last {
            ensure(Instant::now() < end, || format!("a reader of records never got the last ones: {:?}", self.got()))?;
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut got = self.got();
        got.settle();
        ensure(got.wrong.is_empty(), || format!("a reader of records: {:?}", got.wrong))?;
        Ok(format!(
            "a reader of records got {} of {} daemons, and was told of {} that it was too slow for",
            got.records, got.connections, got.lost_in_all
        ))
    }
}

/// What a reader got.
#[derive(Clone, Debug, Default)]
struct Got {
    /// Connections to a daemon.
    connections: u64,
    records: u64,
    lost_in_all: u64,
    /// The last file of each load that this daemon gave.
    last: [Option<usize>; 2],
    /// Files that this daemon left out.
    left_out: u64,
    /// Records that it said were missing.
    lost: u64,
    /// What should not have come.
    wrong: Vec<String>,
}

impl Got {
    fn line(&mut self, line: &str) {
        if let Some((load, file)) = file(line) {
            self.records += 1;
            match self.last[load].replace(file) {
                Some(before) if file <= before => self.wrong.push(format!("{line} after {before}")),
                Some(before) => self.left_out += (file - before - 1) as u64,
                None => {}
            }
        } else if line.ends_with(": connected") {
            self.settle();
            *self = Got { connections: self.connections + 1, last: [None; 2], left_out: 0, lost: 0, ..self.clone() };
        } else if let Some((front, _)) = line.split_once(" records are missing here") {
            let count = front.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
            self.lost += count;
            self.lost_in_all += count;
        } else if !line.contains(": records come of ") && !line.contains(": no kestrel listens there ") {
            self.wrong.push(line.to_owned());
        }
    }

    /// Whether what was left out since the connection was made is what was said to be missing.
    fn settle(&mut self) {
        if self.left_out > self.lost {
            self.wrong.push(format!("{} files were left out, {} records said to be missing", self.left_out, self.lost));
        }
        // Said once.
        self.left_out = 0;
    }
}

/// Load and number of a file of the loads.
fn file(line: &str) -> Option<(usize, usize)> {
    let (load, folder) = load_rules::FOLDERS.iter().enumerate().find(|(_, folder)| line.starts_with(**folder))?;
    Some((load, line[folder.len()..].strip_prefix('/')?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(lines: &[&str]) -> Vec<String> {
        let mut got = Got::default();
        lines.iter().for_each(|line| got.line(line));
        got.settle();
        got.wrong
    }

    #[test]
    fn a_gap_is_wrong_unless_it_was_said() {
        let connected = "kestrel: /run/soak/socket: connected";
        let said = "kestrel: warning: 2 records are missing here: they came faster than they were read";
        assert!(wrong(&[connected, "/run/load/0/7", "/run/load/1/3", "/run/load/0/8"]).is_empty());
        assert!(!wrong(&[connected, "/run/load/0/7", "/run/load/0/9"]).is_empty());
        assert!(wrong(&[connected, "/run/load/0/7", said, "/run/load/0/9"]).is_empty());
        assert!(!wrong(&[connected, "/run/load/0/7", said, "/run/load/0/11"]).is_empty());
        assert!(wrong(&[connected, "/run/load/0/7", connected, "/run/load/0/5", "/run/load/0/6"]).is_empty());
        assert!(!wrong(&[connected, "/run/load/0/7", "/run/load/0/9", connected]).is_empty());
        assert!(!wrong(&[connected, "/run/load/0/7", "/run/load/0/7"]).is_empty());
        assert!(!wrong(&[connected, "kestrel: warning: a record makes no sense and was skipped"]).is_empty());
    }
}
