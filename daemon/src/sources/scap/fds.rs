//! What the descriptors of processes stand for: captures name a file once, when it is opened.

use super::value::{Ends, until_nul};
use hashbrown::HashMap;
use kestrel_core::event::{FdFlags, FdHead, FdKind, Tuple, family};
use std::rc::Rc;
use zerocopy::IntoBytes;

/// Descriptors that are kept of one process, and processes of which any are kept: bounds on what a hostile capture can cost.
const MOST_FDS: usize = 65_536;
const MOST_PROCESSES: usize = 65_536;
/// Descriptors that are kept in all.
const MOST: usize = 1 << 20;

/// `O_DIRECTORY` and `O_TMPFILE`, as captures number them.
const O_DIRECTORY: u64 = 0x400;

/// What a descriptor stands for: what a descriptor parameter of ours holds, without the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fd {
    /// The fixed part.
    pub head: FdHead,
    /// The path, or for a socket the ends.
    pub tail: Box<[u8]>,
}

impl Fd {
    /// Something with a path.
    pub fn path(kind: FdKind, path: &[u8]) -> Fd {
        Fd { head: FdHead { kind: kind as u8, ..FdHead::default() }, tail: until_nul(path).into() }
    }

    /// A file or a directory, by the flags that it was opened with (as captures number them).
    pub fn file(path: &[u8], flags: u64) -> Fd {
        Fd::path(if flags & O_DIRECTORY == 0 { FdKind::File } else { FdKind::Directory }, path)
    }

    /// Something without a name.
    pub fn anonymous(name: &[u8]) -> Fd {
        Fd::path(FdKind::AnonInode, name)
    }

    /// A socket of which only the family is known.
    pub fn socket(kind: FdKind, family: u16) -> Fd {
        let tail = match kind {
            FdKind::Inet4 | FdKind::Inet6 | FdKind::Unix => {
                let mut tail = Tuple { family, ..Tuple::default() }.as_bytes().to_vec();
                if kind == FdKind::Unix {
                    tail.push(0);
                }
                tail
            }
            _ => Vec::new(),
        };
        Fd { head: FdHead { kind: kind as u8, family, ..FdHead::default() }, tail: tail.into() }
    }

    /// An inet socket with its ends.
    pub fn inet(ends: &Ends, protocol: u16, server: bool) -> Fd {
        let kind = if ends.family == family::INET { FdKind::Inet4 } else { FdKind::Inet6 };
        let flags = if server { FdFlags::SERVER.0 } else { 0 };
        let socket_type = match protocol {
            6 => 1,
            17 => 2,
            _ => 0,
        };
        let head = FdHead { kind: kind as u8, family: ends.family, protocol, flags, socket_type, ..FdHead::default() };
        Fd { head, tail: tuple(ends, protocol).as_bytes().into() }
    }

    /// A unix socket with the paths of its ends.
    pub fn unix(local: &[u8], remote: &[u8]) -> Fd {
        let head = FdHead { kind: FdKind::Unix as u8, family: family::UNIX, ..FdHead::default() };
        let tuple = Tuple { family: family::UNIX, ..Tuple::default() };
        Fd { head, tail: [tuple.as_bytes(), local, b"\0", remote].concat().into() }
    }

    /// Its path, if it has one.
    pub fn name(&self) -> &[u8] {
        if FdKind::from_u8(self.head.kind).has_tuple() { &[] } else { &self.tail }
    }
}

/// Ends as a record has them.
pub fn tuple(ends: &Ends, protocol: u16) -> Tuple {
    Tuple {
        local: ends.local,
        remote: ends.remote,
        local_port: ends.local_port,
        remote_port: ends.remote_port,
        family: ends.family,
        protocol,
    }
}

/// The descriptors of all processes.
#[derive(Debug, Default)]
pub struct FdTable {
    processes: HashMap<u32, Rc<HashMap<i32, Rc<Fd>>>>,
}

impl FdTable {
    /// What a descriptor of a process stands for.
    pub fn get(&self, pid: u32, fd: i32) -> Option<&Rc<Fd>> {
        self.processes.get(&pid)?.get(&fd)
    }

    /// It stands for this from now on.
    pub fn set(&mut self, pid: u32, number: i32, fd: Rc<Fd>) {
        if number < 0 || (self.processes.len() >= MOST_PROCESSES && !self.processes.contains_key(&pid)) {
            return;
        }
        let fds = Rc::make_mut(self.processes.entry(pid).or_default());
        if fds.len() < MOST_FDS || fds.contains_key(&number) {
            fds.insert(number, fd);
        }
    }

    /// It was closed.
    pub fn close(&mut self, pid: u32, number: i32) {
        if let Some(fds) = self.processes.get_mut(&pid)
            && fds.contains_key(&number)
        {
            Rc::make_mut(fds).remove(&number);
        }
    }

    /// All from one to another were closed.
    pub fn close_range(&mut self, pid: u32, first: u64, last: u64) {
        if let Some(fds) = self.processes.get_mut(&pid) {
            Rc::make_mut(fds).retain(|fd, _| !(first..=last).contains(&u64::from(fd.cast_unsigned())));
        }
    }

    /// A child has what its parent has.
    pub fn fork(&mut self, parent: u32, child: u32) {
        let Some(fds) = self.processes.get(&parent) else { return };
        // They are shared until one of the two changes something: that is when they cost anything.
        if self.processes.len() < MOST_PROCESSES && self.processes.len().saturating_mul(fds.len()) < MOST * 64 {
            let fds = Rc::clone(fds);
            self.processes.insert(child, fds);
        }
    }

    /// A process ended.
    pub fn end(&mut self, pid: u32) {
        self.processes.remove(&pid);
    }
}
