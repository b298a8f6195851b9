//! The loop: rings, signals, deadlines, sinks.
//!
//! While there are records it makes no system call but a look around every [`BATCH`] records; when there are none it asks
//! the source to be woken and sleeps until something happens or a deadline is over.

use crate::judge::Judge;
use crate::signals::Signals;
use crate::sources::{Source, SourceError};
use crate::summary::Summary;
use kestrel_outputs::{Alert, FieldValue, Outputs, Priority};
use kestrel_ringbuf::Counters;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Records between two looks around at signals, sinks and deadlines.
pub const BATCH: usize = 4096;

/// How long sinks get at the end to deliver what they have.
const GRACE: Duration = Duration::from_secs(3);

/// How often losses are looked for, and at least how long between two alerts about them.
const LOSS_CHECK: Duration = Duration::from_secs(1);
const LOSS_ALERT: Duration = Duration::from_secs(30);

const SIGNALS: Token = Token(0);
const OUTPUTS: Token = Token(1);
const SOURCE: Token = Token(OUTPUTS.0 + Outputs::TOKENS);

/// Why the loop ended in failure.
#[derive(Debug, thiserror::Error)]
pub enum LoopError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The system.
    #[error("cannot wait for events: {0}")]
    Poll(#[from] io::Error),
}

/// Everything that runs.
pub struct EventLoop {
    poll: Poll,
    source: Box<dyn Source>,
    judge: Judge,
    outputs: Outputs,
    signals: Signals,
    summary: Summary,
    /// When to stop by itself.
    end: Option<Instant>,
    losses: LossWatch,
}

/// What is known of losses, and when it was last said.
#[derive(Debug)]
struct LossWatch {
    next_check: Instant,
    quiet_until: Option<Instant>,
    reported: Counters,
    outputs_lost: u64,
}

