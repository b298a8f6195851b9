//! Descriptors, sockets and addresses as text.
//!
//! | text | is |
//! |---|---|
//! | `/etc/passwd` | a regular file |
//! | `dir /etc`, `char /dev/null`, `block /dev/sda`, `link /x` | what else has a path |
//! | `pipe`, `memfd NAME`, `anon NAME`, `netlink`, `packet` | what has none |
//! | `tcp LOCAL->REMOTE`, `tcp LOCAL<-REMOTE`, `tcp LOCAL`, `tcp LOCAL listening` | a socket: client, server, neither |
//! | `udp …`, `icmp …` | the same |
//! | `unix LOCAL`, `unix LOCAL->REMOTE` | a socket of AF_UNIX |
//!
//! `3=…` in front is its number; without it the number is 3.

use crate::record_builder::encode;
use kestrel_core::event::{FdFlags, FdHead, FdKind, Tuple, family};
use std::net::SocketAddr;
use zerocopy::IntoBytes;

/// Number of a descriptor that nobody gave one: the first after the standard streams.
pub const NUMBER: i32 = 3;

/// AT_FDCWD of `linux/fcntl.h`.
const AT_FDCWD: i32 = -100;

/// Device and inode that files have: those of some disk (8:1).
const DEV: u32 = 0x801;
const INO: u64 = 4711;

/// Both ends of a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Ends {
    /// By address and port.
    Inet(Tuple),
    /// By path, each empty if there is none.
    Unix(Vec<u8>, Vec<u8>),
}

impl Ends {
    /// As a tuple parameter.
    pub fn tuple(&self) -> Vec<u8> {
        match self {
            Ends::Inet(tuple) => tuple.as_bytes().to_vec(),
            Ends::Unix(local, remote) => encode::unix_tuple(local, remote),
        }
    }

    /// One end as an address parameter.
    pub fn address(&self, remote: bool) -> Vec<u8> {
        match self {
            Ends::Inet(tuple) => {
                let (bytes, port) =
                    if remote { (&tuple.remote, tuple.remote_port) } else { (&tuple.local, tuple.local_port) };
                let ip = kestrel_core::event::address_ip(tuple.family, bytes);
                ip.map_or_else(Vec::new, |ip| encode::address(SocketAddr::new(ip, port)))
            }
            Ends::Unix(local, far) => encode::unix_address(if remote { far } else { local }),
        }
    }
}

/// A descriptor.
#[derive(Clone, Debug, PartialEq)]
pub struct Descriptor {
    head: FdHead,
    path: Vec<u8>,
    ends: Option<Ends>,
}

impl Descriptor {
    /// One of which only the number is known; a negative number stands for an error.
    pub fn number(fd: i32) -> Descriptor {
        Descriptor { head: FdHead { fd, ..FdHead::default() }, path: Vec::new(), ends: None }
    }

    /// The working directory, where a call names no directory.
    pub fn working_directory(path: &[u8]) -> Descriptor {
        Descriptor { head: FdHead { fd: AT_FDCWD, ..with_path(FdKind::Directory) }, path: path.to_vec(), ends: None }
    }

    /// Its number.
    pub fn number_of(&self) -> i32 {
        self.head.fd
    }

    /// A regular file.
    pub fn file(path: &[u8]) -> Descriptor {
        Descriptor { head: with_path(FdKind::File), path: path.to_vec(), ends: None }
    }

    /// A socket of this family that is bound to nothing.
    pub fn socket(domain: u16) -> Descriptor {
        let unspecified = if domain == family::INET6 { "[::]:0" } else { "0.0.0.0:0" };
        let text = match domain {
            family::INET | family::INET6 => format!("tcp {unspecified}"),
            family::UNIX => "unix".to_owned(),
            family::NETLINK => "netlink".to_owned(),
            family::PACKET => "packet".to_owned(),
            _ => {
                let kind = FdKind::OtherSocket as u8;
                let head = FdHead { fd: NUMBER, kind, family: domain, ..FdHead::default() };
                return Descriptor { head, path: Vec::new(), ends: None };
            }
        };
        Descriptor::parse(&text).unwrap_or_else(|_| Descriptor::number(NUMBER))
    }

