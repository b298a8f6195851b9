//! An event of theirs as a record of ours, parameter by parameter.

use super::event::Event;
use super::fds::{self, FdTable};
use super::table::{Kind, Plan, Row};
use super::value::{self, Socket};
use kestrel_core::event::{
    ALIGN, AddressHead, FdHead, FdListHead, Flags, Overflow, PathFlags, PathHead, RecordHeader, RecordWriter,
    TaskContext, Tuple, align_up, family,
};
use kestrel_core::schema::{self, EventId, From, Type, id};
use zerocopy::IntoBytes;

/// `AT_FDCWD` (`linux/fcntl.h`).
pub const AT_FDCWD: i64 = -100;

/// Room that is left for what follows when a long value is cut, in bytes.
const SPARE: usize = 2048;

/// Everything that is known around an event.
pub struct Around<'a> {
    /// The event that ends something.
    pub exit: &'a Event,
    /// Its entry, if it is needed and was seen.
    pub enter: Option<&'a Event>,
    /// Who made it.
    pub task: TaskContext,
    /// Working directory.
    pub cwd: &'a [u8],
    /// What descriptors stand for.
    pub fds: &'a FdTable,
}

impl<'a> Around<'a> {
    /// What the event says of a parameter of ours, and how that is written.
    pub fn value(&self, plan: &Plan) -> Option<(&'a [u8], Kind)> {
        let of = |event: Option<&'a Event>, place: Option<(usize, Kind)>| {
            let (index, kind) = place?;
            Some((event?.param(index)?, kind))
        };
        of(Some(self.exit), plan.exit).or_else(|| of(self.enter, plan.enter))
    }

    /// The parameter of ours at this index as a number.
    pub fn number(&self, row: &Row, index: usize) -> Option<i64> {
        let plan = row.plans.get(index)?;
        let (bytes, kind) = self.value(plan)?;
        number(bytes, kind, plan).map(u64::cast_signed)
    }

    /// The parameter of this name as a number, as it is written there.
    pub fn theirs(&self, row: &Row, rows: &[Row], name: &str) -> Option<(&'a [u8], Kind)> {
        let find = |row: &Row| row.params.iter().position(|(param, _)| *param == name).map(|at| (at, row.params[at].1));
        let of = |event: &'a Event, row: &Row| {
            let (at, kind) = find(row)?;
            Some((event.param(at)?, kind))
        };
        of(self.exit, row).or_else(|| {
            let enter = self.enter?;
            of(enter, rows.get(usize::from(enter.number))?)
        })
    }

    /// The absolute form of a path that is relative to what a parameter of ours stands for.
    pub fn absolute(&self, row: &Row, path_index: usize, raw: &[u8]) -> Vec<u8> {
        let directory = row.ours.and_then(|id| directory_of(id, path_index)).and_then(|index| self.number(row, index));
        match directory {
            None | Some(AT_FDCWD) => value::join(self.cwd, raw),
            Some(_) if raw.starts_with(b"/") => value::join(b"", raw),
            Some(fd) => self.fds.get(self.task.pid, fd as i32).map_or_else(Vec::new, |fd| value::join(fd.name(), raw)),
        }
    }
}

/// The parameter that holds the directory that a path is relative to.
fn directory_of(id: EventId, path_index: usize) -> Option<usize> {
    let params = schema::get(id)?.params.get(..path_index)?;
    params.iter().rposition(|param| matches!(param.from, From::DirFd(_)))
}

/// True for the calls whose tuple names the other end first.
pub fn is_inbound(id: EventId) -> bool {
    matches!(id, id::ACCEPT | id::ACCEPT4 | id::RECV | id::RECVFROM | id::RECVMSG | id::RECVMMSG)
}

fn number(bytes: &[u8], kind: Kind, plan: &Plan) -> Option<u64> {
    match kind {
        Kind::Unsigned => plan.translate(value::unsigned(bytes)?),
        Kind::Signed | Kind::Fd => value::signed(bytes).map(i64::cast_unsigned),
        Kind::Dynamic => value::signed(bytes.get(1..)?).map(i64::cast_unsigned),
        _ => None,
    }
}

/// Writes a record; gives its length. `extra` are parameters by their index that are known from elsewhere.
pub fn record(
    around: &Around<'_>,
    id: EventId,
    row: Option<&Row>,
    extra: &[(usize, Vec<u8>)],
    stamp: RecordHeader,
    buf: &mut [u8],
) -> Result<usize, Overflow> {
    let event = schema::get(id).ok_or(Overflow)?;
    let mut out = RecordWriter::begin(buf, event.params.len())?;
    *out.task() = around.task;
    for (index, bytes) in extra {
        out.bytes(*index, bytes)?;
    }
    for (index, param) in event.params.iter().enumerate() {
        if matches!(param.from, From::Context(_) | From::OfFd { .. } | From::Process(_))
            || extra.iter().any(|(known, _)| *known == index)
        {
            continue;
        }
        let Some(row) = row else { break };
        let Some(plan) = row.plans.get(index) else { continue };
        let Some((bytes, kind)) = around.value(plan) else { continue };
        write(around, row, &mut out, (index, &param.ty), (bytes, kind), plan)?;
        if index == 0
            && matches!(param.name, "res" | "fd")
            && number(bytes, kind, plan).is_some_and(|n| n.cast_signed() < 0)
        {
            out.flag(Flags::FAILED);
        }
    }
    Ok(out.finish(RecordHeader { event: id.0, ..stamp }))
}

