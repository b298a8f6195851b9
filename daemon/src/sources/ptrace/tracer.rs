//! Stops become records: what each stop of a tracee means, what is written of it, and how the tracee goes on.
//!
//! ```text
//!   call that is looked at ─▶ stop at entry ─▶ nobody can want it: it goes on    (all others run at full speed)
//!                                           └▶ stop at exit ─▶ record
//!   fork, vfork, clone     ─▶ stop in the maker, with the new task's number ─▶ record
//!   exec                   ─▶ stop in the new program ─▶ record           (and at entry, if those that fail are asked for)
//!   end                    ─▶ its status ─▶ record
//! ```
//!
//! `tracer/call.rs` is about calls, `tracer/open.rs` about those that wait instead of stopping, `tracer/program.rs` about tasks that are made and programs that they execute.
//!
//! A tracee may be killed at any moment: a request that finds it gone is no error, for its end comes as a status.

mod call;
mod open;
mod program;

use super::asked::Asked;
use super::calls::Calls;
use super::context::{self, Cgroups};
use super::error::TraceError;
use super::folder::Folder;
use super::launch::{Launched, Report, stop_ourselves};
use super::listener::Listener;
use super::machine;
use super::memory::Memory;
use super::programs::Programs;
use super::request::{self, Resume};
use super::tracee::{Tracee, Tracees};
use super::view::{Hints, Surroundings, View};
use kestrel_core::event::{MAX_RECORD, Overflow, RecordHeader, TaskContext};
use kestrel_core::fill::{self, Delivered, Exit};
use kestrel_core::schema::{EventId, EventSet, id};
use kestrel_ringbuf::Counters;
use nix::errno::Errno;
use nix::libc;
use std::collections::{HashSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};
use zerocopy::IntoBytes;

/// Ends of tasks that nobody has told of yet.
const MOST_ENDED_EARLY: usize = 1 << 16;

/// Where the tracees are from.
#[derive(Debug)]
pub enum Origin {
    /// A command that was started.
    Command {
        /// What is known of its start.
        launched: Launched,
        /// It executes its program.
        began: bool,
        /// That its programs cannot gain privileges was said, or need not be.
        said: bool,
        /// How it ended, as waitpid(2) tells it.
        status: Option<i32>,
    },
    /// A process that was there.
    Process,
}

/// Follows tracees.
#[derive(Debug)]
pub struct Tracer {
    /// The events that are wanted.
    pub events: EventSet,
    /// Every call stops, and not those alone that a filter chose.
    pub everywhere: bool,
    /// Tracees are let go of at their next stop.
    pub letting_go: bool,
    /// The tracees.
    pub tracees: Tracees,
    /// Where they are from.
    pub origin: Origin,
    /// Where notices of calls that wait come from.
    pub listener: Option<Listener>,
    /// The calls that wait, if there is a listener.
    pub waiting: EventSet,
    /// What became of the events.
    pub counters: Counters,
    /// What nobody can want.
    pub programs: Programs,
    /// Changes that are to be looked at before others are waited for.
    pub later: VecDeque<(i32, i32)>,
    calls: Calls,
    around: Surroundings,
    cgroups: Cgroups,
    mount_namespace: u32,
    room: Vec<u64>,
    len: usize,
}

impl Tracer {
    /// Follows what comes from `origin`.
    pub fn new(calls: Calls, events: EventSet, everywhere: bool, origin: Origin) -> Tracer {
        Tracer {
            events,
            everywhere,
            letting_go: false,
            tracees: Tracees::default(),
            origin,
            listener: None,
            waiting: EventSet::EMPTY,
            counters: Counters::default(),
            programs: Programs::default(),
            later: VecDeque::new(),
            calls,
            around: Surroundings {
                memory: Memory::default(),
                accepted: HashSet::new(),
                namespace_start: machine::namespace_start(),
                own: Folder::open(std::process::id().cast_signed()),
                memfd_dev: machine::memfd_dev(),
                asked: Asked::ALL,
            },
            cgroups: Cgroups::default(),
            mount_namespace: machine::mount_namespace(),
            room: vec![0; MAX_RECORD / size_of::<u64>()],
            len: 0,
        }
    }

    /// Looks up no more figures of processes than these.
    pub fn ask(&mut self, asked: Asked) {
        self.around.asked = asked;
    }

    /// Takes in a task that is a tracee now.
    pub fn adopt(&mut self, tid: i32) -> Option<&mut Tracee> {
        let task = context::read(tid, &mut self.cgroups)?;
        self.tracees.insert(Tracee::new(task));
        self.tracees.get_mut(tid)
    }

    /// The record that the last change made.
    pub fn record(&self) -> &[u8] {
        self.room.as_bytes().get(..self.len).unwrap_or(&[])
    }

    /// A tracee changed its state: true if that is a record. It goes on, unless it ended or its group is stopped.
    ///
    /// # Errors
    /// [`TraceError`] if the command cannot be executed, or this kernel tells too little.
    pub fn changed(&mut self, tid: i32, status: i32) -> Result<bool, TraceError> {
        self.len = 0;
        self.around.memory.forget();
        if !libc::WIFSTOPPED(status) {
            self.ended(tid, status)?;
            return Ok(self.len > 0);
        }
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        if !self.tracees.contains(tid) {
            // Its maker tells of it soon; until then it waits.
            if event == libc::PTRACE_EVENT_STOP {
                self.tracees.early.insert(tid);
            } else {
                let _ = request::resume(tid, Resume::Freely, 0);
            }
            return Ok(false);
        }
        let mut inject = 0;
        match event {
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => self.made(tid),
            libc::PTRACE_EVENT_EXEC => self.executed(tid)?,
            libc::PTRACE_EVENT_SECCOMP => self.in_call(tid)?,
            libc::PTRACE_EVENT_STOP if signal != libc::SIGTRAP => {
                self.stopped_behind(tid);
                if self.letting_go {
                    self.go_on(tid, 0);
                } else {
                    let _ = request::resume(tid, Resume::Listening, 0);
                    self.stop_with(tid, signal);
                }
                return Ok(self.len > 0);
            }
            libc::PTRACE_EVENT_STOP => self.stopped_behind(tid),
            0 if signal == libc::SIGTRAP | 0x80 => self.in_call(tid)?,
            0 => {
                inject = signal;
                self.mend(tid);
                self.signalled(tid, signal);
            }
            _ => {}
        }
        self.go_on(tid, inject);
        Ok(self.len > 0)
    }

