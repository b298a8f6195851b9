//! A record that is written piece by piece: as much of it as somebody asks for, and the rest when it is kept.
//!
//! ```text
//!   begin ─▶ registers, identity ─▶ room ─▶ parameters up to the one asked for ─▶ finish: the others, task context, header
//! ```
//!
//! Parameters are written in their order, none twice, so that the bytes of a record do not depend on what was asked for before
//! it was finished.

use super::param::Passed;
use super::{Call, Identity, Kernel, ProcessName, syscall};
use crate::event::{Flags, Overflow, Param, RecordHeader, RecordWriter, TaskContext};
use crate::filter::Known;
use crate::schema::{self, From};

/// A record of a system call that returned, in the making.
#[derive(Debug)]
pub struct Draft<'k, 'b, K> {
    k: &'k K,
    call: &'k Call,
    /// Empty if the event is not in the schema.
    sources: &'static [From],
    flags: Flags,
    out: Option<RecordWriter<'b>>,
    /// The first parameter that is not written yet.
    next: usize,
    /// The string of the path that is the next parameter, if it was read already.
    passed: Option<Passed>,
    identity: Option<Identity>,
    has_context: bool,
    /// The name of a process that was asked for last.
    name: [u8; 16],
}

impl<'k, 'b, K: Kernel> Draft<'k, 'b, K> {
    /// Begins, with these flags besides those that the call itself tells. The call was unpacked ([`super::unpack`]). There is
    /// no room yet.
    #[inline]
    pub fn begin(k: &'k K, call: &'k Call, flags: Flags) -> Self {
        let flags = syscall::flags_of(call, flags);
        let sources = match schema::recipe(call.event) {
            Some(recipe) => recipe.sources,
            None => &[],
        };
        Draft {
            k,
            call,
            sources,
            flags,
            out: None,
            next: 0,
            passed: None,
            identity: None,
            has_context: false,
            name: [0; 16],
        }
    }

    /// Gives the record its room, once.
    ///
    /// # Errors
    /// [`Overflow`] if `buf` cannot hold an empty record, or the event is not in the schema.
    #[inline]
    pub fn place(&mut self, buf: &'b mut [u8]) -> Result<(), Overflow> {
        if self.sources.is_empty() {
            return Err(Overflow);
        }
        self.out = Some(RecordWriter::begin(buf, self.sources.len())?);
        Ok(())
    }

    /// Takes over a record that was begun, of whose parameters at most the first is written.
    #[inline]
    pub fn take(&mut self, out: RecordWriter<'b>) {
        self.next = usize::from(out.written(0).is_some());
        self.out = Some(out);
    }

    /// Writes what is not written yet and gives the record's length. `stamp` brings time, CPU and sequence number.
    ///
    /// # Errors
    /// [`Overflow`] if the record has no room, or not enough.
    #[inline]
    pub fn finish(mut self, stamp: RecordHeader) -> Result<usize, Overflow> {
        self.context()?;
        self.write_to(self.sources.len())?;
        let out = self.out.as_mut().ok_or(Overflow)?;
        Ok(syscall::sealed(self.call, self.sources, self.flags, out, stamp))
    }

    /// Writes all parameters before `end` that are not written yet.
    #[inline]
    fn write_to(&mut self, end: usize) -> Result<(), Overflow> {
        if self.next >= end {
            return Ok(());
        }
        let out = self.out.as_mut().ok_or(Overflow)?;
        let begin = self.next;
        self.next = end;
        syscall::write(self.k, self.call, self.sources, begin..end, self.passed, out)
    }

    /// The task context, filled in once.
    fn context(&mut self) -> Result<&TaskContext, Overflow> {
        let task = self.out.as_mut().ok_or(Overflow)?.task();
        if !self.has_context {
            self.k.task_context(task);
            self.has_context = true;
        }
        Ok(task)
    }
}

