//! What every sink can do.

use crate::socket::{RecordReader, RecordStats};
use crate::{Alert, Priority};
use mio::{Registry, Token};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An alert, formatted: what all sinks share. The order is part of the spool's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The text, without a newline.
    pub text: String,
    /// The alert's priority.
    #[serde(with = "crate::alert::priority_number")]
    pub priority: Priority,
    /// Time of the event, nanoseconds since the epoch.
    pub time_ns: u64,
    /// The rule's name.
    pub rule: Arc<str>,
    /// The event's source.
    pub source: Arc<str>,
    /// The rule's tags.
    pub tags: Arc<[String]>,
    /// Name of this machine.
    pub hostname: Arc<str>,
}

/// What a sink needs of the loop at every call.
#[derive(Clone, Copy, Debug)]
pub struct Io<'a> {
    /// Where to register what it waits for.
    pub registry: &'a Registry,
    /// Under which token.
    pub token: Token,
    /// The time.
    pub now: Instant,
}

/// What became of a sink's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkStats {
    /// Delivered.
    pub delivered: u64,
    /// Lost: its queue was full, or it could not be delivered in the end.
    pub lost: u64,
    /// Waiting.
    pub queued: u64,
    /// System calls made to deliver, for the daemon's accounts.
    pub system_calls: u64,
}

/// A way out for alerts. No method blocks.
pub trait Sink: std::fmt::Debug {
    /// Its name in messages.
    fn name(&self) -> &'static str;

    /// Takes an alert, as it is and formatted, and delivers what it can now.
    fn offer(&mut self, alert: &Alert, line: &Rc<Line>, io: Io<'_>);

    /// What it registered with the loop is ready.
    fn ready(&mut self, io: Io<'_>);

    /// True while something waits for [`Sink::ready`], such as alerts for a server that reads. Whoever has much else to do looks
    /// around more often then.
    fn is_blocked(&self) -> bool {
        false
    }

    /// Calls `each` with every reader that wants records; nobody does at most sinks.
    fn record_readers(&mut self, _each: &mut dyn FnMut(&mut RecordReader<'_>)) {}

    /// Writes what was gathered for those readers.
    fn write_records(&mut self) {}

    /// What became of records; `None` where nobody can ask for them.
    fn record_stats(&self) -> Option<RecordStats> {
        None
    }

    /// When it wants [`Sink::expired`] to be called, if it does.
    fn deadline(&self) -> Option<Instant>;

    /// Its deadline is over.
    fn expired(&mut self, io: Io<'_>);

    /// A child process of this process ended; perhaps the sink's.
    fn child_exited(&mut self, _io: Io<'_>) {}

    /// Somebody moved the file away (log rotation): begin anew.
    fn reopen(&mut self, _io: Io<'_>) {}

    /// No alert comes any more. True once nothing is left to be done.
    fn finish(&mut self, io: Io<'_>) -> bool;

    /// Ends whatever is still going on, at once.
    fn abort(&mut self, _io: Io<'_>) {}

    /// The counts so far.
    fn stats(&self) -> SinkStats;
}

/// Waiting longer after each failure.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    until: Option<Instant>,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);

    pub fn new() -> Backoff {
        Backoff { next: Backoff::FIRST, until: None }
    }

    /// It failed: wait before the next try. True if this is the first failure in a row.
    pub fn failed(&mut self, now: Instant) -> bool {
        let first = self.next == Backoff::FIRST;
        self.until = Some(now + self.next);
        self.next = (self.next * 2).min(Backoff::LONGEST);
        first
    }

    /// It worked.
    pub fn worked(&mut self) {
        *self = Backoff::new();
    }

    /// When to try again, if there is anything to wait for.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// True while it is too early to try again.
    pub fn is_waiting(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}
