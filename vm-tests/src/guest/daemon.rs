//! The daemon as a child: started with options, waited for, stopped, killed.

use super::alerts::Alerts;
use super::failure::{Doing, Failure, Outcome};
use super::summary::Summary;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The daemon's program.
pub const PROGRAM: &str = "/sbin/kestrel";

/// The default rules.
pub const DEFAULT_RULES: &str = "/etc/kestrel/kestrel_rules.yaml";

/// The alert file of daemons that scenarios start.
pub const ALERTS: &str = "/run/alerts";

const LOG: &str = "/run/kestrel.log";
const NOTIFY: &str = "/run/notify";

/// How long anything of the daemon's may take: emulated, on a busy host.
const PATIENCE: Duration = Duration::from_secs(60);

/// That, and as much longer as a kernel takes that looks at itself.
fn patience() -> Duration {
    if std::path::Path::new("/proc/lockdep_stats").exists() { PATIENCE * 20 } else { PATIENCE }
}

/// A daemon that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
    /// Its alerts, since it was started.
    pub alerts: Alerts,
    /// From its start to its word that it is ready.
    pub startup: Duration,
}

/// How a daemon ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it said on standard error.
    pub log: String,
}

impl Ended {
    /// The figures it gave.
    ///
    /// # Errors
    /// If it gave none, or did not end well.
    pub fn summary(&self) -> Outcome<Summary> {
        if !self.status.success() {
            return Err(format!("the daemon ended with {}:\n{}", self.status, self.log).into());
        }
        Summary::of(&self.log)
    }
}

impl Daemon {
    /// Starts a daemon with these rule files and options (`key=value`), alerts as JSON in [`ALERTS`], and waits until it says
    /// that it is ready.
    ///
    /// # Errors
    /// Its log, if it ends instead.
    pub fn start(rules: &[&str], options: &[&str]) -> Outcome<Daemon> {
        Daemon::start_as(&[], rules, options, ALERTS)
    }

    /// The same by a program that is followed by the daemon's words, with another file of alerts.
    ///
    /// # Errors
    /// Its log, if it ends instead.
    pub fn start_as(by: &[&str], rules: &[&str], options: &[&str], alerts: &str) -> Outcome<Daemon> {
        let file = format!("file_output.filename={alerts}");
        let mut args: Vec<&str> = Vec::new();
        for rule in rules {
            args.extend(["-r", rule]);
        }
        for option in [
            "json_output=true",
            "stdout_output.enabled=false",
            "syslog_output.enabled=false",
            "file_output.enabled=true",
            "file_output.keep_alive=true",
            &file,
        ] {
            args.extend(["-o", option]);
        }
        for option in options {
            args.extend(["-o", option]);
        }
        Daemon::start_by(by, &args, Path::new(alerts))
    }

    /// Starts a daemon with these arguments, which send JSON alerts to `alerts`, and waits until it says that it is ready.
    ///
    /// # Errors
    /// Its log, if it ends instead.
    pub fn start_with(args: &[&str], alerts: &Path) -> Outcome<Daemon> {
        Daemon::start_by(&[], args, alerts)
    }

    fn start_by(by: &[&str], args: &[&str], alerts: &Path) -> Outcome<Daemon> {
        let alerts = Alerts::follow(alerts)?;
        let _ = std::fs::remove_file(NOTIFY);
        let socket = UnixDatagram::bind(NOTIFY).doing(NOTIFY)?;
        // Whoever the daemon runs as.
        std::fs::set_permissions(NOTIFY, Permissions::from_mode(0o777)).doing(NOTIFY)?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let begin = Instant::now();
        let child = command(by)
            .args(args)
            .env("NOTIFY_SOCKET", NOTIFY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(LOG)?)
            .spawn()
            .doing(PROGRAM)?;
        let mut daemon = Daemon { child, log: LOG.into(), alerts, startup: Duration::ZERO };
        let mut buffer = [0; 256];
        loop {
            if let Ok(n) = socket.recv(&mut buffer)
                && buffer.get(..n).is_some_and(|text| String::from_utf8_lossy(text).contains("READY=1"))
            {
                daemon.startup = begin.elapsed();
                return Ok(daemon);
            }
            if let Some(status) = daemon.child.try_wait()? {
                return Err(format!("the daemon ended with {status}:\n{}", daemon.log()).into());
            }
            if begin.elapsed() > patience() {
                return Err(format!("the daemon is not ready after {:?}:\n{}", patience(), daemon.log()).into());
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Memory of its in KiB: what its status (proc_pid_status(5)) says behind this name, such as `VmRSS:`.
    ///
    /// # Errors
    /// A message if it does not tell.
    pub fn memory_kib(&self, name: &str) -> Outcome<u64> {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(&path).doing(&path)?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().map_err(|_| format!("{path} does not tell {name}").into())
    }

    /// What it said on standard error until now.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until its log holds this text.
    ///
    /// # Errors
    /// The log, if that does not happen.
    pub fn wait_for_log(&self, text: &str) -> Outcome {
        self.wait_for_logs(text, 1)
    }

    /// Waits until the log has a text so many times.
    ///
    /// # Errors
    /// If it does not in time.
    pub fn wait_for_logs(&self, text: &str, times: usize) -> Outcome {
        self.wait(text, times, patience())
    }

    /// Waits until the log has a text, for something that takes so many times as long as other things.
    ///
    /// # Errors
    /// If it does not in time.
    pub fn wait_longer_for_log(&self, text: &str, as_long: u32) -> Outcome {
        self.wait(text, 1, patience() * as_long)
    }

    fn wait(&self, text: &str, times: usize, patience: Duration) -> Outcome {
        let end = Instant::now() + patience;
        while self.log().matches(text).count() < times {
            if Instant::now() > end {
                return Err(format!("the daemon did not say {text:?} {times} times, but:\n{}", self.log()).into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// If it is gone.
    pub fn signal(&self, signal: Signal) -> Outcome {
        kill(self.pid(), signal).doing("the daemon")
    }

    /// Stops it with SIGTERM.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop(self) -> Outcome<Ended> {
        self.stop_with(Signal::SIGTERM)
    }

    /// Stops it with this signal.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop_with(mut self, signal: Signal) -> Outcome<Ended> {
        self.signal(signal)?;
        self.ended()
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// If it does not end.
    pub fn kill(mut self) -> Outcome<Ended> {
        self.signal(Signal::SIGKILL)?;
        self.ended()
    }

    fn ended(&mut self) -> Outcome<Ended> {
        let end = Instant::now() + patience();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Ended { status, log: self.log() });
            }
            if Instant::now() > end {
                return Err(Failure(format!("the daemon does not end:\n{}", self.log())));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The daemon's program, started by another one, if there is one.
fn command(by: &[&str]) -> Command {
    let Some((first, rest)) = by.split_first() else { return Command::new(PROGRAM) };
    let mut command = Command::new(first);
    command.args(rest).arg(PROGRAM);
    command
}

/// Runs the daemon's program to its end, which must come by itself.
///
/// # Errors
/// If it does not end.
pub fn run(args: &[&str]) -> Outcome<Ended> {
    run_by(&[], args)
}

/// The same by a program that is followed by the daemon's words.
///
/// # Errors
/// If it does not end.
pub fn run_by(by: &[&str], args: &[&str]) -> Outcome<Ended> {
    let log = "/run/kestrel.run.log";
    let child = command(by)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .spawn()
        .doing(PROGRAM)?;
    let mut daemon =
        Daemon { child, log: log.into(), alerts: Alerts::follow(Path::new(ALERTS))?, startup: Duration::ZERO };
    daemon.ended()
}
