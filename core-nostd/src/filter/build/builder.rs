//! Sections, put together.

use super::condition::{Condition, Operand};
use super::encode::Data;
use super::section;
use crate::event::align_up;
use crate::filter::{
    Header, KEEP, Load, MAGIC, MAX_NODES, MAX_PROGRAM, NONE, Node, Program, REJECT, Section, Test, place,
};
use crate::schema::{self, EVENTS, EventId};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use zerocopy::IntoBytes;

/// Why a program cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// There is no such event.
    NoEvent {
        /// Its id.
        event: EventId,
    },
    /// The event has no such value, or it is not one that the test is made on.
    Misfit {
        /// The event.
        event: EventId,
        /// What was to be looked at.
        what: Operand,
    },
    /// A text, an entry of a set or a pattern is longer than a program may hold.
    TextTooLong {
        /// The event.
        event: EventId,
        /// What was to be looked at.
        what: Operand,
        /// The text's length in bytes.
        len: usize,
    },
    /// The condition of an event takes more nodes than a section may have.
    TooManyNodes {
        /// The event.
        event: EventId,
        /// How many it takes.
        nodes: usize,
    },
    /// There are more sets than a program may have.
    TooManyTables,
    /// The program has more nodes or bytes than a program may have.
    TooLong {
        /// Its nodes.
        nodes: usize,
        /// Its bytes.
        bytes: usize,
    },
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = |event: &EventId| schema::get(*event).map_or("?", |event| event.name);
        match self {
            BuildError::NoEvent { event } => write!(f, "there is no event {}", event.0),
            BuildError::Misfit { event, what } => {
                write!(f, "{}: {} of parameter {} cannot be tested so", name(event), what.load.name(), what.param)
            }
            BuildError::TextTooLong { event, what, len } => write!(
                f,
                "{}: a text of {len} bytes is too long to compare {} of parameter {} with",
                name(event),
                what.load.name(),
                what.param
            ),
            BuildError::TooManyNodes { event, nodes } => write!(f, "{}: {nodes} tests are too many", name(event)),
            BuildError::TooManyTables => f.write_str("there are too many sets"),
            BuildError::TooLong { nodes, bytes } => write!(f, "{nodes} tests in {bytes} bytes are too many"),
        }
    }
}

impl core::error::Error for BuildError {}

/// The bytes of a program, aligned as they must be in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes {
    words: Vec<u64>,
}

impl Bytes {
    /// A copy of bytes, aligned. What is missing to a multiple of 8 is filled with zeros, which no program ends with.
    pub fn copied(bytes: &[u8]) -> Bytes {
        let mut words = alloc::vec![0_u64; bytes.len().div_ceil(8)];
        for (to, from) in words.as_mut_bytes().iter_mut().zip(bytes) {
            *to = *from;
        }
        Bytes { words }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.words.as_bytes()
    }
}

/// Builds a program.
#[derive(Debug, Default)]
pub struct Builder {
    /// The nodes of each event's section.
    sections: BTreeMap<EventId, Vec<Node>>,
    data: Data,
}

impl Builder {
    /// A program that keeps every event.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Says when an event is wanted; replaces what was said of it before. An event that is always wanted gets no section.
    ///
    /// # Errors
    /// [`BuildError`] says what cannot be told so; the builder is as it was, but for texts that nothing refers to.
    pub fn section(&mut self, event: EventId, wanted: &Condition) -> Result<(), BuildError> {
        if schema::get(event).is_none() {
            return Err(BuildError::NoEvent { event });
        }
        let nodes = match wanted.simplified() {
            Condition::Always => {
                self.sections.remove(&event);
                return Ok(());
            }
            // A test that is there for its jumps alone.
            Condition::Never => alloc::vec![Node {
                test: Test::Exists as u8,
                load: Load::Flags as u8,
                part: place::place(event, Load::Flags, 0),
                yes: REJECT,
                no: KEEP,
                ..Node::default()
            }],
            condition => section::nodes(event, &condition, &mut self.data)?,
        };
        self.sections.insert(event, nodes);
        Ok(())
    }

    /// The program's bytes. They pass [`Program::verify`].
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if it is longer than a program may be.
    pub fn finish(self) -> Result<Bytes, BuildError> {
        let Data { tables, mut table_bytes, text_bytes, .. } = self.data;
        let texts_at = table_bytes.len() as u64;
        table_bytes.extend_from_slice(&text_bytes);
        table_bytes.resize(align_up(table_bytes.len()), 0);
        let data = table_bytes;

        let mut index = alloc::vec![NONE; EVENTS.len()];
        let mut sections: Vec<Section> = Vec::new();
        let mut nodes: Vec<Node> = Vec::new();
        let mut known: BTreeMap<Vec<u8>, u16> = BTreeMap::new();
        for (event, section) in &self.sections {
            let number = *known.entry(section.as_bytes().to_vec()).or_insert_with(|| {
                let first = nodes.len();
                sections.push(Section { first: first as u32, count: section.len() as u32 });
                nodes.extend(section.iter().map(|node| placed(*node, texts_at)));
                // There are fewer nodes than 16 bits count, or too many.
                first as u16
            });
            // `section` accepts events of the schema only.
            index[usize::from(event.0)] = number;
        }

        let mut bytes = Vec::new();
        bytes.extend_from_slice(index.as_bytes());
        bytes.resize(align_up(bytes.len()), 0);
        for part in [sections.as_bytes(), nodes.as_bytes(), tables.as_bytes(), &data] {
            bytes.extend_from_slice(part);
        }
        let len = size_of::<Header>() + bytes.len();
        if len > MAX_PROGRAM || nodes.len() > MAX_NODES {
            return Err(BuildError::TooLong { nodes: nodes.len(), bytes: len });
        }
        let header = Header {
            magic: MAGIC,
            len: len as u32,
            schema: schema::FINGERPRINT,
            events: EVENTS.len() as u32,
            sections: sections.len() as u32,
            nodes: nodes.len() as u32,
            tables: tables.len() as u32,
            data: data.len() as u32,
            reserved: 0,
        };
        let mut all = header.as_bytes().to_vec();
        all.extend_from_slice(&bytes);
        let bytes = Bytes::copied(&all);
        debug_assert!(Program::verify(bytes.as_bytes()).is_ok());
        Ok(bytes)
    }
}

/// A node whose text lies where the texts ended up.
fn placed(node: Node, texts_at: u64) -> Node {
    let text = matches!(
        Test::from_u8(node.test),
        Some(Test::TextEqual | Test::Prefix | Test::Suffix | Test::Contains | Test::Glob)
    );
    if text { Node { operand: node.operand + texts_at, ..node } } else { node }
}
