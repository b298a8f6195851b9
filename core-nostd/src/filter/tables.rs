//! Sets as sorted tables: how they are read, what order they must be in, and how they are searched.
//!
//! A search takes one comparison for each halving, also for prefixes: in a set in which no entry begins with another, the
//! greatest entry that is not greater than the text is the only one that it can begin with.
//!
//! Tables of texts begin with a *summary* of their entries: 256 bits, of which each entry sets one, by its length and its end, or
//! for prefixes by the bytes behind the first, which for paths is a slash. A text whose bit is not set is not searched for.

use super::program::{MAX_TEXT, TableKind};
use super::verify::Why;
use core::cmp::Ordering;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Bytes of a summary.
const SUMMARY: usize = 32;

/// What a table of texts says of its entries: a bit each.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, KnownLayout, Immutable)]
#[repr(transparent)]
pub(super) struct Summary(pub [u8; SUMMARY]);

impl Summary {
    /// Of no entries.
    pub const NONE: Summary = Summary([0; SUMMARY]);

    /// The bit of a text.
    #[inline]
    fn of_text(text: &[u8]) -> u8 {
        let end = match text {
            [.., a, _, b] => a.wrapping_mul(23).wrapping_add(b.wrapping_mul(5)),
            _ => 0,
        };
        end.wrapping_add(text.len() as u8)
    }

    /// The bit of a prefix, or of a text that may begin with one; `None` if it is too short to tell.
    #[inline]
    fn of_prefix(text: &[u8]) -> Option<u8> {
        match text {
            [_, a, b, c, ..] => Some(a.wrapping_add(b.wrapping_mul(3)).wrapping_add(c.wrapping_mul(9))),
            _ => None,
        }
    }

    #[inline]
    fn has(&self, bit: u8) -> bool {
        self.0.get(usize::from(bit >> 3)).is_some_and(|byte| byte >> (bit & 7) & 1 != 0)
    }

    /// True if a text may be among the entries.
    #[inline]
    fn has_text(&self, text: &[u8]) -> bool {
        self.has(Summary::of_text(text))
    }

    /// True if a text may begin with an entry.
    #[inline]
    fn has_prefix(&self, text: &[u8]) -> bool {
        Summary::of_prefix(text).is_none_or(|bit| self.has(bit))
    }

    /// Adds an entry of a table of texts.
    pub fn add_text(&mut self, entry: &[u8]) {
        self.set(Summary::of_text(entry));
    }

    /// Adds an entry of a table of prefixes. One that is too short sets all bits.
    pub fn add_prefix(&mut self, entry: &[u8]) {
        match Summary::of_prefix(entry) {
            Some(bit) => self.set(bit),
            None => self.0 = [u8::MAX; SUMMARY],
        }
    }

    fn set(&mut self, bit: u8) {
        if let Some(byte) = self.0.get_mut(usize::from(bit >> 3)) {
            *byte |= 1 << (bit & 7);
        }
    }
}

/// Takes a table of texts apart: its summary, and the rest.
#[inline]
fn summed(bytes: &[u8]) -> Option<(&Summary, &[u8])> {
    Summary::ref_from_prefix(bytes).ok()
}

