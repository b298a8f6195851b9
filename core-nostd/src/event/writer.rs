//! Writing a record in place.
//!
//! A record is written from front to back into one buffer: [`RecordWriter::begin`] leaves room for header, task context
//! and slots; each parameter is appended by [`RecordWriter::param`]; [`RecordWriter::finish`] writes the header. A
//! parameter that was begun and not [`ParamWriter::commit`]ted leaves no trace.

use super::record::ParamSlot;
use super::{ALIGN, Flags, MAX_PARAMS, MAX_RECORD, Param, Record, RecordHeader, TaskContext, align_up};
use core::ops::Range;
use zerocopy::{FromBytes, IntoBytes};

/// The buffer has no room for what was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// Writes one record into a buffer.
#[derive(Debug)]
pub struct RecordWriter<'a> {
    buf: &'a mut [u8],
    nparams: usize,
    end: usize,
    flags: Flags,
    /// The parameters that are written, a bit each: the slots of all others hold what lay there before.
    present: u32,
}

const _: () = assert!(MAX_PARAMS <= u32::BITS as usize);

/// Offset of the slots.
const SLOTS: usize = size_of::<RecordHeader>() + size_of::<TaskContext>();

impl<'a> RecordWriter<'a> {
    /// Starts a record with `nparams` parameters, all absent.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer cannot hold an empty record, or `nparams` is beyond [`MAX_PARAMS`].
    #[inline]
    pub fn begin(buf: &'a mut [u8], nparams: usize) -> Result<Self, Overflow> {
        let limit = if buf.len() > MAX_RECORD { MAX_RECORD } else { buf.len() & !(ALIGN - 1) };
        let buf = buf.get_mut(..limit).ok_or(Overflow)?;
        if nparams > MAX_PARAMS {
            return Err(Overflow);
        }
        let end = Record::params_start(nparams);
        if end > buf.len() {
            return Err(Overflow);
        }
        Ok(RecordWriter { buf, nparams, end, flags: Flags::default(), present: 0 })
    }

    /// The task context, to be filled in place.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer is not 8-byte aligned in memory.
    #[inline]
    pub fn task(&mut self) -> Result<&mut TaskContext, Overflow> {
        let bytes = self.buf.get_mut(size_of::<RecordHeader>()..).ok_or(Overflow)?;
        TaskContext::mut_from_prefix(bytes).map(|(task, _)| task).map_err(|_| Overflow)
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
        let room = self.buf.get_mut(start..).and_then(|room| room.first_chunk_mut()).ok_or(Overflow)?;
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
        self.range_of(index).and_then(|range| self.buf.get(range)).map(Param)
    }

    /// Where the parameter at `index` lies; `None` if it was not written.
    #[inline]
    fn range_of(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.nparams || self.present & 1 << index == 0 {
            return None;
        }
        let (slot, _) = ParamSlot::read_from_prefix(self.buf.get(SLOTS + index * size_of::<ParamSlot>()..)?).ok()?;
        let start = usize::from(slot.offset);
        Some(start..start + usize::from(slot.len))
    }

    /// Says in slot `index` where a parameter lies.
    #[inline(always)]
    fn slot(&mut self, index: usize, start: usize, len: usize) -> Result<(), Overflow> {
        if index >= self.nparams {
            return Err(Overflow);
        }
        self.present |= 1 << index;
        put_slot(self.buf, index, ParamSlot { offset: start as u16, len: len as u16 })
    }

    /// The bytes behind what was written, where the next parameter will lie.
    #[inline]
    pub(crate) fn ahead(&self) -> &[u8] {
        self.buf.get(self.end..).unwrap_or(&[])
    }

    /// The same, to be written on.
    #[inline]
    pub(crate) fn ahead_mut(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.end..).unwrap_or(&mut [])
    }

    /// Bytes left for parameters.
    #[inline]
    pub fn room(&self) -> usize {
        self.buf.len().saturating_sub(self.end)
    }

    /// Writes the header and gives the record's length in bytes. `header.len`, `nparams` and the flags set so far are
    /// filled in here.
    ///
    /// # Errors
    /// [`Overflow`] if the buffer is smaller than a header, which [`RecordWriter::begin`] has ruled out.
    #[inline(always)]
    pub fn finish(self, header: RecordHeader) -> Result<usize, Overflow> {
        // There is an even number of slots; one that stands for no parameter is as that of an absent one.
        let slots = self.nparams.next_multiple_of(2);
        let mut absent = !self.present & ((1_u64 << slots) - 1) as u32;
        while absent != 0 {
            put_slot(self.buf, absent.trailing_zeros() as usize, ParamSlot::default())?;
            absent &= absent.wrapping_sub(1);
        }
        let mut flags = Flags(header.flags);
        flags.insert(self.flags);
        let header =
            RecordHeader { len: self.end as u32, nparams: self.nparams as u16, flags: flags.0, reserved: 0, ..header };
        header.write_to_prefix(self.buf).map_err(|_| Overflow)?;
        Ok(self.end)
    }
}

const _: () = assert!(ALIGN == 2 * size_of::<ParamSlot>() && SLOTS.is_multiple_of(ALIGN));

#[inline]
fn put_slot(buf: &mut [u8], index: usize, slot: ParamSlot) -> Result<(), Overflow> {
    let room = buf.get_mut(SLOTS + index * size_of::<ParamSlot>()..).ok_or(Overflow)?;
    slot.write_to_prefix(room).map_err(|_| Overflow)
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
        self.record.buf.get_mut(self.start.saturating_add(self.len)..).unwrap_or(&mut [])
    }

    /// Everything written so far.
    #[inline]
    pub fn written(&mut self) -> &mut [u8] {
        let end = self.start.saturating_add(self.len);
        self.record.buf.get_mut(self.start..end).unwrap_or(&mut [])
    }

    /// What was written so far and what is still free, as two slices.
    #[inline]
    pub fn split(&mut self) -> (&mut [u8], &mut [u8]) {
        let (start, len) = (self.start, self.len);
        match self.record.buf.get_mut(start..) {
            Some(all) => all.split_at_mut_checked(len).unwrap_or((&mut [], &mut [])),
            None => (&mut [], &mut []),
        }
    }

    /// The parameter at `index`, written before this one, and the bytes not written yet.
    #[inline]
    pub fn earlier(&mut self, index: usize) -> Option<(&[u8], &mut [u8])> {
        let range = self.record.range_of(index)?;
        let (before, spare) = self.record.buf.split_at_mut_checked(self.start.saturating_add(self.len))?;
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
            let all = self.record.buf.get_mut(..padded).ok_or(Overflow)?;
            let word = all.last_chunk_mut().ok_or(Overflow)?;
            let kept = (after % ALIGN) * 8;
            *word = (u64::from_le_bytes(*word) & ((1_u64 << kept) - 1)).to_le_bytes();
        }
        self.record.end = padded;
        Ok(())
    }
}
