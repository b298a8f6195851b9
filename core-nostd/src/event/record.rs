//! A checked view of one record.

use super::{FdView, Flags, MAX_PARAMS, MAX_RECORD, PathView, RecordHeader, TaskContext, TupleView, encoding};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where a parameter lies in its record. An offset of 0 says that the parameter is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct ParamSlot {
    pub offset: u16,
    pub len: u16,
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRecord {
    /// Shorter than a header and a task context, or not 8-byte aligned in memory.
    TooShort,
    /// The length word does not agree with the bytes: not a multiple of 8, too large, or beyond the end.
    Length,
    /// More parameters than any event has, or slots beyond the end.
    Params,
    /// A parameter lies outside the record, or over its slots.
    Bounds,
}

impl core::fmt::Display for BadRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            BadRecord::TooShort => "record is shorter than its header",
            BadRecord::Length => "record length does not agree with its bytes",
            BadRecord::Params => "record has too many parameters",
            BadRecord::Bounds => "a parameter lies outside its record",
        })
    }
}

impl core::error::Error for BadRecord {}

/// One record, checked, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    header: &'a RecordHeader,
    task: &'a TaskContext,
    slots: &'a [ParamSlot],
    bytes: &'a [u8],
}

/// One parameter of a record: bytes whose meaning the schema tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a>(pub &'a [u8]);

impl<'a> Record<'a> {
    /// Checks that `bytes` begin with a whole record.
    ///
    /// # Errors
    /// [`BadRecord`] says what is wrong. Nothing of the record can be used then but its alleged length.
    pub fn parse(bytes: &'a [u8]) -> Result<Record<'a>, BadRecord> {
        let (header, rest) = RecordHeader::ref_from_prefix(bytes).map_err(|_| BadRecord::TooShort)?;
        let len = header.len as usize;
        if !len.is_multiple_of(super::ALIGN) || len > MAX_RECORD {
            return Err(BadRecord::Length);
        }
        let bytes = bytes.get(..len).ok_or(BadRecord::Length)?;
        let (task, rest) = TaskContext::ref_from_prefix(rest).map_err(|_| BadRecord::TooShort)?;
        let nparams = usize::from(header.nparams);
        if nparams > MAX_PARAMS {
            return Err(BadRecord::Params);
        }
        let (slots, _) = <[ParamSlot]>::ref_from_prefix_with_elems(rest, nparams).map_err(|_| BadRecord::Params)?;
        let first = Self::params_start(nparams);
        if first > len {
            return Err(BadRecord::Params);
        }
        for slot in slots {
            let (start, end) = (usize::from(slot.offset), usize::from(slot.offset) + usize::from(slot.len));
            if slot.offset != 0 && (start < first || end > len) {
                return Err(BadRecord::Bounds);
            }
        }
        Ok(Record { header, task, slots, bytes })
    }

    /// Offset of the first parameter byte of a record with this many parameters.
    pub(super) const fn params_start(nparams: usize) -> usize {
        super::align_up(size_of::<RecordHeader>() + size_of::<TaskContext>() + nparams * size_of::<ParamSlot>())
    }

    /// The header.
    pub fn header(&self) -> &'a RecordHeader {
        self.header
    }

    /// The header's flags.
    pub fn flags(&self) -> Flags {
        Flags(self.header.flags)
    }

    /// The task the event belongs to.
    pub fn task(&self) -> &'a TaskContext {
        self.task
    }

    /// The whole record.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of parameter slots.
    pub fn param_count(&self) -> usize {
        self.slots.len()
    }

    /// The parameter at this index of the event's schema; `None` if it is absent.
    pub fn param(&self, index: usize) -> Option<Param<'a>> {
        let slot = self.slots.get(index)?;
        if slot.offset == 0 {
            return None;
        }
        let start = usize::from(slot.offset);
        self.bytes.get(start..start + usize::from(slot.len)).map(Param)
    }
}

impl<'a> Param<'a> {
    /// As a signed number.
    pub fn int(&self) -> Option<i64> {
        Some(i64::from_ne_bytes(self.0.try_into().ok()?))
    }

    /// As an unsigned number.
    pub fn uint(&self) -> Option<u64> {
        Some(u64::from_ne_bytes(self.0.try_into().ok()?))
    }

    /// As a path.
    pub fn path(&self) -> Option<PathView<'a>> {
        PathView::parse(self.0)
    }

    /// As a file descriptor.
    pub fn fd(&self) -> Option<FdView<'a>> {
        FdView::parse(self.0)
    }

    /// As a list of file descriptors.
    pub fn fd_list(&self) -> encoding::FdListView<'a> {
        encoding::FdListView::parse(self.0)
    }

    /// As a socket tuple.
    pub fn tuple(&self) -> Option<TupleView<'a>> {
        TupleView::parse(self.0)
    }

    /// As a socket address.
    pub fn address(&self) -> Option<encoding::AddressView<'a>> {
        encoding::AddressView::parse(self.0)
    }

    /// As a list of strings, each ended by NUL (a last one may lack it).
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.0.strip_suffix(&[0]).unwrap_or(self.0);
        let empty = self.0.is_empty();
        bytes.split(|&b| b == 0).filter(move |_| !empty)
    }
}
