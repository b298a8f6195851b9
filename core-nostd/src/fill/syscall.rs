//! System calls that returned: one loop over the parameters that the schema lists.

use super::compat::{self, Layout};
use super::param::{Base, Passed};
use super::vector::Vector;
use super::{Kernel, ProcessImage, fd_list, number, param, rewritten, special};
use crate::event::{Flags, Overflow, RecordHeader, RecordWriter};
use crate::filter::Registers;
use crate::schema::{self, EventId, From, id};
use core::ops::Range;

/// A system call that returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The event it is.
    pub event: EventId,
    /// Its number in the caller's table.
    pub nr: u32,
    /// Its arguments, as the registers held them at entry.
    pub args: [u64; 6],
    /// What it returned.
    pub ret: i64,
    /// The caller used the 32-bit table.
    pub compat: bool,
    /// Its arguments lay in user memory and could not be read: what would be made of them is absent.
    pub lost: bool,
}

impl Call {
    /// An argument, as wide as the caller's words.
    pub(super) fn word(&self, n: u8) -> u64 {
        let value = self.args.get(usize::from(n)).copied().unwrap_or(0);
        if self.compat { compat::word(value) } else { value }
    }

    /// An argument, as a signed 32-bit number.
    pub(super) fn int(&self, n: u8) -> i32 {
        self.word(n) as i32
    }

    /// An argument, as an unsigned 32-bit number.
    pub(super) fn uint(&self, n: u8) -> u32 {
        self.word(n) as u32
    }

    /// Bytes that the call moved: what the caller asked for, or fewer if it returned fewer.
    pub(super) fn moved(&self, asked: u64) -> u64 {
        match u64::try_from(self.ret) {
            Ok(moved) if moved < asked => moved,
            _ => asked,
        }
    }
}

/// Writes the record of a system call that returned and gives its length.
///
/// `stamp` brings time, CPU and sequence number; everything else of the header is filled in here.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record, or the event is not in the schema.
pub fn syscall_exit<K: Kernel>(k: &K, call: &Call, stamp: RecordHeader, buf: &mut [u8]) -> Result<usize, Overflow> {
    let mut call = *call;
    unpack(k, &mut call);
    let sources = schema::recipe(call.event).ok_or(Overflow)?.sources;
    let mut out = RecordWriter::begin(buf, sources.len())?;
    unpacked_exit(k, &call, Flags::default(), 0, stamp, &mut out)
}

/// Writes the record of a call that was unpacked ([`unpack`]), with these flags besides those that the call itself tells, and gives
/// its length. `out` has as many parameters as the event, of which those before `begin` are written.
///
/// # Errors
/// [`Overflow`] if there is no room for the record, or the event is not in the schema.
#[inline(always)]
pub fn unpacked_exit<K: Kernel>(
    k: &K,
    call: &Call,
    flags: Flags,
    begin: usize,
    stamp: RecordHeader,
    out: &mut RecordWriter<'_>,
) -> Result<usize, Overflow> {
    let sources = schema::recipe(call.event).ok_or(Overflow)?.sources;
    k.task_context(out.task());
    write(k, call, sources, begin..sources.len(), None, out)?;
    Ok(sealed(call, sources, flags_of(call, flags), out, stamp))
}

/// Writes the first parameters of a call by the native table, up to one that is not in its registers, and gives that one's index.
/// `sources` are those of the event.
///
/// # Errors
/// [`Overflow`] if there is no room for them.
#[inline(always)]
pub fn registers(
    event: EventId,
    sources: &[From],
    registers: &Registers,
    out: &mut RecordWriter<'_>,
) -> Result<usize, Overflow> {
    // What its registers hold is not what it returned ([`unpack`]).
    if event == id::MODIFY_LDT {
        return Ok(0);
    }
    let mut index = 0;
    for source in sources {
        let number = match *source {
            From::Return => registers.ret().cast_unsigned(),
            From::Zero => 0,
            From::Int(n) => i64::from(registers.word(n) as i32).cast_unsigned(),
            From::Uint(n) => u64::from(registers.word(n) as u32),
            From::Long(n) | From::SignedLong(n) | From::Offset { arg: n, .. } => registers.word(n),
            _ => break,
        };
        out.number(index, number)?;
        index = index.wrapping_add(1);
    }
    Ok(index)
}

