//! Records as the kernel writes them: each parameter as the schema says where it comes from.

use crate::draws::Draws;
use kestrel::record_builder::{RecordBuilder, encode};
use kestrel_core::event::{FdFlags, FdHead, FdKind, Flags, PathFlags, TaskContext, family};
use kestrel_core::schema::{EVENTS, Event, EventId, From, Type};
use std::net::SocketAddr;

/// What files are called, and what callers pass.
pub const PATHS: &[&str] = &[
    "/etc/shadow",
    "/etc",
    "/etc/passwd",
    "/",
    "/a",
    "/a/b",
    "/a/b/c.conf",
    "/tmp/x",
    "/home/eve/.ssh/id",
    "/etcetera",
    "/lib/x (deleted)",
];
const RAW: &[&str] =
    &["/etc//shadow", "../etc/shadow", "x", "a/b", "/etc/shadow", "", "/etc", "//a//b", ".ssh/id", "lib"];
/// The kernel's names of what lies in no file system.
const NAMELESS: &[&str] = &["anon_inode:[eventpoll]", "anon_inode:inotify", "pipe:[17]", "/memfd:a//b (deleted)"];
pub const TEXTS: &[&str] = &["", "a", "ab", "/etc/shadow", "12", "-1", "name"];
pub const ENDS: &[&str] = &[
    "10.0.0.1:80",
    "10.1.2.3:12",
    "192.168.0.1:443",
    "0.0.0.0:0",
    "0.0.0.0:80",
    "[::1]:80",
    "[fd00::7]:12",
    "[::ffff:10.0.0.1]:443",
    "[::ffff:0.0.0.0]:7",
    "[::]:0",
];
const UNIX: &[&str] = &["/run/a", "", "@b", "/dev/log", "/run//a"];
pub const NUMBERS: &[i64] = &[
    0,
    1,
    2,
    3,
    7,
    12,
    -1,
    0o100,
    0o101,
    0o2102,
    0o1101,
    0o10000000,
    0o10000002,
    0o644,
    0o755,
    0o4755,
    0x1000_0000,
    -100,
];
const ERRORS: &[i64] = &[-2, -11, -13, -115];
/// Ids of processes, users and groups.
pub const IDS: &[u32] = &[0, 1, 7, 12, 1000, u32::MAX];
/// What is drawn more often than others: events with descriptors, paths and sockets.
const OFTEN: &[&str] = &[
    "open",
    "openat",
    "openat2",
    "creat",
    "open_by_handle_at",
    "read",
    "write",
    "close",
    "connect",
    "accept4",
    "bind",
    "sendto",
    "recvfrom",
    "unlink",
    "unlinkat",
    "renameat2",
    "symlinkat",
    "execve",
    "fchmodat",
    "kill",
    "socket",
    "setuid",
    "mount",
    "ptrace",
    "fsetxattr",
    "setxattr",
    "fchmod",
    "ioctl",
    "dup2",
    "pipe2",
    "mknodat",
    "prctl",
    "bpf",
    "clone",
];

/// One end of what is drawn for a record: what its parameters have in common.
struct Call {
    ret: i64,
    failed: bool,
    /// The file that an open opened.
    opened: &'static str,
    socket: Socket,
}

#[derive(Clone, Copy)]
enum Socket {
    Inet { local: SocketAddr, remote: SocketAddr },
    Unix { local: &'static str, remote: &'static str },
}

/// A record.
pub fn record(draws: &mut Draws<'_>) -> Vec<u64> {
    let id = if draws.once_in(4) {
        EventId(draws.below(EVENTS.len()) as u16)
    } else {
        kestrel_core::schema::by_name(draws.of(OFTEN)).unwrap()
    };
    let event = &EVENTS[usize::from(id.0)];
    let failed = draws.once_in(3);
    let ret = if failed { draws.of(ERRORS) } else { draws.of(&[0, 1, 3, 7, 12]) };
    let call = Call { ret, failed, opened: draws.of(PATHS), socket: socket(draws) };
    let mut builder = RecordBuilder::new(id, task(draws), 1_800_000_000_000_000_000).unwrap();
    if failed {
        builder.flag(Flags::FAILED);
    }
    for (index, param) in event.params.iter().enumerate() {
        if let Some(bytes) = parameter(draws, event, &param.ty, &param.from, &call) {
            builder.set(index, bytes);
        }
    }
    builder.build().unwrap()
}

