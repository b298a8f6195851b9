//! Kestrel's own messages: one line each on standard error, with the priority that journald reads (sd-daemon(3)) if it is
//! not a terminal that reads them.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::io::{IsTerminal, Write};

struct Logger {
    prefixes: bool,
}

/// Starts showing messages of this level and worse.
pub fn init(level: LevelFilter) {
    let prefixes = std::env::var_os("JOURNAL_STREAM").is_some() && !std::io::stderr().is_terminal();
    // A second call keeps the first logger, and only changes the level.
    let _ = log::set_boxed_logger(Box::new(Logger { prefixes }));
    log::set_max_level(level);
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
        let (prefix, word) = match record.level() {
            Level::Error => ("<3>", "error: "),
            Level::Warn => ("<4>", "warning: "),
            Level::Info => ("<6>", ""),
            Level::Debug | Level::Trace => ("<7>", ""),
        };
        let line = format!("{}kestrel: {word}{text}\n", if self.prefixes { prefix } else { "" });
        // There is nobody to tell if standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}
