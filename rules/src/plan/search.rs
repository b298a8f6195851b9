//! Searches for one of several texts: an automaton that looks at each byte once.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::OnceLock;

/// Texts that have no more bytes together can be looked for at once in any case.
const SURE_BYTES: usize = 1 << 16;

/// A search for several texts.
#[derive(Debug)]
pub struct Search {
    /// Made when it is first needed: to make it costs as much as many searches, and a search may only be made part of another.
    automaton: OnceLock<Option<AhoCorasick>>,
    texts: Box<[Box<[u8]>]>,
    ignore_case: bool,
}

impl Search {
    /// A search for these texts. `None` if there are too many.
    pub fn new(mut texts: Vec<Box<[u8]>>, ignore_case: bool) -> Option<Search> {
        texts.sort();
        texts.dedup();
        let search = Search { automaton: OnceLock::new(), texts: texts.into(), ignore_case };
        let sure = search.texts.iter().map(|text| text.len()).sum::<usize>() <= SURE_BYTES;
        (sure || search.automaton().is_some()).then_some(search)
    }

    fn automaton(&self) -> Option<&AhoCorasick> {
        // Of the kind that needs least memory.
        let made = || {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .ascii_case_insensitive(self.ignore_case)
                .build(&self.texts)
                .ok()
        };
        self.automaton.get_or_init(made).as_ref()
    }

    /// What is looked for.
    pub fn texts(&self) -> &[Box<[u8]>] {
        &self.texts
    }

    /// Whether capital letters are the same as small ones, for those of ASCII.
    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// Whether one of them is found.
    pub fn finds(&self, text: &[u8]) -> bool {
        self.automaton().is_some_and(|automaton| automaton.is_match(text))
    }
}
