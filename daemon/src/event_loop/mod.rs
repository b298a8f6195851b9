//! The loop: a source's records, signals, deadlines, and whatever a handler waits for. One thread.
//!
//! ```text
//!   ┌─▶ judge records, for a turn ───▶ none left ──▶ arm ──▶ armed: sleep until something happens ─┐
//!   │          │ the turn is over                             │ not armed: more came in             │
//!   │          ▼                                              │                                     │
//!   │      look around without sleeping ◀─────────────────────┼─────────────────────────────────────┤
//!   └──────────┴──────────────────────────────────────────────┘                                     │
//!   └───────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! While there are records it makes one system call (a look around that does not sleep) every [`BATCH`] of them, or sooner if they
//! take long (`turn.rs`); so signals, sinks and deadlines are served under any load. While the handler says that something of its
//! own waits to go on, it looks every [`SHORT_BATCH`] of them: a server that takes little at a time would get that little once a
//! [`BATCH`] else, however fast it reads. Deadlines are poll timeouts: they cost no call of their own.

mod turn;

use crate::signals::Signals;
use crate::sources::{Accounts, Source, SourceError};
use kestrel_core::schema::EventSet;
use kestrel_ringbuf::Counters;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use nix::sys::signal::Signal;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use turn::Turn;
pub use turn::{BATCH, LONGEST};

/// Records between two looks around while [`Handler::is_blocked`].
pub const SHORT_BATCH: usize = 64;

/// How often [`Handler::tick`] is called while there is anything to do.
pub const TICK: Duration = Duration::from_secs(1);

/// How long a handler gets at the end to deliver what it has.
const GRACE: Duration = Duration::from_secs(3);

/// How long records that came before a stop are judged, if whoever comes next can go on with them.
const LAST_RECORDS: Duration = Duration::from_secs(5);

const SIGNALS: Token = Token(0);

/// The first token that is the handler's; it may use [`HANDLER_TOKENS`] of them.
pub const HANDLER: Token = Token(1);

/// Tokens that are the handler's.
pub const HANDLER_TOKENS: usize = 32;

const SOURCE: Token = Token(HANDLER.0 + HANDLER_TOKENS);

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

/// Why the loop ended in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A signal asked for it.
    Signal(Signal),
    /// The time is over.
    Time,
    /// The handler has what it wanted, or cannot go on.
    Handler,
    /// The source has no more.
    Source,
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The events.
    pub events: EventSet,
    /// The program that rejects some of them ([`kestrel_core::filter`]); empty for none.
    pub program: Vec<u8>,
}

/// What is done with records.
pub trait Handler {
    /// A record, whole, not checked. `Break` ends the loop.
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()>;

    /// The loop is about to begin: whatever is to be waited for is registered, under the handler's tokens.
    ///
    /// # Errors
    /// What the system said: the loop does not begin then.
    fn begin(&mut self, _registry: &Registry) -> io::Result<()> {
        Ok(())
    }

    /// There is no record now: the loop is about to sleep. `Break` ends it.
    fn idle(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// What it registered under this token is ready.
    fn ready(&mut self, _token: Token, _registry: &Registry) {}

    /// True while something of its own waits for [`Handler::ready`]: the loop looks around more often then.
    fn is_blocked(&self) -> bool {
        false
    }

    /// When it wants [`Handler::expired`] to be called, if it does.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Its deadline is over.
    fn expired(&mut self, _registry: &Registry) {}

    /// Called about once a [`TICK`] while records come: the source's counters are at hand. `Break` ends the loop.
    fn tick(&mut self, _now: Instant, _counters: &Counters, _registry: &Registry) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Everything that happened was handed out; what needs the source is done now. Gives the events to record from now on, if
    /// they are others.
    fn settle(&mut self, _source: &dyn Source, _registry: &Registry) -> Option<Wanted> {
        None
    }

    /// SIGUSR1: files are to be opened anew.
    fn reopen(&mut self, _registry: &Registry) {}

    /// SIGHUP: what was read at the start is to be read again. What comes of it, [`Handler::settle`] gives when it is there.
    fn reload(&mut self) {}

    /// SIGCHLD: a child process ended.
    fn child_exited(&mut self, _registry: &Registry) {}

    /// No more records. True once nothing is left to be done.
    fn finish(&mut self, _accounts: &Accounts, _registry: &Registry) -> bool {
        true
    }

    /// Ends whatever is still going on.
    fn abort(&mut self, _registry: &Registry) {}
}

/// What a run of the loop came to.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended.
    pub stop: Result<Stop, LoopError>,
    /// The source's accounts.
    pub accounts: Accounts,
    /// System calls that the loop made: waiting, reading signals, and what the source made.
    pub system_calls: u64,
}