fn task(draws: &mut Draws<'_>) -> TaskContext {
    let mut id = || draws.of(IDS);
    let mut task = TaskContext {
        tid: id(),
        pid: id(),
        ppid: id(),
        uid: id(),
        euid: id(),
        gid: id(),
        egid: id(),
        loginuid: id(),
        sid: id(),
        pgid: id(),
        tty: id(),
        vtid: id(),
        vpid: id(),
        vpgid: id(),
        ..TaskContext::default()
    };
    let comm = draws.of(&["cat", "a", "nginx"]);
    task.comm[..comm.len()].copy_from_slice(comm.as_bytes());
    task
}

fn socket(draws: &mut Draws<'_>) -> Socket {
    if draws.once_in(3) {
        return Socket::Unix { local: draws.of(UNIX), remote: draws.of(UNIX) };
    }
    // Both ends are of one family.
    let local: SocketAddr = draws.of(ENDS).parse().unwrap();
    let same: Vec<SocketAddr> = ENDS
        .iter()
        .map(|end| end.parse().unwrap())
        .filter(|end: &SocketAddr| end.is_ipv4() == local.is_ipv4())
        .collect();
    Socket::Inet { local, remote: draws.of(&same) }
}

/// The bytes of a parameter; `None` if it is not in the record.
fn parameter(draws: &mut Draws<'_>, event: &Event, ty: &Type, from: &From, call: &Call) -> Option<Vec<u8>> {
    let number = |n: i64| Some(encode::number(n));
    match from {
        From::Return => number(call.ret),
        From::Zero => number(0),
        From::ReturnFd if call.failed => Some(encode::fd(FdHead { fd: call.ret as i32, ..FdHead::default() }, b"")),
        From::ReturnFd if event.name.starts_with("open") || event.name == "creat" => {
            let kind = draws.of(&[FdKind::File, FdKind::Directory, FdKind::CharDevice, FdKind::Unknown]);
            let path = if kind == FdKind::Unknown { "" } else { call.opened };
            Some(encode::fd(head(draws, call.ret as i32, kind), path.as_bytes()))
        }
        From::ReturnFd => Some(described(draws, call, call.ret as i32)),
        From::Fd(_) => {
            let number = draws.of(&[3, 0, 7, 12, -1]);
            Some(described(draws, call, number))
        }
        From::ClosedFd(_) => Some(encode::fd(FdHead { fd: draws.of(&[3, 7, -1]), ..FdHead::default() }, b"")),
        From::DirFd(_) if draws.once_in(2) => {
            let head = FdHead { fd: -100, kind: FdKind::Directory as u8, ..FdHead::default() };
            Some(encode::fd(head, draws.of(&["/", "/a", ""]).as_bytes()))
        }
        From::DirFd(_) => Some(described(draws, call, 7)),
        From::PointedFd { .. } if call.failed => None,
        From::PointedFd { .. } => Some(described(draws, call, 12)),
        From::Opened { .. } if !call.failed => {
            let cut = if draws.once_in(8) { PathFlags::CUT.0 } else { 0 };
            let raw = draws.of(RAW).as_bytes();
            Some(encode::path(raw, call.opened.as_bytes(), PathFlags(PathFlags::RESOLVED.0 | cut)))
        }
        From::Opened { .. } | From::Path(_) => Some(path(draws)),
        From::PathAt { .. } | From::OptionalPath(_) => (!draws.once_in(6)).then(|| path(draws)),
        From::Int(_) | From::SignedLong(_) => number(draws.of(NUMBERS)),
        From::Uint(_) => number(i64::from(draws.of(NUMBERS) as u32)),
        From::Long(_) | From::Offset { .. } | From::Image(_) => number(draws.of(NUMBERS)),
        From::Pointed { written: true, .. } if call.failed => None,
        From::Pointed { .. } | From::Timespec { .. } | From::Timeval(_) | From::PiecesSize { .. } => {
            (!draws.once_in(6)).then(|| encode::number(draws.of(NUMBERS)))
        }
        From::FilledString(_) | From::Received { .. } | From::Pieces { received: true, .. } if call.failed => None,
        From::String(_)
        | From::FilledString(_)
        | From::Received { .. }
        | From::Pieces { .. }
        | From::Bytes { .. }
        | From::Sent { .. } => (!draws.once_in(6)).then(|| draws.of(TEXTS).as_bytes().to_vec()),
        From::FdList { .. } => None,
        From::Address { .. } => (!draws.once_in(6)).then(|| match draws.below(3) {
            0 => encode::unix_address(draws.of(UNIX).as_bytes()),
            _ => encode::address(draws.of(ENDS).parse().unwrap()),
        }),
        From::Tuple(_) | From::ReturnTuple => tuple(draws, call),
        From::Context(_) | From::OfFd { .. } | From::Process(_) => None,
        From::Special if draws.once_in(6) => None,
        From::Special => match ty {
            Type::Tuple => tuple(draws, call),
            Type::Path => Some(path(draws)),
            Type::Fd => Some(described(draws, call, 7)),
            Type::String | Type::Bytes => Some(draws.of(TEXTS).as_bytes().to_vec()),
            Type::Strings => Some(encode::strings([draws.of(TEXTS)])),
            Type::Address => Some(encode::address(draws.of(ENDS).parse().unwrap())),
            Type::FdList => None,
            _ => number(draws.of(NUMBERS)),
        },
    }
}

