//! Tables and texts of a program in the making.

use super::builder::BuildError;
use super::condition::{Is, Operand};
use crate::event::align_up;
use crate::filter::tables::{Summary, is_below, path_order};
use crate::filter::{Class, MAX_PATTERN, MAX_TABLES, MAX_TEXT, Node, Part, Table, TableKind, place};
use crate::schema::EventId;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What nodes refer to. The tables come first in the data, then the texts.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub tables: Vec<Table>,
    pub table_bytes: Vec<u8>,
    /// Offsets are counted from where the texts begin, until the length of the tables is known.
    pub text_bytes: Vec<u8>,
    known_tables: BTreeMap<(TableKind, Vec<u8>), u32>,
    known_texts: BTreeMap<Vec<u8>, u32>,
}

impl Data {
    /// The node of a test, without its jumps.
    pub fn node(&mut self, event: EventId, what: Operand, is: &Is) -> Result<Node, BuildError> {
        let misfit = || BuildError::Misfit { event, what };
        let test = is.test();
        let class = what.load.class();
        if !what.load.fits(event, what.param)
            || test.class().is_some_and(|wanted| wanted != class)
            || what.part != Part::Whole && class != Class::Text
        {
            return Err(misfit());
        }
        let operand = match is {
            Is::There => 0,
            Is::Equal(n) | Is::Below(n) | Is::AtMost(n) | Is::AllBits(n) | Is::AnyBits(n) => *n,
            Is::BelowSigned(n) | Is::AtMostSigned(n) => n.cast_unsigned(),
            Is::Masked { mask, value } => u64::from(*mask) << 32 | u64::from(*value),
            Is::Among(numbers) => self.numbers(numbers)?,
            Is::Text(text) | Is::Prefix(text) | Is::Suffix(text) => self.text(event, what, text, MAX_TEXT)?,
            Is::Contains(text) => self.text(event, what, text, MAX_PATTERN)?,
            Is::Glob(pattern) => {
                if pattern.iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1 {
                    return Err(misfit());
                }
                self.text(event, what, pattern, MAX_PATTERN)?
            }
            Is::TextAmong(texts) => self.texts(event, what, TableKind::Texts, texts)?,
            Is::PrefixAmong(texts) => self.texts(event, what, TableKind::Prefixes, texts)?,
            Is::PathPrefixAmong(texts) => self.texts(event, what, TableKind::PathPrefixes, texts)?,
            Is::InNetworks(networks) => self.networks(networks)?,
        };
        let part = place::place(event, what.load, what.param) | what.part as u8;
        let test = test as u8;
        Ok(Node { test, load: what.load as u8, param: what.param, part, yes: 0, no: 0, operand })
    }

    fn text(&mut self, event: EventId, what: Operand, text: &[u8], longest: usize) -> Result<u64, BuildError> {
        if text.len() > longest {
            return Err(BuildError::TextTooLong { event, what, len: text.len() });
        }
        let offset = match self.known_texts.get(text) {
            Some(&offset) => offset,
            None => {
                let offset = self.text_bytes.len() as u32;
                self.text_bytes.extend_from_slice(text);
                self.known_texts.insert(text.to_vec(), offset);
                offset
            }
        };
        Ok((text.len() as u64) << 32 | u64::from(offset))
    }

    fn table(&mut self, kind: TableKind, count: usize, bytes: Vec<u8>) -> Result<u64, BuildError> {
        if let Some(&number) = self.known_tables.get(&(kind, bytes.clone())) {
            return Ok(number.into());
        }
        if self.tables.len() == MAX_TABLES {
            return Err(BuildError::TooManyTables);
        }
        let number = self.tables.len() as u32;
        self.tables.push(Table {
            kind: kind as u32,
            offset: self.table_bytes.len() as u32,
            len: bytes.len() as u32,
            count: count as u32,
        });
        self.table_bytes.extend_from_slice(&bytes);
        self.table_bytes.resize(align_up(self.table_bytes.len()), 0);
        self.known_tables.insert((kind, bytes), number);
        Ok(number.into())
    }

    fn numbers(&mut self, numbers: &[u64]) -> Result<u64, BuildError> {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.table(TableKind::Numbers, sorted.len(), sorted.iter().flat_map(|n| n.to_ne_bytes()).collect())
    }

    fn texts(&mut self, event: EventId, what: Operand, kind: TableKind, texts: &[Vec<u8>]) -> Result<u64, BuildError> {
        let mut sorted: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        if let Some(long) = sorted.iter().find(|text| text.len() > MAX_TEXT) {
            return Err(BuildError::TextTooLong { event, what, len: long.len() });
        }
        if kind == TableKind::PathPrefixes {
            for text in &mut sorted {
                while let [rest @ .., b'/'] = *text {
                    *text = rest;
                }
            }
            sorted.sort_unstable_by(|a, b| path_order(a, b));
            // What lies in a folder comes right behind it.
            sorted.dedup_by(|path, folder| is_below(path, folder));
        } else {
            sorted.sort_unstable();
            sorted.dedup_by(
                |text, before| {
                    if kind == TableKind::Prefixes { text.starts_with(before) } else { text == before }
                },
            );
        }
        let mut summary = Summary::NONE;
        for text in &sorted {
            match kind {
                TableKind::Texts => summary.add_text(text),
                _ => summary.add_prefix(text),
            }
        }
        let mut bytes = summary.0.to_vec();
        let mut end = 0_u32;
        bytes.extend_from_slice(&end.to_ne_bytes());
        for text in &sorted {
            end += text.len() as u32;
            bytes.extend_from_slice(&end.to_ne_bytes());
        }
        for text in &sorted {
            bytes.extend_from_slice(text);
        }
        self.table(kind, sorted.len(), bytes)
    }

    fn networks(&mut self, networks: &[(IpAddr, u8)]) -> Result<u64, BuildError> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for &(address, bits) in networks {
            match address {
                IpAddr::V4(ip) => v4.push(range(u32::from(ip).into(), bits, 32)),
                IpAddr::V6(ip) => v6.push(range(ip.into(), bits, 128)),
            }
        }
        let v4 = match merged(v4) {
            ranges if ranges.is_empty() => u32::MAX.into(),
            ranges => {
                let ends = ranges.iter().flat_map(|&(first, last)| [first as u32, last as u32]);
                self.table(TableKind::Networks4, ranges.len(), ends.flat_map(u32::to_ne_bytes).collect())?
            }
        };
        let v6 = match merged(v6) {
            ranges if ranges.is_empty() => u32::MAX.into(),
            ranges => {
                let ends = ranges.iter().flat_map(|&(first, last)| [first, last]);
                self.table(TableKind::Networks6, ranges.len(), ends.flat_map(u128::to_be_bytes).collect())?
            }
        };
        Ok(v6 << 32 | v4)
    }
}

/// First and last address of a network.
fn range(address: u128, bits: u8, width: u8) -> (u128, u128) {
    let free = u32::from(width.saturating_sub(bits));
    let host = 1_u128.checked_shl(free).map_or(u128::MAX, |end| end - 1);
    (address & !host, address | host)
}

/// Ranges in order, with those that overlap made one.
fn merged(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}
