//! `fd.*`: what the event's descriptor stands for.

use super::event_fields::is_open;
use super::known::{Known, Number, Shape, Subject, Text, exists};
use super::path;
use crate::facts::Value;
use crate::field::Field;
use kestrel_core::event::{FdFlags, FdKind};
use kestrel_core::filter::build::{Condition, Is, Operand};
use kestrel_core::filter::{Load, Part};
use kestrel_core::schema::{From, Type};

/// AT_FDCWD (`linux/fcntl.h`).
const WORKING_DIRECTORY: i64 = -100;
/// SOCK_RAW (`linux/net.h`).
const SOCK_RAW: u64 = 3;

/// Kinds that the fields call `file`.
const FILES: [FdKind; 4] = [FdKind::File, FdKind::CharDevice, FdKind::BlockDevice, FdKind::Symlink];
const INET: [FdKind; 2] = [FdKind::Inet4, FdKind::Inet6];
const OTHER_SOCKETS: [FdKind; 2] = [FdKind::Packet, FdKind::OtherSocket];
const SOCKETS: [FdKind; 6] =
    [FdKind::Inet4, FdKind::Inet6, FdKind::Unix, FdKind::Netlink, FdKind::Packet, FdKind::OtherSocket];

/// What anonymous inodes are called.
const ANONYMOUS: &[&[u8]] = &[
    b"event",
    b"eventpoll",
    b"inotify",
    b"signalfd",
    b"timerfd",
    b"bpf",
    b"userfaultfd",
    b"io_uring",
    b"pidfd",
    b"perf_event",
    b"other",
];
const ANONYMOUS_CHARS: &[&[u8]] = &[b"e", b"l", b"i", b"s", b"t", b"b", b"u", b"r", b"P", b"o"];

/// Addresses and ports as text: `10.0.0.1:80->[::1]:7`.
const ADDRESSES: Shape = Shape {
    first: |b| b.is_ascii_digit() || b == b'[',
    any: |b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase() || b".:[]->%".contains(&b),
};

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, subject: &Subject) -> Option<Known> {
    let index = match field {
        Field::FdNum
        | Field::FdType
        | Field::FdTypechar
        | Field::FdName
        | Field::FdNameraw
        | Field::FdDirectory
        | Field::FdFilename
        | Field::FdIp
        | Field::FdNet
        | Field::FdCip
        | Field::FdCnet
        | Field::FdSip
        | Field::FdSnet
        | Field::FdLip
        | Field::FdLnet
        | Field::FdRip
        | Field::FdRnet
        | Field::FdPort
        | Field::FdProto
        | Field::FdCport
        | Field::FdSport
        | Field::FdLport
        | Field::FdRport
        | Field::FdCproto
        | Field::FdSproto
        | Field::FdLproto
        | Field::FdRproto
        | Field::FdL4proto
        | Field::FdSockfamily
        | Field::FdIsServer
        | Field::FdNameChanged
        | Field::FdDev
        | Field::FdIno => subject.descriptor(),
        _ => return None,
    };
    let Some(index) = index else { return Some(Known::Missing) };
    let fd = Descriptor { subject, index };
    Some(fd.known(field).unwrap_or(Known::Nothing))
}

/// The parameter that `fd.*` is about.
struct Descriptor<'s> {
    subject: &'s Subject,
    index: u8,
}

