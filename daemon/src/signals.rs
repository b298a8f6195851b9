//! Signals, read in the loop like everything else.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The signals that mean something. Blocked before anything else is set up; children get an empty mask from
/// `std::process::Command`.
#[derive(Debug)]
pub struct Signals(SignalFd);

impl Signals {
    /// Blocks the signals and opens a descriptor to read them from.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> nix::Result<Signals> {
        let set: SigSet =
            [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGCHLD].into_iter().collect();
        set.thread_block()?;
        Ok(Signals(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// The descriptor.
    pub fn fd(&self) -> &SignalFd {
        &self.0
    }

    /// The next signal that came; `None` if there is none.
    pub fn read(&mut self) -> Option<Signal> {
        let info = self.0.read_signal().ok()??;
        Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()
    }
}