/// What a filter asks a draft.
impl<'b, K: Kernel> Draft<'_, 'b, K> {
    /// The flags that are known from the beginning.
    #[inline]
    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    /// True if there is room for parameters and task context.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.out.is_some()
    }

    /// Where the parameter at `index` comes from.
    #[inline]
    pub(crate) fn source(&self, index: usize) -> Option<&'static From> {
        self.sources.get(index)
    }

    /// A number parameter that is in the registers, as it will be in the record.
    #[inline]
    pub(crate) fn register(&self, index: usize) -> Option<u64> {
        let call = self.call;
        let source = *self.sources.get(index)?;
        if call.lost && !syscall::needs_no_argument(source) {
            return None;
        }
        syscall::register(call, source)
    }

    /// The number of a descriptor parameter that is in the registers.
    #[inline]
    pub(crate) fn descriptor(&self, index: usize) -> Option<i32> {
        let call = self.call;
        match *self.sources.get(index)? {
            From::ReturnFd => Some(syscall::fd_of(call.ret)),
            From::Fd(n) | From::ClosedFd(n) | From::DirFd(n) if !call.lost => Some(call.int(n)),
            _ => None,
        }
    }

    /// The parameter whose path is that of the parameter at `index`: that of the descriptor which the call returned, where it
    /// is the path of what was opened.
    #[inline]
    pub(crate) fn path_of(&self, index: usize) -> Option<usize> {
        // Without its arguments the record has no such parameter.
        if self.call.lost {
            return None;
        }
        syscall::opened_descriptor(self.call, *self.sources.get(index)?)
    }

    /// The parameter at `index`, written now if it was not yet; `None` if it is absent. There is room.
    ///
    /// # Errors
    /// [`Overflow`] if the room is too small.
    pub(crate) fn param(&mut self, index: usize) -> Result<Option<Param<'_>>, Overflow> {
        self.write_to(index.saturating_add(1))?;
        Ok(self.out.as_ref().ok_or(Overflow)?.written(index))
    }

    /// Reads the caller's string of the path parameter at `index`, before the parameter is written: true if it is whole, and
    /// [`Draft::passed_path`] gives it. If not, or if the parameter is written already, that is to be asked. There is room.
    #[inline]
    pub(crate) fn reads_path(&mut self, index: usize) -> bool {
        self.read_path(index).is_some_and(|(passed, out)| passed.text(out).is_some())
    }

    /// The same, and the string is its own absolute form: what the parameter will say then.
    #[inline]
    pub(crate) fn reads_absolute_path(&mut self, index: usize) -> bool {
        self.read_path(index).is_some_and(|(passed, out)| passed.is_absolute(out))
    }

    #[inline]
    fn read_path(&mut self, index: usize) -> Option<(Passed, &RecordWriter<'b>)> {
        let address = syscall::path_address(self.call, *self.sources.get(index)?);
        if address == 0 || self.call.lost || self.next > index {
            return None;
        }
        self.write_to(index).ok()?;
        let out = self.out.as_mut()?;
        let passed = match self.passed {
            Some(passed) if passed.index == index => passed,
            _ => Passed::read(self.k, out, index, address).ok()?,
        };
        self.passed = Some(passed);
        Some((passed, out))
    }

    /// The string of the path that was read last.
    #[inline]
    pub(crate) fn passed_path(&self) -> Option<&[u8]> {
        self.passed?.text(self.out.as_ref()?)
    }

    /// The cheap part of the task context.
    #[inline]
    pub(crate) fn identity(&mut self) -> &Identity {
        let k = self.k;
        self.identity.get_or_insert_with(|| {
            let mut identity = Identity::default();
            k.identity(&mut identity);
            identity
        })
    }

    /// All of the task context. There is room.
    ///
    /// # Errors
    /// [`Overflow`] if the room is not aligned.
    pub(crate) fn task(&mut self) -> Result<&TaskContext, Overflow> {
        self.context()
    }

    /// The name of the process, or of an ancestor, without its padding. An empty one counts as unknown.
    #[inline(never)]
    pub(crate) fn process_name(&mut self, generation: u8) -> Known<&[u8]> {
        match self.k.process_name(generation) {
            ProcessName::Is(name) => self.name = name,
            ProcessName::Nobody => return Known::Absent,
            ProcessName::Unknown => return Known::Unknown,
        }
        match TaskContext::name(&self.name) {
            [] => Known::Unknown,
            name => Known::Is(name),
        }
    }

    /// The marks of the process; `None` if they are not known.
    #[inline]
    pub(crate) fn marks(&self) -> Option<u64> {
        self.k.marks()
    }
}