/// Ends the record of a call by the native table, which is not one of io_uring's, and all of whose parameters are in its registers.
/// Gives its length.
#[inline(always)]
pub fn registers_exit(event: EventId, registers: &Registers, stamp: RecordHeader, mut out: RecordWriter<'_>) -> usize {
    if registers.ret() < 0 {
        out.flag(Flags::FAILED);
    }
    out.seal_all(RecordHeader { event: event.0, ..stamp })
}

/// The flags of a call's record that are known from the beginning: these, and those that the call tells.
#[inline]
pub(super) fn flags_of(call: &Call, mut flags: Flags) -> Flags {
    if call.ret < 0 {
        flags.insert(Flags::FAILED);
    }
    if call.compat {
        flags.insert(Flags::COMPAT32);
    }
    if call.lost {
        flags.insert(Flags::FAULT);
    }
    flags
}

/// Writes these parameters, in their order. `passed` is the string of a path, if one was read before.
#[inline(always)]
pub(super) fn write<K: Kernel>(
    k: &K,
    call: &Call,
    sources: &[From],
    which: Range<usize>,
    passed: Option<Passed>,
    out: &mut RecordWriter<'_>,
) -> Result<(), Overflow> {
    // Asked for once, when the first parameter needs it.
    let mut image = None;
    for index in which {
        let Some(source) = sources.get(index) else { return Ok(()) };
        if call.lost && !needs_no_argument(*source) {
            continue;
        }
        match register(call, *source) {
            Some(number) => out.number(index, number)?,
            None => from(k, call, out, index, *source, passed, &mut image)?,
        }
    }
    Ok(())
}

/// Ends a record whose parameters are all written.
#[inline(always)]
pub(super) fn sealed(
    call: &Call,
    sources: &[From],
    flags: Flags,
    out: &mut RecordWriter<'_>,
    stamp: RecordHeader,
) -> usize {
    out.flag(flags);
    // What was asked for through an io_uring is the caller's again before it is done.
    if !flags.contains(Flags::IO_URING) && rewritten::can_be(call.event) && rewritten::is_rewritten(call, sources, out)
    {
        out.flag(Flags::REWRITTEN);
    }
    out.seal(RecordHeader { event: call.event.0, ..stamp })
}

/// Puts the arguments of a call and its result where they are expected, as wide as they are expected.
#[inline]
pub fn unpack<K: Kernel>(k: &K, call: &mut Call) {
    // It returns an `int` as it is, so that its errors look like large numbers (`arch/x86/kernel/ldt.c`).
    if call.event == id::MODIFY_LDT {
        call.ret = i64::from(call.ret as i32);
    } else if call.compat {
        compat::unpack(k, call);
    }
}

/// True for what is known of a call whose arguments are not.
pub(super) const fn needs_no_argument(source: From) -> bool {
    matches!(source, From::Return | From::ReturnFd | From::ReturnTuple | From::Zero | From::Image(_))
}

/// A number parameter that is in the registers.
#[inline(always)]
pub(super) fn register(call: &Call, from: From) -> Option<u64> {
    match from {
        From::Return => Some(call.ret as u64),
        From::Zero => Some(0),
        From::Int(n) => Some(i64::from(call.int(n)) as u64),
        From::Uint(n) => Some(call.uint(n).into()),
        From::Long(n) => Some(call.word(n)),
        From::SignedLong(n) => Some(number::offset(call, n, n)),
        From::Offset { arg, compat } => Some(number::offset(call, arg, compat)),
        _ => None,
    }
}

/// Index of the descriptor parameter that has the path of what a call opened, for the path parameter from this source: it is
/// the first of every such event.
pub(super) fn opened_descriptor(call: &Call, from: From) -> Option<usize> {
    let sources = schema::recipe(call.event)?.sources;
    let opened = matches!(from, From::Opened { .. }) && i32::try_from(call.ret).is_ok_and(|fd| fd >= 0);
    (opened && matches!(sources.first(), Some(From::ReturnFd))).then_some(0)
}

/// Index of the parameter that stands for the directory which the argument `dir` is: the one before the path at `index`.
fn directory_before(call: &Call, index: usize, dir: u8) -> Option<usize> {
    let before = index.checked_sub(1)?;
    match schema::recipe(call.event)?.sources.get(before) {
        Some(From::DirFd(n)) if *n == dir => Some(before),
        _ => None,
    }
}

/// Where the caller's string of a path lies; 0 if it passed none, or what comes from this source is no such path.
#[inline]
pub(super) fn path_address(call: &Call, from: From) -> u64 {
    match from {
        From::Path(n) | From::OptionalPath(n) | From::PathAt { path: n, .. } | From::Opened { path: n, .. } => {
            call.word(n)
        }
        _ => 0,
    }
}

