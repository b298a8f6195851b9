//! Sets of events.

use super::{EVENT_COUNT, EventId};
use crate::abi::INTEREST_WORDS;

/// A set of events, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventSet {
    words: [u64; INTEREST_WORDS],
}

impl EventSet {
    /// No event.
    pub const EMPTY: EventSet = EventSet { words: [0; INTEREST_WORDS] };

    /// Every event of the schema.
    pub const fn all() -> EventSet {
        const ALL: EventSet = {
            let mut words = [0; INTEREST_WORDS];
            let mut index = 0;
            while index < EVENT_COUNT {
                words[index / 64] |= 1 << (index % 64);
                index += 1;
            }
            EventSet { words }
        };
        ALL
    }

    /// Adds an event. An id beyond the set's capacity is ignored.
    pub fn insert(&mut self, id: EventId) {
        if let Some(word) = self.words.get_mut(usize::from(id.0) / 64) {
            *word |= 1 << (id.0 % 64);
        }
    }

    /// Takes an event out.
    pub fn remove(&mut self, id: EventId) {
        if let Some(word) = self.words.get_mut(usize::from(id.0) / 64) {
            *word &= !(1 << (id.0 % 64));
        }
    }

    /// True if the event is in the set.
    pub fn contains(&self, id: EventId) -> bool {
        self.words.get(usize::from(id.0) / 64).is_some_and(|word| word & (1 << (id.0 % 64)) != 0)
    }

    /// True if no event is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Number of events in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The events in either set.
    pub fn union(mut self, other: &EventSet) -> EventSet {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            *word |= more;
        }
        self
    }

    /// The events in both sets.
    pub fn intersection(mut self, other: &EventSet) -> EventSet {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            *word &= more;
        }
        self
    }

    /// The events of the schema that are not in the set.
    pub fn complement(&self) -> EventSet {
        let mut all = EventSet::all();
        for (word, mine) in all.words.iter_mut().zip(self.words) {
            *word &= !mine;
        }
        all
    }

    /// The events in the set, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = EventId> + '_ {
        (0..(INTEREST_WORDS * 64) as u16).map(EventId).filter(|&id| self.contains(id))
    }

    /// The bits: event `id` is bit `id % 64` of word `id / 64`.
    pub fn words(&self) -> &[u64; INTEREST_WORDS] {
        &self.words
    }

    /// The set with these bits; bits beyond the schema are kept and mean nothing.
    pub fn from_words(words: [u64; INTEREST_WORDS]) -> EventSet {
        EventSet { words }
    }
}

impl FromIterator<EventId> for EventSet {
    fn from_iter<I: IntoIterator<Item = EventId>>(events: I) -> EventSet {
        let mut set = EventSet::EMPTY;
        for id in events {
            set.insert(id);
        }
        set
    }
}