impl Descriptor<'_> {
    /// `None` if a load is missing.
    fn known(&self, field: Field) -> Option<Known> {
        Some(match field {
            Field::FdNum => Known::Number(self.number(Load::FdNumber, true)?),
            Field::FdType => self.kinds(ANONYMOUS, kind_name)?,
            Field::FdTypechar => self.opened(self.kinds(ANONYMOUS_CHARS, kind_char)?)?,
            Field::FdName => self.name()?,
            Field::FdNameraw => self.raw_name()?,
            Field::FdDirectory => self.directory()?,
            Field::FdFilename => self.filename()?,
            Field::FdIp | Field::FdNet => self.both(Load::LocalAddress, Load::RemoteAddress, Known::AnyAddress)?,
            Field::FdLip | Field::FdLnet => self.end(Load::LocalAddress, Known::Address)?,
            Field::FdRip | Field::FdRnet => self.end(Load::RemoteAddress, Known::Address)?,
            Field::FdCip | Field::FdCnet => {
                self.side(false, Load::LocalAddress, Load::RemoteAddress, Known::Address)?
            }
            Field::FdSip | Field::FdSnet => self.side(true, Load::LocalAddress, Load::RemoteAddress, Known::Address)?,
            Field::FdPort | Field::FdProto => self.both(Load::LocalPort, Load::RemotePort, number)?,
            Field::FdLport => self.end(Load::LocalPort, number)?,
            Field::FdRport => self.end(Load::RemotePort, number)?,
            Field::FdCport => self.side(false, Load::LocalPort, Load::RemotePort, number)?,
            Field::FdSport => self.side(true, Load::LocalPort, Load::RemotePort, number)?,
            Field::FdLproto => self.end(Load::LocalPort, decimal)?,
            Field::FdRproto => self.end(Load::RemotePort, decimal)?,
            Field::FdCproto => self.side(false, Load::LocalPort, Load::RemotePort, decimal)?,
            Field::FdSproto => self.side(true, Load::LocalPort, Load::RemotePort, decimal)?,
            Field::FdL4proto => self.protocol()?,
            Field::FdSockfamily => {
                let is = |families: &[u64]| self.test(Load::FdFamily, Is::Among(families.to_vec()));
                Known::Cases(vec![(is(&[2, 10])?, text(b"ip")), (is(&[1])?, text(b"unix"))])
            }
            Field::FdIsServer => {
                let socket = self.is(&SOCKETS)?;
                let server = self.server()?;
                let not = Condition::all([socket.clone(), Condition::not(server.clone())]);
                Known::Cases(vec![
                    (Condition::all([socket, server]), Known::Constant(Value::Bool(true))),
                    (not, Known::Constant(Value::Bool(false))),
                ])
            }
            Field::FdNameChanged => {
                let changes = matches!(self.subject.event.name, "connect" | "accept" | "accept4" | "bind");
                Known::Cases(vec![(self.there()?, Known::Constant(Value::Bool(changes)))])
            }
            Field::FdDev => self.opened(Known::Number(self.number(Load::FdDev, true)?))?,
            Field::FdIno => self.opened(Known::Number(self.number(Load::FdIno, true)?))?,
            _ => return None,
        })
    }

    fn load(&self, load: Load) -> Option<Operand> {
        self.subject.load(load, self.index)
    }

    fn number(&self, load: Load, signed: bool) -> Option<Number> {
        Some(Number { what: self.load(load)?, signed })
    }

    fn test(&self, load: Load, is: Is) -> Option<Condition> {
        Some(Condition::test(self.load(load)?, is))
    }

    /// The record has the parameter.
    fn there(&self) -> Option<Condition> {
        Some(exists(self.load(Load::FdNumber)?))
    }

    /// The number is an error, or stands for the working directory.
    fn negative(&self) -> Option<Condition> {
        self.test(Load::FdNumber, Is::BelowSigned(0))
    }

    fn not_negative(&self) -> Option<Condition> {
        let not = Condition::not(self.negative()?);
        // Only the call that writes a descriptor leaves none: else one that is not in the record keeps the event.
        let written = matches!(self.subject.source_of(self.index), Some(From::PointedFd { .. }));
        Some(if written { Condition::all([self.there()?, not]) } else { not })
    }

    /// It stands for one of these.
    fn is(&self, kinds: &[FdKind]) -> Option<Condition> {
        self.test(Load::FdKind, Is::Among(kinds.iter().map(|&kind| kind as u64).collect()))
    }

    /// A value of what has a number and stands for something.
    fn opened(&self, known: Known) -> Option<Known> {
        Some(Known::Cases(vec![(self.not_negative()?, known)]))
    }

    fn server(&self) -> Option<Condition> {
        self.test(Load::FdFlags, Is::AnyBits(FdFlags::SERVER.0.into()))
    }

    /// What kinds are called. Of an anonymous inode only its path tells.
    fn kinds(&self, anonymous: &'static [&'static [u8]], name: fn(FdKind) -> &'static [u8]) -> Option<Known> {
        let mut cases = vec![(self.is(&[FdKind::AnonInode])?, Known::OneOf(anonymous))];
        let groups: [&[FdKind]; 9] = [
            &FILES,
            &[FdKind::Directory],
            &[FdKind::Pipe],
            &[FdKind::Inet4],
            &[FdKind::Inet6],
            &[FdKind::Unix],
            &[FdKind::Netlink],
            &OTHER_SOCKETS,
            &[FdKind::Memfd],
        ];
        for kinds in groups {
            cases.push((self.is(kinds)?, text(name(kinds[0]))));
        }
        Some(Known::Cases(cases))
    }

    /// Index of the path that was passed, which names what was not opened.
    fn passed(&self) -> Option<u8> {
        self.subject.index("name").or_else(|| self.subject.index("path"))
    }

    /// The path where the number is negative.
    fn passed_path(&self, part: Part) -> Known {
        match self.passed().map(|index| path::of_parameter(self.subject, index, Load::Path)) {
            Some(Known::Text(text)) => Known::Text(Text { what: text.what.part(part), ..text }),
            Some(known) => known,
            None if self.subject.tuple().is_some() => Known::Nothing,
            None => Known::Missing,
        }
    }

    /// The path of what the number stands for, unless that is a socket.
    fn path(&self, part: Part) -> Option<Known> {
        Some(Known::Text(Text::known(self.load(Load::FdPath)?.part(part))))
    }

    fn name(&self) -> Option<Known> {
        let there = self.not_negative()?;
        let mut cases = vec![(self.negative()?, self.passed_path(Part::Whole))];
        if is_open(self.subject) {
            // No socket is opened by its name.
            cases.push((there, self.path(Part::Whole)?));
            return Some(Known::Cases(cases));
        }
        let of = |kinds: &[FdKind]| Some(Condition::all([there.clone(), self.is(kinds)?]));
        let not_socket = Condition::all([there.clone(), Condition::not(self.is(&SOCKETS)?)]);
        cases.push((not_socket, self.path(Part::Whole)?));
        match self.subject.tuple() {
            None => cases.push((of(&INET)?, Known::Shape(ADDRESSES))),
            // The descriptor may have been exchanged before its ends were looked up.
            Some(_) => {
                let inet = exists(self.end_of(Load::LocalPort)?);
                cases.push((Condition::all([of(&INET)?, inet.clone()]), Known::Shape(ADDRESSES)));
                cases.push((Condition::all([of(&INET)?, Condition::not(inet)]), Known::Nothing));
            }
        }
        cases.push((of(&[FdKind::Unix])?, self.unix_name()?));
        Some(Known::Cases(cases))
    }

    /// The path of this end of a unix socket, or else that of the other end.
    fn unix_name(&self) -> Option<Known> {
        let ends = self.ends();
        let (local, remote) = (self.subject.load(Load::LocalPath, ends)?, self.subject.load(Load::RemotePath, ends)?);
        let bound = Condition::all([exists(local), Condition::not(Condition::test(local, Is::Text(Vec::new())))]);
        let unbound = Condition::test(local, Is::Text(Vec::new()));
        // A tuple that is not of AF_UNIX, in a call about a unix socket: nobody knows.
        let other = Condition::not(exists(local));
        Some(Known::Cases(vec![
            (bound, Known::Text(Text::known(local))),
            (unbound, Known::Text(Text::known(remote))),
            (other, Known::Nothing),
        ]))
    }

    fn raw_name(&self) -> Option<Known> {
        let known = match self.passed() {
            None => Known::Missing,
            Some(index) => path::of_parameter(self.subject, index, Load::RawPath),
        };
        Some(Known::Cases(vec![(self.there()?, known)]))
    }

    /// It has a place in the file system.
    fn placed(&self) -> Option<Condition> {
        let absolute = self.test(Load::FdPath, Is::Prefix(b"/".to_vec()))?;
        Some(Condition::all([self.not_negative()?, Condition::not(self.is(&[FdKind::Memfd])?), absolute]))
    }

    /// A value of what was not opened.
    fn not_opened(&self, part: Part) -> Option<Vec<(Condition, Known)>> {
        let working_directory = self.test(Load::FdNumber, Is::Equal(WORKING_DIRECTORY.cast_unsigned()))?;
        let error = Condition::all([self.negative()?, Condition::not(working_directory.clone())]);
        let known = match self.passed_path(part) {
            Known::Text(text) => {
                let absolute = Condition::test(text.what.part(Part::Whole), Is::Prefix(b"/".to_vec()));
                Known::Cases(vec![(absolute, Known::Text(text))])
            }
            other => other,
        };
        // Elsewhere the number of the working directory is an error like others.
        if !matches!(self.subject.source_of(self.index), Some(From::DirFd(_) | From::Special)) {
            return Some(vec![(self.negative()?, known)]);
        }
        Some(vec![(working_directory, Known::Nothing), (error, known)])
    }

    fn directory(&self) -> Option<Known> {
        let mut cases = self.not_opened(Part::Directory)?;
        let is_directory = self.is(&[FdKind::Directory])?;
        let file = Condition::all([self.placed()?, Condition::not(is_directory.clone())]);
        cases.push((Condition::all([self.placed()?, is_directory]), self.path(Part::Whole)?));
        cases.push((file, self.path(Part::Directory)?));
        Some(Known::Cases(cases))
    }

    fn filename(&self) -> Option<Known> {
        let mut cases = self.not_opened(Part::Name)?;
        let file = Condition::all([self.placed()?, Condition::not(self.is(&[FdKind::Directory])?)]);
        cases.push((file, self.path(Part::Name)?));
        Some(Known::Cases(cases))
    }

    /// The parameter that has both ends of the socket: a call that names the other end shows it in its tuple.
    fn ends(&self) -> u8 {
        self.subject.tuple().unwrap_or(self.index)
    }

    /// A value of one end; missing for what is no inet socket.
    fn end(&self, load: Load, make: fn(Operand) -> Known) -> Option<Known> {
        let what = self.end_of(load)?;
        Some(Known::Cases(vec![(self.there()?, make(what))]))
    }

    fn end_of(&self, load: Load) -> Option<Operand> {
        let ends = self.ends();
        if self.subject.tuple() == Some(ends) && !matches!(self.subject.type_of(ends), Some(Type::Tuple)) {
            return None;
        }
        self.subject.load(load, ends)
    }

    fn both(&self, local: Load, remote: Load, make: fn(Operand) -> Known) -> Option<Known> {
        let values = vec![make(self.end_of(local)?), make(self.end_of(remote)?)];
        Some(Known::Cases(vec![(self.there()?, Known::Any(values))]))
    }

    /// The server's end, or the client's.
    fn side(&self, of_server: bool, local: Load, remote: Load, make: fn(Operand) -> Known) -> Option<Known> {
        let (local, remote) = (make(self.end_of(local)?), make(self.end_of(remote)?));
        let server = self.server()?;
        let (when_server, otherwise) = if of_server { (local, remote) } else { (remote, local) };
        let sides = Known::Cases(vec![(server.clone(), when_server), (Condition::not(server), otherwise)]);
        Some(Known::Cases(vec![(self.there()?, sides)]))
    }

    fn protocol(&self) -> Option<Known> {
        let inet = exists(self.load(Load::LocalPort)?);
        let raw = self.test(Load::FdSocketType, Is::Equal(SOCK_RAW))?;
        let of = |protocols: &[u64]| {
            let protocol = self.test(Load::FdProtocol, Is::Among(protocols.to_vec()))?;
            Some(Condition::all([inet.clone(), Condition::not(raw.clone()), protocol]))
        };
        Some(Known::Cases(vec![
            (Condition::all([inet.clone(), raw.clone()]), text(b"raw")),
            (of(&[6])?, text(b"tcp")),
            (of(&[17])?, text(b"udp")),
            (of(&[1, 58])?, text(b"icmp")),
        ]))
    }
}

