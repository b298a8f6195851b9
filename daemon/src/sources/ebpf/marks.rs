//! Tests of texts as marks of entries: of all texts that a text is compared with, the longest one that it begins with says which
//! tests hold.

use kestrel_core::capture::judge::{MOST_MARKS, TEXT, TextKey, TextMarks};
use std::collections::{BTreeMap, BTreeSet};

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is one of them.
    Equal,
    /// It begins with one of them.
    Prefix,
    /// It is one of them, or lies below one as a folder.
    Below,
}

/// The tests of one part of an event's texts.
#[derive(Debug, Default)]
pub struct Marks<'p> {
    tests: Vec<(How, Vec<&'p [u8]>)>,
}

impl<'p> Marks<'p> {
    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// The mark of a test; `None` if there is none left for it, or a text is too long.
    pub fn mark(&mut self, how: How, texts: Vec<&'p [u8]>) -> Option<usize> {
        if texts.iter().any(|text| text.len() > TEXT) {
            return None;
        }
        if let Some(known) = self.tests.iter().position(|(h, t)| *h == how && *t == texts) {
            return Some(known);
        }
        let mark = self.tests.len();
        if mark >= MOST_MARKS {
            return None;
        }
        self.tests.push((how, texts));
        Some(mark)
    }

    /// The entries of a table.
    pub fn entries(&self, table: u32) -> Vec<(TextKey, TextMarks)> {
        let mut of_text: BTreeMap<&[u8], Vec<(How, usize)>> = BTreeMap::new();
        for (mark, (how, texts)) in self.tests.iter().enumerate() {
            for text in texts {
                of_text.entry(text).or_default().push((*how, mark));
            }
        }
        let entries: BTreeSet<&[u8]> = of_text.keys().copied().collect();
        entries.into_iter().map(|entry| (key(table, entry), marks(entry, &of_text))).collect()
    }
}

fn key(table: u32, entry: &[u8]) -> TextKey {
    let mut text = [0; TEXT];
    text.iter_mut().zip(entry).for_each(|(to, from)| *to = *from);
    // No entry is longer than its room.
    let len = u32::try_from(entry.len()).unwrap_or(0);
    TextKey { bits: 32 + len * 8, table, text }
}

fn marks(entry: &[u8], of_text: &BTreeMap<&[u8], Vec<(How, usize)>>) -> TextMarks {
    let mut marks = TextMarks { len: u32::try_from(entry.len()).unwrap_or(0), ..TextMarks::default() };
    for len in 0..=entry.len() {
        let (begin, rest) = entry.split_at(len);
        for &(how, mark) in of_text.get(begin).into_iter().flatten() {
            let to = match (how, rest.first()) {
                (How::Prefix, _) | (How::Below, Some(b'/')) => &mut marks.always,
                (How::Equal, None) => &mut marks.equal,
                (How::Below, None) => &mut marks.boundary,
                // What follows in the entry follows in every text that begins with it.
                (How::Equal | How::Below, Some(_)) => continue,
            };
            to[mark / 64] |= 1 << (mark % 64);
        }
    }
    marks
}
