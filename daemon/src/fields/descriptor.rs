//! `fd.*`: what the event's descriptor stands for.

use super::EventFacts;
use super::given::Given;
use super::places::Known;
use kestrel_core::event::{FdFlags, FdKind, FdView, TupleView, family};
use kestrel_rules::{Field, Value};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

pub(super) const GIVEN: &[Given] = &[
    (Field::FdNum, |facts, _| facts.of_fd(|fd| Value::Int(fd.head.fd.into()))),
    (Field::FdType, |facts, _| {
        facts.of_fd(|fd| kind_name(fd).map_or(Value::Missing, |name| Value::Str(name.as_bytes())))
    }),
    (Field::FdTypechar, |facts, _| facts.of_opened(|fd| Value::Str(facts.arena.alloc([kind_char(fd) as u8])))),
    (Field::FdName, |facts, _| facts.fd_name()),
    (Field::FdNameraw, |facts, _| {
        let param = facts.fd().and_then(|_| facts.written(Known::Name).or_else(|| facts.written(Known::Path)));
        param.and_then(|param| param.path()).map_or(Value::Missing, |path| EventFacts::known(path.raw))
    }),
    (Field::FdDirectory, |facts, _| facts.fd_directory()),
    (Field::FdFilename, |facts, _| facts.fd_filename()),
    (Field::FdIp, |facts, _| facts.either(|ends| [ends.client.ip(), ends.server.ip()], Value::Ip)),
    (Field::FdNet, |facts, _| facts.either(|ends| [ends.client.ip(), ends.server.ip()], Value::Ip)),
    (Field::FdCip, |facts, _| facts.address(|ends| ends.client.ip())),
    (Field::FdCnet, |facts, _| facts.address(|ends| ends.client.ip())),
    (Field::FdSip, |facts, _| facts.address(|ends| ends.server.ip())),
    (Field::FdSnet, |facts, _| facts.address(|ends| ends.server.ip())),
    (Field::FdLip, |facts, _| facts.address(|ends| ends.local.ip())),
    (Field::FdLnet, |facts, _| facts.address(|ends| ends.local.ip())),
    (Field::FdRip, |facts, _| facts.address(|ends| ends.remote.ip())),
    (Field::FdRnet, |facts, _| facts.address(|ends| ends.remote.ip())),
    (Field::FdPort, |facts, _| {
        facts.either(|ends| [ends.client.port(), ends.server.port()], |port| Value::Uint(port.into()))
    }),
    (Field::FdCport, |facts, _| facts.port(|ends| ends.client.port())),
    (Field::FdSport, |facts, _| facts.port(|ends| ends.server.port())),
    (Field::FdLport, |facts, _| facts.port(|ends| ends.local.port())),
    (Field::FdRport, |facts, _| facts.port(|ends| ends.remote.port())),
    (Field::FdProto, |facts, _| {
        facts.either(|ends| [ends.client.port(), ends.server.port()], |port| Value::Uint(port.into()))
    }),
    (Field::FdCproto, |facts, _| facts.port_text(|ends| ends.client.port())),
    (Field::FdSproto, |facts, _| facts.port_text(|ends| ends.server.port())),
    (Field::FdLproto, |facts, _| facts.port_text(|ends| ends.local.port())),
    (Field::FdRproto, |facts, _| facts.port_text(|ends| ends.remote.port())),
    (Field::FdL4proto, |facts, _| {
        facts.of_fd(|fd| protocol(fd).map_or(Value::Missing, |name| Value::Str(name.as_bytes())))
    }),
    (Field::FdSockfamily, |facts, _| {
        facts.of_fd(|fd| match fd.head.family {
            family::INET | family::INET6 => Value::Str(b"ip"),
            family::UNIX => Value::Str(b"unix"),
            _ => Value::Missing,
        })
    }),
    (Field::FdIsServer, |facts, _| {
        facts.of_fd(|fd| if fd.kind().is_socket() { Value::Bool(is_server(fd)) } else { Value::Missing })
    }),
    (Field::FdUid, |facts, _| facts.of_fd(|fd| facts.text(format_args!("{}{}", facts.record.task().tid, fd.head.fd)))),
    (Field::FdConnected, |facts, _| {
        facts.of_fd(|fd| match fd.tuple {
            None => Value::Missing,
            Some(_) => {
                Value::Bool(fd.flags().contains(FdFlags::CONNECTED) || facts.ends().is_some_and(|ends| ends.connected))
            }
        })
    }),
    (Field::FdNameChanged, |facts, _| {
        facts.of_fd(|_| Value::Bool(matches!(facts.event.name, "connect" | "accept" | "accept4" | "bind")))
    }),
    (Field::FdDev, |facts, _| facts.of_opened(|fd| Value::Int(fd.head.dev.into()))),
    // `new_encode_dev` of linux/kdev_t.h: minor in bits 0-7 and 20-31, major in 8-19.
    (Field::FdDevMajor, |facts, _| facts.of_opened(|fd| Value::Int(i64::from(fd.head.dev >> 8 & 0xfff)))),
    (Field::FdDevMinor, |facts, _| {
        facts.of_opened(|fd| Value::Int(i64::from(fd.head.dev & 0xff | fd.head.dev >> 12 & 0xfff00)))
    }),
    (Field::FdIno, |facts, _| facts.of_opened(|fd| Value::Int(fd.head.ino as i64))),
    (Field::FdIsUpperLayer, |facts, _| facts.of_opened(|fd| Value::Bool(fd.flags().contains(FdFlags::UPPER_LAYER)))),
    (Field::FdIsLowerLayer, |facts, _| facts.of_opened(|fd| Value::Bool(fd.flags().contains(FdFlags::LOWER_LAYER)))),
];