fn text(text: &'static [u8]) -> Known {
    Known::Constant(Value::Str(text))
}

fn number(what: Operand) -> Known {
    Known::Number(Number { what, signed: false })
}

fn decimal(what: Operand) -> Known {
    Known::Decimal(Number { what, signed: false })
}

/// What kinds are called, but for anonymous inodes.
fn kind_name(kind: FdKind) -> &'static [u8] {
    match kind {
        FdKind::Unknown | FdKind::AnonInode | FdKind::Packet | FdKind::OtherSocket => b"other",
        FdKind::File | FdKind::CharDevice | FdKind::BlockDevice | FdKind::Symlink => b"file",
        FdKind::Directory => b"directory",
        FdKind::Pipe => b"pipe",
        FdKind::Inet4 => b"ipv4",
        FdKind::Inet6 => b"ipv6",
        FdKind::Unix => b"unix",
        FdKind::Netlink => b"netlink",
        FdKind::Memfd => b"memfd",
    }
}

fn kind_char(kind: FdKind) -> &'static [u8] {
    match kind {
        FdKind::Unknown | FdKind::AnonInode | FdKind::Packet | FdKind::OtherSocket => b"o",
        FdKind::File | FdKind::CharDevice | FdKind::BlockDevice | FdKind::Symlink => b"f",
        FdKind::Directory => b"d",
        FdKind::Pipe => b"p",
        FdKind::Inet4 => b"4",
        FdKind::Inet6 => b"6",
        FdKind::Unix => b"u",
        FdKind::Netlink => b"n",
        FdKind::Memfd => b"m",
    }
}
