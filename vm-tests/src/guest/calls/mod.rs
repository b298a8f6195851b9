//! Makes each system call of the schema, in a fixed order with fixed arguments: what is recorded of it is kept as a snapshot.
//! Each is made once so that it succeeds and once so that it fails, where that is possible; what must not succeed in a
//! machine that goes on is made to fail. There is one program a subject, and a file for each.
//!
//! A program gets ready, then takes a name of its own, and from then on makes nothing but the calls that are looked at: what
//! it is called tells its records from those of its runtime. It ends without going back to its runtime.

mod file;
mod filter;
mod io;
mod ipc;
mod memory;
mod mount;
mod net;
mod numbers;
mod process;
mod raw;
mod signal;
#[cfg(target_arch = "aarch64")]
mod stand_in;
mod system;
mod time;
mod user;

use super::failure::{Doing, Outcome};
use kestrel_core::schema::{EventId, id};
use nix::libc;
use raw::call;
use std::fs;

/// Where the programs work.
const FOLDER: &str = "/tmp/calls";

/// What the calls of one file of the schema are about.
#[derive(Debug)]
pub struct Subject {
    /// The name of the schema's file.
    pub name: &'static str,
    /// What the program is called while it makes the calls.
    pub comm: &'static str,
    /// The first and the last event of the schema's file.
    pub events: (EventId, EventId),
    /// What the programs are called that it executes.
    pub executed: &'static [&'static str],
    /// Prepares what the calls are made with; from the call of `begin` on only they are made.
    make: fn(begin: &dyn Fn()) -> Outcome,
}

/// Every subject, in the order of the schema's ids.
pub const SUBJECTS: [Subject; 11] = [
    Subject {
        name: "file",
        comm: "calls-file",
        events: (id::OPEN, id::FANOTIFY_MARK),
        executed: &[],
        make: file::make,
    },
    Subject { name: "io", comm: "calls-io", events: (id::CLOSE, id::IO_URING_REGISTER), executed: &[], make: io::make },
    Subject { name: "net", comm: "calls-net", events: (id::SOCKET, id::RECVMMSG), executed: &[], make: net::make },
    Subject {
        name: "process",
        comm: "calls-process",
        events: (id::EXECVE, id::URETPROBE),
        executed: &process::EXECUTED,
        make: process::make,
    },
    Subject { name: "user", comm: "calls-user", events: (id::SETUID, id::CAPGET), executed: &[], make: user::make },
    Subject {
        name: "signal",
        comm: "calls-signal",
        events: (id::KILL, id::SIGNALDELIVER),
        executed: &[],
        make: signal::make,
    },
    Subject {
        name: "memory",
        comm: "calls-memory",
        events: (id::BRK, id::MEMBARRIER),
        executed: &[],
        make: memory::make,
    },
    Subject {
        name: "mount",
        comm: "calls-mount",
        events: (id::MOUNT, id::NFSSERVCTL),
        executed: &[],
        make: mount::make,
    },
    Subject {
        name: "system",
        comm: "calls-system",
        events: (id::INIT_MODULE, id::ULIMIT),
        executed: &[],
        make: system::make,
    },
    Subject { name: "ipc", comm: "calls-ipc", events: (id::SEMGET, id::FUTEX_REQUEUE), executed: &[], make: ipc::make },
    Subject {
        name: "time",
        comm: "calls-time",
        events: (id::NANOSLEEP, id::TIMERFD_GETTIME),
        executed: &[],
        make: time::make,
    },
];

/// Makes the calls of a subject. Comes back only if they could not be made.
///
/// # Errors
/// If there is no such subject, or something that the calls need cannot be prepared.
pub fn make(subject: &str) -> Outcome {
    let Some(subject) = SUBJECTS.iter().find(|known| known.name == subject) else {
        return Err(format!("there are no calls about {subject}").into());
    };
    let _ = fs::remove_dir_all(FOLDER);
    fs::create_dir(FOLDER).doing(FOLDER)?;
    std::env::set_current_dir(FOLDER).doing(FOLDER)?;
    fs::write("file", "content").doing("file")?;
    filter::answer_newer_calls()?;
    // What the kernel does not look at is recorded only if it is there.
    call!(SYS_mlockall, libc::MCL_CURRENT);
    (subject.make)(&|| raw::rename(subject.comm))?;
    raw::end(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::schema::EVENTS;

    #[test]
    fn the_subjects_are_the_whole_schema_one_after_the_other() {
        let mut next = 0;
        for subject in &SUBJECTS {
            let (first, last) = subject.events;
            assert_eq!(first.0, next, "{}", subject.name);
            assert!(subject.comm.len() < 16, "{}", subject.comm);
            next = last.0 + 1;
        }
        // Page faults are nobody's call.
        assert_eq!((next, usize::from(next) + 1), (id::PAGE_FAULT.0, EVENTS.len()));
    }
}
