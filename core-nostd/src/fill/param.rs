//! How each kind of source is written.

use super::path::{PATH_MAX, is_normal, join, limited, origin, write_head};
use super::{AT_FDCWD, Kernel, ProcessImage, SNAPSHOT_BYTES, TaskPath, Unavailable};
use crate::event::{
    AddressHead, FdHead, FdKind, Flags, Overflow, ParamWriter, PathFlags, PathHead, RecordWriter, Tuple, family,
};
use crate::schema::ImageField;
use zerocopy::{FromBytes, IntoBytes};

/// Greatest tail of a descriptor: a path, or a tuple and the two paths of AF_UNIX, which are far shorter.
const TAIL_MAX: usize = PATH_MAX;

/// Writes what `fd` stands for.
pub(super) fn fd<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, fd: i32) -> Result<(), Overflow> {
    let len = describe(k, out, fd)?;
    described(out, index, len)
}

/// Makes a descriptor parameter of what [`describe`] wrote, which was this long.
#[inline]
pub(crate) fn described(out: &mut RecordWriter<'_>, index: usize, len: usize) -> Result<(), Overflow> {
    let mut param = out.param(index);
    param.advance(len)?;
    param.commit()
}

/// Writes what `fd` stands for behind what is written, where the next parameter will lie, and gives its length. It is no parameter
/// yet.
#[inline]
pub(crate) fn describe<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, fd: i32) -> Result<usize, Overflow> {
    let (head, tail) = FdHead::mut_from_prefix(out.ahead_mut()).map_err(|_| Overflow)?;
    let described = if fd >= 0 { k.describe_fd(fd, head, limited(tail, TAIL_MAX)) } else { Err(Unavailable) };
    let len = match described {
        // A path may be left out for want of room, a tuple may not: the kind promises it.
        Ok(len) if len < size_of::<Tuple>() && FdKind::from_u8(head.kind).has_tuple() => return Err(Overflow),
        Ok(len) => {
            head.fd = fd;
            len
        }
        Err(Unavailable) => {
            *head = FdHead { fd, ..FdHead::default() };
            0
        }
    };
    Ok(size_of::<FdHead>().saturating_add(len))
}

/// Writes the number of a descriptor that is closed by now: what has that number since would be another's.
pub(super) fn closed_fd(out: &mut RecordWriter<'_>, index: usize, fd: i32) -> Result<(), Overflow> {
    out.bytes(index, FdHead { fd, ..FdHead::default() }.as_bytes())
}

/// Writes what a directory descriptor stands for: like [`fd`], with AT_FDCWD as the working directory.
pub(super) fn dir_fd<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, dir: i32) -> Result<(), Overflow> {
    if dir != AT_FDCWD {
        return fd(k, out, index, dir);
    }
    let head = FdHead { fd: dir, kind: FdKind::Directory as u8, ..FdHead::default() };
    let mut param = out.param(index);
    param.append(head.as_bytes())?;
    if let Ok(len) = k.task_path(TaskPath::WorkingDirectory, limited(param.spare(), PATH_MAX)) {
        param.advance(len)?;
    }
    param.commit()
}

/// The caller's string of a path, read to where the parameter will have it, before that is begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    /// The parameter.
    pub index: usize,
    /// Length of the string.
    pub len: usize,
    /// What is to be said of it.
    how: u32,
}

impl Passed {
    /// Reads the string at `address` for the parameter at `index`, which is the next one.
    #[inline]
    pub fn read<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, address: u64) -> Result<Passed, Overflow> {
        let mut param = out.param(index);
        let (_, room) = PathHead::mut_from_prefix(param.spare()).map_err(|_| Overflow)?;
        let (len, how) = match k.read_user_string(address, limited(room, PATH_MAX)) {
            Ok(string) if string.cut => (string.len, PathFlags::CUT.0),
            Ok(string) => (string.len, 0),
            Err(Unavailable) => (0, PathFlags::RAW_MISSING.0),
        };
        Ok(Passed { index, len, how })
    }

    /// The string, if it was read whole.
    #[inline]
    pub fn text<'a>(&self, out: &'a RecordWriter<'_>) -> Option<&'a [u8]> {
        let string = out.ahead().get(size_of::<PathHead>()..)?;
        if self.how == 0 { string.get(..self.len) } else { None }
    }

    /// True if the string is its own absolute form, and there is room for both.
    #[inline]
    pub fn is_absolute(&self, out: &RecordWriter<'_>) -> bool {
        self.text(out).is_some_and(|text| {
            let both = size_of::<PathHead>().saturating_add(text.len()).saturating_add(text.len());
            is_absolute(text) && both <= out.room()
        })
    }
}