impl EventLoop {
    /// Sets the loop up. Nothing is recorded yet.
    ///
    /// # Errors
    /// [`LoopError`] if the system refuses.
    pub fn new(
        mut source: Box<dyn Source>,
        judge: Judge,
        outputs: Outputs,
        signals: Signals,
        run_for: Option<Duration>,
    ) -> Result<EventLoop, LoopError> {
        let poll = Poll::new()?;
        let raw = signals.fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&raw), SIGNALS, Interest::READABLE)?;
        source.register(poll.registry(), SOURCE)?;
        let now = Instant::now();
        let losses =
            LossWatch { next_check: now + LOSS_CHECK, quiet_until: None, reported: source.counters(), outputs_lost: 0 };
        let end = run_for.map(|time| now + time);
        Ok(EventLoop { poll, source, judge, outputs, signals, summary: Summary::default(), end, losses })
    }

    /// The token that sinks count theirs from.
    pub const fn outputs_token() -> Token {
        OUTPUTS
    }

    /// The judge, for the scan of /proc between start and loop.
    pub fn judge_mut(&mut self) -> &mut Judge {
        &mut self.judge
    }

    /// The source.
    pub fn source_mut(&mut self) -> &mut dyn Source {
        self.source.as_mut()
    }

    /// Runs until a signal or the end of the time, and gives the figures.
    ///
    /// # Errors
    /// [`LoopError`] if the source or the system fails; what was judged until then was delivered.
    pub fn run(mut self) -> Result<Summary, LoopError> {
        let result = self.watch();
        if result.is_ok() {
            // Records that came before the stop still count.
            self.source.stop()?;
            while self.drain()? {}
        }
        self.finish();
        result.map(|()| self.summary)
    }

    fn watch(&mut self) -> Result<(), LoopError> {
        let mut events = Events::with_capacity(64);
        loop {
            let more = self.drain()?;
            let now = Instant::now();
            if self.end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            self.look_for_losses(now);
            let timeout = if more || !self.source.arm() { Some(Duration::ZERO) } else { self.timeout(now) };
            self.summary.system_calls += 1;
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => other?,
            }
            self.source.disarm();
            for event in &events {
                match event.token() {
                    SIGNALS if self.handle_signals() => return Ok(()),
                    token if self.outputs.owns(token) => self.outputs.ready(token, self.poll.registry()),
                    _ => {}
                }
            }
            if self.outputs.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                self.outputs.expired(self.poll.registry());
            }
        }
    }

    /// Judges up to a batch of records. True if there may be more.
    fn drain(&mut self) -> Result<bool, LoopError> {
        let EventLoop { source, judge, outputs, summary, poll, .. } = self;
        for _ in 0..BATCH {
            let Some(record) = source.next()? else {
                source.release();
                return Ok(false);
            };
            judge.record(record, summary, |alert| outputs.send(&alert, poll.registry()));
        }
        source.release();
        Ok(true)
    }

    fn timeout(&self, now: Instant) -> Option<Duration> {
        // While losses wait to be said, or the ring loses records, the check must come round; else nothing need wake us.
        let check = (self.losses.quiet_until.is_some()).then_some(self.losses.next_check);
        let next = [self.outputs.deadline(), self.end, check].into_iter().flatten().min()?;
        // Rounded up: waking a moment too early would mean one more round for nothing.
        Some(next.saturating_duration_since(now) + Duration::from_millis(1))
    }

    /// True if it is time to stop.
    fn handle_signals(&mut self) -> bool {
        self.summary.system_calls += 1;
        let mut stop = false;
        while let Some(signal) = self.signals.read() {
            self.summary.system_calls += 1;
            match signal {
                Signal::SIGTERM | Signal::SIGINT => {
                    log::info!("stopping ({})", signal.as_str());
                    stop = true;
                }
                Signal::SIGUSR1 => {
                    log::info!("opening outputs anew (SIGUSR1)");
                    self.outputs.reopen(self.poll.registry());
                }
                Signal::SIGHUP => {
                    log::warn!("SIGHUP: reloading is not supported yet: restart kestrel to read its files again")
                }
                Signal::SIGCHLD => self.outputs.child_exited(self.poll.registry()),
                _ => {}
            }
        }
        stop
    }

    /// Raises an alert of Kestrel's own if records or alerts were lost since the last one.
    fn look_for_losses(&mut self, now: Instant) {
        if now < self.losses.next_check {
            return;
        }
        self.losses.next_check = now + LOSS_CHECK;
        self.judge.state.users.refresh();
        if self.losses.quiet_until.is_some_and(|until| now < until) {
            return;
        }
        let counters = self.source.counters();
        let outputs_lost: u64 = self.outputs.stats().map(|(_, stats)| stats.lost).sum();
        let dropped = counters.dropped() - self.losses.reported.dropped();
        let unsaid = outputs_lost.saturating_sub(self.losses.outputs_lost);
        self.losses.quiet_until = None;
        if dropped > 0 {
            let mut fields = vec![
                ("n_drops".to_owned(), FieldValue::Uint(dropped)),
                ("n_evts".to_owned(), FieldValue::Uint(counters.seen - self.losses.reported.seen)),
            ];
            for ((cause, now), (_, before)) in counters.causes().into_iter().zip(self.losses.reported.causes()) {
                fields.push((format!("n_drops_{cause}"), FieldValue::Uint(now - before)));
            }
            let message = format!("Falco internal: syscall event drop. {dropped} events lost since the last report");
            self.raise("Falco internal: syscall event drop", Priority::Debug, message, fields);
            self.losses.quiet_until = Some(now + LOSS_ALERT);
        }
        if unsaid > 0 {
            let fields = self
                .outputs
                .stats()
                .map(|(name, stats)| (format!("{name}.lost"), FieldValue::Uint(stats.lost)))
                .collect();
            let message =
                format!("Kestrel internal: alerts lost. {unsaid} alerts could not be delivered since the last report");
            self.raise("Kestrel internal: alerts lost", Priority::Error, message, fields);
            self.losses.quiet_until = Some(now + LOSS_ALERT);
        }
        self.losses.reported = counters;
        self.losses.outputs_lost = outputs_lost;
    }

    fn raise(&mut self, rule: &str, priority: Priority, message: String, fields: Vec<(String, FieldValue)>) {
        log::warn!("{message}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let alert = Alert {
            time_ns: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            priority,
            rule: rule.into(),
            source: "internal".into(),
            tags: Vec::new().into(),
            hostname: self.judge.hostname(),
            message,
            fields,
        };
        self.outputs.send(&alert, self.poll.registry());
    }

    /// Lets the sinks deliver what they have, for a while, and closes the accounts.
    fn finish(&mut self) {
        let end = Instant::now() + GRACE;
        let mut events = Events::with_capacity(16);
        while !self.outputs.finish(self.poll.registry()) {
            let now = Instant::now();
            if now >= end {
                log::warn!("outputs did not take everything in {GRACE:?}");
                break;
            }
            let wait = (end - now).min(Duration::from_millis(50));
            if self.poll.poll(&mut events, Some(wait)).is_err() {
                break;
            }
            for event in &events {
                if self.outputs.owns(event.token()) {
                    self.outputs.ready(event.token(), self.poll.registry());
                }
            }
        }
        self.outputs.abort(self.poll.registry());
        self.summary.counters = self.source.counters();
        self.summary.missing = self.source.missing();
        self.summary.sinks = self.outputs.stats().collect();
        let sinks: u64 = self.summary.sinks.iter().map(|(_, stats)| stats.system_calls).sum();
        self.summary.system_calls += sinks + self.source.system_calls();
    }
}
