//! Fork, exec and exit: the records that the process table is made from.

use super::compat::Layout;
use super::param::Base;
use super::path::{limited, origin, write_head};
use super::{Call, Kernel, PATH_MAX, STRINGS_BYTES, Strings, TaskPath, Unavailable, param, syscall};
use crate::event::{Flags, Overflow, PathFlags, PathHead, RecordHeader, RecordWriter, TaskContext};
use crate::schema::{self, EventId, From, id};
use core::ops::Range;
use zerocopy::IntoBytes;

/// Writes the record of a process or thread that `clone_args` made, seen in its parent before the child runs.
///
/// `event` is the parent's system call; `child` the task context of the new task.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record.
pub fn process_fork<K: Kernel>(
    k: &K,
    call: &Call,
    child: &TaskContext,
    stamp: RecordHeader,
    buf: &mut [u8],
) -> Result<usize, Overflow> {
    const CHILD_TID: usize = schema::index_of(id::CLONE, "child_tid");
    let recipe = schema::recipe(call.event).ok_or(Overflow)?;
    let mut out = RecordWriter::begin(buf, recipe.sources.len())?;
    k.task_context(out.task());
    if call.compat {
        out.flag(Flags::COMPAT32);
    }
    let call = Call { ret: child.tid.into(), ..*call };
    let mut image = None;
    for (index, source) in recipe.sources.iter().enumerate() {
        match *source {
            From::Special if index == FLAGS => out.number(index, implied_flags(call.event))?,
            From::Special => {
                let value = match index.wrapping_sub(CHILD_TID) {
                    0 => child.tid.into(),
                    1 => child.pid.into(),
                    2 => child.ppid.into(),
                    3 => child.start_time,
                    4 => child.vtid.into(),
                    _ => child.vpid.into(),
                };
                out.number(index, value)?;
            }
            from => syscall::from(k, &call, &mut out, index, from, None, &mut image)?,
        }
    }
    Ok(out.finish(RecordHeader { event: call.event.0, ..stamp }))
}

/// What fork(2) and vfork(2) are as flags of clone(2) (`kernel/fork.c`): CLONE_VFORK | CLONE_VM for the latter.
fn implied_flags(event: EventId) -> u64 {
    if event == id::VFORK { 0x4100 } else { 0 }
}

/// Writes the record of an exec that succeeded. Everything is about the new image.
///
/// `filename` is what the caller asked to be executed, as the kernel copied it.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record.
pub fn process_exec<K: Kernel>(
    k: &K,
    event: EventId,
    filename: &[u8],
    compat: bool,
    stamp: RecordHeader,
    buf: &mut [u8],
) -> Result<usize, Overflow> {
    let call = Call { event, nr: 0, args: [0; 6], ret: 0, compat, lost: false };
    let sources = schema::recipe(event).ok_or(Overflow)?.sources;
    let mut out = RecordWriter::begin(buf, sources.len())?;
    k.task_context(out.task());
    if compat {
        out.flag(Flags::COMPAT32);
    }
    let mut image = None;
    for (index, source) in sources.iter().enumerate() {
        match *source {
            From::Special => exec_param(k, &mut out, index, filename)?,
            from => syscall::from(k, &call, &mut out, index, from, None, &mut image)?,
        }
    }
    Ok(out.finish(RecordHeader { event: event.0, ..stamp }))
}

const FLAGS: usize = schema::index_of(id::CLONE, "flags");
const EXE: usize = schema::index_of(id::EXECVE, "exe");
const ARGS: usize = schema::index_of(id::EXECVE, "args");
const CWD: usize = schema::index_of(id::EXECVE, "cwd");
const CGROUPS: usize = schema::index_of(id::EXECVE, "cgroups");
const ENV: usize = schema::index_of(id::EXECVE, "env");
const EXEPATH: usize = schema::index_of(id::EXECVE, "trusted_exepath");
const FILENAME: usize = schema::index_of(id::EXECVE, "filename");

/// One parameter of the new image.
fn exec_param<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, filename: &[u8]) -> Result<(), Overflow> {
    match index {
        // `exe` is the first of the strings, `args` the others: written together.
        EXE => arguments(k, out),
        ARGS => Ok(()),
        ENV => strings(k, out, index, Strings::Environment),
        CWD => task_path(k, out, index, TaskPath::WorkingDirectory),
        CGROUPS => task_path(k, out, index, TaskPath::Cgroup),
        EXEPATH => task_path(k, out, index, TaskPath::Executable),
        FILENAME => {
            let mut param = out.param(index);
            param.append(PathHead::default().as_bytes())?;
            let raw = match filename.get(..PATH_MAX) {
                Some(cut) => cut,
                None => filename,
            };
            param.append(raw)?;
            let absolute = k.task_path(TaskPath::Executable, limited(param.spare(), PATH_MAX)).unwrap_or(0);
            param.advance(absolute)?;
            write_head(&mut param, raw.len(), absolute, origin(absolute, PathFlags::RESOLVED))?;
            param.commit()
        }
        _ => Ok(()),
    }
}

/// Writes `exe` and `args` from one copy of the process's argument strings.
fn arguments<K: Kernel>(k: &K, out: &mut RecordWriter<'_>) -> Result<(), Overflow> {
    let mut exe = out.param(EXE);
    let Ok(copied) = k.process_strings(Strings::Arguments, limited(exe.spare(), STRINGS_BYTES)) else {
        exe.flag(Flags::FAULT);
        return Ok(());
    };
    if copied.cut {
        exe.flag(Flags::TRUNCATED);
    }
    exe.advance(copied.len)?;
    let first = exe.written().iter().position(|&b| b == 0).unwrap_or(copied.len);
    exe.commit_split(first, 1, ARGS)
}

