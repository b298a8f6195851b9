//! Calls: whether one stops again at its end, and what is written of it then.

use super::super::ahead::{self, Trust};
use super::super::call_filter::X32_BIT;
use super::super::calls::{MAKERS, Meaning, changes_task};
use super::super::error::TraceError;
use super::super::folder::Folder;
use super::super::request::{self, CallInfo};
use super::super::socket;
use super::super::tracee::Entered;
use super::super::view::Hints;
use super::Tracer;
use crate::state::LIFECYCLE;
use kestrel_core::event::Flags;
use kestrel_core::fill::{self, Call, Draft};
use kestrel_core::filter::{Early, Evaluation, Reached, Registers, Step, Verdict};
use kestrel_core::schema::{EventId, id};
use nix::errno::Errno;
use nix::libc;
use zerocopy::IntoBytes;

/// O_LARGEFILE, as the kernel sets it for 64-bit programs (`asm/fcntl.h`).
const LARGE_FILE: u32 = if cfg!(target_arch = "aarch64") { 0o400_000 } else { 0o100_000 };

/// Sockets that are remembered to come from accept(2).
const MOST_ACCEPTED: usize = 1 << 16;

impl Tracer {
    /// Writes the record of a call that returned, unless nobody can want it.
    fn write_call(&mut self, tid: i32, call: &Call, hints: Hints) {
        let program = self.programs.of(call.event);
        let told = program.filter(|_| !call.compat && self.events.contains(call.event));
        let registers = Registers::of(call.args, call.ret);
        let reached = match told.map(|program| Evaluation::early(&program, call.event, &registers)) {
            Some(Early::Rejected) => {
                self.counters.seen += 1;
                self.counters.filtered += 1;
                return;
            }
            Some(Early::Kept) => None,
            Some(Early::Undecided(reached)) => Some(reached),
            None => Some(Reached::default()),
        };
        self.write(tid, call.event, hints, |view, stamp, room| {
            let mut call = *call;
            fill::unpack(view, &mut call);
            let mut draft = Draft::begin(view, &call, Flags::default());
            draft.place(room)?;
            if let Some(mut evaluation) = program
                .as_ref()
                .zip(reached)
                .and_then(|(program, reached)| Evaluation::from(program, call.event, reached))
                && evaluation.go(&mut draft) == Step::Done(Verdict::Reject)
            {
                return Ok(None);
            }
            draft.finish(stamp).map(Some)
        });
    }

    /// Whether a call that begins is one that nobody can want, whatever comes of it.
    fn can_go(&mut self, tid: i32, begun: &Call) -> bool {
        if self.everywhere || begun.compat {
            return false;
        }
        let changes = changes_task(begun.event) || LIFECYCLE.contains(&begun.event);
        if changes || matches!(begun.event, id::ACCEPT | id::ACCEPT4) || !self.events.contains(begun.event) {
            return false;
        }
        let Some(program) = self.programs.of(begun.event) else { return false };
        self.refresh(tid);
        let alone = self.tracees.is_last(tid);
        let Some(tracee) = self.tracees.get_mut(tid).filter(|tracee| !tracee.is_ours) else { return false };
        let names = tracee.shares_root(self.mount_namespace);
        let view = self.around.view(tracee, Hints::default());
        let trust = Trust { memory: alone && !tracee.shares_memory, names };
        ahead::can_go(&program, &view, begun, trust, self.room.as_mut_bytes())
    }

    /// A call begins or is over.
    pub(super) fn in_call(&mut self, tid: i32) -> Result<(), TraceError> {
        let info = match request::call_info(tid) {
            Ok(info) => info,
            Err(Errno::ESRCH) => return Ok(()),
            Err(error) => return Err(TraceError::TooOld { error }),
        };
        match info.op {
            CallInfo::ENTRY | CallInfo::SECCOMP => self.entered(tid, info.arch, info.words[0], info.args()),
            CallInfo::EXIT => self.left(tid, info.words[0].cast_signed()),
            _ => {}
        }
        Ok(())
    }

    /// A call begins: it is remembered if it is to be looked at when it is over.
    pub(super) fn entered(&mut self, tid: i32, arch: u32, nr: u64, args: [u64; 6]) {
        if let Some(tracee) = self.tracees.get_mut(tid) {
            tracee.call = None;
        }
        let (meaning, compat) = self.calls.meaning(arch, nr);
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
        let nr = nr as u32 & !if compat { 0 } else { X32_BIT };
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

    pub(super) fn string(&self, tid: i32, address: u64) -> Vec<u8> {
        let mut room = vec![0; fill::PATH_MAX];
        let len = self.around.memory.read_string(tid, address, &mut room).map_or(0, |string| string.len);
        room.truncate(len);
        room
    }

    /// A call is over.
    pub(super) fn left(&mut self, tid: i32, result: i64) {
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
        let view = self.around.view(tracee, Hints::default());
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
            && let Some(folder) = tracee.folder.get_or_init(|| Folder::open(tid))
            && let Some(status) = folder.status(&format!("fd/{ret}"))
        {
            if self.around.accepted.len() >= MOST_ACCEPTED {
                self.around.accepted.clear();
            }
            self.around.accepted.insert(status.ino);
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
}

/// The socket that a call began to connect, and where its other end's address is.
fn connecting(call: &Call) -> Option<(i32, u64, usize)> {
    let begun = call.event == id::CONNECT && call.ret == -(libc::EINPROGRESS as i64);
    let len = (call.args[2] as u32 as usize).min(socket::ADDRESS);
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
