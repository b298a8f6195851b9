//! Calls that wait for an answer (`listener.rs`): those that open files.
//!
//! One that nobody can want is answered and goes on. Another one is answered after its tracee was told to stop, which it does when
//! the call is made and before anything else: there its result lies in a register.

use super::super::ahead;
use super::super::call_filter::arch;
use super::super::calls::Meaning;
use super::super::listener::Notice;
use super::super::request;
use super::super::resolve::Leads;
use super::super::status::Status;
use super::super::view::Hints;
use super::Tracer;
use kestrel_core::fill::Call;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::libc;

/// Results of calls that are made anew after a signal, if nothing else is said (`linux/errno.h`).
const RESTARTS: std::ops::RangeInclusive<i64> = -516..=-512;
const RESTART: i64 = -512;
const RESTART_ALWAYS: i64 = -513;

impl Tracer {
    /// A tracee waits for an answer before it makes a call.
    pub fn called(&mut self, notice: &Notice) {
        self.len = 0;
        self.around.memory.forget();
        let Notice { tid, arch, nr, args, .. } = *notice;
        // One that is in it already stops at its end.
        if self.tracees.get_mut(tid).is_some_and(|tracee| tracee.call.is_none()) {
            self.entered(tid, arch, nr.into(), args);
            if let Some(tracee) = self.tracees.get_mut(tid).filter(|tracee| tracee.call.is_some()) {
                tracee.interrupted = request::interrupt(tid).is_ok();
            }
        }
        if let Some(tracee) = self.tracees.get_mut(tid) {
            tracee.answered = Some((nr, args));
        }
        if let Some(listener) = &self.listener {
            listener.answer(notice);
        }
    }

    /// A tracee that was told to stop behind its call did so.
    pub(super) fn stopped_behind(&mut self, tid: i32) {
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        if !std::mem::replace(&mut tracee.interrupted, false) {
            return;
        }
        // That it was told to stop may have interrupted the call. It is made anew then, and stops where it begins and ends.
        if let Ok((result, ..)) = request::result_in_registers(tid)
            && !RESTARTS.contains(&result)
        {
            self.left(tid, result);
        }
    }

    /// A signal that comes before we have a notice interrupts the tracee's wait. That is no interruption of its call: unless opening
    /// itself was interrupted, the call is made anew, whatever the program wants to become of calls that a signal interrupts.
    pub(super) fn mend(&mut self, tid: i32) {
        if self.listener.is_none() {
            return;
        }
        let Ok((RESTART, nr, args)) = request::result_in_registers(tid) else { return };
        let (Meaning::Event(event), _) = self.calls.meaning(arch::NATIVE, nr.into()) else { return };
        let namespace = self.mount_namespace;
        // Of others none was interrupted for us.
        if !self.waiting.contains(event) {
            return;
        }
        let Some(tracee) = self.tracees.get_mut(tid) else { return };
        // The call that was answered last may be this one, so that it is the file which is waited for; or one like it that is over.
        if tracee.answered == Some((nr, args)) {
            let call = Call { event, nr, args, ret: 0, compat: false, lost: false };
            let leads = match tracee.shares_root(namespace) {
                true => ahead::leads(&self.around.view(tracee, Hints::default()), &call),
                false => None,
            };
            let may_wait = match leads {
                Some(Leads::To(path)) => may_wait(&path),
                Some(Leads::Nowhere) => false,
                // What the call itself makes is a file.
                Some(Leads::Unknown) | None => !ahead::creates(&call),
            };
            if may_wait {
                return;
            }
        }
        let _ = request::set_result(tid, RESTART_ALWAYS);
    }
}

/// Whether opening this file may wait for somebody else.
fn may_wait(path: &[u8]) -> bool {
    let status = std::str::from_utf8(path).ok().and_then(|path| Status::read(AT_FDCWD, path, AtFlags::empty()));
    status.is_none_or(|status| !matches!(status.kind(), libc::S_IFREG | libc::S_IFDIR))
}
