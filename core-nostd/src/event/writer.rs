//! Writing a record in place.
//!
//! A record is written from front to back into one buffer: [`RecordWriter::begin`] leaves room for header, task context
//! and slots; each parameter is appended by [`RecordWriter::param`]; [`RecordWriter::finish`] writes the header. A
//! parameter that was begun and not [`ParamWriter::commit`]ted leaves no trace.

use super::record::ParamSlot;
use super::{ALIGN, Flags, MAX_PARAMS, MAX_RECORD, Param, Record, RecordHeader, TaskContext, align_up};
use core::ops::Range;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The buffer has no room for what was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// What every record begins with.
#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Head {
    header: RecordHeader,
    task: TaskContext,
}

/// Writes one record into a buffer.
#[derive(Debug)]
pub struct RecordWriter<'a> {
    head: &'a mut Head,
    /// One for each parameter.
    slots: &'a mut [ParamSlot],
    /// The rest of the buffer, from where the first parameter begins.
    params: &'a mut [u8],
    /// Bytes of that which are written; a multiple of [`ALIGN`].
    end: usize,
    flags: Flags,
    /// The parameters that are written, a bit each: the slots of all others hold what lay there before.
    present: u32,
}

const _: () = assert!(MAX_PARAMS <= u32::BITS as usize);
const _: () = assert!(ALIGN == 2 * size_of::<ParamSlot>() && size_of::<Head>().is_multiple_of(ALIGN));

impl<'a> RecordWriter<'a> {
    /// Starts a record with `nparams` parameters, all absent.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer cannot hold an empty record or is not 8-byte aligned in memory, or `nparams` is beyond
    /// [`MAX_PARAMS`].
    #[inline]
    pub fn begin(buf: &'a mut [u8], nparams: usize) -> Result<Self, Overflow> {
        let limit = if buf.len() > MAX_RECORD { MAX_RECORD } else { buf.len() & !(ALIGN - 1) };
        let buf = buf.get_mut(..limit).ok_or(Overflow)?;
        if nparams > MAX_PARAMS {
            return Err(Overflow);
        }
        let (head, rest) = Head::mut_from_prefix(buf).map_err(|_| Overflow)?;
        let (slots, params) =
            rest.split_at_mut_checked(Record::params_start(nparams).wrapping_sub(size_of::<Head>())).ok_or(Overflow)?;
        // There is an even number of slots; one that stands for no parameter is as that of an absent one.
        let slots = <[ParamSlot]>::mut_from_bytes(slots).map_err(|_| Overflow)?;
        let (slots, padding) = slots.split_at_mut_checked(nparams).ok_or(Overflow)?;
        if let Some(none) = padding.first_mut() {
            *none = ParamSlot::default();
        }
        Ok(RecordWriter { head, slots, params, end: 0, flags: Flags::default(), present: 0 })
    }

    /// The task context, to be filled in place.
    #[inline]
    pub fn task(&mut self) -> &mut TaskContext {
        &mut self.head.task
    }

    /// Sets flags of the record.
    #[inline]
    pub fn flag(&mut self, flags: Flags) {
        self.flags.insert(flags);
    }

    /// Begins the parameter at this index of the schema.
    #[inline]
    pub fn param(&mut self, index: usize) -> ParamWriter<'_, 'a> {
        let start = self.end;
        ParamWriter { record: self, index, start, len: 0 }
    }

    /// Writes a number as the parameter at `index`.
    ///
    /// # Errors
    /// [`Overflow`] if there is no room.
    #[inline(always)]
    pub fn number(&mut self, index: usize, value: u64) -> Result<(), Overflow> {
        let start = self.end;
        let room = self.params.get_mut(start..).and_then(|room| room.first_chunk_mut()).ok_or(Overflow)?;
        *room = value.to_ne_bytes();
        self.slot(index, start, size_of::<u64>())?;
        self.end = start.wrapping_add(size_of::<u64>());
        Ok(())
    }

    /// Writes bytes as the parameter at `index`.
    ///
    /// # Errors
    /// [`Overflow`] if there is no room.
    pub fn bytes(&mut self, index: usize, value: &[u8]) -> Result<(), Overflow> {
        let mut param = self.param(index);
        param.append(value)?;
        param.commit()
    }

