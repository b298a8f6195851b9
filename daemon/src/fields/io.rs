//! `evt.is_io`, `evt.buflen`, `evt.count.error` and the like: what the call moves through a descriptor, and of what kind a call
//! is.

use super::EventFacts;
use super::given::Given;
use super::places::Known;
use kestrel_core::event::FdKind;
use kestrel_core::schema::Category;
use kestrel_rules::{Field, Value};

/// Where syslog listens: the name that programs know, and the socket that systemd puts behind it.
const SYSLOG: [&[u8]; 2] = [b"/dev/log", b"/run/systemd/journal/dev-log"];

pub(super) const GIVEN: &[Given] = &[
    (Field::EvtBuffer, |facts, _| facts.written(Known::Data).map_or(Value::Missing, |param| Value::Str(param.0))),
    (Field::EvtIsIo, |facts, _| Value::Bool(facts.reads() || facts.writes())),
    (Field::EvtIsIoRead, |facts, _| Value::Bool(facts.reads())),
    (Field::EvtIsIoWrite, |facts, _| Value::Bool(facts.writes())),
    (Field::EvtIoDir, |facts, _| match (facts.reads(), facts.writes()) {
        (true, _) => Value::Str(b"r"),
        (_, true) => Value::Str(b"w"),
        _ => Value::Missing,
    }),
    (Field::EvtIsWait, |facts, _| Value::Bool(matches!(facts.event.category, Category::Wait | Category::Sleep))),
    (Field::EvtIsSyslog, |facts, _| {
        let to_syslog = || facts.unix_path().is_some_and(|path| SYSLOG.contains(&path));
        Value::Bool(facts.writes() && to_syslog())
    }),
    (Field::EvtBuflen, |facts, _| facts.moved(facts.reads() || facts.writes())),
    (Field::EvtBuflenOut, |facts, _| facts.moved(facts.writes())),
    (Field::EvtBuflenIn, |facts, _| facts.moved(facts.reads())),
    (Field::EvtBuflenFile, |facts, _| facts.moved(facts.is_file())),
    (Field::EvtBuflenFileIn, |facts, _| facts.moved(facts.is_file() && facts.reads())),
    (Field::EvtBuflenFileOut, |facts, _| facts.moved(facts.is_file() && facts.writes())),
    (Field::EvtBuflenNetIn, |facts, _| facts.moved(facts.is_inet() && facts.reads())),
    (Field::EvtBuflenNet, |facts, _| facts.moved(facts.is_inet())),
    (Field::EvtBuflenNetOut, |facts, _| facts.moved(facts.is_inet() && facts.writes())),
    (Field::EvtCount, |_, _| Value::Uint(1)),
    (Field::EvtCountExit, |_, _| Value::Uint(1)),
    (Field::EvtCountError, |facts, _| facts.error_count(true)),
    (Field::EvtCountErrorFile, |facts, _| facts.error_count(matches!(facts.about(), About::File | About::Directory))),
    (Field::EvtCountErrorNet, |facts, _| facts.error_count(facts.about() == About::Socket)),
    (Field::EvtCountErrorOther, |facts, _| facts.error_count(facts.about() == About::Other)),
    (Field::EvtCountProcinfo, |_, _| Value::Uint(0)),
    (Field::EvtCountThreadinfo, |_, _| Value::Uint(0)),
];

/// What a call is about, as its descriptor says, or its name if it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    File,
    Directory,
    Socket,
    Other,
}

impl<'a> EventFacts<'a> {
    fn reads(&self) -> bool {
        self.event.category == Category::IoRead
    }

    fn writes(&self) -> bool {
        self.event.category == Category::IoWrite
    }

    fn is_inet(&self) -> bool {
        self.fd().is_some_and(|fd| matches!(fd.kind(), FdKind::Inet4 | FdKind::Inet6))
    }

    fn is_file(&self) -> bool {
        self.about() == About::File
    }

    /// What the event is about. What is done to a descriptor of any kind is about what the descriptor stands for.
    pub(super) fn category(&self) -> &'static str {
        let of_any = matches!(self.event.category, Category::IoRead | Category::IoWrite | Category::IoOther);
        if !of_any {
            return self.event.category.name();
        }
        match self.fd().map(|fd| fd.kind()) {
            Some(
                FdKind::File
                | FdKind::Directory
                | FdKind::CharDevice
                | FdKind::BlockDevice
                | FdKind::Memfd
                | FdKind::Symlink,
            ) => Category::File.name(),
            Some(FdKind::Inet4 | FdKind::Inet6 | FdKind::Netlink | FdKind::Packet) => Category::Net.name(),
            Some(FdKind::Unix | FdKind::Pipe) => Category::Ipc.name(),
            _ => Category::Other.name(),
        }
    }

    /// Bytes that a call moved, if it counts.
    fn moved(&self, counts: bool) -> Value<'a> {
        let moves = counts && (self.reads() || self.writes());
        self.result().filter(|_| moves).map_or(Value::Missing, |n| Value::Uint(n.max(0) as u64))
    }

    fn about(&self) -> About {
        match self.fd().map(|fd| fd.kind()) {
            Some(FdKind::File | FdKind::CharDevice | FdKind::BlockDevice) => About::File,
            Some(FdKind::Directory) => About::Directory,
            Some(FdKind::Inet4 | FdKind::Inet6 | FdKind::Unix) => About::Socket,
            None | Some(FdKind::Unknown) if self.places.is_open => About::File,
            None | Some(FdKind::Unknown) if matches!(self.event.name, "accept" | "accept4" | "connect") => {
                About::Socket
            }
            _ => About::Other,
        }
    }

    /// 1 if the call failed, 0 if not; missing if it does not count or has no result.
    fn error_count(&self, counts: bool) -> Value<'a> {
        match self.result() {
            Some(_) if counts => Value::Uint(self.failed().into()),
            _ => Value::Missing,
        }
    }
}
