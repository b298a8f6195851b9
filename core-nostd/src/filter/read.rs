//! Values from what a record holds: a parameter's bytes, as the schema says they were written.

use super::load::is_fd;
use super::{Ip, Known, Load};
use crate::event::{
    AddressView, FdKind, FdView, Param, PathFlags, PathView, TaskContext, Tuple, TupleView, address_ip, family,
};
use crate::fill::{AT_FDCWD, PATH_MAX, SNAPSHOT_BYTES};
use crate::schema::From;
use core::net::IpAddr;

/// A parameter that is to be read: where it comes from, its bytes if it is there, and whether the call failed.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub source: &'a From,
    pub param: Option<Param<'a>>,
    pub failed: bool,
}

impl<'a> Written<'a> {
    /// What it means that the parameter is not in the record.
    fn missing<T>(&self) -> Known<T> {
        let by_the_call = matches!(
            self.source,
            From::FilledString(_)
                | From::Pointed { written: true, .. }
                | From::PointedFd { .. }
                | From::Received { .. }
                | From::Pieces { received: true, .. }
        );
        if by_the_call && self.failed { Known::Absent } else { Known::Unknown }
    }

    /// The parameter as what `parse` makes of it. What cannot be read so is unknown.
    fn parsed<T>(&self, parse: impl FnOnce(Param<'a>) -> Option<T>) -> Known<T> {
        match self.param {
            None => self.missing(),
            Some(param) => known(parse(param)),
        }
    }

    /// The descriptor, if it stands for something.
    fn fd(&self) -> Known<FdView<'a>> {
        self.parsed(|param| param.fd()).then(|fd| match (fd.kind(), fd.head.fd) {
            (FdKind::Unknown, AT_FDCWD) => Known::Unknown,
            (FdKind::Unknown, ..0) => Known::Absent,
            (FdKind::Unknown, _) if matches!(self.source, From::ClosedFd(_)) => Known::Absent,
            (FdKind::Unknown, _) => Known::Unknown,
            _ => Known::Is(fd),
        })
    }

    /// Both ends of the socket.
    fn ends(&self) -> Known<TupleView<'a>> {
        if matches!(self.source, From::Tuple(_) | From::ReturnTuple) {
            return self.parsed(|param| param.tuple());
        }
        if is_fd(self.source) {
            return self.fd().then(|fd| match fd.tuple {
                Some(tuple) => Known::Is(tuple),
                None => Known::Absent,
            });
        }
        // What a filler of its own writes is a tuple for each event that has one.
        self.parsed(|param| param.tuple())
    }

    fn inet(&self) -> Known<Tuple> {
        self.ends().then(|ends| match ends.tuple.family {
            family::INET | family::INET6 => Known::Is(ends.tuple),
            _ => Known::Absent,
        })
    }

    fn passed(&self) -> Known<AddressView<'a>> {
        self.parsed(|param| param.address())
    }

    fn path(&self) -> Known<PathView<'a>> {
        self.parsed(|param| param.path())
    }
}

fn known<T>(value: Option<T>) -> Known<T> {
    match value {
        Some(value) => Known::Is(value),
        None => Known::Unknown,
    }
}

fn ip(family: u16, bytes: &[u8; 16]) -> Known<Ip> {
    match address_ip(family, bytes) {
        Some(IpAddr::V4(ip)) => Known::Is(Ip::V4(ip.into())),
        Some(IpAddr::V6(_)) => Known::Is(Ip::V6(*bytes)),
        None => Known::Absent,
    }
}