    /// The parameter at `index`, if it was written.
    #[inline]
    pub fn written(&self, index: usize) -> Option<Param<'_>> {
        self.range_of(index).and_then(|range| self.params.get(range)).map(Param)
    }

    /// Offset of the first parameter's bytes in the record.
    #[inline]
    fn params_start(&self) -> usize {
        Record::params_start(self.slots.len())
    }

    /// Where the parameter at `index` lies among the parameters' bytes; `None` if it was not written.
    #[inline]
    fn range_of(&self, index: usize) -> Option<Range<usize>> {
        let slot = self.slots.get(index)?;
        if self.present >> index & 1 == 0 {
            return None;
        }
        let start = usize::from(slot.offset).wrapping_sub(self.params_start());
        Some(start..start.wrapping_add(usize::from(slot.len)))
    }

    /// Says in slot `index` where a parameter lies: from `start` of the parameters' bytes on.
    #[inline(always)]
    fn slot(&mut self, index: usize, start: usize, len: usize) -> Result<(), Overflow> {
        let offset = self.params_start().wrapping_add(start);
        *self.slots.get_mut(index).ok_or(Overflow)? = ParamSlot { offset: offset as u16, len: len as u16 };
        self.present |= 1 << index;
        Ok(())
    }

    /// The bytes behind what was written, where the next parameter will lie.
    #[inline]
    pub(crate) fn ahead(&self) -> &[u8] {
        self.params.get(self.end..).unwrap_or(&[])
    }

    /// The same, to be written on.
    #[inline]
    pub(crate) fn ahead_mut(&mut self) -> &mut [u8] {
        self.params.get_mut(self.end..).unwrap_or(&mut [])
    }

    /// Bytes left for parameters.
    #[inline]
    pub fn room(&self) -> usize {
        self.params.len().saturating_sub(self.end)
    }

    /// Writes the header and gives the record's length in bytes. `header.len`, `nparams` and the flags set so far are
    /// filled in here.
    #[inline(always)]
    pub fn finish(mut self, header: RecordHeader) -> usize {
        self.seal(header)
    }

    /// The same, where the writer lies: nothing is written by it any more.
    #[inline(always)]
    pub(crate) fn seal(&mut self, header: RecordHeader) -> usize {
        let absent = !self.present & ((1_u64 << self.slots.len()) - 1) as u32;
        if absent != 0 {
            for (index, slot) in self.slots.iter_mut().enumerate() {
                if absent >> index & 1 != 0 {
                    *slot = ParamSlot::default();
                }
            }
        }
        self.write_header(header)
    }

    /// The same for a record of which every parameter is written.
    #[inline(always)]
    pub(crate) fn seal_all(&mut self, header: RecordHeader) -> usize {
        debug_assert!(u64::from(self.present) == (1 << self.slots.len()) - 1, "a slot holds what lay there before");
        self.write_header(header)
    }

    #[inline(always)]
    fn write_header(&mut self, header: RecordHeader) -> usize {
        let nparams = self.slots.len();
        let len = self.params_start().wrapping_add(self.end);
        self.head.header = RecordHeader {
            len: len as u32,
            nparams: nparams as u16,
            flags: header.flags | self.flags.0,
            reserved: 0,
            ..header
        };
        len
    }
}

/// One parameter being written. Dropped without [`ParamWriter::commit`], it leaves the parameter absent.
#[derive(Debug)]
pub struct ParamWriter<'w, 'a> {
    record: &'w mut RecordWriter<'a>,
    index: usize,
    start: usize,
    len: usize,
}

impl ParamWriter<'_, '_> {
    /// The bytes not written yet, up to the end of the buffer.
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        self.record.params.get_mut(self.start.saturating_add(self.len)..).unwrap_or(&mut [])
    }

    /// Everything written so far.
    #[inline]
    pub fn written(&mut self) -> &mut [u8] {
        let end = self.start.saturating_add(self.len);
        self.record.params.get_mut(self.start..end).unwrap_or(&mut [])
    }

    /// What was written so far and what is still free, as two slices.
    #[inline]
    pub fn split(&mut self) -> (&mut [u8], &mut [u8]) {
        let (start, len) = (self.start, self.len);
        match self.record.params.get_mut(start..) {
            Some(all) => all.split_at_mut_checked(len).unwrap_or((&mut [], &mut [])),
            None => (&mut [], &mut []),
        }
    }

    /// The parameter at `index`, written before this one, and the bytes not written yet.
    #[inline]
    pub fn earlier(&mut self, index: usize) -> Option<(&[u8], &mut [u8])> {
        let range = self.record.range_of(index)?;
        let (before, spare) = self.record.params.split_at_mut_checked(self.start.saturating_add(self.len))?;
        Some((before.get(range)?, spare))
    }

    /// Counts `n` bytes of [`ParamWriter::spare`] as written.
    ///
    /// # Errors
    /// [`Overflow`] if there are fewer.
    #[inline]
    pub fn advance(&mut self, n: usize) -> Result<(), Overflow> {
        if n > self.spare().len() {
            return Err(Overflow);
        }
        self.len = self.len.saturating_add(n);
        Ok(())
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Overflow`] if there is no room.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Overflow> {
        let room = self.spare().get_mut(..bytes.len()).ok_or(Overflow)?;
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.len = self.len.saturating_add(bytes.len());
        Ok(())
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops what was written beyond `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
        }
    }

    /// Flags of the record that this parameter belongs to.
    #[inline]
    pub fn flag(&mut self, flags: Flags) {
        self.record.flag(flags);
    }

    /// Makes the parameter part of the record.
    ///
    /// # Errors
    /// [`Overflow`] if the index is not one of the record's.
    #[inline]
    pub fn commit(self) -> Result<(), Overflow> {
        let (start, len) = (self.start, self.len);
        self.record.slot(self.index, start, len)?;
        self.close()
    }

    /// Makes two parameters of what was written: the first `first` bytes are this one, those behind `gap` more bytes the
    /// one at index `second`. Only for parameters that are plain bytes: the second begins at any address.
    ///
    /// # Errors
    /// [`Overflow`] if an index is not one of the record's.
    pub fn commit_split(mut self, first: usize, gap: usize, second: usize) -> Result<(), Overflow> {
        let first = if first > self.len { self.len } else { first };
        let rest = first.saturating_add(gap);
        let rest = if rest > self.len { self.len } else { rest };
        let (start, len) = (self.start, self.len);
        self.record.slot(self.index, start, first)?;
        self.record.slot(second, start.saturating_add(rest), len.saturating_sub(rest))?;
        self.len = len;
        self.close()
    }

    /// Pads what was written and moves the record's end behind it.
    #[inline]
    fn close(self) -> Result<(), Overflow> {
        let after = self.start.saturating_add(self.len);
        let padded = align_up(after);
        // The last word begins with bytes of the parameter; those behind become zero.
        if padded != after {
            let all = self.record.params.get_mut(..padded).ok_or(Overflow)?;
            let word = all.last_chunk_mut().ok_or(Overflow)?;
            let kept = (after % ALIGN) * 8;
            *word = (u64::from_le_bytes(*word) & ((1_u64 << kept) - 1)).to_le_bytes();
        }
        self.record.end = padded;
        Ok(())
    }
}