/// True if a caller's path is its own absolute form.
#[inline]
pub(crate) fn is_absolute(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && is_normal(path)
}

/// Reads the caller's string at `address` for a path parameter to come, `behind` bytes behind what is written; `None` if it cannot
/// be read whole, or if there is no room for a path parameter that says it twice.
#[inline]
pub(crate) fn read_string<'a, K: Kernel>(
    k: &K,
    out: &'a mut RecordWriter<'_>,
    behind: usize,
    address: u64,
) -> Option<&'a [u8]> {
    let room = out.ahead_mut().get_mut(behind..)?;
    let most = room.len().saturating_sub(size_of::<PathHead>()) / 2;
    let room = limited(room, if most < PATH_MAX { most } else { PATH_MAX });
    match k.read_user_string(address, room) {
        Ok(string) if !string.cut => room.get(..string.len),
        _ => None,
    }
}

/// The caller's string of the path parameter at `index`, which is the next one. `passed` is one that was read before.
#[inline]
fn begun<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    passed: Option<Passed>,
) -> Result<Passed, Overflow> {
    match passed {
        Some(passed) if passed.index == index => Ok(passed),
        _ => Passed::read(k, out, index, address),
    }
}

/// The parameter of a path whose string was read.
#[inline]
fn with_string<'w, 'a>(out: &'w mut RecordWriter<'a>, passed: &Passed) -> Result<ParamWriter<'w, 'a>, Overflow> {
    let mut param = out.param(passed.index);
    param.advance(size_of::<PathHead>().saturating_add(passed.len))?;
    if passed.how & PathFlags::CUT.0 != 0 {
        param.flag(Flags::TRUNCATED);
    }
    if passed.how & PathFlags::RAW_MISSING.0 != 0 {
        param.flag(Flags::FAULT);
    }
    Ok(param)
}

/// The directory that a path is relative to.
#[derive(Clone, Copy)]
pub(super) struct Base {
    /// Its descriptor, or AT_FDCWD.
    pub dir: i32,
    /// The parameter that stands for it, if one before this does: the path is taken from there.
    pub written: Option<usize>,
}

impl Base {
    /// The working directory.
    pub const WORKING_DIRECTORY: Base = Base { dir: AT_FDCWD, written: None };

    /// The directory of this descriptor.
    pub const fn of(dir: i32) -> Base {
        Base { dir, written: None }
    }
}

/// Writes a path relative to a directory, joined.
pub(super) fn path<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    base: Base,
    address: u64,
    passed: Option<Passed>,
) -> Result<(), Overflow> {
    let passed = begun(k, out, index, address, passed)?;
    let (raw_len, flags) = (passed.len, passed.how);
    let mut param = with_string(out, &passed)?;
    let mut absolute = if flags & PathFlags::RAW_MISSING.0 != 0 { 0 } else { joined(k, &mut param, base, raw_len) };
    let mut how = flags | origin(absolute, PathFlags::JOINED);
    if absolute > PATH_MAX {
        absolute = PATH_MAX;
        how |= PathFlags::CUT.0;
        param.flag(Flags::TRUNCATED);
    }
    param.advance(absolute)?;
    write_head(&mut param, raw_len, absolute, how)?;
    param.commit()
}

/// Joins the base and the raw string, which is the last thing written, in the room behind it.
fn joined<K: Kernel>(k: &K, param: &mut ParamWriter<'_, '_>, base: Base, raw_len: usize) -> usize {
    let relative = raw_begins(param, raw_len) != Some(b'/');
    let known = match base.written {
        Some(index) if relative => copied_path(param, index),
        _ => None,
    };
    let (written, room) = param.split();
    let raw = written.len().checked_sub(raw_len).and_then(|start| written.get(start..)).unwrap_or(&[]);
    let base = match (relative, known, base.dir) {
        (false, ..) => 0,
        (true, Some(len), _) => len,
        (true, None, AT_FDCWD) => k.task_path(TaskPath::WorkingDirectory, limited(room, PATH_MAX)).unwrap_or(0),
        (true, None, dir) => fd_path(k, dir, limited(room, PATH_MAX)),
    };
    join(room, base, raw)
}

fn raw_begins(param: &mut ParamWriter<'_, '_>, raw_len: usize) -> Option<u8> {
    let written = param.written();
    written.get(written.len().checked_sub(raw_len)?).copied()
}

