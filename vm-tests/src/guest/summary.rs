//! The figures that the daemon gives when it stops.

use super::failure::{Failure, Outcome};

/// What the daemon's last lines say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records judged.
    pub judged: u64,
    /// Records missing by sequence number.
    pub missing: u64,
    /// Events that the module saw and somebody wanted.
    pub seen: u64,
    /// Those that became records.
    pub delivered: u64,
    /// Those that the filter took out.
    pub filtered: u64,
    /// Those that were lost.
    pub dropped: u64,
    /// Lost, by cause.
    pub causes: Vec<(String, u64)>,
    /// Records that could not be read, or of unknown events.
    pub bad: u64,
    /// System calls that it made.
    pub system_calls: u64,
    /// Its outputs.
    pub sinks: Vec<(String, SinkFigures)>,
}

/// What became of the alerts of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkFigures {
    /// Those that waited on disk when the daemon was started.
    pub waited: u64,
    /// Delivered.
    pub delivered: u64,
    /// Lost.
    pub lost: u64,
    /// Those that wait for the next daemon.
    pub left: u64,
}

impl Summary {
    /// What became of the alerts of an output.
    ///
    /// # Errors
    /// If nothing is said about it.
    pub fn sink(&self, name: &str) -> Outcome<SinkFigures> {
        let found = self.sinks.iter().find(|(of, _)| of == name);
        found.map(|(_, figures)| *figures).ok_or_else(|| Failure(format!("no figures of {name}: {self:?}")))
    }

    /// Reads the daemon's log.
    ///
    /// # Errors
    /// If the figures are not in it.
    pub fn of(log: &str) -> Outcome<Summary> {
        let mut summary = Summary::default();
        let mut found = 0;
        let mut waited = Vec::new();
        for line in log.lines() {
            let Some(text) = line.split_once("kestrel: ").map(|(_, text)| text.trim()) else { continue };
            if let Some(rest) = text.strip_prefix("records: ") {
                found += 1;
                summary.judged = before(rest, " judged");
                summary.missing = before(rest, " missing by");
                summary.bad = before(rest, " unreadable") + before(rest, " of unknown");
            } else if let Some(rest) = text.strip_prefix("kernel: ") {
                found += 1;
                summary.seen = before(rest, " seen");
                summary.delivered = before(rest, " delivered");
                summary.filtered = before(rest, " filtered");
                summary.dropped = before(rest, " dropped");
            } else if let Some((cause, count)) = text.strip_prefix("dropped, ").and_then(|rest| rest.split_once(": ")) {
                summary.causes.push((cause.to_owned(), count.parse().unwrap_or(0)));
            } else if let Some(rest) = text.strip_prefix("system calls: ") {
                summary.system_calls = before(rest, " (");
            } else if let Some((name, rest)) = text.split_once("_output: ") {
                let name = format!("{name}_output");
                if rest.contains(" alerts of before wait in ") {
                    waited.push((name, before(rest, " alerts of before")));
                } else if rest.contains(" delivered, ") {
                    let waited = waited.iter().find(|(of, _)| *of == name).map_or(0, |(_, count)| *count);
                    let (delivered, lost) = (before(rest, " delivered"), before(rest, " lost"));
                    summary.sinks.push((name, SinkFigures { waited, delivered, lost, left: before(rest, " left") }));
                }
            }
        }
        if found == 2 { Ok(summary) } else { Err(Failure(format!("the daemon's log has no figures:\n{log}"))) }
    }
}

/// The number right before a word.
fn before(text: &str, word: &str) -> u64 {
    let Some((front, _)) = text.split_once(word) else { return 0 };
    let digits = front.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_figures_are_understood() {
        let log = "kestrel: file_output: 7 alerts of before wait in /run/spool\n\
                   kestrel: watching with 20 rules: 40 kinds of events\n\
                   kestrel: records: 20000 judged, 1 unreadable, 2 of unknown events, 3 missing by sequence number\n\
                   kestrel: kernel: 20010 seen = 20000 delivered + 7 filtered + 3 dropped\n\
                   kestrel:   dropped, full: 3\n\
                   kestrel: alerts: 2\n\
                   kestrel: file_output: 9 delivered, 1 lost, 3 left\n\
                   kestrel: system calls: 12 (0.60 per 1,000 records)\n";
        let expected = Summary {
            judged: 20_000,
            missing: 3,
            seen: 20_010,
            delivered: 20_000,
            filtered: 7,
            dropped: 3,
            causes: vec![("full".to_owned(), 3)],
            bad: 3,
            system_calls: 12,
            sinks: vec![("file_output".to_owned(), SinkFigures { waited: 7, delivered: 9, lost: 1, left: 3 })],
        };
        assert_eq!(Summary::of(log).unwrap(), expected);
        assert!(Summary::of("kestrel: stopping (SIGTERM)\n").is_err());
    }
}
