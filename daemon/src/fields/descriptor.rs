//! `fd.*`: what the event's descriptor stands for.

use super::EventFacts;
use kestrel_core::event::{FdFlags, FdKind, FdView, TupleView, family};
use kestrel_rules::{Field, FieldRef, Value};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

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

/// Both ends of an inet socket: client, then server.
struct Ends {
    client: SocketAddr,
    server: SocketAddr,
    connected: bool,
}

fn ends(tuple: &TupleView<'_>, is_server: bool) -> Option<Ends> {
    let local = SocketAddr::new(tuple.local_ip()?, tuple.tuple.local_port);
    let remote = SocketAddr::new(tuple.remote_ip()?, tuple.tuple.remote_port);
    let connected = remote.port() != 0 || !remote.ip().is_unspecified();
    let (client, server) = if is_server { (remote, local) } else { (local, remote) };
    Some(Ends { client, server, connected })
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
            let path = self.written("name").or_else(|| self.written("path"))?.path()?;
            return Some(path.absolute);
        }
        (fd.tuple.is_none() && fd.kind() != FdKind::Unknown).then_some(fd.path)
    }

    fn ends(&self) -> Option<Ends> {
        // A call that names the other end shows it in its tuple, where the socket itself has none.
        let fd = self.fd()?;
        let is_server = fd.flags().contains(FdFlags::SERVER);
        let tuple = self.written("tuple").and_then(|param| param.tuple()).or(fd.tuple)?;
        ends(&tuple, is_server)
    }

    fn either<T>(&self, values: [T; 2], value: impl Fn(T) -> Value<'a>) -> Value<'a> {
        Value::Any(self.arena.alloc(values.map(value)))
    }

    fn address(&self, pick: impl Fn(&Ends) -> IpAddr) -> Value<'a> {
        self.ends().map(|ends| pick(&ends)).filter(|ip| !ip.is_unspecified()).map_or(Value::Missing, Value::Ip)
    }

    fn port(&self, pick: impl Fn(&Ends) -> u16) -> Value<'a> {
        self.ends().map_or(Value::Missing, |ends| Value::Uint(pick(&ends).into()))
    }

    fn is_server(&self) -> bool {
        self.fd().is_some_and(|fd| fd.flags().contains(FdFlags::SERVER))
    }

    fn socket_name(&self) -> Value<'a> {
        let Some(fd) = self.fd() else { return Value::Missing };
        let Some(tuple) = self.written("tuple").and_then(|param| param.tuple()).or(fd.tuple) else {
            return Value::Missing;
        };
        let mut out = bumpalo::collections::Vec::new_in(self.arena);
        name_of(&mut out, &tuple, fd.flags().contains(FdFlags::SERVER));
        EventFacts::known(out.into_bump_slice())
    }

    pub(super) fn fd_field(&self, field: &FieldRef) -> Value<'a> {
        let Some(fd) = self.fd() else { return Value::Missing };
        let opened = fd.head.fd >= 0 && fd.kind() != FdKind::Unknown;
        let server = self.is_server();
        match field.field {
            Field::FdNum => Value::Int(fd.head.fd.into()),
            Field::FdType => kind_name(&fd).map_or(Value::Missing, |name| Value::Str(name.as_bytes())),
            Field::FdTypechar if opened => self.text(format_args!("{}", kind_char(&fd))),
            Field::FdName => match self.fd_path() {
                Some(path) => EventFacts::known(path),
                None => self.socket_name(),
            },
            Field::FdNameraw => {
                let path = self.written("name").or_else(|| self.written("path")).and_then(|param| param.path());
                path.map_or(Value::Missing, |path| EventFacts::known(path.raw))
            }
            Field::FdDirectory => self.fd_path().map_or(Value::Missing, |path| EventFacts::known(directory(path))),
            Field::FdFilename => self.fd_path().map_or(Value::Missing, |path| EventFacts::known(filename(path))),
            Field::FdIp | Field::FdNet => match self.ends() {
                Some(ends) => self.either([ends.client.ip(), ends.server.ip()], Value::Ip),
                None => Value::Missing,
            },
            Field::FdCip | Field::FdCnet => self.address(|ends| ends.client.ip()),
            Field::FdSip | Field::FdSnet => self.address(|ends| ends.server.ip()),
            Field::FdLip | Field::FdLnet => {
                self.address(|ends| if server { ends.server.ip() } else { ends.client.ip() })
            }
            Field::FdRip | Field::FdRnet => {
                self.address(|ends| if server { ends.client.ip() } else { ends.server.ip() })
            }
            Field::FdPort => match self.ends() {
                Some(ends) => self.either([ends.client.port(), ends.server.port()], |port| Value::Uint(port.into())),
                None => Value::Missing,
            },
            Field::FdCport => self.port(|ends| ends.client.port()),
            Field::FdSport => self.port(|ends| ends.server.port()),
            Field::FdLport => self.port(|ends| if server { ends.server.port() } else { ends.client.port() }),
            Field::FdRport => self.port(|ends| if server { ends.client.port() } else { ends.server.port() }),
            Field::FdL4proto => protocol(&fd).map_or(Value::Missing, |name| Value::Str(name.as_bytes())),
            Field::FdSockfamily => match fd.head.family {
                family::INET | family::INET6 => Value::Str(b"ip"),
                family::UNIX => Value::Str(b"unix"),
                _ => Value::Missing,
            },
            Field::FdIsServer if fd.kind().is_socket() => Value::Bool(server),
            Field::FdUid => self.text(format_args!("{}{}", self.record.task().tid, fd.head.fd)),
            Field::FdConnected if fd.tuple.is_some() => {
                Value::Bool(fd.flags().contains(FdFlags::CONNECTED) || self.ends().is_some_and(|ends| ends.connected))
            }
            Field::FdNameChanged => Value::Bool(matches!(self.event.name, "connect" | "accept" | "accept4" | "bind")),
            Field::FdDev if opened => Value::Uint(fd.head.dev.into()),
            // `new_encode_dev` of linux/kdev_t.h: minor in bits 0-7 and 20-31, major in 8-19.
            Field::FdDevMajor if opened => Value::Uint(u64::from(fd.head.dev >> 8 & 0xfff)),
            Field::FdDevMinor if opened => Value::Uint(u64::from(fd.head.dev & 0xff | fd.head.dev >> 12 & 0xfff00)),
            Field::FdIno if opened => Value::Int(fd.head.ino as i64),
            Field::FdIsUpperLayer if opened => Value::Bool(fd.flags().contains(FdFlags::UPPER_LAYER)),
            Field::FdIsLowerLayer if opened => Value::Bool(fd.flags().contains(FdFlags::LOWER_LAYER)),
            _ => Value::Missing,
        }
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

/// The folder of a path: everything before the last slash, `/` for what lies in the root.
fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(0) => b"/",
        Some(at) => &path[..at],
        None => b"",
    }
}

/// What follows the last slash.
fn filename(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(at) => &path[at + 1..],
        None => path,
    }
}