/// Copies the path of an earlier descriptor parameter to the front of the room; gives its length, as [`fd_path`] does. `None` if
/// there is no such parameter.
fn copied_path(param: &mut ParamWriter<'_, '_>, index: usize) -> Option<usize> {
    let (earlier, room) = param.earlier(index)?;
    let (head, path) = FdHead::read_from_prefix(earlier).ok()?;
    if FdKind::from_u8(head.kind).has_tuple() {
        return Some(0);
    }
    copy(room.get_mut(..path.len())?, path);
    Some(path.len())
}

/// Writes the path of a file that the call opened; joined like [`path`] if it failed. `opened` is what the call returned, and the
/// parameter that stands for it already.
pub(super) fn opened_path<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    base: Base,
    address: u64,
    passed: Option<Passed>,
    opened: (i64, Option<usize>),
) -> Result<(), Overflow> {
    let Ok(fd @ 0..) = i32::try_from(opened.0) else {
        return path(k, out, index, base, address, passed);
    };
    let passed = begun(k, out, index, address, passed)?;
    let (raw_len, flags) = (passed.len, passed.how);
    let mut param = with_string(out, &passed)?;
    let absolute = match opened.1.and_then(|written| copied_path(&mut param, written)) {
        Some(len) => len,
        None => fd_path(k, fd, limited(param.spare(), PATH_MAX)),
    };
    param.advance(absolute)?;
    write_head(&mut param, raw_len, absolute, flags | origin(absolute, PathFlags::RESOLVED))?;
    param.commit()
}

/// Writes a path whose absolute form the kernel can name: `resolve` writes it to the front of the room it is given and
/// tells its length, 0 if it cannot be named.
pub(super) fn resolved_path<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    resolve: impl FnOnce(&K, &mut [u8]) -> usize,
) -> Result<(), Overflow> {
    let passed = Passed::read(k, out, index, address)?;
    let (raw_len, flags) = (passed.len, passed.how);
    let mut param = with_string(out, &passed)?;
    let absolute = resolve(k, limited(param.spare(), PATH_MAX));
    param.advance(absolute)?;
    write_head(&mut param, raw_len, absolute, flags | origin(absolute, PathFlags::RESOLVED))?;
    param.commit()
}

/// Writes the path of an open file to the front of `room`; gives its length, 0 if it has none.
pub(super) fn fd_path<K: Kernel>(k: &K, fd: i32, room: &mut [u8]) -> usize {
    let mut head = FdHead::default();
    match k.describe_fd(fd, &mut head, room) {
        Ok(len) if !FdKind::from_u8(head.kind).has_tuple() => len,
        _ => 0,
    }
}

/// Writes a string of user memory.
pub(super) fn string<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, address: u64) -> Result<(), Overflow> {
    let mut param = out.param(index);
    let room = limited(param.spare(), PATH_MAX);
    // A null pointer is how callers say "none" (mount's type, a module's arguments): absent, and no fault.
    if address == 0 {
        return Ok(());
    }
    match k.read_user_string(address, room) {
        Ok(string) => {
            if string.cut {
                param.flag(Flags::TRUNCATED);
            }
            param.advance(string.len)?;
            param.commit()
        }
        Err(_) => {
            param.flag(Flags::FAULT);
            Ok(())
        }
    }
}

/// Writes the first bytes of a buffer in user memory. What cannot be read is absent; an empty buffer is not.
pub(super) fn bytes<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    len: u64,
) -> Result<(), Overflow> {
    let mut param = out.param(index);
    match append_bytes(k, &mut param, address, len)? {
        0 if len > 0 => Ok(()),
        _ => param.commit(),
    }
}

/// Appends bytes of user memory, up to the snapshot length in all; gives how many.
pub(super) fn append_bytes<K: Kernel>(
    k: &K,
    param: &mut ParamWriter<'_, '_>,
    address: u64,
    len: u64,
) -> Result<usize, Overflow> {
    let left = SNAPSHOT_BYTES.saturating_sub(param.len());
    let want = if len > left as u64 { left } else { len as usize };
    if want == 0 {
        return Ok(0);
    }
    let room = param.spare().get_mut(..want).ok_or(Overflow)?;
    if k.read_user(address, room).is_err() {
        param.flag(Flags::FAULT);
        return Ok(0);
    }
    param.advance(want)?;
    Ok(want)
}

/// Greatest `struct sockaddr` that is looked at: `sockaddr_un` (`linux/un.h`).
const SOCKADDR_MAX: usize = 110;

