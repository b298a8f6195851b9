//! The verifier: from bytes that somebody sent to a [`Program`].
//!
//! Whatever passes here can be evaluated without a further check: every jump goes forward within its section, every load is one
//! that the event has, every operand and table lies in the data and is in order. What the evaluator costs is bounded by
//! [`super::MAX_STEPS`], whatever the program.

use super::program::{
    Header, KEEP, MAGIC, MAX_NODES, MAX_PATTERN, MAX_PROGRAM, MAX_SECTION, MAX_TABLES, NONE, Node, Program, REJECT,
    Section, Table, TableKind, halves,
};
use super::test::Operand;
use super::{Class, Load, Test, place, tables};
use crate::schema::{self, EVENT_COUNT, EventId};
use zerocopy::FromBytes;

/// Why a program is refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub why: Why,
    /// Number of the section, node, table or event that it is about; 0 if it is about the whole.
    pub at: u32,
}

/// What is wrong with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Why {
    /// It is longer than a program may be.
    TooLong = 1,
    /// It does not begin at an address that is a multiple of 8.
    Misaligned,
    /// It is shorter than its header says, or longer.
    Length,
    /// It does not begin as a program of this version does.
    Magic,
    /// It was made for another table of events.
    Schema,
    /// There are more sections, nodes or tables than a program may have.
    TooMany,
    /// An event's section does not exist.
    NoSection,
    /// A section is empty, too long, or does not begin where the one before ended.
    Section,
    /// A node has a test that does not exist.
    NoTest,
    /// A node has a load that does not exist.
    NoLoad,
    /// A node's test is not made on the kind of value that its load gives, or on a part of it that does not exist.
    Class,
    /// A node loads what an event of its section does not have.
    Parameter,
    /// A node jumps beyond its section.
    Jump,
    /// A node's operand lies outside the data, is too long, or is not zero where nothing is compared with.
    Operand,
    /// A node's table does not exist, or is of another kind.
    TableOfNode,
    /// A table is of a kind that does not exist.
    TableKind,
    /// A table does not begin where the one before ended, or goes beyond the data.
    TableBounds,
    /// A table's entries are not as long as its length says.
    TableEntries,
    /// A table's entries are not in order.
    TableOrder,
    /// A node says that its value lies elsewhere than it does.
    Place,
    /// What a table says of all its entries is not so.
    TableSummary,
}

impl Why {
    /// The reason of this number; `None` if there is none.
    pub fn from_u32(number: u32) -> Option<Why> {
        REASONS.get((number as usize).checked_sub(1)?).copied()
    }
}

const REASONS: [Why; 21] = [
    Why::TooLong,
    Why::Misaligned,
    Why::Length,
    Why::Magic,
    Why::Schema,
    Why::TooMany,
    Why::NoSection,
    Why::Section,
    Why::NoTest,
    Why::NoLoad,
    Why::Class,
    Why::Parameter,
    Why::Jump,
    Why::Operand,
    Why::TableOfNode,
    Why::TableKind,
    Why::TableBounds,
    Why::TableEntries,
    Why::TableOrder,
    Why::Place,
    Why::TableSummary,
];

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let at = self.at;
        match self.why {
            Why::TooLong => write!(f, "the program is longer than {MAX_PROGRAM} bytes"),
            Why::Misaligned => f.write_str("the program does not begin at a multiple of 8"),
            Why::Length => f.write_str("the program is not as long as its header says"),
            Why::Magic => f.write_str("these bytes are no program of this version"),
            Why::Schema => f.write_str("the program was made for another table of events"),
            Why::TooMany => {
                write!(f, "the program has more than {MAX_NODES} nodes, {MAX_TABLES} tables or a section an event")
            }
            Why::NoSection => write!(f, "event {at}: its section does not exist"),
            Why::Section => write!(
                f,
                "section {at}: it is empty, has more than {MAX_SECTION} nodes, or does not begin where the last one ended"
            ),
            Why::NoTest => write!(f, "node {at}: there is no such test"),
            Why::NoLoad => write!(f, "node {at}: there is no such load"),
            Why::Class => write!(f, "node {at}: the test does not fit what is loaded"),
            Why::Parameter => write!(f, "node {at}: an event of this section has no such value"),
            Why::Jump => write!(f, "node {at}: it jumps out of its section"),
            Why::Operand => write!(f, "node {at}: its operand is not in the data, or too long"),
            Why::TableOfNode => write!(f, "node {at}: its table does not exist, or is of another kind"),
            Why::TableKind => write!(f, "table {at}: there is no such kind"),
            Why::TableBounds => write!(f, "table {at}: it does not follow the last one, or goes beyond the data"),
            Why::TableEntries => write!(f, "table {at}: its entries are not as long as it says"),
            Why::TableOrder => write!(f, "table {at}: its entries are not in order"),
            Why::TableSummary => write!(f, "table {at}: what it says of all its entries is not so"),
            Why::Place => write!(f, "node {at}: what is loaded does not lie where it says"),
        }
    }
}