    /// Reads a descriptor.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Descriptor, String> {
        let (number, text) = match text.split_once('=') {
            Some((number, rest)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
                (number.parse().map_err(|_| "the number of a descriptor is too large".to_owned())?, rest.trim_start())
            }
            _ => (NUMBER, text),
        };
        let mut found = what(text.trim())?;
        found.head.fd = number;
        Ok(found)
    }

    /// The path of what has one.
    pub fn path(&self) -> Option<&[u8]> {
        (self.path.first() == Some(&b'/')).then_some(&self.path)
    }

    /// Both ends, if it is a socket that has some.
    pub fn ends(&self) -> Option<&Ends> {
        self.ends.as_ref()
    }

    /// As a descriptor parameter.
    pub fn encode(&self) -> Vec<u8> {
        match &self.ends {
            Some(Ends::Inet(tuple)) => encode::inet_fd(self.head, tuple),
            Some(Ends::Unix(local, remote)) => encode::unix_fd(self.head, local, remote),
            None => encode::fd(self.head, &self.path),
        }
    }
}

/// Type bits of `st_mode` (`linux/stat.h`), with permissions of the usual kind.
fn with_path(kind: FdKind) -> FdHead {
    let mode = match kind {
        FdKind::Directory => 0o040_755,
        FdKind::CharDevice => 0o020_666,
        FdKind::BlockDevice => 0o060_660,
        FdKind::Pipe => 0o010_600,
        FdKind::Symlink => 0o120_777,
        _ => 0o100_644,
    };
    FdHead { fd: NUMBER, kind: kind as u8, dev: DEV, ino: INO, mode, ..FdHead::default() }
}

fn what(text: &str) -> Result<Descriptor, String> {
    let (word, rest) = text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()));
    let plain = |kind, path: String| Descriptor { head: with_path(kind), path: path.into_bytes(), ends: None };
    let of = |kind| {
        if rest.starts_with('/') {
            Ok(plain(kind, rest.to_owned()))
        } else {
            Err(format!("{word} wants an absolute path"))
        }
    };
    let named =
        |kind, path: String| if rest.is_empty() { Err(format!("{word} wants a name")) } else { Ok(plain(kind, path)) };
    let alone = |descriptor| if rest.is_empty() { Ok(descriptor) } else { Err(format!("{word} stands alone")) };
    match word {
        // A path may hold blanks.
        _ if text.starts_with('/') => Ok(plain(FdKind::File, text.to_owned())),
        "dir" => of(FdKind::Directory),
        "char" => of(FdKind::CharDevice),
        "block" => of(FdKind::BlockDevice),
        "link" => of(FdKind::Symlink),
        "pipe" => alone(plain(FdKind::Pipe, format!("pipe:[{INO}]"))),
        // As the kernel names them in /proc/PID/fd.
        "memfd" => named(FdKind::Memfd, format!("/memfd:{rest}")),
        "anon" => named(FdKind::AnonInode, format!("anon_inode:[{rest}]")),
        "netlink" => alone(socket_of(FdKind::Netlink, family::NETLINK, 3, 0, None)),
        "packet" => alone(socket_of(FdKind::Packet, family::PACKET, 3, 0, None)),
        "unix" => {
            let (local, remote) = rest.split_once("->").unwrap_or((rest, ""));
            let ends = Ends::Unix(local.trim().into(), remote.trim().into());
            Ok(socket_of(FdKind::Unix, family::UNIX, 1, 0, Some(ends)))
        }
        // SOCK_STREAM, SOCK_DGRAM, SOCK_RAW; IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP.
        "tcp" => inet(rest, 1, 6),
        "udp" => inet(rest, 2, 17),
        "icmp" => inet(rest, 3, 1),
        _ => Err("expected a path, or a word and what it wants: dir, char, block, link, pipe, memfd, anon, netlink, packet, \
                  unix, tcp, udp, icmp"
            .to_owned()),
    }
}

fn socket_of(kind: FdKind, family: u16, socket_type: u8, protocol: u16, ends: Option<Ends>) -> Descriptor {
    let head = FdHead { fd: NUMBER, kind: kind as u8, family, socket_type, protocol, ..FdHead::default() };
    Descriptor { head, path: Vec::new(), ends }
}

fn inet(text: &str, socket_type: u8, protocol: u16) -> Result<Descriptor, String> {
    let (tuple, flags) = inet_ends(text, protocol)?;
    let kind = if tuple.family == family::INET { FdKind::Inet4 } else { FdKind::Inet6 };
    let mut socket = socket_of(kind, tuple.family, socket_type, protocol, Some(Ends::Inet(tuple)));
    socket.head.flags = flags.0;
    Ok(socket)
}

