//! A command that is started, or a process that is there, followed with ptrace(2): needs no module, no privilege, and works in
//! containers. docs/RUN.md says what it promises.
//!
//! | file | is about |
//! |---|---|
//! | `tracer.rs`, `tracer/` | stops become records |
//! | `tracee.rs` | what is known of the tracees |
//! | `calls.rs` | which calls are looked at |
//! | `call_filter.rs` | the filter that keeps all others from stopping |
//! | `listener.rs` | calls that wait for an answer instead of stopping |
//! | `launch.rs` | starting a command |
//! | `ahead.rs`, `resolve.rs` | calls that are let go where they begin |
//! | `programs.rs` | what judges them |
//! | `view.rs` | a stopped tracee, as fillers see it |
//! | `memory.rs`, `folder.rs`, `socket.rs`, `started.rs`, `status.rs`, `limits.rs` | what a view is made from |
//! | `asked.rs` | what of it rules ask for |
//! | `context.rs`, `machine.rs` | who a task is, and what machine it is on |
//! | `request.rs` | ptrace(2), waitpid(2) and their like |
//! | `error.rs` | what can be wrong |
//!
//! One thread. While stops come, it waits for the next in waitpid(2), or in poll(2) where calls wait for an answer as well, and a
//! timer brings it back to the loop every 20 ms. When none comes for that long, it sleeps in the loop, which hears of the
//! next stop by SIGCHLD, and of the next call that waits by its listener.

mod ahead;
mod asked;
mod call_filter;
mod calls;
mod context;
mod error;
mod folder;
mod launch;
mod limits;
mod listener;
mod machine;
mod memory;
mod programs;
mod request;
mod resolve;
mod socket;
mod started;
mod status;
mod tracee;
mod tracer;
mod view;

pub use asked::Asked;
pub use error::TraceError;
pub use launch::{Command, OF_THE_TERMINAL, ignore, own};

use super::{Accounts, Source, SourceError};
use calls::{Calls, Failed};
use error::system;
use kestrel_core::schema::{EventSet, id};
use kestrel_ringbuf::Counters;
use kestrel_rules::prefilter::OnDemand;
use launch::Filters;
use listener::Listener;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use programs::Programs;
use request::Waited;
use std::cell::Cell;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tracer::{Origin, Tracer};

/// Microseconds after which a wait for stops comes to an end, so that the loop sees signals and sinks.
const LOOK_US: i64 = 20_000;

/// How long tracees may take to end, or to be let go of.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the command ended, once it did: a status as waitpid(2) tells it.
pub type Outcome = Rc<Cell<Option<i32>>>;

/// Whom to follow.
#[derive(Debug)]
enum Target {
    Command(Command),
    Process(i32),
    Started,
}

/// Tracees as a source.
#[derive(Debug)]
pub struct PtraceSource {
    target: Target,
    /// Every call stops.
    all_calls: bool,
    /// Calls that should have made a task, and failed, are asked for.
    failed_makers: bool,
    /// What nobody can want.
    programs: Programs,
    /// What is looked up of processes.
    asked: Asked,
    tracer: Option<Tracer>,
    outcome: Outcome,
    /// Where the loop's wait is told of, until there is a listener for it.
    loop_waits: Option<(Registry, Token)>,
    waiting: bool,
    over: bool,
    /// Until when tracees may take to end.
    end: Option<Instant>,
}

impl PtraceSource {
    /// Starts this command, and follows it and whatever it starts. With `all_calls` no filter is used.
    pub fn command(command: Command, all_calls: bool, failed_makers: bool) -> PtraceSource {
        PtraceSource::new(Target::Command(command), all_calls, failed_makers)
    }

    /// Follows this process and whatever it starts. They cannot be given a filter.
    pub fn process(pid: i32) -> PtraceSource {
        PtraceSource::new(Target::Process(pid), true, true)
    }

    fn new(target: Target, all_calls: bool, failed_makers: bool) -> PtraceSource {
        let outcome = Outcome::default();
        PtraceSource {
            target,
            all_calls,
            failed_makers,
            programs: Programs::default(),
            asked: Asked::ALL,
            tracer: None,
            outcome,
            loop_waits: None,
            waiting: false,
            over: false,
            end: None,
        }
    }

    /// Leaves out what no rule can want.
    #[must_use]
    pub fn judging(self, prefilter: OnDemand) -> PtraceSource {
        PtraceSource { programs: Programs::new(prefilter), ..self }
    }

