//! Whether an argument in user memory was another when the kernel read it.
//!
//! A filler reads what the caller passed when the call returns; another thread may have written over it since the kernel read
//! it. What a record says of files and sockets is the kernel's own in either case. Here the two are compared, where one cannot
//! honestly differ from the other:
//!
//! - The last name of a path, and of the file that was opened by it, if the call could not follow a symbolic link there
//!   (O_NOFOLLOW, O_CREAT with O_EXCL). With other flags the two differ by every link, and nothing is said.
//! - The address that was given to connect(2) or bind(2), and the socket's own.
//!
//! Few things are mistaken for it: a file that was renamed while it was opened, another name of the same file where the file
//! system knows several (FAT), a socket that a BPF program of the cgroup sent elsewhere.

use super::Call;
use crate::event::{AddressView, FdView, PathFlags, PathView, RecordWriter, Tuple, TupleView, family};
use crate::schema::{EventId, From, id};

const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
/// O_TMPFILE without O_DIRECTORY: such a file has no name (`asm-generic/fcntl.h`).
const TMPFILE: u64 = 0o20000000;
const O_NOFOLLOW: u64 = if cfg!(target_arch = "aarch64") { 0o100000 } else { 0o400000 };

/// What connect(2) returns that goes on in the background: -EINPROGRESS.
const IN_PROGRESS: i64 = -115;
const SOCK_STREAM: u8 = 1;
const SOCK_DGRAM: u8 = 2;

/// True for the events of which it can be told.
#[inline]
pub(super) const fn can_be(event: EventId) -> bool {
    matches!(event, id::OPEN | id::OPENAT | id::OPENAT2 | id::CONNECT | id::BIND)
}

/// True if an argument of the call, whose parameters are all written, is not what the kernel acted by.
pub(super) fn is_rewritten(call: &Call, sources: &[From], out: &RecordWriter<'_>) -> bool {
    match call.event {
        id::OPEN | id::OPENAT | id::OPENAT2 if call.ret >= 0 => opened(call, sources, out).unwrap_or(false),
        id::CONNECT if matches!(call.ret, 0 | IN_PROGRESS) => connected(sources, out).unwrap_or(false),
        id::BIND if call.ret == 0 => bound(sources, out).unwrap_or(false),
        _ => false,
    }
}

/// `None` if there is nothing to compare.
fn opened(call: &Call, sources: &[From], out: &RecordWriter<'_>) -> Option<bool> {
    let index = sources.iter().position(|source| matches!(source, From::Opened { .. }))?;
    let flags = match call.event {
        id::OPEN => call.uint(1).into(),
        id::OPENAT => call.uint(2).into(),
        _ => out.written(index.checked_add(1)?)?.uint()?,
    };
    let follows_no_link = flags & O_NOFOLLOW != 0 || flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL;
    if !follows_no_link || flags & TMPFILE != 0 {
        return None;
    }
    let PathView { raw, absolute, flags } = out.written(index)?.path()?;
    if flags.contains(PathFlags::CUT) {
        return None;
    }
    let (said, is) = (last_name(raw), last_name(absolute));
    // A link is followed in spite of the flags where a slash stands behind it; the others are no names.
    let named = |name: &[u8]| !matches!(name, [] | [b'.'] | [b'.', b'.']);
    (named(said) && named(is)).then(|| said != is)
}

fn last_name(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash.saturating_add(1));
    path.get(start..).unwrap_or(&[])
}

fn connected(sources: &[From], out: &RecordWriter<'_>) -> Option<bool> {
    let address = given(sources, out)?;
    let socket = socket(sources, out)?;
    let Tuple { family, remote, remote_port, .. } = socket.tuple?.tuple;
    // A socket that keeps no port there has no one end, or none of this kind.
    if address.head.family != family || remote_port == 0 || !is_plain_inet(&socket) {
        return None;
    }
    Some(address.head.port != remote_port || differs(&address.head.address, &remote))
}

fn bound(sources: &[From], out: &RecordWriter<'_>) -> Option<bool> {
    let address = given(sources, out)?;
    let socket = socket(sources, out)?;
    let TupleView { tuple, local_path, .. } = socket.tuple?;
    if address.head.family != tuple.family {
        return None;
    }
    if tuple.family == family::UNIX {
        // The kernel chooses a name where none is given.
        return (!address.path.is_empty()).then(|| !is_same_name(address.path, local_path));
    }
    if !is_plain_inet(&socket) {
        return None;
    }
    let port_differs = address.head.port != 0 && address.head.port != tuple.local_port;
    Some(port_differs || differs(&address.head.address, &tuple.local))
}

/// The name of an AF_UNIX socket shows each NUL of an abstract one as `@`; the caller's shows the first alone.
fn is_same_name(said: &[u8], is: &[u8]) -> bool {
    said.len() == is.len() && said.iter().zip(is).all(|(said, is)| said == is || (*said == 0 && *is == b'@'))
}

/// An address of zeros stands for any, or for this machine: the kernel fills in what it is.
fn differs(said: &[u8; 16], is: &[u8; 16]) -> bool {
    said != is && said.iter().any(|&b| b != 0)
}

/// The address as it lies in the caller's memory.
fn given<'a>(sources: &[From], out: &'a RecordWriter<'_>) -> Option<AddressView<'a>> {
    let index = sources.iter().position(|source| matches!(source, From::Address { .. }))?;
    out.written(index)?.address()
}

fn socket<'a>(sources: &[From], out: &'a RecordWriter<'_>) -> Option<FdView<'a>> {
    let index = sources.iter().position(|source| matches!(source, From::Fd(_)))?;
    out.written(index)?.fd()
}

/// A raw socket keeps a protocol where others keep a port.
fn is_plain_inet(socket: &FdView<'_>) -> bool {
    matches!(socket.head.family, family::INET | family::INET6)
        && matches!(socket.head.socket_type, SOCK_STREAM | SOCK_DGRAM)
}
