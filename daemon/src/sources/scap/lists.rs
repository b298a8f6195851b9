//! The lists that a capture begins with: its machine, processes, descriptors, users.

use super::blocks::Blocks;
use super::fds::Fd;
use super::value::{self, Ends};
use crate::recording::{GroupEntry, Machine, ProcessEntry, RecordingError, UserEntry, UserLists};
use kestrel_core::event::{FdKind, TaskContext, family};
use std::io::Read;
use zerocopy::IntoBytes;

/// Nobody, as a user id.
const UNSET: u32 = u32::MAX;

/// One thread of a capture's list; the first one stands for its process.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What records will say of it.
    pub task: TaskContext,
    /// What the process table is to know of it.
    pub entry: ProcessEntry,
}

/// Reads facts of the machine.
pub fn machine<R: Read>(blocks: &mut Blocks<R>) -> Result<Machine, RecordingError> {
    let cpus = blocks.u32()?;
    let _memory = blocks.u64()?;
    let _max_pid = blocks.u64()?;
    let mut name = [0; 128];
    blocks.read(&mut name)?;
    // Older captures do not say.
    let boot_ns = if blocks.left() >= 8 { blocks.u64()? } else { 0 };
    let hostname = String::from_utf8_lossy(value::until_nul(&name)).into_owned();
    Ok(Machine { hostname, kernel: String::new(), boot_ns, cpus })
}

/// Reads the next entry of a list of processes of this version; `None` at its end.
pub fn process<R: Read>(blocks: &mut Blocks<R>, version: u8) -> Result<Option<Listed>, RecordingError> {
    if blocks.left() < 4 {
        return Ok(None);
    }
    let len = if version >= 9 { u64::from(blocks.u32()?) } else { 0 };
    // The length counts itself.
    let end = (version >= 9).then(|| (blocks.left() + 4).saturating_sub(len));
    let mut task = TaskContext { loginuid: UNSET, ..TaskContext::default() };
    (task.tid, task.pid, task.ppid) = (blocks.u64()? as u32, blocks.u64()? as u32, blocks.u64()? as u32);
    if version >= 6 {
        task.sid = blocks.u64()? as u32;
    }
    if version >= 8 {
        task.vpgid = blocks.u64()? as u32;
    }
    let mut entry = ProcessEntry { complete: true, ..ProcessEntry::default() };
    let comm = blocks.text()?;
    task.comm = value::comm(&comm);
    entry.exe = blocks.text()?;
    entry.exepath = if version >= 7 { blocks.text()? } else { value::absolute(&entry.exe) };
    entry.args = value::strings(blocks.text()?);
    entry.cwd = value::directory(blocks.text()?);
    entry.figures[0] = Some(blocks.u64()?);
    let _flags = blocks.u32()?;
    (task.uid, task.gid) = (blocks.u32()?, blocks.u32()?);
    (task.euid, task.egid) = (task.uid, task.gid);
    if version >= 2 {
        for figure in &mut entry.figures[1..4] {
            *figure = Some(blocks.u32()?.into());
        }
        for figure in &mut entry.figures[4..6] {
            *figure = Some(blocks.u64()?);
        }
    }
    (task.vtid, task.vpid) = (task.tid, task.pid);
    if version >= 3 {
        entry.env = value::strings(blocks.text()?);
    }
    if version >= 4 {
        let (vtid, vpid) = (blocks.u64()? as u32, blocks.u64()? as u32);
        // What is not known is -1 there.
        (task.vtid, task.vpid) = (value::known(vtid, task.tid), value::known(vpid, task.pid));
        entry.cgroup = value::cgroup(&blocks.text()?).to_vec();
    }
    if version >= 5 {
        let _root = blocks.text()?;
    }
    if let Some(end) = end {
        appended(blocks, end, &mut task, &mut entry)?;
        let rest = blocks.left().checked_sub(end).ok_or_else(|| blocks.broken("a process is longer than it says"))?;
        blocks.skip(rest)?;
    }
    task.pgid = if task.pgid == 0 { task.vpgid } else { task.pgid };
    entry.comm = task.comm;
    // Start times are not said: all that were there before have the same.
    entry.parent = (task.ppid != 0).then_some((task.ppid, 0));
    entry.task = task.as_bytes().to_vec();
    Ok(Some(Listed { task, entry }))
}

/// What later versions added to an entry, as far as it goes: up to where `end` bytes of the block are left.
fn appended<R: Read>(
    blocks: &mut Blocks<R>,
    end: u64,
    task: &mut TaskContext,
    entry: &mut ProcessEntry,
) -> Result<(), RecordingError> {
    let room = |blocks: &Blocks<R>, bytes| blocks.left() >= end + bytes;
    // Two fields were once added in the middle: entries before that end after 29 bytes at the latest.
    if room(blocks, 30) {
        let start = blocks.u64()?;
        entry.pidns = (start != 0).then_some((task.pid_ns, start));
        task.tty = blocks.u32()?;
    }
    if room(blocks, 4) {
        task.loginuid = blocks.u32()?;
    }
    let mut flags = 0;
    if room(blocks, 1) && blocks.u8()? != 0 {
        flags |= 1;
    }
    if room(blocks, 24) {
        entry.capabilities = Some([blocks.u64()?, blocks.u64()?, blocks.u64()?]);
    }
    if room(blocks, 1) && blocks.u8()? != 0 {
        flags |= 2;
    }
    if room(blocks, 24) {
        entry.exe_inode = [blocks.u64()?, blocks.u64()?, blocks.u64()?];
    }
    for bit in [4, 8] {
        if room(blocks, 1) && blocks.u8()? != 0 {
            flags |= bit;
        }
    }
    entry.exe_flags = flags;
    if room(blocks, 8) {
        task.pgid = blocks.u64()? as u32;
    }
    Ok(())
}

