//! What events change: threads, working directories, descriptors. Live sources tell with each record what it is about;
//! captures have to be followed from their beginning.

use super::convert::{Around, is_inbound};
use super::fds::{Fd, FdTable};
use super::table::Row;
use super::threads::{Thread, Threads};
use super::value::{self, Ends, Socket};
use kestrel_core::event::{FdFlags, FdKind, TaskContext, Tuple, family};
use kestrel_core::schema::{self, EventId, id};
use std::rc::Rc;
use zerocopy::FromBytes;

/// `EINPROGRESS` (`asm-generic/errno.h`): a connection that is being made.
const EINPROGRESS: i64 = 115;
/// `F_DUPFD` and `F_DUPFD_CLOEXEC` (`linux/fcntl.h`).
const F_DUPFD: [i64; 2] = [0, 1030];
/// `CLONE_THREAD` and `CLONE_FILES` (`linux/sched.h`).
pub const CLONE_THREAD: i64 = 0x10000;
/// Bits of socket(2)'s type that are no type (`linux/net.h`).
const SOCKET_TYPE: i64 = 0xf;

/// True for events that must be followed, whoever wants their records.
pub fn changes(id: EventId) -> bool {
    makes_fd(id) || is_inbound(id) || {
        matches!(
            id,
            id::CLONE
                | id::CLONE3
                | id::FORK
                | id::VFORK
                | id::EXECVE
                | id::EXECVEAT
                | id::PROCEXIT
                | id::CHDIR
                | id::FCHDIR
                | id::CLOSE
                | id::CLOSE_RANGE
                | id::DUP
                | id::DUP2
                | id::DUP3
                | id::FCNTL
                | id::PIPE
                | id::PIPE2
                | id::SOCKETPAIR
                | id::CONNECT
                | id::BIND
                | id::LISTEN
                | id::SENDTO
                | id::SENDMSG
                | id::SETUID
                | id::SETRESUID
                | id::SETREUID
                | id::SETGID
                | id::SETRESGID
                | id::SETREGID
                | id::SETSID
        )
    }
}

/// True for events whose first parameter is a descriptor that they made.
fn makes_fd(id: EventId) -> bool {
    let first = schema::get(id).and_then(|event| event.params.first());
    first.is_some_and(|param| matches!(param.from, schema::From::ReturnFd))
}