/// A socket address read from user memory, and the bytes behind its family.
pub(super) struct SocketAddress {
    pub head: AddressHead,
    bytes: [u8; SOCKADDR_MAX],
    len: usize,
}

impl SocketAddress {
    /// Reads the `struct sockaddr` at `address`; `None` if there is none, or it cannot be read.
    pub fn read<K: Kernel>(k: &K, address: u64, len: u64) -> Option<SocketAddress> {
        let len = if len > SOCKADDR_MAX as u64 { SOCKADDR_MAX } else { len as usize };
        if address == 0 || len < 2 {
            return None;
        }
        let mut bytes = [0; SOCKADDR_MAX];
        k.read_user(address, bytes.get_mut(..len)?).ok()?;
        let mut head = AddressHead { family: u16::from_ne_bytes([bytes[0], bytes[1]]), ..AddressHead::default() };
        match head.family {
            // struct sockaddr_in: family, port, address.
            family::INET if len >= 8 => {
                head.port = u16::from_be_bytes([bytes[2], bytes[3]]);
                copy(&mut head.address, bytes.get(4..8)?);
            }
            // struct sockaddr_in6: family, port, flow label, address.
            family::INET6 if len >= 24 => {
                head.port = u16::from_be_bytes([bytes[2], bytes[3]]);
                copy(&mut head.address, bytes.get(8..24)?);
            }
            _ => {}
        }
        Some(SocketAddress { head, bytes, len })
    }

    /// Appends the path of an AF_UNIX address; an abstract name's leading NUL becomes `@`.
    pub fn append_path(&self, param: &mut ParamWriter<'_, '_>) -> Result<(), Overflow> {
        if self.head.family != family::UNIX {
            return Ok(());
        }
        let path = self.bytes.get(2..self.len).unwrap_or(&[]);
        match path {
            [0, name @ ..] => {
                param.append(b"@")?;
                param.append(name)
            }
            path => {
                let end = path.iter().position(|&b| b == 0).unwrap_or(path.len());
                param.append(path.get(..end).unwrap_or(&[]))
            }
        }
    }
}

fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Writes a socket address of user memory.
pub(super) fn address<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    len: u64,
) -> Result<(), Overflow> {
    let Some(socket_address) = SocketAddress::read(k, address, len) else { return Ok(()) };
    let mut param = out.param(index);
    param.append(socket_address.head.as_bytes())?;
    socket_address.append_path(&mut param)?;
    param.commit()
}

/// Writes both ends of the socket `fd`. Where the socket has no other end, it is the one of `to`.
pub(super) fn tuple<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    fd: i32,
    to: Option<&SocketAddress>,
) -> Result<(), Overflow> {
    let mut head = FdHead::default();
    let mut param = out.param(index);
    let Ok(len) = k.describe_fd(fd, &mut head, limited(param.spare(), TAIL_MAX)) else { return Ok(()) };
    if !FdKind::from_u8(head.kind).has_tuple() {
        return Ok(());
    }
    param.advance(len)?;
    if let Some(to) = to {
        let Some(bytes) = param.written().get_mut(..size_of::<Tuple>()) else { return Ok(()) };
        let mut tuple = Tuple::default();
        copy(tuple.as_mut_bytes(), bytes);
        // After a connection was refused an address is left there, without a port.
        if tuple.remote_port == 0 && to.head.family == tuple.family {
            tuple.remote = to.head.address;
            tuple.remote_port = to.head.port;
            copy(bytes, tuple.as_bytes());
            if tuple.family == family::UNIX && param.written().last() == Some(&0) {
                to.append_path(&mut param)?;
            }
        }
    }
    param.commit()
}

/// The value of an image field.
pub(super) fn image_field(image: &ProcessImage, field: ImageField) -> u64 {
    match field {
        ImageField::FdLimit => image.fdlimit,
        ImageField::PgftMaj => image.pgft_maj,
        ImageField::PgftMin => image.pgft_min,
        ImageField::VmSize => image.vm_size.into(),
        ImageField::VmRss => image.vm_rss.into(),
        ImageField::VmSwap => image.vm_swap.into(),
        ImageField::CapInheritable => image.cap_inheritable,
        ImageField::CapPermitted => image.cap_permitted,
        ImageField::CapEffective => image.cap_effective,
        ImageField::ExeIno => image.exe_ino,
        ImageField::ExeCtime => image.exe_ctime,
        ImageField::ExeMtime => image.exe_mtime,
        ImageField::ExeFlags => image.exe_flags.into(),
        ImageField::PidnsInitStart => image.pidns_init_start,
    }
}