    /// Looks up no more figures of processes than these.
    #[must_use]
    pub fn asking(self, asked: Asked) -> PtraceSource {
        PtraceSource { asked, ..self }
    }

    /// Where the command's end will be told.
    pub fn outcome(&self) -> Outcome {
        Rc::clone(&self.outcome)
    }

    fn launch(&mut self, command: &Command, events: &EventSet) -> Result<Tracer, TraceError> {
        let calls = Calls::default();
        let execs = self.programs.of(id::EXECVE);
        let execs = execs.is_none_or(|program| !ahead::is_only_wanted_if_it_succeeds(&program, id::EXECVE));
        let failed = Failed { makers: self.failed_makers, execs };
        let filter = |waiting: &EventSet| call_filter::program(&calls.tables(events, failed, waiting));
        let waiting = self.waiting_calls();
        let filters = (!self.all_calls).then(|| Filters {
            waiting: (waiting != EventSet::default()).then(|| filter(&waiting)),
            stopping: filter(&EventSet::default()),
        });
        let launched = launch::launch(command, filters)?;
        let pid = launched.pid;
        let origin = Origin::Command { launched, began: false, said: false, status: None };
        let mut tracer = Tracer::new(calls, *events, self.all_calls, origin);
        tracer.waiting = waiting;
        if let Some(tracee) = tracer.adopt(pid) {
            tracee.is_ours = true;
        }
        Ok(tracer)
    }

    /// The calls that are worth waiting for an answer: those that mostly are let go where they begin.
    fn waiting_calls(&mut self) -> EventSet {
        // What judges the one judges the other, but few programs make the first.
        if !listener::is_supported() || self.programs.of(id::OPENAT).is_none() {
            return EventSet::EMPTY;
        }
        let opens: EventSet = [id::OPEN, id::OPENAT].into_iter().collect();
        opens.intersection(&self.programs.judged())
    }

