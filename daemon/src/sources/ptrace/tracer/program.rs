//! Tasks that are made, and programs that they execute.

use super::super::call_filter::arch;
use super::super::calls::Meaning;
use super::super::context;
use super::super::error::TraceError;
use super::super::folder::Folder;
use super::super::launch::Report;
use super::super::machine;
use super::super::request;
use super::super::started::Started;
use super::super::status::Status;
use super::super::tracee::Tracee;
use super::super::view::Hints;
use super::{Origin, Tracer};
use kestrel_core::event::TaskContext;
use kestrel_core::fill::{self, Call};
use kestrel_core::schema::id;
use nix::libc;

/// Flags of clone(2) (`linux/sched.h`).
mod clone {
    pub const VM: u64 = 0x100;
    pub const VFORK: u64 = 0x4000;
    pub const PARENT: u64 = 0x8000;
    pub const THREAD: u64 = 0x1_0000;
    /// Those that give the new task a namespace in which it is called otherwise: NEWNS, NEWUSER, NEWPID.
    pub const SPACES: u64 = 0x2_0000 | 0x1000_0000 | 0x2000_0000;
}

impl Tracer {
    /// A tracee made another task.
    pub(super) fn made(&mut self, tid: i32) {
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
                let _ = self.around.memory.read(tid, args[0], &mut flags);
                u64::from_ne_bytes(flags)
            }
            id::VFORK => clone::VM | clone::VFORK,
            _ => 0,
        };
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        // Who waits for a child of vfork(2) changes nothing meanwhile; another thread of its process may.
        let shares_memory = flags & (clone::VM | clone::THREAD) == clone::VM;
        tracee.shares_memory |= shares_memory && flags & clone::VFORK == 0;
        let parent = tracee.task;
        let number = child.cast_unsigned();
        let mut made = TaskContext { tid: number, vtid: number, ..parent };
        if flags & clone::THREAD == 0 {
            (made.pid, made.vpid) = (number, number);
            made.start_time = machine::since_boot();
        }
        if flags & (clone::THREAD | clone::PARENT) == 0 {
            made.ppid = parent.pid;
        }
        let is_thread = flags & clone::THREAD != 0;
        tracee.never_had_others &= !is_thread;
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
            child.shares_memory = shares_memory;
            child.never_had_others = !is_thread;
            child.shares_root = shares_root.filter(|_| !differs);
            self.tracees.insert(child);
        }
        // It runs while its maker's record is made.
        if self.tracees.early.remove(&child) {
            self.go_on(child, 0);
        }
        self.later.extend(self.tracees.ended_early.remove(&child).map(|status| (child, status)));
        let call = Call { event, nr, args, ret: 0, compat, lost: false };
        let hints = Hints { figures_alone: true, ..Hints::default() };
        self.write(tid, event, hints, |view, stamp, room| {
            fill::process_fork(view, &call, &made, stamp, room).map(Some)
        });
    }

    /// A tracee runs a new program.
    pub(super) fn executed(&mut self, tid: i32) -> Result<(), TraceError> {
        let had_others = self.tracees.get_mut(tid).is_none_or(|tracee| !tracee.never_had_others);
        let former = if had_others { request::event_message(tid).map_or(tid, |former| former as i32) } else { tid };
        self.tracees.executed(tid, former);
        let info = request::call_info(tid);
        let compat = info.is_ok_and(|info| info.arch != arch::NATIVE);
        let Some(tracee) = self.tracees.get_mut(tid) else { return Ok(()) };
        let entered = tracee.call.take();
        let folder = tracee.folder.get_or_init(|| Folder::open(tid));
        let alone = tracee.never_had_others;
        let on_stack = match info {
            Ok(info) if !compat && !self.around.asked.faults => Started::on_stack(&self.around.memory, tid, info.stack),
            _ => None,
        };
        let of_proc = || folder.as_ref().and_then(|folder| Started::read(folder, tid.cast_unsigned(), alone));
        let started = on_stack.or_else(of_proc);
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
        self.listener = launched.listener();
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
        let folder = tracee.folder.get_or_init(|| Folder::open(tid));
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
}
