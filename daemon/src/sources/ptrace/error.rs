//! Why a command or a process cannot be traced, and what to do about it.

use nix::errno::Errno;
use std::io;

/// Why a command or a process cannot be traced.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// There is no such program.
    #[error("{name}: no such program, neither as a path nor in PATH")]
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// The program cannot be executed.
    #[error("{path}: cannot execute it: {error}")]
    Execute {
        /// Its path.
        path: String,
        /// Why not.
        error: Errno,
    },
    /// The filter cannot be installed.
    #[error(
        "this system takes no filter of system calls ({error}): run it with --all-calls, which needs none but is slower"
    )]
    Filter {
        /// Why not.
        error: Errno,
    },
    /// Nobody may be traced, or not this process.
    #[error(
        "process {pid} may not be traced ({error}): it is another user's, or is being traced already, or this system forbids \
         tracing (kernel.yama.ptrace_scope, a container's profile)"
    )]
    Denied {
        /// The process.
        pid: i32,
        /// Why not.
        error: Errno,
    },
    /// There is no such process.
    #[error("there is no process {pid}")]
    NoProcess {
        /// Its id.
        pid: i32,
    },
    /// The kernel does not tell calls.
    #[error("this kernel does not tell a tracer which call a process is in ({error}): Linux 5.3 or newer is needed")]
    TooOld {
        /// What it said.
        error: Errno,
    },
    /// More events are wanted than the command was started with.
    #[error("a command's filter stays as it was made: events that it leaves out cannot be recorded later")]
    Fixed,
    /// The system.
    #[error("cannot {what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
}

impl TraceError {
    /// The exit code that shells give for it.
    pub fn code(&self) -> u8 {
        match self {
            TraceError::NotFound { .. } => 127,
            TraceError::Execute { error: Errno::ENOENT, .. } => 127,
            TraceError::Execute { .. } => 126,
            _ => 1,
        }
    }
}

/// Makes an error of what the system said.
pub fn system(what: &'static str) -> impl FnOnce(Errno) -> TraceError {
    move |error| TraceError::System { what, error: error.into() }
}