    fn attach(pid: i32, events: &EventSet) -> Result<Tracer, TraceError> {
        let mut tracer = Tracer::new(Calls::default(), *events, true, Origin::Process);
        // Threads may make threads while we look.
        loop {
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).map_err(|_| TraceError::NoProcess { pid })?;
            let tids = tasks.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
            let mut more = false;
            for tid in tids {
                if tracer.tracees.contains(tid) {
                    continue;
                }
                match request::seize(tid, request::OPTIONS) {
                    Ok(()) => {
                        more = true;
                        tracer.adopt(tid);
                        // From a stop on it can be told to stop at calls.
                        let _ = request::interrupt(tid);
                    }
                    Err(Errno::ESRCH) => {}
                    // One that a thread made which we follow already.
                    Err(_) if tracer.tracees.early.contains(&tid) => {}
                    Err(error) if tracer.tracees.is_empty() => return Err(TraceError::Denied { pid, error }),
                    Err(_) => {}
                }
            }
            if !more {
                return Ok(tracer);
            }
        }
    }

    /// Waits for something to happen, at most until the timer or a signal.
    fn wait(&mut self) -> Waited {
        if let Some((tid, status)) = self.tracer.as_mut().and_then(|tracer| tracer.later.pop_front()) {
            return Waited::Changed(tid, status);
        }
        if request::alarm_rang() {
            // The loop is to look around.
            self.rest();
        }
        if let Some(listener) = self.tracer.as_mut().and_then(|tracer| tracer.listener.as_mut()) {
            let waited = listener.wait(self.waiting);
            if waited == Waited::Nothing {
                self.rest();
            }
            return waited;
        }
        if !self.waiting {
            // NOTE: whoever sleeps in the loop must have looked once after its last SIGCHLD was read: another one may not come.
            return request::wait(false);
        }
        let waited = request::wait(true);
        if waited == Waited::Nothing {
            self.rest();
        }
        waited
    }

    fn rest(&mut self) {
        if std::mem::replace(&mut self.waiting, false) {
            request::set_alarm(0);
            if let Some(listener) = self.listener() {
                listener.pass_on();
            }
        }
    }

    fn listener(&mut self) -> Option<&mut Listener> {
        self.tracer.as_mut()?.listener.as_mut()
    }

    /// The loop is to wake when there is a notice.
    fn listen(&mut self) -> Result<(), SourceError> {
        let Some(fd) = self.listener().map(|listener| listener.fd().as_raw_fd()) else { return Ok(()) };
        if let Some((registry, token)) = self.loop_waits.take() {
            let registered = registry.register(&mut SourceFd(&fd), token, Interest::READABLE);
            registered.map_err(|error| TraceError::System { what: "wait for notices", error })?;
        }
        Ok(())
    }

    /// Has SIGCONT, SIGTERM and the like reach the command.
    fn forward(&self, signal: Signal) {
        let Some(Tracer { origin: Origin::Command { launched, status, .. }, tracees, .. }) = &self.tracer else {
            return;
        };
        if status.is_none() {
            let _ = kill(Pid::from_raw(launched.pid), signal);
        } else {
            // The command is gone; what it left behind is meant.
            for pid in tracees.pids() {
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
    }
}

impl Source for PtraceSource {
    fn name(&self) -> &'static str {
        "ptrace"
    }

    /// Nothing yet: the loop waits for SIGCHLD anyway, and the listener comes with the command.
    fn register(&mut self, registry: &Registry, base: Token) -> Result<(), SourceError> {
        let registry = registry.try_clone().map_err(|error| TraceError::System { what: "wait for notices", error })?;
        self.loop_waits = Some((registry, base));
        Ok(())
    }

    fn start(&mut self, events: &EventSet) -> Result<(), SourceError> {
        request::set_alarm_handler().map_err(system("receive signals"))?;
        let target = std::mem::replace(&mut self.target, Target::Started);
        self.tracer = match target {
            Target::Command(command) => Some(self.launch(&command, events)?),
            Target::Process(pid) => Some(PtraceSource::attach(pid, events)?),
            Target::Started => None,
        };
        if let Some(tracer) = &mut self.tracer {
            tracer.programs = std::mem::take(&mut self.programs);
            tracer.ask(self.asked);
        }
        self.disarm();
        Ok(())
    }

    fn set_interest(&mut self, events: &EventSet) -> Result<(), SourceError> {
        let Some(tracer) = &mut self.tracer else { return Ok(()) };
        if !self.all_calls && *events != tracer.events.intersection(events) {
            return Err(TraceError::Fixed.into());
        }
        tracer.events = *events;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
        loop {
            let waited = self.wait();
            let Some(tracer) = &mut self.tracer else { return Ok(None) };
            match waited {
                Waited::Changed(tid, status) => {
                    let made_record = tracer.changed(tid, status);
                    if let Origin::Command { status: Some(status), .. } = &tracer.origin {
                        self.outcome.set(Some(*status));
                    }
                    let made_record = made_record?;
                    self.listen()?;
                    if made_record {
                        break;
                    }
                }
                Waited::Called(notice) => tracer.called(&notice),
                Waited::Nobody => {
                    self.over = true;
                    self.rest();
                    return Ok(None);
                }
                // At the end there is nothing else to wait for.
                Waited::Nothing if self.end.is_some_and(|end| Instant::now() < end) => self.disarm(),
                Waited::Nothing => return Ok(None),
            }
        }
        Ok(self.tracer.as_ref().map(Tracer::record))
    }

    fn release(&mut self) {}

    fn arm(&mut self) -> bool {
        !self.over
    }

    fn disarm(&mut self) {
        if !self.over && !std::mem::replace(&mut self.waiting, true) {
            request::set_alarm(LOOK_US);
        }
        // The loop may have read SIGCHLD meanwhile.
        if let Some(listener) = self.listener() {
            listener.doubt();
        }
    }

    /// A command is killed, for its calls would fail without us; a process is let go of.
    fn stop(&mut self) -> Result<(), SourceError> {
        self.end = Some(Instant::now() + PATIENCE);
        let Some(tracer) = &mut self.tracer else { return Ok(()) };
        match tracer.origin {
            Origin::Command { .. } => {
                for pid in tracer.tracees.pids() {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
            Origin::Process => {
                tracer.letting_go = true;
                for tid in tracer.tracees.tids() {
                    let _ = request::interrupt(tid);
                }
            }
        }
        Ok(())
    }

    fn counters(&self) -> Counters {
        self.tracer.as_ref().map_or_else(Counters::default, |tracer| tracer.counters)
    }

    fn accounts(&self) -> Accounts {
        Accounts { counters: self.counters(), missing: self.counters().dropped(), ..Accounts::default() }
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn takes(&mut self, signal: Signal, from_kernel: bool) -> bool {
        let is_command = self.tracer.as_ref().is_some_and(|tracer| matches!(tracer.origin, Origin::Command { .. }));
        let takes = is_command && matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP);
        // What the terminal sends, it sends to the command as well.
        if takes && !from_kernel {
            self.forward(signal);
        }
        takes
    }
}
