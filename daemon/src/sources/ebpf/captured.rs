//! A capture, as fillers see it: [`Kernel`] over what the probe copied.
//!
//! What the probe could not copy is not there, and fillers are told so. Lengths and counts come from the probe, which is trusted;
//! that nothing goes out of bounds is checked all the same.

use kestrel_core::capture::{CaptureHead, ChunkHead, FileFacts, ImageFacts, SocketFacts, UNIX_NAME, chunk, magic, op};
use kestrel_core::event::{FdFlags, FdHead, FdKind, TaskContext, Tuple, align_up, family};
use kestrel_core::fill::{Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString};
use zerocopy::{FromBytes, IntoBytes};

/// States of sockets (`net/tcp_states.h`).
const ESTABLISHED: u16 = 1;
const LISTEN: u16 = 10;

/// Types of sockets (`linux/net.h`).
const STREAM: u16 = 1;
const DATAGRAM: u16 = 2;

/// Capabilities that override the permissions of files (`linux/capability.h`).
const CAP_DAC_OVERRIDE: u64 = 1 << 1;
const CAP_FOWNER: u64 = 1 << 3;

const NS: u64 = 1_000_000_000;

/// A capture.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// Its head.
    pub head: CaptureHead,
    chunks: &'a [u8],
    /// What is added to CLOCK_BOOTTIME to get the wall clock, in ns.
    boot: u64,
}

/// A chunk.
#[derive(Clone, Copy, Debug)]
struct Chunk<'a> {
    head: ChunkHead,
    bytes: &'a [u8],
}

impl<'a> Captured<'a> {
    /// Reads a capture; `None` if the bytes are none. `boot` is when the machine started, ns since the epoch.
    pub fn parse(bytes: &'a [u8], boot: u64) -> Option<Captured<'a>> {
        let (head, _) = CaptureHead::read_from_prefix(bytes).ok()?;
        let chunks = bytes.get(size_of::<CaptureHead>()..usize::try_from(head.len).ok()?)?;
        Some(Captured { head, chunks, boot })
    }

    /// When it happened, ns since the epoch.
    pub fn time_ns(&self) -> u64 {
        self.boot.wrapping_add(self.head.boot_ns)
    }

    /// The new task of a fork.
    pub fn child(&self) -> Option<TaskContext> {
        TaskContext::read_from_bytes(self.find(chunk::CHILD, 0)?.bytes).ok()
    }

    /// What an exec was asked to execute.
    pub fn filename(&self) -> &'a [u8] {
        self.find(chunk::FILENAME, 0).map_or(&[], |chunk| chunk.bytes)
    }

    fn chunks(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut left = self.chunks;
        std::iter::from_fn(move || {
            let (head, tail) = ChunkHead::read_from_prefix(left).ok()?;
            let len = usize::try_from(head.len).ok()?;
            let bytes = tail.get(..len)?;
            left = tail.get(align_up(len)..).unwrap_or(&[]);
            Some(Chunk { head, bytes })
        })
    }

    fn find(&self, kind: u8, key: u64) -> Option<Chunk<'a>> {
        self.chunks().find(|chunk| chunk.head.kind == kind && chunk.head.key == key)
    }

    /// What a descriptor stands for, with its tail.
    fn file(&self, fd: i32) -> Option<Chunk<'a>> {
        let key = u64::from(fd.cast_unsigned());
        self.chunks().find(|chunk| matches!(chunk.head.kind, chunk::FILE | chunk::SOCKET) && chunk.head.key == key)
    }
}

/// The names of a path, leaf first.
#[derive(Clone)]
struct Names<'a>(&'a [u8]);

impl<'a> Iterator for Names<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, tail) = u64::read_from_prefix(self.0).ok()?;
        let len = usize::try_from(len).ok()?;
        let name = tail.get(..len)?;
        self.0 = tail.get(align_up(len)..).unwrap_or(&[]);
        Some(name)
    }
}

/// Writes a path to the front of a buffer, from its names.
fn write_path(names: &[u8], buf: &mut [u8]) -> Result<usize, Unavailable> {
    let len = Names(names).map(|name| name.len() + 1).sum::<usize>().max(1);
    let room = buf.get_mut(..len).ok_or(Unavailable)?;
    room[0] = b'/';
    let mut end = len;
    for name in Names(names) {
        let begin = end.checked_sub(name.len()).ok_or(Unavailable)?;
        room.get_mut(begin..end).ok_or(Unavailable)?.copy_from_slice(name);
        end = begin.checked_sub(1).ok_or(Unavailable)?;
        *room.get_mut(end).ok_or(Unavailable)? = b'/';
    }
    Ok(len)
}

/// Writes a path that is in a chunk, if it is there as a whole.
fn path_of(chunk: &Chunk<'_>, buf: &mut [u8]) -> Result<usize, Unavailable> {
    if chunk.head.flags & chunk::WHOLE == 0 {
        return Err(Unavailable);
    }
    write_path(chunk.bytes, buf)
}

fn put(bytes: &[u8], buf: &mut [u8]) -> Result<usize, Unavailable> {
    buf.get_mut(..bytes.len()).ok_or(Unavailable)?.copy_from_slice(bytes);
    Ok(bytes.len())
}