fn head(draws: &mut Draws<'_>, fd: i32, kind: FdKind) -> FdHead {
    if kind == FdKind::Unknown {
        return FdHead { fd, ..FdHead::default() };
    }
    FdHead { fd, kind: kind as u8, dev: 0x0080_1203, ino: draws.of(&[1, 7, 12]), mode: 0o644, ..FdHead::default() }
}

/// What a number stands for.
fn described(draws: &mut Draws<'_>, call: &Call, fd: i32) -> Vec<u8> {
    if fd < 0 || draws.once_in(8) {
        return encode::fd(FdHead { fd, ..FdHead::default() }, b"");
    }
    let flags =
        draws.of(&[FdFlags(0), FdFlags::SERVER, FdFlags::CONNECTED, FdFlags(FdFlags::SERVER.0 | FdFlags::CONNECTED.0)]);
    match draws.below(8) {
        0..3 => {
            let kind =
                draws.of(&[FdKind::File, FdKind::Directory, FdKind::CharDevice, FdKind::BlockDevice, FdKind::Symlink]);
            encode::fd(head(draws, fd, kind), draws.of(PATHS).as_bytes())
        }
        3 => {
            let kind = draws.of(&[FdKind::Pipe, FdKind::AnonInode, FdKind::Memfd, FdKind::AnonInode]);
            encode::fd(head(draws, fd, kind), draws.of(NAMELESS).as_bytes())
        }
        4 => {
            let kind = draws.of(&[FdKind::Netlink, FdKind::Packet, FdKind::OtherSocket]);
            encode::fd(FdHead { flags: flags.0, ..head(draws, fd, kind) }, b"")
        }
        // Mostly the socket that the call's tuple is about; it may have been exchanged in between.
        n => {
            let socket = if n == 7 && draws.once_in(4) { socket(draws) } else { call.socket };
            socket_fd(draws, fd, flags, socket)
        }
    }
}

fn socket_fd(draws: &mut Draws<'_>, fd: i32, flags: FdFlags, socket: Socket) -> Vec<u8> {
    let socket_type = draws.of(&[1, 2, 3]);
    let protocol = draws.of(&[6, 17, 1, 58, 132]);
    let common = FdHead { fd, flags: flags.0, socket_type, ..FdHead::default() };
    match socket {
        Socket::Inet { local, remote } => {
            let (kind, family) =
                if local.is_ipv4() { (FdKind::Inet4, family::INET) } else { (FdKind::Inet6, family::INET6) };
            let head = FdHead { kind: kind as u8, family, protocol, ..common };
            encode::inet_fd(head, &encode::tuple(local, remote, protocol))
        }
        Socket::Unix { local, remote } => {
            let head = FdHead { kind: FdKind::Unix as u8, family: family::UNIX, ..common };
            encode::unix_fd(head, local.as_bytes(), remote.as_bytes())
        }
    }
}

/// Both ends, if the call is about a socket that has some.
fn tuple(draws: &mut Draws<'_>, call: &Call) -> Option<Vec<u8>> {
    use zerocopy::IntoBytes;
    if draws.once_in(4) {
        return None;
    }
    Some(match call.socket {
        Socket::Inet { local, remote } => encode::tuple(local, remote, 6).as_bytes().to_vec(),
        Socket::Unix { local, remote } => encode::unix_tuple(local.as_bytes(), remote.as_bytes()),
    })
}

/// A path that a caller passed.
fn path(draws: &mut Draws<'_>) -> Vec<u8> {
    let raw = draws.of(RAW);
    match draws.below(8) {
        0 => encode::path(b"", b"", PathFlags::RAW_MISSING),
        1 => encode::path(raw.as_bytes(), b"", PathFlags(0)),
        2 => encode::path(raw.as_bytes(), b"", PathFlags::CUT),
        3 => {
            encode::path(raw.as_bytes(), draws.of(PATHS).as_bytes(), PathFlags(PathFlags::JOINED.0 | PathFlags::CUT.0))
        }
        _ => encode::path(raw.as_bytes(), draws.of(PATHS).as_bytes(), PathFlags::JOINED),
    }
}
