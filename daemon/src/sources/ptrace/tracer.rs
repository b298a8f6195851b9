//! Stops become records: what each stop of a tracee means, what is written of it, and how the tracee goes on.
//!
//! ```text
//!   call that is looked at ─▶ stop at entry ─▶ stop at exit ─▶ record     (all others run at full speed)
//!   fork, vfork, clone     ─▶ stop in the maker, with the new task's number ─▶ record
//!   exec                   ─▶ entry: what is asked for ─▶ stop in the new program ─▶ record
//!   end                    ─▶ its status ─▶ record
//! ```
//!
//! A tracee may be killed at any moment: a request that finds it gone is no error, for its end comes as a status.

use super::ahead;
use super::call_filter::arch;
use super::calls::{Calls, MAKERS, Meaning, changes_task};
use super::context::{self, Cgroups};
use super::error::TraceError;
use super::launch::{Launched, Report, stop_ourselves};
use super::memory::Memory;
use super::request::{self, CallInfo, Resume};
use super::started::Started;
use super::status::Status;
use super::tracee::{Entered, Tracee, Tracees};
use super::view::{Hints, View};
use crate::state::LIFECYCLE;
use kestrel_core::event::{Flags, MAX_RECORD, Overflow, RecordHeader, TaskContext};
use kestrel_core::fill::{self, Call, Delivered, Draft, Exit};
use kestrel_core::filter::{Early, Evaluation, Program, Reached, Registers, Step, Verdict};
use kestrel_core::schema::{EventId, EventSet, id};
use kestrel_ringbuf::Counters;
use nix::errno::Errno;
use nix::libc;
use std::collections::{HashSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};
use zerocopy::IntoBytes;

/// Flags of clone(2) (`linux/sched.h`).
mod clone {
    pub const PARENT: u64 = 0x8000;
    pub const THREAD: u64 = 0x1_0000;
    /// Those that give the new task a namespace in which it is called otherwise: NEWNS, NEWUSER, NEWPID.
    pub const SPACES: u64 = 0x2_0000 | 0x1000_0000 | 0x2000_0000;
}

/// O_LARGEFILE, as the kernel sets it for 64-bit programs (`asm/fcntl.h`).
const LARGE_FILE: u32 = if cfg!(target_arch = "aarch64") { 0o400_000 } else { 0o100_000 };