    fn go_on(&mut self, tid: i32, signal: i32) {
        if self.letting_go {
            let _ = request::resume(tid, Resume::Untraced, signal);
            self.tracees.end(tid);
            return;
        }
        let in_call = self.everywhere || self.tracees.get_mut(tid).is_some_and(|tracee| tracee.call.is_some());
        let _ = request::resume(tid, if in_call { Resume::ToCall } else { Resume::Freely }, signal);
    }

    /// The command was stopped from the terminal: whoever waits for us is to have the terminal back.
    fn stop_with(&mut self, tid: i32, signal: i32) {
        let Origin::Command { launched, .. } = &self.origin else { return };
        if launched.pid == tid && matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) {
            stop_ourselves();
            let command = nix::unistd::Pid::from_raw(launched.pid);
            let _ = nix::sys::signal::kill(command, nix::sys::signal::Signal::SIGCONT);
        }
    }

    /// Sees to it that what is known of a task is so.
    fn refresh(&mut self, tid: i32) {
        let Some(tracee) = self.tracees.get_mut(tid).filter(|tracee| tracee.stale) else { return };
        tracee.stale = false;
        if let Some(task) = context::read(tid, &mut self.cgroups) {
            // The start that is known already may be the finer one, and it is part of the process's name.
            tracee.task = TaskContext { start_time: tracee.task.start_time, ..task };
            tracee.shares_root = None;
        }
    }

    /// Writes a record of a task; the filler gives its length, or nothing if nobody can want it.
    fn write(
        &mut self,
        tid: i32,
        event: EventId,
        hints: Hints,
        filler: impl FnOnce(&View<'_>, RecordHeader, &mut [u8]) -> Result<Option<usize>, Overflow>,
    ) {
        if !self.events.contains(event) {
            return;
        }
        self.refresh(tid);
        let Tracer { tracees, around, room, counters, len, .. } = self;
        let Some(tracee) = tracees.get_mut(tid).filter(|tracee| !tracee.is_ours) else { return };
        let view = around.view(tracee, hints);
        counters.seen += 1;
        match filler(&view, stamp(counters), room.as_mut_bytes()) {
            Ok(Some(written)) => {
                counters.delivered += 1;
                *len = written;
            }
            Ok(None) => counters.filtered += 1,
            Err(Overflow) => counters.dropped_too_long += 1,
        }
    }

    /// A signal is about to be delivered.
    fn signalled(&mut self, tid: i32, signal: i32) {
        if !self.events.contains(id::SIGNALDELIVER) {
            return;
        }
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        let folder = tracee.folder.get_or_init(|| Folder::open(tid));
        // A tracee stops at signals that it ignores, too; they do not reach it.
        if folder.as_ref().is_none_or(|folder| machine::ignores(folder, signal)) {
            return;
        }
        let sender = request::signal_sender(tid).map_or(0, |(pid, code)| match code {
            libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL | libc::SI_MESGQ => pid,
            code if signal == libc::SIGCHLD && code > 0 => pid,
            _ => 0,
        });
        let delivered = Delivered { sender, signal: signal.cast_unsigned() };
        self.write(tid, id::SIGNALDELIVER, Hints::default(), |view, stamp, room| {
            fill::moment(view.task, &delivered, stamp, room).map(Some)
        });
    }

    /// A task ended.
    fn ended(&mut self, tid: i32, status: i32) -> Result<(), TraceError> {
        if !self.tracees.contains(tid) {
            if !self.tracees.early.remove(&tid) && self.tracees.ended_early.len() < MOST_ENDED_EARLY {
                self.tracees.ended_early.insert(tid, status);
            }
            return Ok(());
        }
        let last = self.tracees.is_last(tid);
        self.write(tid, id::PROCEXIT, Hints::default(), |view, stamp, room| {
            fill::process_exit(view, Exit { code: status, reaper_tid: 0, group_dead: last }, stamp, room).map(Some)
        });
        self.tracees.end(tid);
        // Whose maker ended before it could tell of them are taken in as they are.
        for orphan in self.tracees.early.drain().collect::<Vec<_>>() {
            self.adopt(orphan);
            self.go_on(orphan, 0);
        }
        if let Origin::Command { launched, began, status: ended, .. } = &mut self.origin
            && launched.pid == tid
        {
            *ended = Some(status);
            if !*began {
                return Err(refusal(launched));
            }
        }
        Ok(())
    }
}

/// Time and number of the next record.
fn stamp(counters: &Counters) -> RecordHeader {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    RecordHeader { time_ns, seq: counters.next_seq(), ..RecordHeader::default() }
}

/// Why a command never began.
fn refusal(launched: &Launched) -> TraceError {
    match launched.reports().last() {
        Some(Report::NoFilter(error)) => TraceError::Filter { error: *error },
        Some(Report::NoProgram(error)) => TraceError::Execute { path: launched.path.clone(), error: *error },
        _ => TraceError::Execute { path: launched.path.clone(), error: Errno::EINTR },
    }
}