/// Reads the next descriptor of a list; `None` at its end.
pub fn fd<R: Read>(blocks: &mut Blocks<R>, lengths: bool) -> Result<Option<(i32, Fd)>, RecordingError> {
    if blocks.left() < 4 {
        return Ok(None);
    }
    let len = if lengths { u64::from(blocks.u32()?) } else { 0 };
    let end = lengths.then(|| (blocks.left() + 4).saturating_sub(len));
    let (number, ino, kind) = (blocks.u64()? as i32, blocks.u64()?, blocks.u8()?);
    let anonymous = |name: &str| Fd::anonymous(format!("anon_inode:[{name}]").as_bytes());
    let mut fd = match kind {
        3 | 5 => {
            let (mut local, mut remote) = ([0; 16], [0; 16]);
            blocks.read(&mut local[..4])?;
            if kind == 3 {
                blocks.read(&mut remote[..4])?;
            }
            inet(blocks, family::INET, local, remote, kind == 5)?
        }
        4 | 6 => {
            let (mut local, mut remote) = ([0; 16], [0; 16]);
            blocks.read(&mut local)?;
            if kind == 4 {
                blocks.read(&mut remote)?;
            }
            inet(blocks, family::INET6, local, remote, kind == 6)?
        }
        8 => {
            let (_source, _destination) = (blocks.u64()?, blocks.u64()?);
            Fd::unix(value::until_nul(&blocks.text()?), b"")
        }
        16 => {
            let flags = blocks.u32()?;
            let mut fd = Fd::file(&blocks.text()?, u64::from(flags));
            if end.is_some_and(|end| blocks.left() >= end + 4) {
                fd.head.dev = blocks.u32()?;
            }
            fd
        }
        1 => Fd::file(&blocks.text()?, 0),
        2 => Fd::path(FdKind::Directory, &blocks.text()?),
        7 => Fd::path(FdKind::Pipe, &blocks.text()?),
        15 => {
            blocks.text()?;
            Fd::socket(FdKind::Netlink, family::NETLINK)
        }
        20 => Fd::path(FdKind::Memfd, &blocks.text()?),
        9 | 10..=14 | 17..=19 | 21 => {
            let name = blocks.text()?;
            match kind {
                9 => anonymous("eventfd"),
                11 => anonymous("signalfd"),
                12 => anonymous("eventpoll"),
                13 => anonymous("inotify"),
                14 => anonymous("timerfd"),
                17 => anonymous("bpf-map"),
                18 => anonymous("userfaultfd"),
                19 => anonymous("io_uring"),
                21 => anonymous("pidfd"),
                _ => Fd::path(FdKind::Unknown, &name),
            }
        }
        // A kind that came later: its length says where it ends.
        _ if end.is_some() => Fd::default(),
        _ => return Err(blocks.broken("a descriptor of a kind that is not known")),
    };
    fd.head.ino = ino;
    if let Some(end) = end {
        let rest =
            blocks.left().checked_sub(end).ok_or_else(|| blocks.broken("a descriptor is longer than it says"))?;
        blocks.skip(rest)?;
    }
    Ok(Some((number, fd)))
}

fn inet<R: Read>(
    blocks: &mut Blocks<R>,
    family: u16,
    local: [u8; 16],
    remote: [u8; 16],
    server: bool,
) -> Result<Fd, RecordingError> {
    let local_port = blocks.u16()?;
    let remote_port = if server { 0 } else { blocks.u16()? };
    // Theirs: 1 is TCP, 2 UDP, 3 ICMP, 4 raw.
    let protocol = match blocks.u8()? {
        1 => 6,
        2 => 17,
        3 => 1,
        _ => 0,
    };
    Ok(Fd::inet(&Ends { family, local, remote, local_port, remote_port }, protocol, server))
}

/// Reads a list of users and groups.
pub fn users<R: Read>(blocks: &mut Blocks<R>, lengths: bool) -> Result<UserLists, RecordingError> {
    let mut lists = UserLists { further: true, ..UserLists::default() };
    while blocks.left() >= 4 {
        let len = if lengths { u64::from(blocks.u32()?) } else { 0 };
        let end = lengths.then(|| (blocks.left() + 4).saturating_sub(len));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(value::until_nul(&bytes)).into_owned();
        match blocks.u8()? {
            0 => {
                let uid = blocks.u32()?;
                let _gid = blocks.u32()?;
                let (name, home, shell) = (text(blocks.text()?), text(blocks.text()?), text(blocks.text()?));
                lists.users.push(UserEntry { uid, name, home, shell });
            }
            _ => {
                let gid = blocks.u32()?;
                lists.groups.push(GroupEntry { gid, name: text(blocks.text()?) });
            }
        }
        if let Some(end) = end {
            let rest = blocks.left().checked_sub(end).ok_or_else(|| blocks.broken("a user is longer than it says"))?;
            blocks.skip(rest)?;
        }
    }
    Ok(lists)
}
