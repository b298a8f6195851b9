//! System calls that returned: one loop over the parameters that the schema lists.

use super::compat::{self, Layout};
use super::vector::Vector;
use super::{AT_FDCWD, Kernel, ProcessImage, fd_list, number, param, special};
use crate::event::{Flags, Overflow, RecordHeader, RecordWriter};
use crate::schema::{self, EventId, From, id};

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
    let recipe = schema::recipe(call.event).ok_or(Overflow)?;
    let mut out = RecordWriter::begin(buf, recipe.sources.len())?;
    k.task_context(out.task()?);
    let call = &told(k, call);
    if call.ret < 0 {
        out.flag(Flags::FAILED);
    }
    if call.compat {
        out.flag(Flags::COMPAT32);
    }
    if call.lost {
        out.flag(Flags::FAULT);
    }
    let mut image = None;
    for (index, source) in recipe.sources.iter().enumerate() {
        if call.lost && !needs_no_argument(*source) {
            continue;
        }
        from(k, call, &mut out, index, *source, &mut image)?;
    }
    out.finish(RecordHeader { event: call.event.0, ..stamp })
}

/// The call with its arguments and its result where they are expected.
fn told<K: Kernel>(k: &K, call: &Call) -> Call {
    // It returns an `int` as it is, so that its errors look like large numbers (`arch/x86/kernel/ldt.c`).
    if call.event == id::MODIFY_LDT {
        return Call { ret: i64::from(call.ret as i32), ..*call };
    }
    match compat::unpacked(k, call) {
        Some(unpacked) => unpacked,
        None => *call,
    }
}

/// True for what is known of a call whose arguments are not.
const fn needs_no_argument(source: From) -> bool {
    matches!(source, From::Return | From::ReturnFd | From::ReturnTuple | From::Zero | From::Image(_))
}

/// Writes one parameter. `image` is fetched when the first parameter needs it.
pub(super) fn from<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    from: From,
    image: &mut Option<ProcessImage>,
) -> Result<(), Overflow> {
    match from {
        From::Return => out.number(index, call.ret as u64),
        From::ReturnFd => param::fd(k, out, index, fd_of(call.ret)),
        From::Zero => out.number(index, 0),
        From::Int(n) => out.number(index, i64::from(call.int(n)) as u64),
        From::Uint(n) => out.number(index, call.uint(n).into()),
        From::Long(n) => out.number(index, call.word(n)),
        From::SignedLong(n) => out.number(index, number::offset(call, n, n)),
        From::Fd(n) => param::fd(k, out, index, call.int(n)),
        From::ClosedFd(n) => param::closed_fd(out, index, call.int(n)),
        From::DirFd(n) => param::dir_fd(k, out, index, call.int(n)),
        From::Path(n) => param::path(k, out, index, AT_FDCWD, call.word(n)),
        From::PathAt { dir, path } => match call.word(path) {
            0 => Ok(()),
            address => param::path(k, out, index, call.int(dir), address),
        },
        From::Opened { dir, path } => {
            let dir = match dir {
                Some(n) => call.int(n),
                None => AT_FDCWD,
            };
            param::opened_path(k, out, index, dir, call.word(path), call.ret)
        }
        From::String(n) => param::string(k, out, index, call.word(n)),
        From::FilledString(n) if call.ret >= 0 => param::string(k, out, index, call.word(n)),
        From::OptionalPath(n) => match call.word(n) {
            0 => Ok(()),
            address => param::path(k, out, index, AT_FDCWD, address),
        },
        From::Offset { arg, compat } => out.number(index, number::offset(call, arg, compat)),
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
fn fd_of(ret: i64) -> i32 {
    i32::try_from(ret).unwrap_or(-1)
}