/// Sockets that are remembered to come from accept(2).
const MOST_ACCEPTED: usize = 1 << 16;

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
    /// What became of the events.
    pub counters: Counters,
    /// What nobody can want.
    pub program: Option<Program<'static>>,
    /// Changes that are to be looked at before others are waited for.
    pub later: VecDeque<(i32, i32)>,
    calls: Calls,
    memory: Memory,
    cgroups: Cgroups,
    accepted: HashSet<u64>,
    namespace_start: (u32, u64),
    memfd_dev: u32,
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
            counters: Counters::default(),
            program: None,
            later: VecDeque::new(),
            calls,
            memory: Memory::default(),
            cgroups: Cgroups::default(),
            accepted: HashSet::new(),
            namespace_start: super::machine::namespace_start(),
            memfd_dev: super::machine::memfd_dev(),
            mount_namespace: super::machine::mount_namespace(),
            room: vec![0; MAX_RECORD / size_of::<u64>()],
            len: 0,
        }
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
        self.memory.forget();
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
                if self.letting_go {
                    self.go_on(tid, 0);
                } else {
                    let _ = request::resume(tid, Resume::Listening, 0);
                    self.stop_with(tid, signal);
                }
                return Ok(false);
            }
            0 if signal == libc::SIGTRAP | 0x80 => self.in_call(tid)?,
            0 => {
                inject = signal;
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
        let Tracer { tracees, memory, accepted, namespace_start, memfd_dev, room, counters, len, .. } = self;
        let Some(tracee) = tracees.get_mut(tid).filter(|tracee| !tracee.is_ours) else { return };
        let view = View::new(&tracee.task, memory, &tracee.folder, accepted, *namespace_start, *memfd_dev, hints);
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

    /// Writes the record of a call that returned, unless nobody can want it.
    fn write_call(&mut self, tid: i32, call: &Call, hints: Hints) {
        let program = self.program;
        let told = program.filter(|_| !call.compat && self.events.contains(call.event));
        let registers = Registers::of(call.args, call.ret);
        let reached = match told.map(|program| Evaluation::early(&program, call.event, &registers)) {
            Some(Early::Rejected) => {
                self.counters.seen += 1;
                self.counters.filtered += 1;
                return;
            }
            Some(Early::Undecided(reached)) => reached,
            None => Reached::default(),
        };
        self.write(tid, call.event, hints, |view, stamp, room| {
            let mut call = *call;
            fill::unpack(view, &mut call);
            let mut draft = Draft::begin(view, &call, Flags::default());
            draft.place(room)?;
            if let Some(mut evaluation) =
                program.as_ref().and_then(|program| Evaluation::from(program, call.event, reached))
                && evaluation.go(&mut draft) == Step::Done(Verdict::Reject)
            {
                return Ok(None);
            }
            draft.finish(stamp).map(Some)
        });
    }

    /// Whether a call that begins is one that nobody can want, whatever comes of it.
    fn can_go(&mut self, tid: i32, begun: &Call) -> bool {
        let Some(program) = self.program.filter(|_| !self.everywhere && !begun.compat) else { return false };
        let changes = changes_task(begun.event) || LIFECYCLE.contains(&begun.event);
        if changes || matches!(begun.event, id::ACCEPT | id::ACCEPT4) || !self.events.contains(begun.event) {
            return false;
        }
        self.refresh(tid);
        let Some(tracee) = self.tracees.get_mut(tid).filter(|tracee| !tracee.is_ours) else { return false };
        let (task, namespace) = (&tracee.task, self.mount_namespace);
        let folder = tracee.folder.get_or_init(|| super::folder::Folder::open(tid));
        let shares_root = *tracee.shares_root.get_or_insert_with(|| {
            let root = || folder.as_ref().and_then(|folder| folder.link("root"));
            namespace != 0 && task.mnt_ns == namespace && root().is_some_and(|root| root == b"/")
        });
        let view = View::new(
            task,
            &self.memory,
            &tracee.folder,
            &self.accepted,
            self.namespace_start,
            self.memfd_dev,
            Hints::default(),
        );
        ahead::can_go(&program, &view, begun, shares_root, self.room.as_mut_bytes())
    }

    /// A call begins or is over.
    fn in_call(&mut self, tid: i32) -> Result<(), TraceError> {
        let info = match request::call_info(tid) {
            Ok(info) => info,
            Err(Errno::ESRCH) => return Ok(()),
            Err(error) => return Err(TraceError::TooOld { error }),
        };
        match info.op {
            CallInfo::ENTRY | CallInfo::SECCOMP => self.entered(tid, &info),
            CallInfo::EXIT => self.left(tid, info.words[0].cast_signed()),
            _ => {}
        }
        Ok(())
    }

    fn entered(&mut self, tid: i32, info: &CallInfo) {
        let (meaning, compat) = self.calls.meaning(info.arch, info.words[0]);
        let event = match meaning {
            Meaning::Event(event) => Some(event),
            Meaning::Multiplexed => None,
            Meaning::Nothing => return,
        };
        let looked_at = event.is_none_or(|event| {
            self.events.contains(event) || changes_task(event) || matches!(event, id::EXECVE | id::EXECVEAT)
        });
        if !looked_at {
            return;
        }
        let args = info.args();
        let nr = info.words[0] as u32 & !if compat { 0 } else { super::call_filter::X32_BIT };
        if let Some(event) = event
            && self.can_go(tid, &Call { event, nr, args, ret: 0, compat, lost: false })
        {
            self.counters.seen += 1;
            self.counters.filtered += 1;
            return;
        }
        let filename = match event {
            Some(id::EXECVE) => self.string(tid, args[0]),
            Some(id::EXECVEAT) => {
                let name = self.string(tid, args[1]);
                // As the kernel calls it (`fs/exec.c`, alloc_bprm).
                match (args[0] as i32, name.first()) {
                    (fill::AT_FDCWD, _) | (_, Some(b'/')) => name,
                    (fd, None) => format!("/dev/fd/{fd}").into_bytes(),
                    (fd, Some(_)) => [format!("/dev/fd/{fd}/").as_bytes(), &name].concat(),
                }
            }
            _ => Vec::new(),
        };
        if let Some(tracee) = self.tracees.get_mut(tid) {
            tracee.call = Some(Entered { event, nr, args, compat, filename });
        }
    }

    fn string(&self, tid: i32, address: u64) -> Vec<u8> {
        let mut room = vec![0; fill::PATH_MAX];
        let len = self.memory.read_string(tid, address, &mut room).map_or(0, |string| string.len);
        room.truncate(len);
        room
    }

    fn left(&mut self, tid: i32, result: i64) {
        let Some(Entered { event, nr, args, compat, .. }) =
            self.tracees.get_mut(tid).and_then(|tracee| tracee.call.take())
        else {
            return;
        };
        let ret = if compat { i64::from(result as i32) } else { result };
        let Some(event) = event else { return self.left_multiplexed(tid, nr, args, ret) };
        let told_elsewhere = MAKERS.contains(&event) || matches!(event, id::EXECVE | id::EXECVEAT);
        if ret >= 0 {
            if told_elsewhere {
                return;
            }
            self.take_in(tid, event, &args, ret);
        }
        let call = Call { event, nr, args, ret, compat, lost: false };
        let hints = Hints { opened: opened(&call), connecting: connecting(&call), ..Hints::default() };
        self.write_call(tid, &call, hints);
    }

    fn left_multiplexed(&mut self, tid: i32, nr: u32, args: [u64; 6], ret: i64) {
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        let view = View::new(
            &tracee.task,
            &self.memory,
            &tracee.folder,
            &self.accepted,
            self.namespace_start,
            self.memfd_dev,
            Hints::default(),
        );
        let Some(call) = fill::multiplexed(&view, nr, args, ret) else { return };
        if ret >= 0 {
            self.take_in(tid, call.event, &call.args, ret);
        }
        self.write_call(tid, &call, Hints::default());
    }

    /// A call that succeeded may have changed what is known.
    fn take_in(&mut self, tid: i32, event: EventId, args: &[u64; 6], ret: i64) {
        if matches!(event, id::ACCEPT | id::ACCEPT4)
            && let Some(tracee) = self.tracees.get_mut(tid)
            && let Some(folder) = tracee.folder.get_or_init(|| super::folder::Folder::open(tid))
            && let Some(status) = folder.status(&format!("fd/{ret}"))
        {
            if self.accepted.len() >= MOST_ACCEPTED {
                self.accepted.clear();
            }
            self.accepted.insert(status.ino);
        }
        if !changes_task(event) {
            return;
        }
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        tracee.stale = true;
        if event == id::CHROOT {
            self.tracees.doubt_roots();
        }
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        tracee.children_differ |= matches!(event, id::UNSHARE | id::SETNS);
        let own = tracee.task.pid;
        match event {
            id::SETPGID if args[0] as u32 != 0 => self.tracees.doubt(args[0] as u32),
            id::SETPGID | id::SETSID => self.tracees.doubt(own),
            _ => {}
        }
    }

    /// A tracee made another task.
    fn made(&mut self, tid: i32) {
        let Ok(child) = request::event_message(tid) else { return };
        let child = child as i32;
        self.refresh(tid);
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        let (mut nr, mut args, mut compat) = (u32::MAX, [0; 6], false);
        let mut event = id::CLONE;
        if let Some(call) = &tracee.call {
            (nr, args, compat) = (call.nr, call.args, call.compat);
            event = call.event.unwrap_or(event);
        } else if let Ok(info) = request::call_info(tid)
            && let Ok(seen) = request::call_in_registers(tid, info.arch != arch::NATIVE)
        {
            (nr, args) = seen;
            if let (Meaning::Event(meant), is_compat) = self.calls.meaning(info.arch, nr.into()) {
                (event, compat) = (meant, is_compat);
            }
        }
        let flags = match event {
            id::CLONE => args[0],
            id::CLONE3 => {
                let mut flags = [0; 8];
                let _ = self.memory.read(tid, args[0], &mut flags);
                u64::from_ne_bytes(flags)
            }
            _ => 0,
        };
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        let parent = tracee.task;
        let number = child.cast_unsigned();
        let mut made = TaskContext { tid: number, vtid: number, ..parent };
        if flags & clone::THREAD == 0 {
            (made.pid, made.vpid) = (number, number);
            made.start_time = super::machine::since_boot();
        }
        if flags & (clone::THREAD | clone::PARENT) == 0 {
            made.ppid = parent.pid;
        }
        let shares_root = tracee.shares_root;
        let differs = tracee.children_differ || flags & clone::SPACES != 0;
        if (differs || parent.vtid != parent.tid)
            && let Some(task) = context::read(child, &mut self.cgroups)
        {
            made = TaskContext { start_time: made.start_time, ..task };
        }
        // It may have been taken in when another task ended.
        if !self.tracees.contains(child) {
            let mut child = Tracee::new(made);
            child.shares_root = shares_root.filter(|_| !differs);
            self.tracees.insert(child);
        }
        self.later.extend(self.tracees.ended_early.remove(&child).map(|status| (child, status)));
        let call = Call { event, nr, args, ret: 0, compat, lost: false };
        self.write(tid, event, Hints::default(), |view, stamp, room| {
            fill::process_fork(view, &call, &made, stamp, room).map(Some)
        });
        if self.tracees.early.remove(&child) {
            self.go_on(child, 0);
        }
    }

    /// A tracee runs a new program.
    fn executed(&mut self, tid: i32) -> Result<(), TraceError> {
        let former = request::event_message(tid).map_or(tid, |former| former as i32);
        self.tracees.executed(tid, former);
        let compat = request::call_info(tid).is_ok_and(|info| info.arch != arch::NATIVE);
        let Some(tracee) = self.tracees.get_mut(tid) else { return Ok(()) };
        let entered = tracee.call.take();
        let folder = tracee.folder.get_or_init(|| super::folder::Folder::open(tid));
        let started = folder.as_ref().and_then(|folder| Started::read(folder, tid.cast_unsigned()));
        let event = entered.as_ref().and_then(|call| call.event).unwrap_or(id::EXECVE);
        let filename = match (entered, started) {
            (Some(call), _) => call.filename,
            (None, Some(Started { environment: (_, behind @ 1..), .. })) => self.string(tid, behind),
            (None, _) => Vec::new(),
        };
        let Some(tracee) = self.tracees.get_mut(tid) else { return Ok(()) };
        let mut renamed = [0; 16];
        let name = filename.rsplit(|&b| b == b'/').next().unwrap_or(&[]);
        for (to, from) in renamed.iter_mut().take(15).zip(name) {
            *to = *from;
        }
        if event == id::EXECVE && !name.is_empty() {
            tracee.task.comm = renamed;
        } else {
            tracee.stale = true;
        }
        self.begin(tid)?;
        let exe = self.look_for_privilege(tid, &filename);
        let hints = Hints { started, exe, ..Hints::default() };
        self.write(tid, event, hints, |view, stamp, room| {
            fill::process_exec(view, event, &filename, compat, stamp, room).map(Some)
        });
        Ok(())
    }

    /// The command executes its program: from here on it is looked at.
    fn begin(&mut self, tid: i32) -> Result<(), TraceError> {
        let Origin::Command { launched, began, said, .. } = &mut self.origin else { return Ok(()) };
        if *began || launched.pid != tid {
            return Ok(());
        }
        *began = true;
        let privileged = nix::unistd::geteuid().is_root();
        let may_gain = launched.reports().iter().all(|report| *report != Report::Filtered { may_gain: false });
        *said = privileged && may_gain;
        if let Some(tracee) = self.tracees.get_mut(tid) {
            tracee.is_ours = false;
            tracee.stale = true;
        }
        Ok(())
    }

    /// A program that would have more privileges if it were not traced: that is said once. Where it has them, ids change.
    /// Gives the file that is executed.
    fn look_for_privilege(&mut self, tid: i32, filename: &[u8]) -> Option<Status> {
        let tracee = self.tracees.get_mut(tid)?;
        let folder = tracee.folder.get_or_init(|| super::folder::Folder::open(tid));
        let exe = folder.as_ref()?.status("exe")?;
        let as_user = exe.mode & libc::S_ISUID != 0;
        let as_group = exe.mode & (libc::S_ISGID | libc::S_IXGRP) == libc::S_ISGID | libc::S_IXGRP;
        if !as_user && !as_group {
            return Some(exe);
        }
        tracee.stale = true;
        let gains = as_user && exe.uid != tracee.task.euid || as_group && exe.gid != tracee.task.egid;
        let of_process = &mut false;
        let said = match &mut self.origin {
            Origin::Command { said, .. } => said,
            Origin::Process => of_process,
        };
        if gains && !std::mem::replace(said, true) {
            log::warn!(
                "{} runs without the privilege that its {} would give it, for it is traced by an ordinary user; this is said \
                 once",
                kestrel_outputs::escape::line(&String::from_utf8_lossy(filename)),
                if as_user { "set-user-ID bit" } else { "set-group-ID bit" },
            );
        }
        Some(exe)
    }

    /// A signal is about to be delivered.
    fn signalled(&mut self, tid: i32, signal: i32) {
        if !self.events.contains(id::SIGNALDELIVER) {
            return;
        }
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        let folder = tracee.folder.get_or_init(|| super::folder::Folder::open(tid));
        // A tracee stops at signals that it ignores, too; they do not reach it.
        if folder.as_ref().is_none_or(|folder| super::machine::ignores(folder, signal)) {
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

/// The socket that a call began to connect, and where its other end's address is.
fn connecting(call: &Call) -> Option<(i32, u64, usize)> {
    let begun = call.event == id::CONNECT && call.ret == -(libc::EINPROGRESS as i64);
    let len = (call.args[2] as u32 as usize).min(super::socket::ADDRESS);
    begun.then_some((call.args[0] as i32, call.args[1], len))
}

/// What a call opened, and the flags that its file has now (do_dentry_open in the kernel's fs/open.c). `None` where the call
/// does not say.
fn opened(call: &Call) -> Option<(i32, u32)> {
    let flags = match call.event {
        id::OPEN => call.args[1] as i32,
        id::OPENAT => call.args[2] as i32,
        id::CREAT => libc::O_WRONLY,
        _ => return None,
    };
    if call.compat || flags & libc::O_PATH != 0 {
        return None;
    }
    let gone = libc::O_CREAT | libc::O_EXCL | libc::O_NOCTTY | libc::O_TRUNC;
    let fd = i32::try_from(call.ret).ok().filter(|fd| *fd >= 0)?;
    Some((fd, (flags & !gone).cast_unsigned() | LARGE_FILE))
}