fn write(
    around: &Around<'_>,
    row: &Row,
    out: &mut RecordWriter<'_>,
    (index, ty): (usize, &Type),
    (bytes, kind): (&[u8], Kind),
    plan: &Plan,
) -> Result<(), Overflow> {
    match ty {
        Type::Fd => match number(bytes, kind, plan) {
            Some(fd) => {
                let mut param = out.param(index);
                fd_param(around, fd.cast_signed(), |part| param.append(part))?;
                param.commit()
            }
            None => Ok(()),
        },
        Type::Path => {
            let raw = cut(out, value::until_nul(bytes));
            let absolute = around.absolute(row, index, raw);
            let absolute = cut(out, &absolute);
            let head = PathHead {
                raw_len: u16::try_from(raw.len()).unwrap_or(0),
                abs_len: u16::try_from(absolute.len()).unwrap_or(0),
                flags: PathFlags::JOINED.0,
            };
            let mut param = out.param(index);
            param.append(head.as_bytes())?;
            param.append(raw)?;
            param.append(absolute)?;
            param.commit()
        }
        Type::String => text(out, index, value::until_nul(bytes)),
        Type::Strings => {
            let list = cut(out, bytes.strip_suffix(&[0]).unwrap_or(bytes));
            let mut param = out.param(index);
            param.append(list)?;
            param.append(&[0])?;
            param.commit()
        }
        Type::Bytes => text(out, index, bytes),
        Type::Address => match value::address(bytes) {
            Some(Socket::Inet(ends)) => {
                let head = AddressHead { address: ends.local, family: ends.family, port: ends.local_port, reserved: 0 };
                out.bytes(index, head.as_bytes())
            }
            Some(Socket::Unix(path)) => {
                let head = AddressHead { family: family::UNIX, ..AddressHead::default() };
                let path = cut(out, path);
                let mut param = out.param(index);
                param.append(head.as_bytes())?;
                param.append(path)?;
                param.commit()
            }
            None => Ok(()),
        },
        Type::Tuple => match value::tuple(bytes) {
            Some(Socket::Inet(ends)) => {
                let ends = if row.ours.is_some_and(is_inbound) { ends.swapped() } else { ends };
                out.bytes(index, fds::tuple(&ends, 0).as_bytes())
            }
            Some(Socket::Unix(path)) => {
                let tuple = Tuple { family: family::UNIX, ..Tuple::default() };
                let path = cut(out, path);
                let mut param = out.param(index);
                param.append(tuple.as_bytes())?;
                param.append(b"\0")?;
                param.append(path)?;
                param.commit()
            }
            None => Ok(()),
        },
        Type::FdList => fd_list(around, out, index, bytes),
        _ => match number(bytes, kind, plan) {
            Some(number) => out.number(index, number),
            None => Ok(()),
        },
    }
}

/// As much of some bytes as there is room for.
fn cut<'b>(out: &mut RecordWriter<'_>, bytes: &'b [u8]) -> &'b [u8] {
    let room = out.room().saturating_sub(SPARE) / 2;
    if bytes.len() > room {
        out.flag(Flags::TRUNCATED);
    }
    &bytes[..bytes.len().min(room)]
}

fn text(out: &mut RecordWriter<'_>, index: usize, bytes: &[u8]) -> Result<(), Overflow> {
    let bytes = cut(out, bytes);
    out.bytes(index, bytes)
}

/// A descriptor with what it stands for.
fn fd_param(
    around: &Around<'_>,
    number: i64,
    mut append: impl FnMut(&[u8]) -> Result<(), Overflow>,
) -> Result<(), Overflow> {
    let fd = i32::try_from(number).unwrap_or(-1);
    if number == AT_FDCWD {
        let kind = kestrel_core::event::FdKind::Directory as u8;
        append(FdHead { fd, kind, ..FdHead::default() }.as_bytes())?;
        return append(&around.cwd[..around.cwd.len().min(4096)]);
    }
    match around.fds.get(around.task.pid, fd) {
        Some(known) => {
            append(FdHead { fd, ..known.head }.as_bytes())?;
            append(&known.tail[..known.tail.len().min(8192)])
        }
        None => append(FdHead { fd, ..FdHead::default() }.as_bytes()),
    }
}

/// Descriptors that are waited for: their number in 2 bytes, then each in 8 and what is waited for in 2.
fn fd_list(around: &Around<'_>, out: &mut RecordWriter<'_>, index: usize, bytes: &[u8]) -> Result<(), Overflow> {
    const ENTRY: usize = 10;
    let entries = bytes.get(2..).unwrap_or(&[]).chunks_exact(ENTRY);
    let mut param = out.param(index);
    let mut cut = false;
    for entry in entries {
        let (Some(fd), Some(events)) = (value::signed(&entry[..8]), value::unsigned(&entry[8..])) else { continue };
        let mut one = Vec::new();
        fd_param(around, fd, |part| {
            one.extend_from_slice(part);
            Ok(())
        })?;
        if param.spare().len() < one.len() + 4 * SPARE {
            cut = true;
            break;
        }
        let events = poll_events(events);
        let head = FdListHead { events, returned: events, len: u32::try_from(one.len()).unwrap_or(0) };
        param.append(head.as_bytes())?;
        param.append(&one)?;
        let padding = align_up(param.len()) - param.len();
        param.append(&[0; ALIGN][..padding])?;
    }
    if cut {
        param.flag(Flags::TRUNCATED);
    }
    param.commit()
}

/// What is waited for, as `linux/poll.h` numbers it.
fn poll_events(theirs: u64) -> u16 {
    const PAIRS: [(u64, u16); 7] =
        [(1, 0x1), (1 << 1, 0x2), (1 << 2, 0x4), (1 << 3, 0x2000), (1 << 4, 0x8), (1 << 5, 0x10), (1 << 6, 0x20)];
    PAIRS.iter().filter(|(bit, _)| theirs & bit != 0).map(|(_, ours)| ours).sum()
}
