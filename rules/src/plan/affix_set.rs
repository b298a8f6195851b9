//! Sets of beginnings or endings: a set of texts for each length, asked once per length.

use super::TextSet;

/// The end of a text that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its beginning.
    Front,
    /// Its end.
    Back,
}

/// Beginnings or endings.
#[derive(Clone, Debug)]
pub struct AffixSet {
    end: End,
    /// The length of an affix, and all of that length; short ones first.
    by_length: Box<[(usize, TextSet)]>,
}

impl AffixSet {
    /// A set of these.
    pub fn new(end: End, affixes: impl IntoIterator<Item = Box<[u8]>>) -> AffixSet {
        let mut lengths = std::collections::BTreeMap::<usize, Vec<Box<[u8]>>>::new();
        for affix in affixes {
            lengths.entry(affix.len()).or_default().push(affix);
        }
        let by_length = lengths.into_iter().map(|(len, affixes)| (len, affixes.into_iter().collect())).collect();
        AffixSet { end, by_length }
    }

    /// The end of a text that is looked at.
    pub fn end(&self) -> End {
        self.end
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_length.iter().map(|(_, affixes)| affixes.len()).sum()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.by_length.iter().flat_map(|(_, affixes)| affixes.iter())
    }

    /// Whether the text begins, or ends, with one of them.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.by_length.iter().take_while(|(len, _)| *len <= text.len()).any(|(len, affixes)| {
            affixes.contains(match self.end {
                End::Front => &text[..*len],
                End::Back => &text[text.len() - len..],
            })
        })
    }
}