/// Changes what has to be known before the event's own record is written: what it made.
pub fn before(around: &Around<'_>, row: &Row, rows: &[Row], id: EventId) -> Vec<(i32, Option<Fd>)> {
    let at = |name: &str| schema::get(id).and_then(|event| event.params.iter().position(|param| param.name == name));
    let number = |name: &str| at(name).and_then(|index| around.number(row, index));
    let pid = around.task.pid;
    let known = |fd: i64| around.fds.get(pid, fd as i32).map(|fd| Fd::clone(fd));
    let result = around.number(row, 0).unwrap_or(-1);
    let path = |name: &str| {
        let index = at(name)?;
        let (raw, _) = around.value(row.plans.get(index)?)?;
        Some(around.absolute(row, index, value::until_nul(raw)))
    };
    let theirs = |name: &str| around.theirs(row, rows, name).and_then(|(bytes, _)| value::unsigned(bytes)).unwrap_or(0);
    let anonymous = |name: &str| Some(Fd::anonymous(format!("anon_inode:[{name}]").as_bytes()));
    let one = |fd: i64, what: Option<Fd>| vec![(fd as i32, what)];
    if result < 0 && !(id == id::CONNECT && result == -EINPROGRESS) {
        return Vec::new();
    }
    match id {
        id::OPEN | id::OPENAT | id::OPENAT2 | id::CREAT | id::OPEN_BY_HANDLE_AT => {
            let name = if id == id::OPEN_BY_HANDLE_AT { "path" } else { "name" };
            let mut fd = Fd::file(&path(name).unwrap_or_default(), theirs("flags"));
            (fd.head.dev, fd.head.ino) = (theirs("dev") as u32, theirs("ino"));
            fd.head.open_flags = number("flags").unwrap_or(0) as u32;
            one(result, Some(fd))
        }
        id::SOCKET => {
            let domain = number("domain").unwrap_or(0) as u16;
            let kind = match domain {
                family::UNIX => FdKind::Unix,
                family::INET => FdKind::Inet4,
                family::INET6 => FdKind::Inet6,
                family::NETLINK => FdKind::Netlink,
                family::PACKET => FdKind::Packet,
                _ => FdKind::OtherSocket,
            };
            let mut fd = Fd::socket(kind, domain);
            let socket_type = number("type").unwrap_or(0) & SOCKET_TYPE;
            fd.head.socket_type = socket_type as u8;
            fd.head.protocol = match (number("proto").unwrap_or(0), socket_type, kind) {
                (0, 1, FdKind::Inet4 | FdKind::Inet6) => 6,
                (0, 2, FdKind::Inet4 | FdKind::Inet6) => 17,
                (protocol, ..) => protocol as u16,
            };
            one(result, Some(fd))
        }
        id::ACCEPT | id::ACCEPT4 => {
            let tuple = around.theirs(row, rows, "tuple").and_then(|(bytes, _)| value::tuple(bytes));
            let fd = match tuple {
                Some(Socket::Inet(ends)) => Fd::inet(&ends.swapped(), 6, true),
                Some(Socket::Unix(path)) => Fd::unix(path, b""),
                None => Fd::default(),
            };
            one(result, Some(with_flags(fd, FdFlags::SERVER.0 | FdFlags::CONNECTED.0)))
        }
        id::CONNECT | id::SENDTO | id::SENDMSG | id::RECVFROM | id::RECVMSG | id::RECV | id::RECVMMSG => {
            let Some(fd) = number("fd") else { return Vec::new() };
            let before = known(fd).unwrap_or_default();
            let tuple = around.theirs(row, rows, "tuple").and_then(|(bytes, _)| value::tuple(bytes));
            let is_known = Tuple::read_from_prefix(&before.tail).is_ok_and(|(tuple, _)| tuple.remote_port != 0);
            let connects = id == id::CONNECT;
            let after = match tuple {
                // Of a connection, what it was made with is more than a packet says.
                Some(_) if !connects && is_known && before.head.protocol != 17 => return Vec::new(),
                Some(Socket::Inet(ends)) => {
                    let ends: Ends = if is_inbound(id) { ends.swapped() } else { ends };
                    let protocol = if before.head.protocol != 0 {
                        before.head.protocol
                    } else if connects {
                        6
                    } else {
                        17
                    };
                    let server = FdFlags(before.head.flags).contains(FdFlags::SERVER);
                    Fd::inet(&ends, protocol, server)
                }
                Some(Socket::Unix(path)) if connects => Fd::unix(b"", path),
                _ => return Vec::new(),
            };
            let kept = before.head.flags | if connects { FdFlags::CONNECTED.0 } else { 0 };
            one(fd, Some(with_flags(after, kept)))
        }
        id::BIND => {
            let (Some(fd), Some((bytes, _))) = (number("fd"), around.theirs(row, rows, "addr")) else {
                return Vec::new();
            };
            let before = known(fd).unwrap_or_default();
            let protocol = before.head.protocol;
            match value::address(bytes) {
                Some(Socket::Inet(ends)) => {
                    one(fd, Some(with_flags(Fd::inet(&ends, protocol, false), before.head.flags)))
                }
                Some(Socket::Unix(path)) => one(fd, Some(Fd::unix(path, b""))),
                None => Vec::new(),
            }
        }
        id::LISTEN => {
            let Some(fd) = number("fd") else { return Vec::new() };
            known(fd).map_or_else(Vec::new, |known| {
                let flags = known.head.flags | FdFlags::SERVER.0;
                one(fd, Some(with_flags(known, flags)))
            })
        }
        id::PIPE | id::PIPE2 | id::SOCKETPAIR => {
            let ino = theirs("ino");
            let what = || {
                if id == id::SOCKETPAIR {
                    return Fd::socket(FdKind::Unix, family::UNIX);
                }
                let mut fd = Fd::path(FdKind::Pipe, format!("pipe:[{ino}]").as_bytes());
                fd.head.ino = ino;
                fd
            };
            ["fd1", "fd2"].iter().filter_map(|name| Some((number(name)? as i32, Some(what())))).collect()
        }
        id::DUP | id::DUP2 | id::DUP3 => {
            let old = number("oldfd").or_else(|| around.theirs(row, rows, "fd").and_then(|(b, _)| value::signed(b)));
            one(result, old.and_then(known))
        }
        id::FCNTL if number("cmd").is_some_and(|cmd| F_DUPFD.contains(&cmd)) => {
            one(result, number("fd").and_then(known))
        }
        id::MEMFD_CREATE => {
            let name = around.theirs(row, rows, "name").map_or(&b""[..], |(bytes, _)| value::until_nul(bytes));
            one(result, Some(Fd::path(FdKind::Memfd, &[b"/memfd:", name].concat())))
        }
        id::EPOLL_CREATE | id::EPOLL_CREATE1 => one(result, anonymous("eventpoll")),
        id::INOTIFY_INIT | id::INOTIFY_INIT1 => one(result, anonymous("inotify")),
        id::EVENTFD | id::EVENTFD2 => one(result, anonymous("eventfd")),
        id::SIGNALFD | id::SIGNALFD4 => one(result, anonymous("signalfd")),
        id::TIMERFD_CREATE => one(result, anonymous("timerfd")),
        id::USERFAULTFD => one(result, anonymous("userfaultfd")),
        id::PIDFD_OPEN => one(result, anonymous("pidfd")),
        id if makes_fd(id) => one(result, Some(Fd::default())),
        _ => Vec::new(),
    }
}

