//! Records as the kernel writes them, and a machine that they happen on.

use crate::fields::{Clock, EventFacts};
use crate::state::{State, Users};
use bumpalo::Bump;
use kestrel_core::event::{
    FdFlags, FdHead, FdKind, FdListHead, Flags, PathHead, Record, RecordHeader, RecordWriter, TaskContext, Tuple,
    family,
};
use kestrel_core::schema;
use kestrel_rules::{Facts, Field, FieldArg, FieldRef, Value};
use std::net::SocketAddr;
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
pub struct Made {
    pub task: TaskContext,
    pub time_ns: u64,
    event: schema::EventId,
    flags: Flags,
    params: Vec<(usize, Vec<u8>)>,
}

/// A call of this name by a task, 1000 s after the boot.
pub fn call(name: &str, task: TaskContext) -> Made {
    let event = schema::by_name(name).unwrap();
    Made { task, time_ns: BOOT + 1000 * SECOND, event, flags: Flags::default(), params: Vec::new() }
}

impl Made {
    /// A parameter, as it is encoded.
    pub fn bytes(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Made {
        let params = schema::get(self.event).unwrap().params;
        let index = params.iter().position(|param| param.name == name).unwrap();
        self.params.push((index, bytes.as_ref().to_vec()));
        self
    }

    pub fn number(self, name: &str, n: i64) -> Made {
        self.bytes(name, n.to_ne_bytes())
    }

    pub fn path(self, name: &str, raw: &str, absolute: &str) -> Made {
        let head = PathHead { raw_len: raw.len() as u16, abs_len: absolute.len() as u16, flags: 0 };
        self.bytes(name, [head.as_bytes(), raw.as_bytes(), absolute.as_bytes()].concat())
    }

    /// A descriptor; what the head does not say is left out.
    pub fn fd(self, name: &str, head: FdHead, path: &str) -> Made {
        self.bytes(name, [head.as_bytes(), path.as_bytes()].concat())
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
        self.bytes(name, [head.as_bytes(), tuple.as_bytes()].concat())
    }

    /// A unix socket.
    pub fn unix(self, name: &str, fd: i32, local: &str, remote: &str) -> Made {
        let tuple = Tuple { family: family::UNIX, ..Tuple::default() };
        let head = FdHead { fd, kind: FdKind::Unix as u8, family: family::UNIX, ..FdHead::default() };
        self.bytes(
            name,
            [head.as_bytes(), tuple.as_bytes(), local.as_bytes(), b"\0".as_slice(), remote.as_bytes()].concat(),
        )
    }

    /// A list of descriptors that are waited for, TCP sockets by number and ends.
    pub fn waits(self, name: &str, fds: &[(i32, &str, &str)]) -> Made {
        let mut bytes = Vec::new();
        for (fd, local, remote) in fds {
            let tuple = tuple(local, remote);
            let head = FdHead { fd: *fd, kind: FdKind::Inet4 as u8, family: tuple.family, ..FdHead::default() };
            let len = (size_of::<FdHead>() + size_of::<Tuple>()) as u32;
            bytes.extend_from_slice(FdListHead { events: 1, returned: 1, len }.as_bytes());
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(tuple.as_bytes());
        }
        self.bytes(name, bytes)
    }

    /// It failed with this error.
    pub fn failed(mut self, name: &str, errno: i64) -> Made {
        self.flags.insert(Flags::FAILED);
        self.number(name, -errno)
    }

    pub fn at(mut self, time_ns: u64) -> Made {
        self.time_ns = time_ns;
        self
    }

    fn write(&self) -> Vec<u64> {
        let mut buf = vec![0u64; 1024];
        let nparams = schema::get(self.event).unwrap().params.len();
        let mut writer = RecordWriter::begin(buf.as_mut_bytes(), nparams).unwrap();
        *writer.task().unwrap() = self.task;
        for (index, bytes) in &self.params {
            writer.bytes(*index, bytes).unwrap();
        }
        writer.flag(self.flags);
        let header = RecordHeader { event: self.event.0, cpu: 3, time_ns: self.time_ns, ..RecordHeader::default() };
        let len = writer.finish(header).unwrap();
        buf.truncate(len / 8);
        buf
    }
}

/// Both ends of a socket.
pub fn tuple(local: &str, remote: &str) -> Tuple {
    let [local, remote]: [SocketAddr; 2] = [local, remote].map(|end| end.parse().unwrap());
    let address = |end: SocketAddr| {
        let mut bytes = [0; 16];
        match end {
            SocketAddr::V4(end) => bytes[..4].copy_from_slice(&end.ip().octets()),
            SocketAddr::V6(end) => bytes = end.ip().octets(),
        }
        bytes
    };
    Tuple {
        local: address(local),
        remote: address(remote),
        local_port: local.port(),
        remote_port: remote.port(),
        family: if local.is_ipv4() { family::INET } else { family::INET6 },
        protocol: 6,
    }
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
        let bytes = made.write();
        let record = Record::parse(bytes.as_bytes()).unwrap();
        self.clock.tick(made.time_ns);
        let key = self.state.apply(&record);
        let arena = Bump::new();
        let found = look(&EventFacts::new(record, key, &self.state, &self.clock, &arena).unwrap());
        self.clock.previous_ns = made.time_ns;
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
    call("fork", parent)
        .number("res", child.pid.into())
        .number("child_tid", child.tid.into())
        .number("child_pid", child.pid.into())
        .number("child_ppid", child.ppid.into())
        .number("child_start_time", child.start_time as i64)
        .number("child_vtid", child.vtid.into())
        .number("child_vpid", child.vpid.into())
}

/// An exec.
pub fn exec(task: TaskContext, exe: &str, args: &[&str], env: &[&str]) -> Made {
    let strings = |list: &[&str]| list.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect::<Vec<u8>>();
    call("execve", task)
        .number("res", 0)
        .bytes("exe", exe)
        .bytes("args", strings(args))
        .bytes("env", strings(env))
        .bytes("cwd", "/srv")
        .bytes("trusted_exepath", format!("/usr/bin/{}", exe.trim_start_matches('-')))
        .bytes("cgroups", "/system.slice/test.service")
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