fn strings<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, which: Strings) -> Result<(), Overflow> {
    let mut param = out.param(index);
    match k.process_strings(which, limited(param.spare(), STRINGS_BYTES)) {
        Ok(copied) => {
            if copied.cut {
                param.flag(Flags::TRUNCATED);
            }
            param.advance(copied.len)?;
            param.commit()
        }
        Err(_) => {
            param.flag(Flags::FAULT);
            Ok(())
        }
    }
}

fn task_path<K: Kernel>(k: &K, out: &mut RecordWriter<'_>, index: usize, which: TaskPath) -> Result<(), Overflow> {
    let mut param = out.param(index);
    match k.task_path(which, limited(param.spare(), PATH_MAX)) {
        Ok(len) => {
            param.advance(len)?;
            param.commit()
        }
        Err(_) => Ok(()),
    }
}

/// Most arguments that are looked at in the vector of an exec that failed.
const MAX_ARGUMENTS: u64 = 64;

/// One parameter of an exec that failed: the image is the caller's, the arguments those it wanted to pass.
pub(super) fn failed_exec<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
) -> Result<(), Overflow> {
    let at = u8::from(call.event == id::EXECVEAT);
    match index {
        EXE => vector_strings(k, call, out, index, call.word(at.wrapping_add(1)), 0..1),
        ARGS => vector_strings(k, call, out, index, call.word(at.wrapping_add(1)), 1..MAX_ARGUMENTS),
        ENV => vector_strings(k, call, out, index, call.word(at.wrapping_add(2)), 0..MAX_ARGUMENTS),
        CWD => task_path(k, out, index, TaskPath::WorkingDirectory),
        CGROUPS => task_path(k, out, index, TaskPath::Cgroup),
        EXEPATH => task_path(k, out, index, TaskPath::Executable),
        FILENAME => {
            let base = if at == 1 { Base::of(call.int(0)) } else { Base::WORKING_DIRECTORY };
            param::path(k, out, index, base, call.word(at), None)
        }
        _ => Ok(()),
    }
}

/// Strings of a vector of pointers that ends with a null pointer: a single one as it is, several each ended by NUL.
fn vector_strings<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    vector: u64,
    range: Range<u64>,
) -> Result<(), Overflow> {
    // The kernel takes it for an empty one.
    if vector == 0 {
        return Ok(());
    }
    let layout = Layout::of(call);
    let several = range.end > 1;
    let mut param = out.param(index);
    for n in range {
        let address = layout.read_word(k, vector.wrapping_add(n.wrapping_mul(layout.word)));
        if address == Some(0) {
            break;
        }
        let left = STRINGS_BYTES.saturating_sub(param.len()).saturating_sub(1);
        let string = match address {
            Some(address) => k.read_user_string(address, limited(param.spare(), left)),
            None => Err(Unavailable),
        };
        let Ok(string) = string else {
            param.flag(Flags::FAULT);
            if param.is_empty() {
                return Ok(());
            }
            break;
        };
        param.advance(string.len)?;
        if several {
            param.append(&[0])?;
        }
        if string.cut {
            param.flag(Flags::TRUNCATED);
            break;
        }
    }
    param.commit()
}

/// True for names by which a program is executed that are not its own: the kernel would call the process `exe`, or by the number
/// of a descriptor. Such a process is called as its executable.
pub fn names_nothing(filename: &[u8]) -> bool {
    let links: [&[u8]; 5] =
        [b"/proc/self/exe", b"/proc/thread-self/exe", b"/dev/fd/", b"/proc/self/fd/", b"/proc/thread-self/fd/"];
    links.iter().any(|link| if link.ends_with(b"/") { filename.starts_with(link) } else { filename == *link })
}

/// fork and vfork that failed: their flags are those that clone would have had.
pub(super) fn failed_fork(call: &Call, out: &mut RecordWriter<'_>, index: usize) -> Result<(), Overflow> {
    if index == FLAGS { out.number(index, implied_flags(call.event)) } else { Ok(()) }
}

/// A task that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// `task_struct.exit_code`: status in bits 8 to 15, signal in bits 0 to 6, core dump in bit 7, as wait(2) tells it.
    pub code: i32,
    /// Task that its children go to; 0 if it is not known.
    pub reaper_tid: u32,
    /// True if it was the last thread of its process.
    pub group_dead: bool,
}

/// Writes the record of a task that ends, seen in that task.
///
/// # Errors
/// [`Overflow`] if `buf` cannot hold the record.
pub fn process_exit<K: Kernel>(k: &K, exit: Exit, stamp: RecordHeader, buf: &mut [u8]) -> Result<usize, Overflow> {
    let sources = schema::recipe(id::PROCEXIT).ok_or(Overflow)?.sources;
    let mut out = RecordWriter::begin(buf, sources.len())?;
    k.task_context(out.task());
    let values = [
        i64::from(exit.code) as u64,
        (exit.code as u64 >> 8) & 0xff,
        exit.code as u64 & 0x7f,
        (exit.code as u64 >> 7) & 1,
        exit.reaper_tid.into(),
        exit.group_dead.into(),
    ];
    for (index, value) in values.into_iter().enumerate() {
        out.number(index, value)?;
    }
    Ok(out.finish(RecordHeader { event: id::PROCEXIT.0, ..stamp }))
}
