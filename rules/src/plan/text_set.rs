//! Sets of texts.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// A set of texts.
#[derive(Clone, Debug)]
pub struct TextSet {
    texts: HashSet<Box<[u8]>, FixedState>,
    /// Length of the shortest and of the longest.
    lengths: (usize, usize),
}

impl FromIterator<Box<[u8]>> for TextSet {
    fn from_iter<T: IntoIterator<Item = Box<[u8]>>>(texts: T) -> TextSet {
        let mut texts: HashSet<Box<[u8]>, FixedState> = texts.into_iter().collect();
        texts.shrink_to_fit();
        let lengths =
            texts.iter().fold((usize::MAX, 0), |(least, most), text| (least.min(text.len()), most.max(text.len())));
        TextSet { texts, lengths }
    }
}

impl TextSet {
    /// Whether the text is one of them.
    pub fn contains(&self, text: &[u8]) -> bool {
        (self.lengths.0..=self.lengths.1).contains(&text.len()) && self.texts.contains(text)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|text| &**text)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }
}