/// How the loop runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// When it ends by itself.
    pub end: Option<Instant>,
    /// On SIGTERM the source goes on recording, for the next one who reads it.
    pub keep_recording: bool,
}

/// Everything that the loop waits for.
pub struct EventLoop {
    poll: Poll,
    events: Events,
    source: Box<dyn Source>,
    signals: Signals,
    limits: Limits,
    waits: u64,
    next_tick: Instant,
    /// The records since the last look around.
    turn: Turn,
    /// Records since the last tick.
    since_tick: u64,
}

/// How a round of reading ended.
enum Drained {
    Empty,
    Batch,
    Enough,
}

impl EventLoop {
    /// Sets the loop up. Nothing is recorded yet.
    ///
    /// # Errors
    /// [`LoopError`] if the system refuses.
    pub fn new(mut source: Box<dyn Source>, signals: Signals, limits: Limits) -> Result<EventLoop, LoopError> {
        let poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&signals.fd().as_raw_fd()), SIGNALS, Interest::READABLE)?;
        source.register(poll.registry(), SOURCE)?;
        Ok(EventLoop {
            poll,
            events: Events::with_capacity(64),
            source,
            signals,
            limits,
            waits: 0,
            next_tick: Instant::now() + TICK,
            turn: Turn::new(Instant::now()),
            since_tick: 0,
        })
    }

    /// Begins to record these events.
    ///
    /// # Errors
    /// [`SourceError`] if the source refuses.
    pub fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        self.source.start(events)
    }

    /// The processes that there were before the start are known. That this cannot be said ends nothing: more events are recorded
    /// then.
    pub fn know_processes(&mut self) {
        if let Err(error) = self.source.know_processes() {
            log::warn!("{error}; events are not rejected by names of processes");
        }
    }

    /// Leaves out whatever this program rejects. Without it everything is recorded: that it cannot be loaded is said, and ends
    /// nothing.
    pub fn set_program(&mut self, program: &[u8]) {
        if let Err(error) = self.source.set_program(program) {
            log::error!("{error}; every event that is asked for is recorded");
            // The one before may reject what is wanted now.
            if let Err(error) = self.source.set_program(&[]) {
                log::error!("{error}; events that are wanted now may be missed: start kestrel again");
            }
        }
    }

    /// Runs until a signal, the end of the time, or the handler ends it; then lets the handler finish.
    pub fn run(mut self, handler: &mut dyn Handler) -> Ended {
        let mut stop = self.watch(handler);
        if let Ok(reason) = stop
            && let Err(error) = self.last_records(reason, handler)
        {
            stop = Err(error.into());
        }
        self.finish(handler);
        Ended {
            stop,
            accounts: self.source.accounts(),
            system_calls: self.waits + self.signals.system_calls() + self.source.system_calls(),
        }
    }

    fn watch(&mut self, handler: &mut dyn Handler) -> Result<Stop, LoopError> {
        handler.begin(self.poll.registry())?;
        loop {
            let timeout = match self.drain(handler)? {
                Drained::Enough => return Ok(Stop::Handler),
                Drained::Batch => Some(Duration::ZERO),
                Drained::Empty if self.source.is_over() => return Ok(Stop::Source),
                Drained::Empty if self.source.arm() => {
                    if handler.idle().is_break() {
                        return Ok(Stop::Handler);
                    }
                    self.timeout(handler)
                }
                // Something came in between. Counted, so that a source that only says so cannot keep us from looking around.
                Drained::Empty => {
                    self.turn.count();
                    continue;
                }
            };
            if let ControlFlow::Break(stop) = self.look(timeout, handler)? {
                return Ok(stop);
            }
            // Not before: a look around that takes long must not leave a turn without records.
            self.turn = Turn::new(Instant::now());
        }
    }

    /// Hands out records until there is none, or a look around is due.
    fn drain(&mut self, handler: &mut dyn Handler) -> Result<Drained, SourceError> {
        let EventLoop { source, poll, turn, since_tick, .. } = self;
        let mut enough = Drained::Batch;
        let before = turn.records();
        while !turn.is_over(Instant::now) {
            // Asked now and then, for it costs more than a record.
            if turn.records() > 0 && turn.records().is_multiple_of(SHORT_BATCH) && handler.is_blocked() {
                break;
            }
            let Some(record) = source.next()? else {
                enough = Drained::Empty;
                break;
            };
            turn.count();
            if handler.record(record, poll.registry()).is_break() {
                enough = Drained::Enough;
                break;
            }
        }
        *since_tick += (turn.records() - before) as u64;
        source.release();
        Ok(enough)
    }

    /// Until when to sleep. A machine on which nothing happens is left to sleep.
    fn timeout(&self, handler: &dyn Handler) -> Option<Duration> {
        let tick = (self.since_tick > 0).then_some(self.next_tick);
        let next = [handler.deadline(), self.limits.end, tick].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Waits, and serves everything but records.
    fn look(&mut self, timeout: Option<Duration>, handler: &mut dyn Handler) -> Result<ControlFlow<Stop>, LoopError> {
        self.waits += 1;
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => other?,
        }
        self.source.disarm();
        let mut signalled = false;
        for event in &self.events {
            match event.token() {
                SIGNALS => signalled = true,
                token if (HANDLER.0..SOURCE.0).contains(&token.0) => handler.ready(token, self.poll.registry()),
                _ => {}
            }
        }
        if signalled && let Some(stop) = self.handle_signals(handler) {
            return Ok(ControlFlow::Break(stop));
        }
        let now = Instant::now();
        if handler.deadline().is_some_and(|deadline| deadline <= now) {
            handler.expired(self.poll.registry());
        }
        if now >= self.next_tick && self.since_tick > 0 {
            self.next_tick = now + TICK;
            self.since_tick = 0;
            if handler.tick(now, &self.source.counters(), self.poll.registry()).is_break() {
                return Ok(ControlFlow::Break(Stop::Handler));
            }
        }
        let wanted = handler.settle(&*self.source, self.poll.registry());
        self.change_wanted(wanted);
        if self.limits.end.is_some_and(|end| now >= end) {
            return Ok(ControlFlow::Break(Stop::Time));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn handle_signals(&mut self, handler: &mut dyn Handler) -> Option<Stop> {
        let mut stop = None;
        while let Some((signal, from_kernel)) = self.signals.read() {
            if self.source.takes(signal, from_kernel) {
                continue;
            }
            match signal {
                Signal::SIGTERM | Signal::SIGINT => stop = Some(Stop::Signal(signal)),
                Signal::SIGUSR1 => handler.reopen(self.poll.registry()),
                Signal::SIGHUP => handler.reload(),
                Signal::SIGCHLD => handler.child_exited(self.poll.registry()),
                _ => {}
            }
        }
        stop
    }

    /// Records are judged by the new rules already: what only the old ones wanted can go at once, and what is recorded from now on
    /// must not be judged by the old program.
    fn change_wanted(&mut self, wanted: Option<Wanted>) {
        let Some(Wanted { events, program }) = wanted else { return };
        self.set_program(&program);
        if let Err(error) = self.source.set_interest(&events) {
            log::error!("{error}; the events that are recorded are still those of before");
        }
    }

    /// The records that came before the stop still count. Where recording goes on, those that take too long are the next one's.
    fn last_records(&mut self, stop: Stop, handler: &mut dyn Handler) -> Result<(), SourceError> {
        if stop == Stop::Handler {
            return self.source.stop();
        }
        let (mut left, mut end) = (u64::MAX, None);
        if self.limits.keep_recording && stop == Stop::Signal(Signal::SIGTERM) {
            // What comes from here on is the next one's.
            left = self.source.accounts().unread_bytes;
            end = Some(Instant::now() + LAST_RECORDS);
        } else {
            self.source.stop()?;
        }
        while left > 0 {
            let Some(record) = self.source.next()? else { break };
            left = left.saturating_sub(record.len() as u64);
            if handler.record(record, self.poll.registry()).is_break() {
                break;
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                log::info!("about {left} bytes of records are left for the next kestrel");
                break;
            }
        }
        // Asked for once more, the source counts the last record as read.
        let _ = self.source.next()?;
        self.source.release();
        Ok(())
    }

    /// Lets the handler deliver what it has, for a while.
    fn finish(&mut self, handler: &mut dyn Handler) {
        let end = Instant::now() + GRACE;
        let accounts = self.source.accounts();
        while !handler.finish(&accounts, self.poll.registry()) {
            let now = Instant::now();
            if now >= end {
                log::warn!("not everything could be delivered within {GRACE:?}");
                break;
            }
            // A child that ends is seen by its signal, which is not read any more: hence the short sleep.
            let wait = (end - now).min(Duration::from_millis(20));
            self.waits += 1;
            match self.poll.poll(&mut self.events, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
            for event in &self.events {
                if (HANDLER.0..SOURCE.0).contains(&event.token().0) {
                    handler.ready(event.token(), self.poll.registry());
                }
            }
        }
        handler.abort(self.poll.registry());
    }
}