fn with_flags(fd: Fd, flags: u16) -> Fd {
    Fd { head: kestrel_core::event::FdHead { flags: fd.head.flags | flags, ..fd.head }, ..fd }
}

/// Changes what is known after the event's own record was written.
pub fn after(around_task: &TaskContext, change: &After, threads: &mut Threads, fds: &mut FdTable) {
    let pid = around_task.pid;
    match change {
        After::Nothing => {}
        After::Close(fd) => fds.close(pid, *fd),
        After::CloseRange(first, last) => fds.close_range(pid, *first, *last),
        After::Directory(path) => {
            if let Some(path) = path.as_deref().filter(|path| !path.is_empty()) {
                threads.meet(pid).cwd = Rc::from(path);
            }
        }
        After::Task(task) => threads.meet(task.tid).task = *task,
        After::End => {
            threads.end(around_task.tid);
            if around_task.tid == pid {
                fds.end(pid);
            }
        }
    }
}

/// What an event changes once its record was written.
#[derive(Debug)]
pub enum After {
    /// Nothing.
    Nothing,
    /// A descriptor was closed.
    Close(i32),
    /// Descriptors were closed, from one to another.
    CloseRange(u64, u64),
    /// The working directory is another one; `None` if it is not known which.
    Directory(Option<Vec<u8>>),
    /// The thread's ids are others.
    Task(TaskContext),
    /// The thread ended.
    End,
}