/// A number of a parameter.
pub(crate) fn number_of(load: Load, written: Written<'_>) -> Known<u64> {
    let not_cwd = |fd: &FdView<'_>, value: u64| known((fd.head.fd != AT_FDCWD).then_some(value));
    match load {
        Load::Number => written.parsed(|param| param.uint()),
        Load::FdNumber => written.parsed(|param| param.fd()).map(|fd| i64::from(fd.head.fd).cast_unsigned()),
        Load::FdKind => written.fd().map(|fd| fd.head.kind.into()),
        Load::FdSocketType => written.fd().map(|fd| fd.head.socket_type.into()),
        Load::FdFamily => written.fd().map(|fd| fd.head.family.into()),
        Load::FdProtocol => written.fd().map(|fd| fd.head.protocol.into()),
        Load::FdFlags => written.fd().map(|fd| fd.head.flags.into()),
        Load::FdOpenFlags => written.fd().map(|fd| fd.head.open_flags.into()),
        Load::FdDev => written.fd().then(|fd| not_cwd(&fd, fd.head.dev.into())),
        Load::FdMode => written.fd().then(|fd| not_cwd(&fd, fd.head.mode.into())),
        Load::FdIno => written.fd().then(|fd| not_cwd(&fd, fd.head.ino)),
        Load::LocalPort => written.inet().map(|tuple| tuple.local_port.into()),
        Load::RemotePort => written.inet().map(|tuple| tuple.remote_port.into()),
        Load::PassedFamily => written.passed().map(|passed| passed.head.family.into()),
        Load::PassedPort => written.passed().then(|passed| match passed.head.family {
            family::INET | family::INET6 => Known::Is(passed.head.port.into()),
            _ => Known::Absent,
        }),
        _ => Known::Unknown,
    }
}

/// A text of a parameter.
pub(crate) fn text_of<'a>(load: Load, written: Written<'a>) -> Known<&'a [u8]> {
    match load {
        Load::FdPath => written.fd().then(|fd| match fd.path {
            _ if fd.kind().is_socket() => Known::Absent,
            [] => Known::Unknown,
            path => Known::Is(path),
        }),
        Load::LocalPath | Load::RemotePath => written.ends().then(|ends| match (ends.tuple.family, load) {
            (family::UNIX, Load::LocalPath) => Known::Is(ends.local_path),
            (family::UNIX, _) => Known::Is(ends.remote_path),
            _ => Known::Absent,
        }),
        Load::PassedPath => written.passed().then(|passed| match passed.head.family {
            family::UNIX => Known::Is(passed.path),
            _ => Known::Absent,
        }),
        Load::Path => written.path().then(|path| {
            // The kernel's own path is never cut; it may be the caller's string that was.
            let cut = path.flags.contains(PathFlags::CUT) && !path.flags.contains(PathFlags::RESOLVED);
            known((!cut && !path.absolute.is_empty()).then_some(path.absolute))
        }),
        Load::RawPath => written.path().then(|path| {
            let unsure = path.flags.contains(PathFlags::CUT) || path.flags.contains(PathFlags::RAW_MISSING);
            known((!unsure).then_some(path.raw))
        }),
        Load::String => {
            let longest = if matches!(written.source, From::String(_) | From::FilledString(_)) {
                PATH_MAX
            } else {
                SNAPSHOT_BYTES
            };
            written.parsed(|param| (param.0.len() < longest).then_some(param.0))
        }
        _ => Known::Unknown,
    }
}

/// An address of a parameter.
pub(crate) fn address_of(load: Load, written: Written<'_>) -> Known<Ip> {
    match load {
        Load::LocalAddress => written.inet().then(|tuple| ip(tuple.family, &tuple.local)),
        Load::RemoteAddress => written.inet().then(|tuple| ip(tuple.family, &tuple.remote)),
        Load::PassedAddress => written.passed().then(|passed| ip(passed.head.family, &passed.head.address)),
        _ => Known::Unknown,
    }
}

/// A number of the task.
pub(crate) fn task_number(load: Load, task: &TaskContext) -> Known<u64> {
    Known::Is(match load {
        Load::StartTime => task.start_time,
        Load::Cgroup => task.cgroup,
        Load::Tid => task.tid.into(),
        Load::Pid => task.pid.into(),
        Load::Ppid => task.ppid.into(),
        Load::Uid => task.uid.into(),
        Load::Euid => task.euid.into(),
        Load::Gid => task.gid.into(),
        Load::Egid => task.egid.into(),
        Load::LoginUid => task.loginuid.into(),
        Load::Sid => task.sid.into(),
        Load::Pgid => task.pgid.into(),
        Load::Tty => task.tty.into(),
        Load::MntNs => task.mnt_ns.into(),
        Load::PidNs => task.pid_ns.into(),
        Load::Vtid => task.vtid.into(),
        Load::Vpid => task.vpid.into(),
        Load::Vpgid => task.vpgid.into(),
        _ => return Known::Unknown,
    })
}