impl core::error::Error for Refused {}

const fn refuse<T>(why: Why, at: usize) -> Result<T, Refused> {
    Err(Refused { why, at: at as u32 })
}

/// Verifies a program.
pub(super) fn verify(bytes: &[u8]) -> Result<Program<'_>, Refused> {
    let program = parts(bytes)?;
    check_tables(&program)?;
    check_sections(program.sections, program.nodes.len())?;
    for (number, section) in program.sections.iter().enumerate() {
        let first = section.first as usize;
        let nodes = program.nodes.get(first..).and_then(|nodes| nodes.get(..section.count as usize));
        let Some(nodes) = nodes else { return refuse(Why::Section, number) };
        for (place, node) in nodes.iter().enumerate() {
            check_node(&program, node, nodes.len().saturating_sub(place))
                .map_err(|why| Refused { why, at: first.saturating_add(place) as u32 })?;
        }
    }
    for (event, &number) in program.index.iter().enumerate() {
        if number == NONE {
            continue;
        }
        let first = usize::from(number);
        let Some(nodes) = program.section(EventId(event as u16)) else { return refuse(Why::NoSection, event) };
        for (place, node) in nodes.iter().enumerate() {
            let event = EventId(event as u16);
            let at = first.saturating_add(place);
            let Some(load) = Load::from_u8(node.load).filter(|load| load.fits(event, node.param)) else {
                return refuse(Why::Parameter, at);
            };
            let part = if load.class() == Class::Text { place::PART } else { 0 };
            if node.part & !part != place::place(event, load, node.param) {
                return refuse(Why::Place, at);
            }
        }
    }
    Ok(program)
}

/// Takes the bytes apart.
fn parts(bytes: &[u8]) -> Result<Program<'_>, Refused> {
    if bytes.len() > MAX_PROGRAM {
        return refuse(Why::TooLong, 0);
    }
    if !(bytes.as_ptr() as usize).is_multiple_of(8) {
        return refuse(Why::Misaligned, 0);
    }
    let Ok((header, rest)) = Header::ref_from_prefix(bytes) else { return refuse(Why::Length, 0) };
    if header.magic != MAGIC || header.reserved != 0 {
        return refuse(Why::Magic, 0);
    }
    if header.schema != schema::FINGERPRINT || header.events as usize != EVENT_COUNT {
        return refuse(Why::Schema, 0);
    }
    if header.len as usize != bytes.len() {
        return refuse(Why::Length, 0);
    }
    let (sections, nodes, tables) = (header.sections as usize, header.nodes as usize, header.tables as usize);
    if sections > EVENT_COUNT || nodes > MAX_NODES || tables > MAX_TABLES {
        return refuse(Why::TooMany, 0);
    }
    let program = (|| {
        let index_bytes = crate::event::align_up(EVENT_COUNT.checked_mul(2)?);
        let (index, rest) = (rest.get(..index_bytes)?, rest.get(index_bytes..)?);
        let (index, _) = <[u16]>::ref_from_prefix_with_elems(index, EVENT_COUNT).ok()?;
        let (sections, rest) = <[Section]>::ref_from_prefix_with_elems(rest, sections).ok()?;
        let (nodes, rest) = <[Node]>::ref_from_prefix_with_elems(rest, nodes).ok()?;
        let (tables, data) = <[Table]>::ref_from_prefix_with_elems(rest, tables).ok()?;
        let whole = data.len() == header.data as usize && data.len().is_multiple_of(8);
        whole.then_some(Program { index, sections, nodes, tables, data })
    })();
    match program {
        Some(program) => Ok(program),
        None => refuse(Why::Length, 0),
    }
}