fn inet_ends(text: &str, protocol: u16) -> Result<(Tuple, FdFlags), String> {
    let (local, remote, flags) = if let Some((local, remote)) = text.split_once("->") {
        (local, Some(remote), FdFlags::CONNECTED)
    } else if let Some((local, remote)) = text.split_once("<-") {
        (local, Some(remote), FdFlags(FdFlags::CONNECTED.0 | FdFlags::SERVER.0))
    } else if let Some(local) = text.strip_suffix("listening") {
        (local, None, FdFlags::SERVER)
    } else {
        (text, None, FdFlags::default())
    };
    let local = socket_address(local)?;
    let nowhere = if local.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let remote = socket_address(remote.unwrap_or(nowhere))?;
    if local.is_ipv4() != remote.is_ipv4() {
        return Err("both ends must be of one family".to_owned());
    }
    Ok((encode::tuple(local, remote, protocol), flags))
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    text.parse().map_err(|_| format!("{text:?} is no address with a port, such as 10.0.0.1:443 or [::1]:443"))
}

/// Both ends of a socket, as the parameter `tuple` has them: `tcp 10.0.0.1:4000->10.0.0.2:443`, with or without its first word,
/// or `unix …`.
///
/// # Errors
/// Says what was expected.
pub fn ends(text: &str) -> Result<Ends, String> {
    match Descriptor::parse(text) {
        Ok(Descriptor { ends: Some(ends), .. }) => Ok(ends),
        _ => inet_ends(text, 6).map(|(tuple, _)| Ends::Inet(tuple)),
    }
}

/// An address, as callers pass it: `10.0.0.1:443`, or `unix PATH`.
///
/// # Errors
/// Says what was expected.
pub fn address(text: &str) -> Result<Vec<u8>, String> {
    match text.strip_prefix("unix") {
        Some(path) => Ok(encode::unix_address(path.trim().as_bytes())),
        None => socket_address(text).map(encode::address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::event::FdView;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let bytes = match Descriptor::parse(text) {
            Ok(descriptor) => descriptor.encode(),
            Err(message) => return message,
        };
        let fd = FdView::parse(&bytes).unwrap();
        let ends = fd.tuple.map(|tuple| match (tuple.local_ip(), tuple.remote_ip()) {
            (Some(local), Some(remote)) => {
                format!("{local} {} {remote} {}", tuple.tuple.local_port, tuple.tuple.remote_port)
            }
            _ => format!(
                "{:?} {:?}",
                String::from_utf8_lossy(tuple.local_path),
                String::from_utf8_lossy(tuple.remote_path)
            ),
        });
        let path = String::from_utf8_lossy(fd.path).into_owned();
        let what = ends.unwrap_or(path);
        format!("{} {:?} {what} type={} flags={}", fd.head.fd, fd.kind(), fd.head.socket_type, fd.head.flags)
    }

    #[test]
    fn descriptors_are_read() {
        let texts = [
            "/etc/my notes",
            "0=/dev/null",
            "dir /etc",
            "char /dev/tty",
            "memfd x",
            "anon eventpoll",
            "pipe",
            "1=tcp 10.0.0.1:4000->10.0.0.2:443",
            "tcp [::1]:22<-[::2]:5",
            "udp 0.0.0.0:53 listening",
            "unix /run/x->@y",
            "packet",
        ];
        insta::assert_snapshot!(texts.map(|text| format!("{text}: {}", shown(text))).join("\n"));
    }

    #[test]
    fn what_is_no_descriptor_is_refused_with_what_was_expected() {
        let texts =
            ["file /x", "dir etc", "memfd", "pipe 3", "tcp", "tcp 1.2.3.4", "tcp 1.2.3.4:5->[::1]:6", "99999999999=/x"];
        insta::assert_snapshot!(texts.map(|text| format!("{text}: {}", shown(text))).join("\n"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_a_descriptor(text in "\\PC{0,40}|[0-9]{0,3}=?(tcp|udp|unix|dir) [-<>0-9.:a-z/]{0,30}") {
            if let Ok(descriptor) = Descriptor::parse(&text) {
                prop_assert!(FdView::parse(&descriptor.encode()).is_some());
            }
            let _ = (ends(&text), address(&text));
        }
    }
}