/// What a file is called that names itself: what its file system puts in the name's place (`d_dname`).
fn own_name(facts: &FileFacts, names: &[u8], buf: &mut [u8]) -> Result<usize, Unavailable> {
    let ino = facts.ino;
    match facts.magic {
        magic::PIPE => put(format!("pipe:[{ino}]").as_bytes(), buf),
        magic::PIDFS => put(b"anon_inode:[pidfd]", buf),
        magic::ANON_INODE => {
            let name = Names(names).next().unwrap_or(&[]);
            put(&[b"anon_inode:", name].concat(), buf)
        }
        magic::NAMESPACE => {
            let name = Names(names).next().unwrap_or(&[]);
            put(&[name, format!(":[{ino}]").as_bytes()].concat(), buf)
        }
        _ => write_path(names, buf),
    }
}

/// A device as user space numbers it (`new_encode_dev`), from the kernel's number.
fn device(dev: u32) -> u32 {
    let (major, minor) = (dev >> 20, dev & 0xf_ffff);
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

/// What every descriptor has.
fn head_of(fd: i32, facts: &FileFacts) -> FdHead {
    FdHead {
        fd,
        open_flags: facts.open_flags,
        dev: device(facts.dev),
        mode: facts.mode,
        ino: facts.ino,
        ..FdHead::default()
    }
}

/// Describes a file; gives the length of its path, 0 if it does not fit.
fn describe_file(fd: i32, chunk: &Chunk<'_>, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
    let (facts, names) = FileFacts::read_from_prefix(chunk.bytes).map_err(|_| Unavailable)?;
    *head = head_of(fd, &facts);
    let is_memfd = Names(names).next().is_some_and(|name| name.starts_with(b"memfd:"));
    let kind = FdKind::from_u8(facts.kind_number(is_memfd));
    head.kind = kind as u8;
    if facts.is & FileFacts::UNLINKED != 0 || kind == FdKind::Memfd {
        head.flags |= FdFlags::DELETED.0;
    }
    if facts.magic == magic::OVERLAY {
        let upper = facts.is & FileFacts::UPPER != 0;
        head.flags |= if upper { FdFlags::UPPER_LAYER.0 } else { FdFlags::LOWER_LAYER.0 };
    }
    let path = if facts.is & FileFacts::NAMES_ITSELF != 0 {
        own_name(&facts, names, tail)
    } else {
        path_of(&Chunk { head: chunk.head, bytes: names }, tail)
    };
    Ok(path.unwrap_or(0))
}

/// An AF_UNIX name as records have it: an abstract one with `@` for each NUL.
fn unix_name(bytes: &[u8], len: u32) -> Vec<u8> {
    let bytes = bytes.get(..len as usize).unwrap_or(bytes);
    if bytes.first() == Some(&0) {
        return bytes.iter().map(|&b| if b == 0 { b'@' } else { b }).collect();
    }
    bytes.iter().copied().take_while(|&b| b != 0).collect()
}

/// Describes a socket; gives the length of its tail.
fn describe_socket(fd: i32, chunk: &Chunk<'_>, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
    let (facts, names) = SocketFacts::read_from_prefix(chunk.bytes).map_err(|_| Unavailable)?;
    *head = head_of(fd, &facts.file);
    head.kind = FdKind::OtherSocket as u8;
    head.socket_type = facts.kind as u8;
    if facts.file.is & FileFacts::BARE_SOCKET != 0 {
        return Ok(0);
    }
    (head.family, head.protocol) = (facts.family, facts.protocol);
    if facts.state == ESTABLISHED {
        head.flags |= FdFlags::CONNECTED.0;
    }
    let kind = FdKind::from_u8(facts.kind_number());
    head.kind = kind as u8;
    if !kind.has_tuple() {
        return Ok(0);
    }
    let mut tuple = Tuple { family: facts.family, protocol: facts.protocol, ..Tuple::default() };
    let mut both = Vec::new();
    let server = if kind == FdKind::Unix {
        let (local, remote) = names.split_at_checked(UNIX_NAME).unwrap_or((&[], &[]));
        let (local, remote) = (unix_name(local, facts.local_name), unix_name(remote, facts.remote_name));
        both.extend_from_slice(&local);
        both.push(0);
        both.extend_from_slice(&remote);
        let accepted = facts.kind != DATAGRAM && facts.state == ESTABLISHED && !local.is_empty() && remote.is_empty();
        facts.state == LISTEN || accepted
    } else {
        (tuple.local, tuple.remote) = (facts.local, facts.remote);
        tuple.local_port = facts.local_port;
        tuple.remote_port = u16::from_be(facts.remote_port);
        facts.state == LISTEN || facts.kind == STREAM && facts.max_backlog > 0
    };
    if server {
        head.flags |= FdFlags::SERVER.0;
    }
    put(tuple.as_bytes(), tail)?;
    let room = tail.get_mut(size_of::<Tuple>()..).ok_or(Unavailable)?;
    Ok(size_of::<Tuple>() + put(&both, room).unwrap_or(0))
}

impl Kernel for Captured<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        let found = self.chunks().filter(|chunk| chunk.head.kind == chunk::BYTES).find_map(|chunk| {
            let from = usize::try_from(address.checked_sub(chunk.head.key)?).ok()?;
            chunk.bytes.get(from..from.checked_add(buf.len())?)
        });
        buf.copy_from_slice(found.ok_or(Unavailable)?);
        Ok(())
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let found = self.find(chunk::STRING, address).ok_or(Unavailable)?;
        let len = found.bytes.len().min(buf.len());
        let (from, to) = (found.bytes.get(..len).ok_or(Unavailable)?, buf.get_mut(..len).ok_or(Unavailable)?);
        to.copy_from_slice(from);
        Ok(UserString { len, cut: found.bytes.len() > len || found.head.flags & chunk::CUT != 0 })
    }

    fn task_context(&self, out: &mut TaskContext) {
        *out = self.head.task;
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        let key = match which {
            TaskPath::WorkingDirectory => op::CWD,
            TaskPath::Executable => op::EXE,
            TaskPath::Cgroup => op::CGROUP,
        };
        path_of(&self.find(chunk::PATH, key.into()).ok_or(Unavailable)?, buf)
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        let chunk = self.file(fd).ok_or(Unavailable)?;
        if chunk.head.kind == chunk::SOCKET {
            describe_socket(fd, &chunk, head, tail)
        } else {
            describe_file(fd, &chunk, head, tail)
        }
    }

    fn image(&self, out: &mut ProcessImage) {
        let Some(facts) = self.find(chunk::IMAGE, 0).and_then(|chunk| ImageFacts::read_from_bytes(chunk.bytes).ok())
        else {
            return;
        };
        let time = |[seconds, nanoseconds]: [i64; 2]| {
            u64::try_from(seconds)
                .map_or(0, |seconds| seconds.saturating_mul(NS).saturating_add(nanoseconds.cast_unsigned()))
        };
        let kib = |pages: u64| u32::try_from(pages.saturating_mul(4)).unwrap_or(u32::MAX);
        let pages = |n: i64| u64::try_from(n).unwrap_or(0);
        let [files, anonymous, swapped, shared] = facts.rss.map(pages);
        *out = ProcessImage {
            fdlimit: facts.fdlimit,
            pgft_maj: facts.pgft_maj,
            pgft_min: facts.pgft_min,
            cap_inheritable: facts.cap_inheritable,
            cap_permitted: facts.cap_permitted,
            cap_effective: facts.cap_effective,
            pidns_init_start: if facts.init_start == 0 { 0 } else { self.boot.wrapping_add(facts.init_start) },
            ..ProcessImage::default()
        };
        if facts.is & ImageFacts::HAS_MM == 0 {
            return;
        }
        out.vm_size = kib(facts.total_vm);
        out.vm_rss = kib(files.saturating_add(anonymous).saturating_add(shared));
        out.vm_swap = kib(swapped);
        if facts.is & ImageFacts::HAS_EXE == 0 {
            return;
        }
        let exe = &facts.exe;
        out.exe_ino = exe.ino;
        (out.exe_ctime, out.exe_mtime) = (time(facts.ctime), time(facts.mtime));
        let in_group = || {
            let known = facts.groups.get(..facts.ngroups as usize).unwrap_or(&facts.groups);
            facts.fsgid == exe.gid || known.contains(&exe.gid)
        };
        let writable = facts.cap_effective & (CAP_DAC_OVERRIDE | CAP_FOWNER) != 0
            || facts.fsuid == exe.uid
            || exe.mode & 0o002 != 0
            || exe.mode & 0o020 != 0 && in_group();
        if writable {
            out.exe_flags |= ProcessImage::WRITABLE;
        }
        if facts.is & ImageFacts::MEMFD != 0 {
            out.exe_flags |= ProcessImage::FROM_MEMFD;
        }
        if exe.magic == magic::OVERLAY {
            let upper = exe.is & FileFacts::UPPER != 0;
            out.exe_flags |= if upper { ProcessImage::UPPER_LAYER } else { ProcessImage::LOWER_LAYER };
        }
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let kind = match which {
            Strings::Arguments => chunk::ARGUMENTS,
            Strings::Environment => chunk::ENVIRONMENT,
        };
        let found = self.find(kind, 0).ok_or(Unavailable)?;
        let len = found.bytes.len().min(buf.len());
        put(found.bytes.get(..len).ok_or(Unavailable)?, buf)?;
        Ok(UserString { len, cut: found.bytes.len() > len || found.head.flags & chunk::CUT != 0 })
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        let chunk = self.file(fd).filter(|chunk| chunk.head.kind == chunk::SOCKET).ok_or(Unavailable)?;
        let (facts, _) = SocketFacts::read_from_prefix(chunk.bytes).map_err(|_| Unavailable)?;
        if facts.state != LISTEN {
            return Err(Unavailable);
        }
        let len = if facts.family == family::UNIX { facts.queued } else { facts.backlog };
        Ok(ListenQueue { len, max: facts.max_backlog })
    }
}
