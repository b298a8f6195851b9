//! Records as the module writes them: the same fillers, over a task that exists only here.

#[allow(dead_code, reason = "not every bench judges a day")]
pub mod day;
#[path = "../../../core-nostd/tests/fake/mod.rs"]
mod fake;
#[allow(dead_code, reason = "not every bench has recordings")]
pub mod recorded;

use fake::{FakeTask, STAMP, buffer};
use kestrel_core::event::{RecordHeader, TaskContext};
use kestrel_core::fill::{self, Call, Exit};
use kestrel_core::schema::{EventId, id};
use zerocopy::{FromBytes, IntoBytes};

/// A process that does something.
#[derive(Clone, Copy)]
struct Who {
    comm: &'static str,
    pid: u32,
    ppid: u32,
    start_time: u64,
}

const PARENT: Who = Who { comm: "supervisor", pid: 100, ppid: 1, start_time: 5_000_000_000 };
const CAT: Who = Who { comm: "cat", pid: 300, ppid: 100, start_time: 7_000_000_000 };

/// A record in memory aligned as the ring is.
pub struct Written {
    /// What the call is, for the table.
    pub name: &'static str,
    words: Vec<u64>,
}

impl Written {
    /// Keeps what `fill` writes and gives the length of, as a record of this task's.
    fn by(
        who: Who,
        name: &'static str,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, kestrel_core::event::Overflow>,
    ) -> Written {
        let mut words = buffer();
        let len = fill(words.as_mut_bytes()).expect("fits the largest record");
        words.truncate(len / 8);
        let rest = &mut words.as_mut_bytes()[size_of::<RecordHeader>()..];
        let (task, _) = TaskContext::mut_from_prefix(rest).expect("a record has a task");
        (task.tid, task.pid, task.ppid, task.start_time) = (who.pid, who.pid, who.ppid, who.start_time);
        task.comm = [0; 16];
        task.comm[..who.comm.len()].copy_from_slice(who.comm.as_bytes());
        Written { name, words }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.words.as_bytes()
    }

    /// Its event.
    pub fn event(&self) -> EventId {
        EventId(RecordHeader::ref_from_prefix(self.bytes()).expect("a record has a header").0.event)
    }
}

const AT_FDCWD: u64 = -100i64 as u64;
const NAME: u64 = 0x1000;
const OTHER_NAME: u64 = 0x2000;
const ADDRESS: u64 = 0x3000;
/// `open` flags of x86 Linux (`asm-generic/fcntl.h`).
const O_RDWR_CREAT: u64 = 0o102;

fn call(who: Who, name: &'static str, task: &FakeTask, event: EventId, args: [u64; 6], ret: i64) -> Written {
    let call = Call { event, nr: 0, args, ret, compat: false, lost: false };
    Written::by(who, name, |buf| fill::syscall_exit(task, &call, STAMP, buf))
}

/// Somebody opens a file by its absolute path.
fn open(who: Who, name: &'static str, path: &str, flags: u64) -> Written {
    let mut task = FakeTask::new();
    task.poke_str(NAME, path);
    task.open_file(4, path);
    call(who, name, &task, id::OPENAT, [AT_FDCWD, NAME, flags, 0o644, 0, 0], 4)
}

/// `cat /etc/shadow`, for which there is a default rule.
pub fn shadow() -> Written {
    open(CAT, "openat", "/etc/shadow", 0)
}

/// A process starts another, which runs a program, works on files and a connection, and ends. No default rule is about any
/// of it; each of these events is asked for by one. In each generation it is another process.
pub fn ordinary(generation: u32) -> Vec<Written> {
    let mut task = FakeTask::new();
    task.poke_str(NAME, "state.new");
    task.poke_str(OTHER_NAME, "state.db");
    task.cwd = b"/var/lib/app".to_vec();
    task.open_inet(5, ([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 443));
    task.poke(ADDRESS, &[2, 0, 1, 187, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    let (pid, ppid) = (1000 + generation, PARENT.pid);
    let start_time = PARENT.start_time + u64::from(1 + generation) * 1_000_000_000;
    let child = Who { comm: "app", pid, ppid, start_time };
    let context = TaskContext { tid: pid, pid, ppid, start_time, vtid: pid, vpid: pid, ..TaskContext::default() };
    let fork = Call { event: id::CLONE, nr: 0, args: [0x11, 0, 0, 0, 0, 0], ret: 0, compat: false, lost: false };
    let gone = Exit { code: 0, reaper_tid: 1, group_dead: true };
    vec![
        Written::by(PARENT, "clone", |buf| fill::process_fork(&task, &fork, &context, STAMP, buf)),
        Written::by(child, "execve", |buf| fill::process_exec(&task, id::EXECVE, b"/usr/bin/app", false, STAMP, buf)),
        open(child, "openat", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0),
        call(child, "openat failed", &task, id::OPENAT, [AT_FDCWD, NAME, 0, 0, 0, 0], -2),
        open(child, "openat to write", "/var/lib/app/state.new", O_RDWR_CREAT),
        call(child, "renameat2", &task, id::RENAMEAT2, [AT_FDCWD, NAME, AT_FDCWD, OTHER_NAME, 0, 0], 0),
        call(child, "dup2", &task, id::DUP2, [5, 7, 0, 0, 0, 0], 7),
        Written::by(child, "procexit", |buf| fill::process_exit(&task, gone, STAMP, buf)),
    ]
}

/// What programs do most of the day, and no default rule asks for.
#[allow(dead_code, reason = "for recordings, which not every bench has")]
pub fn dull(generation: u32) -> Vec<Written> {
    let mut task = FakeTask::new();
    task.open_file(4, "/var/lib/app/state.db");
    task.open_inet(5, ([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 443));
    task.poke_str(NAME, "state.db");
    let text: Vec<u8> = (0..64).map(|n| b'a' + ((generation + n) % 26) as u8).collect();
    task.poke(OTHER_NAME, &text);
    let pid = 500 + generation % 64;
    let who = Who { comm: "server", pid, ppid: 1, start_time: u64::from(pid) * 1_000_000_000 };
    vec![
        call(who, "read", &task, id::READ, [4, OTHER_NAME, 64, 0, 0, 0], 64),
        call(who, "write", &task, id::WRITE, [5, OTHER_NAME, 64, 0, 0, 0], 64),
        call(who, "close", &task, id::CLOSE, [4, 0, 0, 0, 0, 0], 0),
        call(who, "newfstatat", &task, id::NEWFSTATAT, [AT_FDCWD, NAME, ADDRESS, 0, 0, 0], 0),
        call(who, "lseek", &task, id::LSEEK, [4, 0, 0, 0, 0, 0], 0),
        call(who, "getdents64", &task, id::GETDENTS64, [4, OTHER_NAME, 64, 0, 0, 0], 0),
    ]
}
