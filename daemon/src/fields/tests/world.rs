//! Records as the kernel writes them, and a machine that they happen on.

use crate::fields::{Clock, EventFacts};
use crate::record_builder::{self, Program, RecordBuilder, encode};
use crate::state::{State, Users};
use bumpalo::Bump;
use kestrel_core::event::{FdFlags, FdHead, FdKind, Flags, PathFlags, Record, TaskContext, Tuple, family};
use kestrel_core::schema::{self, id};
use kestrel_rules::{Facts, Field, FieldArg, FieldRef, Value};
use zerocopy::IntoBytes;

/// Boot of the machine that the tests play, ns since the epoch.
pub const BOOT: u64 = 1_700_000_000_000_000_000;
pub const SECOND: u64 = 1_000_000_000;

/// A task context: a process of this pid, made by that one, some seconds after the boot.
pub fn task(pid: u32, ppid: u32, comm: &str) -> TaskContext {
    let mut task = TaskContext {
        start_time: u64::from(pid) * SECOND,
        tid: pid,
        pid,
        ppid,
        loginuid: u32::MAX,
        sid: pid,
        pgid: pid,
        vtid: pid,
        vpid: pid,
        vpgid: pid,
        pid_ns: 1,
        ..TaskContext::default()
    };
    task.comm[..comm.len()].copy_from_slice(comm.as_bytes());
    task
}

/// A record to be.
#[derive(Clone, Debug)]
pub struct Made(RecordBuilder);

/// A call of this name by a task, 1000 s after the boot.
pub fn call(name: &str, task: TaskContext) -> Made {
    let event = schema::by_name(name).unwrap();
    let mut record = RecordBuilder::new(event, task, BOOT + 1000 * SECOND).unwrap();
    record.cpu = 3;
    Made(record)
}

impl Made {
    /// A parameter, as it is encoded.
    pub fn bytes(self, name: &str, bytes: impl AsRef<[u8]>) -> Made {
        Made(self.0.with(name, bytes.as_ref()))
    }

    pub fn number(self, name: &str, n: i64) -> Made {
        self.bytes(name, encode::number(n))
    }

    pub fn path(self, name: &str, raw: &str, absolute: &str) -> Made {
        self.bytes(name, encode::path(raw.as_bytes(), absolute.as_bytes(), PathFlags::default()))
    }

    /// A descriptor; what the head does not say is left out.
    pub fn fd(self, name: &str, head: FdHead, path: &str) -> Made {
        self.bytes(name, encode::fd(head, path.as_bytes()))
    }

    /// A regular file.
    pub fn file(self, name: &str, fd: i32, path: &str) -> Made {
        self.fd(name, FdHead { fd, kind: FdKind::File as u8, dev: 0x0080_1203, ino: 77, ..FdHead::default() }, path)
    }

    /// A TCP socket.
    pub fn tcp(self, name: &str, fd: i32, local: &str, remote: &str, flags: FdFlags) -> Made {
        let tuple = tuple(local, remote);
        let kind = if tuple.family == family::INET { FdKind::Inet4 } else { FdKind::Inet6 };
        let (socket_type, protocol) = (1, 6);
        let head = FdHead {
            fd,
            kind: kind as u8,
            socket_type,
            protocol,
            family: tuple.family,
            flags: flags.0,
            ..FdHead::default()
        };
        self.bytes(name, encode::inet_fd(head, &tuple))
    }

    /// A unix socket.
    pub fn unix(self, name: &str, fd: i32, local: &str, remote: &str) -> Made {
        let head = FdHead { fd, kind: FdKind::Unix as u8, family: family::UNIX, ..FdHead::default() };
        self.bytes(name, encode::unix_fd(head, local.as_bytes(), remote.as_bytes()))
    }

    /// A list of descriptors that are waited for, TCP sockets by number and ends.
    pub fn waits(self, name: &str, fds: &[(i32, &str, &str)]) -> Made {
        let mut bytes = Vec::new();
        for (fd, local, remote) in fds {
            let tuple = tuple(local, remote);
            let head = FdHead { fd: *fd, kind: FdKind::Inet4 as u8, family: tuple.family, ..FdHead::default() };
            bytes.extend(encode::fd_list_entry(&encode::inet_fd(head, &tuple), 1, 1));
        }
        self.bytes(name, bytes)
    }