/// The entries of a table of texts.
#[derive(Clone, Copy)]
struct Texts<'a> {
    offsets: &'a [u32],
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    #[inline]
    fn read(bytes: &'a [u8], count: usize) -> Option<Texts<'a>> {
        let (offsets, bytes) = <[u32]>::ref_from_prefix_with_elems(bytes, count.checked_add(1)?).ok()?;
        Some(Texts { offsets, bytes })
    }

    #[inline]
    fn get(&self, index: usize) -> Option<&'a [u8]> {
        let start = *self.offsets.get(index)? as usize;
        let end = *self.offsets.get(index.checked_add(1)?)? as usize;
        self.bytes.get(start..end)
    }

    /// Entries come in the order that `in_order` says, and fill the bytes; the summary is theirs, made by `add`.
    fn check(
        &self,
        summary: &Summary,
        in_order: impl Fn(&[u8], &[u8]) -> bool,
        add: impl Fn(&mut Summary, &[u8]),
    ) -> Result<(), Why> {
        if self.offsets.first() != Some(&0) || self.offsets.last().map(|&end| end as usize) != Some(self.bytes.len()) {
            return Err(Why::TableEntries);
        }
        let mut last: Option<&[u8]> = None;
        let mut made = Summary::NONE;
        for index in 0..self.offsets.len().saturating_sub(1) {
            let entry = self.get(index).filter(|entry| entry.len() <= MAX_TEXT).ok_or(Why::TableEntries)?;
            if last.is_some_and(|last| !in_order(last, entry)) {
                return Err(Why::TableOrder);
            }
            last = Some(entry);
            add(&mut made, entry);
        }
        if made == *summary { Ok(()) } else { Err(Why::TableSummary) }
    }

    /// The greatest entry that is not greater than `text`.
    #[inline]
    fn floor(&self, text: &[u8], order: impl Fn(&[u8], &[u8]) -> Ordering) -> Option<&'a [u8]> {
        let after = partition(self.offsets.len().saturating_sub(1), |index| {
            self.get(index).is_some_and(|entry| order(entry, text) != Ordering::Greater)
        });
        self.get(after.checked_sub(1)?)
    }
}

/// The first index below `count` that `holds` does not hold for, where it holds for all before.
#[inline]
fn partition(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    low
}

/// The order of paths: that of their bytes, but a slash before every other byte. So a folder comes right before what lies in it.
pub(super) fn path_order(a: &[u8], b: &[u8]) -> Ordering {
    for (&a, &b) in a.iter().zip(b) {
        if a != b {
            return match (a, b) {
                (b'/', _) => Ordering::Less,
                (_, b'/') => Ordering::Greater,
                _ => a.cmp(&b),
            };
        }
    }
    a.len().cmp(&b.len())
}

/// Is `path` the folder, or in it? The empty folder is the root.
#[inline]
pub(super) fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first().is_none_or(|&b| b == b'/'))
}

/// A range of IPv4 addresses.
#[derive(Clone, Copy, FromBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Range4 {
    first: u32,
    last: u32,
}

/// A range of IPv6 addresses.
#[derive(Clone, Copy, FromBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Range6 {
    first: [u8; 16],
    last: [u8; 16],
}

/// Entries of one size that fill the bytes.
#[inline]
fn entries<T: FromBytes + KnownLayout + Immutable>(bytes: &[u8], count: usize) -> Option<&[T]> {
    <[T]>::ref_from_bytes_with_elems(bytes, count).ok()
}

/// Checks that a table of this kind is what it must be.
pub(super) fn check(kind: TableKind, bytes: &[u8], count: usize) -> Result<(), Why> {
    let ascending = |holds: bool| if holds { Ok(()) } else { Err(Why::TableOrder) };
    match kind {
        TableKind::Numbers => {
            let numbers: &[u64] = entries(bytes, count).ok_or(Why::TableEntries)?;
            ascending(pairs(numbers).all(|(a, b)| a < b))
        }
        TableKind::Texts => {
            let (summary, texts) = texts(bytes, count)?;
            texts.check(summary, |a, b| a < b, Summary::add_text)
        }
        TableKind::Prefixes => {
            let (summary, texts) = texts(bytes, count)?;
            texts.check(summary, |a, b| a < b && !b.starts_with(a), Summary::add_prefix)
        }
        TableKind::PathPrefixes => {
            let (summary, texts) = texts(bytes, count)?;
            let mut index = 0..count;
            ascending(!index.any(|index| texts.get(index).is_some_and(|entry| entry.last() == Some(&b'/'))))?;
            let in_order = |a: &[u8], b: &[u8]| path_order(a, b) == Ordering::Less && !is_below(b, a);
            texts.check(summary, in_order, Summary::add_prefix)
        }
        TableKind::Networks4 => {
            let ranges: &[Range4] = entries(bytes, count).ok_or(Why::TableEntries)?;
            ascending(ranges.iter().all(|range| range.first <= range.last))?;
            ascending(pairs(ranges).all(|(a, b)| a.last < b.first))
        }
        TableKind::Networks6 => {
            let ranges: &[Range6] = entries(bytes, count).ok_or(Why::TableEntries)?;
            ascending(ranges.iter().all(|range| range.first <= range.last))?;
            ascending(pairs(ranges).all(|(a, b)| a.last < b.first))
        }
    }
}

