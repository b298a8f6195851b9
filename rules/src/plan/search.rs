//! Searches for one of several texts: an automaton that looks at each byte once.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// A search for several texts.
#[derive(Debug)]
pub struct Search {
    automaton: AhoCorasick,
    texts: Box<[Box<[u8]>]>,
    ignore_case: bool,
}

impl Search {
    /// A search for these texts. `None` if there are too many.
    pub fn new(mut texts: Vec<Box<[u8]>>, ignore_case: bool) -> Option<Search> {
        texts.sort();
        texts.dedup();
        // An automaton of the kind that needs least memory.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(ignore_case)
            .build(&texts)
            .ok()?;
        Some(Search { automaton, texts: texts.into(), ignore_case })
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
        self.automaton.is_match(text)
    }
}