/// Writes one parameter. `image` is fetched when the first parameter needs it; `passed` is the string of a path, if one was read
/// before.
pub(super) fn from<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    from: From,
    passed: Option<Passed>,
    image: &mut Option<ProcessImage>,
) -> Result<(), Overflow> {
    match from {
        From::Return
        | From::Zero
        | From::Int(_)
        | From::Uint(_)
        | From::Long(_)
        | From::SignedLong(_)
        | From::Offset { .. } => match register(call, from) {
            Some(number) => out.number(index, number),
            None => Ok(()),
        },
        From::ReturnFd => param::fd(k, out, index, fd_of(call.ret)),
        From::Fd(n) => param::fd(k, out, index, call.int(n)),
        From::ClosedFd(n) => param::closed_fd(out, index, call.int(n)),
        From::DirFd(n) => param::dir_fd(k, out, index, call.int(n)),
        From::Path(n) => param::path(k, out, index, Base::WORKING_DIRECTORY, call.word(n), passed),
        From::PathAt { dir, path } => match call.word(path) {
            0 => Ok(()),
            address => {
                let base = Base { dir: call.int(dir), written: directory_before(call, index, dir) };
                param::path(k, out, index, base, address, passed)
            }
        },
        From::Opened { dir, path } => {
            let base = match dir {
                Some(n) => Base { dir: call.int(n), written: directory_before(call, index, n) },
                None => Base::WORKING_DIRECTORY,
            };
            let opened = opened_descriptor(call, from);
            param::opened_path(k, out, index, base, call.word(path), passed, (call.ret, opened))
        }
        From::String(n) => param::string(k, out, index, call.word(n)),
        From::FilledString(n) if call.ret >= 0 => param::string(k, out, index, call.word(n)),
        From::OptionalPath(n) => match call.word(n) {
            0 => Ok(()),
            address => param::path(k, out, index, Base::WORKING_DIRECTORY, address, passed),
        },
        From::Pointed { arg, offset, width, written } if !written || call.ret >= 0 => {
            number::at(k, call, out, index, number::address(call, call.word(arg), offset, width), width)
        }
        From::PointedFd { arg, index: which } => number::fd(k, call, out, index, call.word(arg), which),
        From::Timespec { arg, index: which } => number::timespec(k, call, out, index, call.word(arg), which),
        From::Timeval(n) => number::timeval(k, call, out, index, call.word(n)),
        From::Bytes { address, len } => param::bytes(k, out, index, call.word(address), call.word(len)),
        From::Sent { address, len } => param::bytes(k, out, index, call.word(address), call.moved(call.word(len))),
        From::Received { address, len } if call.ret >= 0 => {
            param::bytes(k, out, index, call.word(address), call.moved(call.word(len)))
        }
        From::Pieces { vector, count, received } if !received || call.ret >= 0 => {
            let vector = Vector { address: call.word(vector), count: call.word(count) };
            let mut data = out.param(index);
            vector.append(k, &Layout::of(call), &mut data, call.moved(u64::MAX))?;
            data.commit()
        }
        From::PiecesSize { vector, count } => {
            let vector = Vector { address: call.word(vector), count: call.word(count) };
            match vector.size(k, &Layout::of(call)) {
                Some(size) => out.number(index, size),
                None => {
                    out.flag(Flags::FAULT);
                    Ok(())
                }
            }
        }
        From::FdList { list, count } => fd_list::write(k, call, out, index, call.word(list), call.uint(count).into()),
        From::Address { address, len } => param::address(k, out, index, call.word(address), u64::from(call.uint(len))),
        From::Tuple(n) => param::tuple(k, out, index, call.int(n), None),
        From::ReturnTuple => param::tuple(k, out, index, fd_of(call.ret), None),
        From::Image(field) => {
            let image = image.get_or_insert_with(|| {
                let mut image = ProcessImage::default();
                k.image(&mut image);
                image
            });
            out.number(index, param::image_field(image, field))
        }
        From::Special => special::param(k, call, out, index),
        From::FilledString(_) | From::Pointed { .. } | From::Received { .. } | From::Pieces { .. } => Ok(()),
        From::Context(_) | From::OfFd { .. } | From::Process(_) => Ok(()),
    }
}

/// The descriptor that a call returned; errors stay negative.
#[inline]
pub(crate) fn fd_of(ret: i64) -> i32 {
    i32::try_from(ret).unwrap_or(-1)
}