    /// It failed with this error.
    pub fn failed(mut self, name: &str, errno: i64) -> Made {
        self.0.flag(Flags::FAILED);
        self.number(name, -errno)
    }

    pub fn at(mut self, time_ns: u64) -> Made {
        self.0.time_ns = time_ns;
        self
    }
}

/// Both ends of a socket.
pub fn tuple(local: &str, remote: &str) -> Tuple {
    encode::tuple(local.parse().unwrap(), remote.parse().unwrap(), 6)
}

/// A machine without /proc: what it knows, records told it.
pub struct World {
    pub state: State,
    pub clock: Clock,
    _etc: tempfile::TempDir,
}

impl World {
    pub fn new() -> World {
        let etc = tempfile::tempdir().unwrap();
        std::fs::write(etc.path().join("passwd"), "root:x:0:0::/root:/bin/sh\neve:x:7:8::/home/eve:/bin/zsh\n")
            .unwrap();
        std::fs::write(etc.path().join("group"), "staff:x:8:\n").unwrap();
        let mut clock = Clock::system("box".to_owned());
        clock.boot_ns = BOOT;
        clock.zone = jiff::tz::TimeZone::UTC;
        World { state: State::new(1024, Users::read_from(etc.path()), None), clock, _etc: etc }
    }

    /// The record is taken in and asked for fields. A field is written as in a rule.
    pub fn ask<const N: usize>(&mut self, made: &Made, fields: [&str; N]) -> [String; N] {
        self.with(made, |facts| fields.map(|field| show(facts.value(&reference(field)))))
    }

    /// The record is taken in and looked at.
    pub fn with<T>(&mut self, made: &Made, look: impl FnOnce(&EventFacts<'_>) -> T) -> T {
        let bytes = made.0.build().unwrap();
        let record = Record::parse(bytes.as_bytes()).unwrap();
        self.clock.tick(made.0.time_ns);
        let key = self.state.apply(&record);
        let arena = Bump::new();
        let found = look(&EventFacts::new(record, key, &self.state, &self.clock, &arena).unwrap());
        self.clock.previous_ns = made.0.time_ns;
        self.state.settle(&record, key);
        found
    }

    /// The record is taken in.
    pub fn take(&mut self, made: &Made) {
        self.with(made, |_| ());
    }

    /// A process is made by another, and executes a program.
    pub fn spawn(&mut self, parent: TaskContext, child: TaskContext, exe: &str, args: &[&str], env: &[&str]) {
        self.take(&fork(parent, child));
        self.take(&exec(child, exe, args, env));
    }
}

/// The parent's record of a fork.
pub fn fork(parent: TaskContext, child: TaskContext) -> Made {
    Made(record_builder::fork(parent, &child, BOOT + 1000 * SECOND))
}

/// An exec.
pub fn exec(task: TaskContext, exe: &str, args: &[&str], env: &[&str]) -> Made {
    let bytes = |list: &[&str]| list.iter().map(|text| text.as_bytes().to_vec()).collect();
    let program = Program {
        args: bytes(&[&[exe], args].concat()),
        env: bytes(env),
        exepath: format!("/usr/bin/{}", exe.trim_start_matches('-')).into_bytes(),
        cwd: b"/srv".to_vec(),
        cgroup: b"/system.slice/test.service".to_vec(),
        ..Program::default()
    };
    Made(record_builder::exec(id::EXECVE, task, &program, BOOT + 1000 * SECOND))
}

/// A field as it is written in a rule.
pub fn reference(text: &str) -> FieldRef {
    let (name, arg) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((name, arg)) => (name, Some(arg)),
        None => (text, None),
    };
    let field = Field::by_name(name).unwrap_or_else(|| panic!("{name}"));
    let arg = arg.map(|arg| arg.parse().map_or_else(|_| FieldArg::Name(arg.into()), FieldArg::Index));
    FieldRef { field, arg }
}

/// A value as text; `-` if it is missing.
pub fn show(value: Value<'_>) -> String {
    match value {
        Value::Missing => "-".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Uint(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Str(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Ip(ip) => ip.to_string(),
        Value::List(values) => values.iter().map(|value| show(*value)).collect::<Vec<_>>().join(", "),
        Value::Any(values) => values.iter().map(|value| show(*value)).collect::<Vec<_>>().join(" | "),
    }
}
