//! Signals, read in the loop like everything else.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;

/// The reason of a signal that no process sent (`asm-generic/siginfo.h`).
const SI_KERNEL: i32 = 0x80;

/// The signals that mean something. Blocked before anything else is set up; children get an empty mask from
/// `std::process::Command`.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
    reads: u64,
}

impl Signals {
    /// Every signal that is read.
    pub const ALL: [Signal; 5] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGCHLD];

    /// Blocks the signals and opens a descriptor to read them from.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> io::Result<Signals> {
        let set: SigSet = Signals::ALL.into_iter().collect();
        set.thread_block()?;
        Ok(Signals { fd: SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?, reads: 0 })
    }

    /// The descriptor.
    pub fn fd(&self) -> &SignalFd {
        &self.fd
    }

    /// The next signal that came, and whether it was the kernel that sent it (the terminal, say) and no process; `None` if there
    /// is none.
    pub fn read(&mut self) -> Option<(Signal, bool)> {
        self.reads += 1;
        let info = self.fd.read_signal().ok()??;
        let signal = Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()?;
        Some((signal, info.ssi_code == SI_KERNEL))
    }

    /// System calls made to read.
    pub fn system_calls(&self) -> u64 {
        self.reads
    }
}