impl After {
    /// What this event changes.
    pub fn of(around: &Around<'_>, row: &Row, rows: &[Row], id: EventId) -> After {
        let at = |name: &str| schema::get(id).and_then(|event| event.params.iter().position(|p| p.name == name));
        let number = |name: &str| at(name).and_then(|index| around.number(row, index));
        if id == id::PROCEXIT {
            return After::End;
        }
        if around.number(row, 0).is_some_and(|result| result < 0) {
            return After::Nothing;
        }
        let with = |change: &dyn Fn(&mut TaskContext)| {
            let mut task = around.task;
            change(&mut task);
            After::Task(task)
        };
        // -1 leaves an id as it is.
        let set = |to: &mut u32, name: &str| match number(name) {
            Some(id) if id as u32 != u32::MAX => *to = id as u32,
            _ => {}
        };
        match id {
            id::CLOSE => number("fd").map_or(After::Nothing, |fd| After::Close(fd as i32)),
            id::CLOSE_RANGE => match (number("first"), number("last")) {
                (Some(first), Some(last)) => After::CloseRange(first.cast_unsigned(), last.cast_unsigned()),
                _ => After::Nothing,
            },
            id::CHDIR => {
                let raw = around.theirs(row, rows, "path").map(|(bytes, _)| value::until_nul(bytes));
                After::Directory(raw.map(|raw| value::join(around.cwd, raw)))
            }
            id::FCHDIR => {
                let fd = number("fd").and_then(|fd| around.fds.get(around.task.pid, fd as i32));
                After::Directory(fd.map(|fd| fd.name().to_vec()))
            }
            id::SETUID => with(&|task| {
                set(&mut task.uid, "uid");
                set(&mut task.euid, "uid");
            }),
            id::SETGID => with(&|task| {
                set(&mut task.gid, "gid");
                set(&mut task.egid, "gid");
            }),
            id::SETRESUID | id::SETREUID => with(&|task| {
                set(&mut task.uid, "ruid");
                set(&mut task.euid, "euid");
            }),
            id::SETRESGID | id::SETREGID => with(&|task| {
                set(&mut task.gid, "rgid");
                set(&mut task.egid, "egid");
            }),
            id::SETSID => with(&|task| task.sid = task.pid),
            _ => After::Nothing,
        }
    }
}

/// What the return of an exec or a fork says of who made it: ids, name.
pub fn told(around: &Around<'_>, row: &Row, rows: &[Row], task: &mut TaskContext) {
    let number =
        |name: &str| around.theirs(row, rows, name).and_then(|(bytes, _)| value::signed(bytes)).filter(|n| *n >= 0);
    let mut set = |to: fn(&mut TaskContext) -> &mut u32, name: &str| {
        if let Some(n) = number(name) {
            *to(task) = n as u32;
        }
    };
    set(|task| &mut task.tid, "tid");
    set(|task| &mut task.pid, "pid");
    set(|task| &mut task.ppid, "ptid");
    set(|task| &mut task.vtid, "vtid");
    set(|task| &mut task.vpid, "vpid");
    set(|task| &mut task.uid, "uid");
    set(|task| &mut task.euid, "uid");
    set(|task| &mut task.gid, "gid");
    set(|task| &mut task.egid, "gid");
    set(|task| &mut task.tty, "tty");
    set(|task| &mut task.vpgid, "vpgid");
    set(|task| &mut task.pgid, "pgid");
    if let Some((bytes, _)) = around.theirs(row, rows, "loginuid")
        && let Some(uid) = value::signed(bytes)
    {
        task.loginuid = uid as u32;
    }
    if let Some((bytes, _)) = around.theirs(row, rows, "comm") {
        task.comm = value::comm(bytes);
    }
}

/// The thread that a fork made, and whether it is of the same process.
pub fn child(parent: &Thread, tid: u32, is_thread: bool, start_time: u64) -> Thread {
    let mut task = parent.task;
    task.tid = tid;
    (task.vtid, task.start_time) = (tid, if is_thread { task.start_time } else { start_time });
    if !is_thread {
        (task.ppid, task.pid, task.vpid) = (task.pid, tid, tid);
    }
    Thread { task, cwd: Rc::clone(&parent.cwd) }
}