/// Name and character of what an anonymous inode is, by the kernel's name of it (`anon_inode:[eventpoll]`).
fn anonymous(path: &[u8]) -> (&'static str, char) {
    const KINDS: [(&str, &str, char); 10] = [
        ("[eventfd]", "event", 'e'),
        ("[eventpoll]", "eventpoll", 'l'),
        ("inotify", "inotify", 'i'),
        ("[signalfd]", "signalfd", 's'),
        ("[timerfd]", "timerfd", 't'),
        ("bpf", "bpf", 'b'),
        ("[userfaultfd]", "userfaultfd", 'u'),
        ("[io_uring]", "io_uring", 'r'),
        ("[pidfd]", "pidfd", 'P'),
        ("[perf_event]", "perf_event", 'o'),
    ];
    let name = path.rsplit(|&b| b == b':').next().unwrap_or(path);
    let known = KINDS.iter().find(|(prefix, ..)| name.starts_with(prefix.as_bytes()));
    known.map_or(("other", 'o'), |&(_, kind, char)| (kind, char))
}

/// Falco's name of a kind.
fn kind_name(fd: &FdView<'_>) -> Option<&'static str> {
    Some(match fd.kind() {
        FdKind::Unknown => return None,
        FdKind::File | FdKind::CharDevice | FdKind::BlockDevice | FdKind::Symlink => "file",
        FdKind::Directory => "directory",
        FdKind::Pipe => "pipe",
        FdKind::Inet4 => "ipv4",
        FdKind::Inet6 => "ipv6",
        FdKind::Unix => "unix",
        FdKind::Netlink => "netlink",
        FdKind::Packet | FdKind::OtherSocket => "other",
        FdKind::AnonInode => anonymous(fd.path).0,
        FdKind::Memfd => "memfd",
    })
}

/// Falco's character of a kind.
pub(super) fn kind_char(fd: &FdView<'_>) -> char {
    match fd.kind() {
        FdKind::Unknown => '?',
        FdKind::File | FdKind::CharDevice | FdKind::BlockDevice | FdKind::Symlink => 'f',
        FdKind::Directory => 'd',
        FdKind::Pipe => 'p',
        FdKind::Inet4 => '4',
        FdKind::Inet6 => '6',
        FdKind::Unix => 'u',
        FdKind::Netlink => 'n',
        FdKind::Packet | FdKind::OtherSocket => 'o',
        FdKind::AnonInode => anonymous(fd.path).1,
        FdKind::Memfd => 'm',
    }
}

/// True if the descriptor is the server's end of a connection, or listens for some.
fn is_server(fd: &FdView<'_>) -> bool {
    fd.flags().contains(FdFlags::SERVER)
}

/// Both ends of an inet socket, told apart in two ways.
pub(super) struct Ends {
    pub client: SocketAddr,
    pub server: SocketAddr,
    local: SocketAddr,
    remote: SocketAddr,
    connected: bool,
}

/// Both ends of a descriptor that stands for an inet socket.
pub(super) fn ends_of(fd: &FdView<'_>) -> Option<Ends> {
    ends(&fd.tuple?, is_server(fd))
}

/// Writes what a descriptor is called: the path of a file, or the name of a socket.
pub(super) fn named(out: &mut bumpalo::collections::Vec<'_, u8>, fd: &FdView<'_>) {
    match &fd.tuple {
        Some(tuple) => name_of(out, tuple, is_server(fd)),
        None => out.extend_from_slice(fd.path),
    }
}

fn ends(tuple: &TupleView<'_>, is_server: bool) -> Option<Ends> {
    let local = SocketAddr::new(tuple.local_ip()?, tuple.tuple.local_port);
    let remote = SocketAddr::new(tuple.remote_ip()?, tuple.tuple.remote_port);
    let connected = remote.port() != 0 || !remote.ip().is_unspecified();
    let (client, server) = if is_server { (remote, local) } else { (local, remote) };
    Some(Ends { client, server, local, remote, connected })
}

/// Writes the name of a socket: `client->server`, the one address of a socket without another end, or a path.
pub(super) fn name_of(out: &mut bumpalo::collections::Vec<'_, u8>, tuple: &TupleView<'_>, is_server: bool) {
    match ends(tuple, is_server) {
        Some(ends) if ends.connected => {
            let _ = write!(out, "{}->{}", ends.client, ends.server);
        }
        Some(ends) => {
            let _ = write!(out, "{}", if is_server { ends.server } else { ends.client });
        }
        None => {
            let path = if tuple.local_path.is_empty() { tuple.remote_path } else { tuple.local_path };
            out.extend_from_slice(path);
        }
    }
}

impl<'a> EventFacts<'a> {
    /// Path of the event's descriptor, or of the file that an open did not get.
    fn fd_path(&self) -> Option<&'a [u8]> {
        let fd = self.fd()?;
        if fd.head.fd < 0 {
            let path = self.written(Known::Name).or_else(|| self.written(Known::Path))?.path()?;
            return Some(path.absolute);
        }
        (fd.tuple.is_none() && fd.kind() != FdKind::Unknown).then_some(fd.path)
    }

    fn ends(&self) -> Option<Ends> {
        // A call that names the other end shows it in its tuple, where the socket itself has none.
        let fd = self.fd()?;
        let tuple = self.written(Known::Tuple).and_then(|param| param.tuple()).or(fd.tuple)?;
        ends(&tuple, is_server(&fd))
    }

    fn either<T>(&self, pick: impl Fn(&Ends) -> [T; 2], value: impl Fn(T) -> Value<'a>) -> Value<'a> {
        self.ends().map_or(Value::Missing, |ends| Value::Any(self.arena.alloc(pick(&ends).map(value))))
    }

    fn address(&self, pick: impl Fn(&Ends) -> IpAddr) -> Value<'a> {
        self.ends().map(|ends| pick(&ends)).filter(|ip| !ip.is_unspecified()).map_or(Value::Missing, Value::Ip)
    }

    fn port(&self, pick: impl Fn(&Ends) -> u16) -> Value<'a> {
        self.ends().map_or(Value::Missing, |ends| Value::Uint(pick(&ends).into()))
    }

    fn port_text(&self, pick: impl Fn(&Ends) -> u16) -> Value<'a> {
        self.ends().map_or(Value::Missing, |ends| self.text(format_args!("{}", pick(&ends))))
    }

    fn socket_name(&self) -> Value<'a> {
        let Some(fd) = self.fd() else { return Value::Missing };
        let Some(tuple) = self.written(Known::Tuple).and_then(|param| param.tuple()).or(fd.tuple) else {
            return Value::Missing;
        };
        let mut out = bumpalo::collections::Vec::new_in(self.arena);
        name_of(&mut out, &tuple, is_server(&fd));
        EventFacts::known(out.into_bump_slice())
    }

    fn of_fd(&self, value: impl Fn(&FdView<'a>) -> Value<'a>) -> Value<'a> {
        self.fd().map_or(Value::Missing, |fd| value(&fd))
    }

    /// The descriptor, if it stands for something that is known.
    fn opened(&self) -> Option<FdView<'a>> {
        self.fd().filter(|fd| fd.head.fd >= 0 && fd.kind() != FdKind::Unknown)
    }

    fn of_opened(&self, value: impl Fn(&FdView<'a>) -> Value<'a>) -> Value<'a> {
        self.opened().map_or(Value::Missing, |fd| value(&fd))
    }

    /// Path of a file, or both ends of a socket.
    pub(super) fn fd_name(&self) -> Value<'a> {
        match self.fd_path() {
            Some(path) => EventFacts::known(path),
            None => self.socket_name(),
        }
    }

    /// Path of a file or a directory that has a place in the file system, and whether it is a directory.
    fn place(&self) -> Option<(&'a [u8], bool)> {
        let kind = self.fd()?.kind();
        let path = self.fd_path().filter(|path| path.starts_with(b"/") && kind != FdKind::Memfd)?;
        Some((path, kind == FdKind::Directory))
    }

    /// Folder of a file, or the directory itself.
    pub(super) fn fd_directory(&self) -> Value<'a> {
        match self.place() {
            Some((path, true)) => Value::Str(path),
            Some((path, false)) => Value::Str(directory(path)),
            None => Value::Missing,
        }
    }

    fn fd_filename(&self) -> Value<'a> {
        match self.place() {
            Some((path, false)) => EventFacts::known(filename(path)),
            _ => Value::Missing,
        }
    }

    /// Path of the other end of a unix socket, or else of this one.
    pub(super) fn unix_path(&self) -> Option<&'a [u8]> {
        let fd = self.fd()?;
        let tuple = self.written(Known::Tuple).and_then(|param| param.tuple()).or(fd.tuple)?;
        let paths = [tuple.remote_path, tuple.local_path];
        paths.into_iter().find(|path| tuple.tuple.family == family::UNIX && !path.is_empty())
    }
}

/// Falco's name of a transport protocol.
fn protocol(fd: &FdView<'_>) -> Option<&'static str> {
    const SOCK_RAW: u8 = 3;
    if fd.tuple.is_none_or(|tuple| tuple.local_ip().is_none()) {
        return None;
    }
    Some(match (fd.head.socket_type, fd.head.protocol) {
        (SOCK_RAW, _) => "raw",
        (_, 6) => "tcp",
        (_, 17) => "udp",
        (_, 1 | 58) => "icmp",
        _ => return None,
    })
}

/// The folder of an absolute path: everything before the last slash, `/` for what lies in the root.
fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(0) | None => b"/",
        Some(at) => &path[..at],
    }
}

/// What follows the last slash.
fn filename(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(at) => &path[at + 1..],
        None => path,
    }
}