/// Sections lie one after another over all nodes.
fn check_sections(sections: &[Section], nodes: usize) -> Result<(), Refused> {
    let mut end = 0_usize;
    for (number, section) in sections.iter().enumerate() {
        let count = section.count as usize;
        if section.first as usize != end || count == 0 || count > MAX_SECTION {
            return refuse(Why::Section, number);
        }
        end = end.saturating_add(count);
    }
    if end == nodes { Ok(()) } else { refuse(Why::Section, sections.len()) }
}

/// A node, of which `left` are in its section from itself on.
fn check_node(program: &Program<'_>, node: &Node, left: usize) -> Result<(), Why> {
    let test = Test::from_u8(node.test).ok_or(Why::NoTest)?;
    let load = Load::from_u8(node.load).ok_or(Why::NoLoad)?;
    let has_part = match load.class() {
        Class::Text => place::part(node).is_some(),
        Class::Number | Class::Address => true,
    };
    if test.class().is_some_and(|class| class != load.class()) || !has_part {
        return Err(Why::Class);
    }
    for jump in [node.yes, node.no] {
        let inside = usize::from(jump).saturating_add(1) < left;
        if jump != KEEP && jump != REJECT && !inside {
            return Err(Why::Jump);
        }
    }
    let (low, high) = halves(node.operand);
    match test.operand() {
        Operand::Number => Ok(()),
        Operand::Nothing if node.operand == 0 => Ok(()),
        Operand::Nothing => Err(Why::Operand),
        Operand::Text(most) if high as usize <= most && program.text(low, high).is_some() => Ok(()),
        Operand::Text(_) => Err(Why::Operand),
        Operand::Pattern => match program.text(low, high) {
            Some(pattern) if pattern.len() <= MAX_PATTERN && ends_well(pattern) => Ok(()),
            _ => Err(Why::Operand),
        },
        Operand::Table(kind) if high == 0 => has_kind(program, low, kind),
        Operand::Table(_) => Err(Why::TableOfNode),
        Operand::Networks => {
            if low != u32::MAX {
                has_kind(program, low, TableKind::Networks4)?;
            }
            if high != u32::MAX {
                has_kind(program, high, TableKind::Networks6)?;
            }
            Ok(())
        }
    }
}

fn has_kind(program: &Program<'_>, table: u32, kind: TableKind) -> Result<(), Why> {
    match program.tables.get(table as usize) {
        Some(table) if table.kind == kind as u32 => Ok(()),
        _ => Err(Why::TableOfNode),
    }
}

/// A pattern does not end in a backslash that takes the meaning of nothing away.
fn ends_well(pattern: &[u8]) -> bool {
    let mut escaped = false;
    for &byte in pattern {
        escaped = !escaped && byte == b'\\';
    }
    !escaped
}

/// Tables lie one after another at the front of the data; each is in order.
fn check_tables(program: &Program<'_>) -> Result<(), Refused> {
    let mut end = 0_usize;
    for (number, table) in program.tables.iter().enumerate() {
        let Some(kind) = TableKind::from_u32(table.kind) else { return refuse(Why::TableKind, number) };
        let (offset, len) = (table.offset as usize, table.len as usize);
        let Some(bytes) = program.text(table.offset, table.len).filter(|_| offset == end) else {
            return refuse(Why::TableBounds, number);
        };
        end = crate::event::align_up(offset.saturating_add(len));
        tables::check(kind, bytes, table.count as usize).map_err(|why| Refused { why, at: number as u32 })?;
    }
    Ok(())
}