fn texts(bytes: &[u8], count: usize) -> Result<(&Summary, Texts<'_>), Why> {
    let (summary, bytes) = summed(bytes).ok_or(Why::TableEntries)?;
    Ok((summary, Texts::read(bytes, count).ok_or(Why::TableEntries)?))
}

fn pairs<T>(entries: &[T]) -> impl Iterator<Item = (&T, &T)> {
    entries.iter().zip(entries.iter().skip(1))
}

/// Is the number in the table?
#[inline]
pub(super) fn has_number((bytes, count): (&[u8], usize), number: u64) -> Option<bool> {
    let numbers: &[u64] = entries(bytes, count)?;
    let at = partition(count, |index| numbers.get(index).is_some_and(|&entry| entry < number));
    Some(numbers.get(at) == Some(&number))
}

/// The texts of a table, one after the other.
pub(super) fn all_texts<'a>((bytes, count): (&'a [u8], usize)) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let texts = texts(bytes, count).ok().map(|(_, texts)| texts);
    (0..count).filter_map(move |index| texts.as_ref()?.get(index))
}

/// The numbers of a table.
pub(super) fn numbers((bytes, count): (&[u8], usize)) -> Option<&[u64]> {
    entries(bytes, count)
}

/// Is the text in the table?
#[inline]
pub(super) fn has_text((bytes, count): (&[u8], usize), text: &[u8]) -> Option<bool> {
    let (summary, bytes) = summed(bytes)?;
    if !summary.has_text(text) {
        return Some(false);
    }
    find_text(bytes, count, text)
}

#[inline(never)]
fn find_text(bytes: &[u8], count: usize, text: &[u8]) -> Option<bool> {
    Some(Texts::read(bytes, count)?.floor(text, Ord::cmp) == Some(text))
}

/// Does the text begin with an entry?
#[inline]
pub(super) fn has_prefix((bytes, count): (&[u8], usize), text: &[u8]) -> Option<bool> {
    let (summary, bytes) = summed(bytes)?;
    if !summary.has_prefix(text) {
        return Some(false);
    }
    find_prefix(bytes, count, text)
}

#[inline(never)]
fn find_prefix(bytes: &[u8], count: usize, text: &[u8]) -> Option<bool> {
    Some(Texts::read(bytes, count)?.floor(text, Ord::cmp).is_some_and(|entry| text.starts_with(entry)))
}

/// Is the path an entry, or below one?
#[inline]
pub(super) fn has_path_prefix((bytes, count): (&[u8], usize), text: &[u8]) -> Option<bool> {
    let (summary, bytes) = summed(bytes)?;
    if !summary.has_prefix(text) {
        return Some(false);
    }
    find_path_prefix(bytes, count, text)
}

#[inline(never)]
fn find_path_prefix(bytes: &[u8], count: usize, text: &[u8]) -> Option<bool> {
    Some(Texts::read(bytes, count)?.floor(text, path_order).is_some_and(|entry| is_below(text, entry)))
}

/// Does the address lie in a range?
#[inline]
pub(super) fn has_address4((bytes, count): (&[u8], usize), address: u32) -> Option<bool> {
    let ranges: &[Range4] = entries(bytes, count)?;
    let after = partition(count, |index| ranges.get(index).is_some_and(|range| range.first <= address));
    Some(after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| address <= range.last))
}

/// Does the address lie in a range?
#[inline]
pub(super) fn has_address6((bytes, count): (&[u8], usize), address: &[u8; 16]) -> Option<bool> {
    let ranges: &[Range6] = entries(bytes, count)?;
    let after = partition(count, |index| ranges.get(index).is_some_and(|range| range.first <= *address));
    Some(after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| *address <= range.last))
}
