//! Kestrel's own messages, one line each: on standard error, with the priority in front that journald reads (sd-daemon(3))
//! where it listens, and to the local syslog if configured. Nothing here blocks or fails: there is nobody to tell.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kestrel_core::priority::Priority;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::io::{IsTerminal, Write};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Targets {
    /// Standard error.
    pub stderr: bool,
    /// The socket of the local syslog.
    pub syslog: Option<PathBuf>,
}

/// syslog's facility for system daemons (RFC 5424, 6.2.1), shifted.
const DAEMON: u8 = 3 << 3;

struct Logger {
    targets: RwLock<Targets>,
    prefixes: bool,
}

static LOGGER: std::sync::OnceLock<Logger> = std::sync::OnceLock::new();

/// Starts showing messages of this severity and worse; the last call counts.
pub fn init(least: Priority, targets: Targets) {
    let logger = LOGGER.get_or_init(|| Logger {
        targets: RwLock::new(targets.clone()),
        prefixes: std::env::var_os("JOURNAL_STREAM").is_some() && !std::io::stderr().is_terminal(),
    });
    *logger.targets.write().unwrap_or_else(PoisonError::into_inner) = targets;
    // A second call finds this logger in its place already.
    let _ = log::set_logger(logger);
    log::set_max_level(level(least));
}

/// The level at which messages of this severity are shown.
pub fn level(least: Priority) -> LevelFilter {
    match least {
        Priority::Emergency | Priority::Alert | Priority::Critical | Priority::Error => LevelFilter::Error,
        Priority::Warning => LevelFilter::Warn,
        Priority::Notice | Priority::Informational => LevelFilter::Info,
        Priority::Debug => LevelFilter::Debug,
    }
}

/// syslog's severity of a level, and the word in front of the message.
fn severity(level: Level) -> (Priority, &'static str) {
    match level {
        Level::Error => (Priority::Error, "error: "),
        Level::Warn => (Priority::Warning, "warning: "),
        Level::Info => (Priority::Informational, ""),
        Level::Debug | Level::Trace => (Priority::Debug, ""),
    }
}

/// The line for standard error.
fn stderr_line(level: Level, text: &str, prefixes: bool) -> String {
    let (severity, word) = severity(level);
    let prefix = if prefixes { format!("<{}>", severity as u8) } else { "kestrel: ".to_owned() };
    format!("{prefix}{word}{text}\n")
}

/// The message for the local syslog, as syslog(3) writes it.
fn syslog_message(level: Level, text: &str, pid: u32, now: Timestamp, zone: TimeZone) -> String {
    let (severity, word) = severity(level);
    let time = now.to_zoned_datetime(zone).strftime("%b %e %H:%M:%S").to_string();
    format!("<{}>{time} kestrel[{pid}]: {word}{text}", DAEMON | severity as u8)
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("kestrel") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        let text = kestrel_outputs::escape::line(&text);
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        if targets.stderr {
            let _ = std::io::stderr().write_all(stderr_line(record.level(), &text, self.prefixes).as_bytes());
        }
        if let Some(path) = &targets.syslog {
            let (now, pid) = (Timestamp::now(), std::process::id());
            let message = syslog_message(record.level(), &text, pid, now, kestrel_outputs::local_zone());
            let _ = UnixDatagram::unbound().and_then(|socket| {
                socket.set_nonblocking(true)?;
                socket.send_to(message.as_bytes(), path)
            });
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journald_reads_the_severity_from_the_front() {
        assert_eq!(stderr_line(Level::Warn, "x", true), "<4>warning: x\n");
        assert_eq!(stderr_line(Level::Info, "x", false), "kestrel: x\n");
    }

    #[test]
    fn syslog_gets_what_syslog_3_would_send() {
        let message = syslog_message(Level::Error, "x", 7, Timestamp::UNIX_EPOCH, TimeZone::UTC);
        assert_eq!(message, "<27>Jan  1 00:00:00 kestrel[7]: error: x");
    }
}
