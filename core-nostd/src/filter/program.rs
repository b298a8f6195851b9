//! The bytes of a program, and the checked view of them.
//!
//! ```text
//!   header │ index: one u16 an event │ sections │ nodes │ tables │ data
//!     40     the first node of         first,     16      16
//!            its section, or NONE      count     each    each
//! ```
//!
//! Native endian, each part aligned to 8 bytes, the whole aligned to 8 in memory. The sections lie one after another over the
//! nodes, and the tables over the data, without gaps: that keeps checking them linear.

use super::verify::{self, Refused};
use super::{Part, Test, place, tables};
use crate::schema::EventId;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Greatest length of a program in bytes.
pub const MAX_PROGRAM: usize = 1 << 20;

/// Most nodes of a section.
pub const MAX_SECTION: usize = 1024;

/// Most nodes of a program.
pub const MAX_NODES: usize = 1 << 15;

/// Most tables of a program.
pub const MAX_TABLES: usize = 1 << 12;

/// Longest text that a node compares with, in bytes; entries of tables have the same limit.
pub const MAX_TEXT: usize = 4096;

/// Longest text that is searched for, and longest pattern, in bytes.
pub const MAX_PATTERN: usize = 256;

/// First word of a program: `KFP` and a version.
pub const MAGIC: u32 = 0x4b46_5002;

/// Stands for "no section" in the index, which no node's number is: every event of the kind is kept.
pub const NONE: u16 = u16::MAX;

/// The jump that keeps the event.
pub const KEEP: u16 = u16::MAX;

/// The jump that rejects it.
pub const REJECT: u16 = u16::MAX - 1;

/// Front of a program. 40 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: u32,
    /// Length of the whole program in bytes.
    pub len: u32,
    /// [`crate::schema::FINGERPRINT`] that event ids and parameter indices are meant by.
    pub schema: u64,
    /// Entries of the index: the number of events in the schema.
    pub events: u32,
    /// Number of sections.
    pub sections: u32,
    /// Number of nodes.
    pub nodes: u32,
    /// Number of tables.
    pub tables: u32,
    /// Length of the data in bytes, a multiple of 8.
    pub data: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Header>() == 40);

/// The nodes that judge an event, of which the first is the entry. 8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Section {
    /// Number of the first node.
    pub first: u32,
    /// How many there are, at least one.
    pub count: u32,
}

/// One test, and where to go on. 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Node {
    /// [`super::Test`].
    pub test: u8,
    /// [`super::Load`].
    pub load: u8,
    /// Index of the parameter; the generation for [`super::Load::AncestorName`]; 0 for any other load that is of no parameter.
    pub param: u8,
    /// Where the value lies, and which [`super::Part`] of a text it is (`place.rs`).
    pub part: u8,
    /// Where to go on if the test holds: [`KEEP`], [`REJECT`], or how many nodes to skip.
    pub yes: u16,
    /// Where to go on if it does not hold, or the value is absent.
    pub no: u16,
    /// What is compared with, see [`super::Test`].
    pub operand: u64,
}

const _: () = assert!(size_of::<Node>() == 16);

/// A set in the data. 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Table {
    /// [`TableKind`].
    pub kind: u32,
    /// Offset in the data, a multiple of 8.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
    /// Number of entries.
    pub count: u32,
}

const _: () = assert!(size_of::<Table>() == 16);

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum TableKind {
    /// `u64` each, ascending, none twice.
    Numbers = 1,
    /// Texts in the order of their bytes, none twice: a summary of 256 bits (`tables.rs`), `count + 1` offsets of 32 bits, then
    /// the bytes.
    Texts = 2,
    /// Texts likewise, of which none begins with another.
    Prefixes = 3,
    /// Texts that are prefixes of whole path components: in the order in which `/` comes before every other byte; none ends in
    /// a slash, and none is below another. An empty one stands for the root.
    PathPrefixes = 4,
    /// Ranges of IPv4 addresses: first and last, 32 bits each; ascending, and apart from each other.
    Networks4 = 5,
    /// Ranges of IPv6 addresses: first and last, 16 bytes each; likewise.
    Networks6 = 6,
}

impl TableKind {
    /// The kind of this number; `None` if there is none.
    pub const fn from_u32(number: u32) -> Option<TableKind> {
        match number {
            1 => Some(TableKind::Numbers),
            2 => Some(TableKind::Texts),
            3 => Some(TableKind::Prefixes),
            4 => Some(TableKind::PathPrefixes),
            5 => Some(TableKind::Networks4),
            6 => Some(TableKind::Networks6),
            _ => None,
        }
    }
}

/// A program that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    pub(super) index: &'a [u16],
    pub(super) sections: &'a [Section],
    pub(super) nodes: &'a [Node],
    pub(super) tables: &'a [Table],
    pub(super) data: &'a [u8],
}

impl<'a> Program<'a> {
    /// Verifies a program. The time that takes is linear in its length.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong, and where.
    pub fn verify(bytes: &'a [u8]) -> Result<Program<'a>, Refused> {
        verify::verify(bytes)
    }

    /// The nodes that judge an event; `None` if it is always kept.
    pub fn section(&self, event: EventId) -> Option<&'a [Node]> {
        let first = u32::from(*self.index.get(usize::from(event.0))?);
        let section = self.sections.get(self.sections.binary_search_by_key(&first, |section| section.first).ok()?)?;
        self.nodes_of(event)?.get(..section.count as usize)
    }

    /// The nodes that judge an event, and those of the sections behind: none of the former leads beyond them.
    #[inline]
    pub(super) fn nodes_of(&self, event: EventId) -> Option<&'a [Node]> {
        self.nodes.get(usize::from(*self.index.get(usize::from(event.0))?)..)
    }

    /// The texts that a node's test compares with: that of its operand, or those of its table. None for tests of other things.
    pub fn texts(&self, node: &Node) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (low, high) = halves(node.operand);
        let (one, table) = match Test::from_u8(node.test) {
            Some(Test::TextEqual | Test::Prefix | Test::Suffix | Test::Contains | Test::Glob) => {
                (self.text(low, high), None)
            }
            Some(Test::TextAmong | Test::PrefixAmong | Test::PathPrefixAmong) => (None, self.table(low)),
            _ => (None, None),
        };
        one.into_iter().chain(table.into_iter().flat_map(tables::all_texts))
    }

    /// The numbers that a node's test compares with, if it has a table of them.
    pub fn numbers(&self, node: &Node) -> &'a [u64] {
        match Test::from_u8(node.test) {
            Some(Test::Among) => self.table(halves(node.operand).0).and_then(tables::numbers).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The part of a text that a node's test looks at; `None` if the node names none.
    pub fn part(&self, node: &Node) -> Option<Part> {
        place::part(node)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if it judges no event.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A table's bytes and its number of entries.
    #[inline]
    pub(super) fn table(&self, number: u32) -> Option<(&'a [u8], usize)> {
        let table = self.tables.get(number as usize)?;
        let offset = table.offset as usize;
        Some((self.data.get(offset..offset.checked_add(table.len as usize)?)?, table.count as usize))
    }

    /// Bytes of the data.
    #[inline]
    pub(super) fn text(&self, offset: u32, len: u32) -> Option<&'a [u8]> {
        let offset = offset as usize;
        self.data.get(offset..offset.checked_add(len as usize)?)
    }
}

/// The two halves of an operand: the lower one first.
#[inline]
pub(super) const fn halves(operand: u64) -> (u32, u32) {
    (operand as u32, (operand >> 32) as u32)
}
