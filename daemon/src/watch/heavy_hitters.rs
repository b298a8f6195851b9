//! What comes most often, in bounded memory: the Space-Saving algorithm (Metwally, Agrawal, El Abbadi: "Efficient computation of
//! frequent and top-k elements in data streams", 2005).
//!
//! Of the names that come, [`SLOTS`] are counted. A new name takes the place of the one that was counted least, and its count
//! with it: as far as that may be too high, it is said. Whatever makes up more than one part in [`SLOTS`] of all is there.

use hashbrown::HashMap;

/// Names that are counted.
pub const SLOTS: usize = 128;

/// A name, as the kernel has it: filled up with NUL (`task_struct.comm`).
type Name = [u8; 16];

/// A name that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hitter {
    /// The name.
    pub name: Name,
    /// How often it came, at most.
    pub count: u64,
    /// As much of the count may be another name's.
    pub excess: u64,
}

/// Counts names.
#[derive(Clone, Debug, Default)]
pub struct HeavyHitters {
    slots: Vec<Hitter>,
    /// Where each name is.
    places: HashMap<Name, u8>,
}

const _: () = assert!(SLOTS <= 1 << u8::BITS);

impl HeavyHitters {
    /// A name came.
    pub fn count(&mut self, name: &Name) {
        if let Some(hitter) = self.places.get(name).and_then(|place| self.slots.get_mut(usize::from(*place))) {
            hitter.count += 1;
            return;
        }
        let mut hitter = Hitter { name: *name, count: 1, excess: 0 };
        let mut place = self.slots.len();
        if place < SLOTS {
            self.slots.push(hitter);
        } else if let Some((least, slot)) = self.slots.iter_mut().enumerate().min_by_key(|(_, slot)| slot.count) {
            self.places.remove(&slot.name);
            (hitter.count, hitter.excess) = (slot.count + 1, slot.count);
            *slot = hitter;
            place = least;
        }
        self.places.insert(*name, place as u8);
    }

    /// What is counted, the most first.
    pub fn most(&self) -> Vec<Hitter> {
        let mut most = self.slots.clone();
        most.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn name(n: u16) -> Name {
        let mut name = [0; 16];
        name[..2].copy_from_slice(&n.to_le_bytes());
        name
    }

    proptest! {
        #[test]
        fn no_count_is_too_low_none_is_further_off_than_it_says_and_nothing_frequent_is_missing(
            // Squared, so that low numbers are frequent and there are many rare ones.
            names in prop::collection::vec((0u16..25).prop_flat_map(|n| 0..=n * n), 0..2000)
        ) {
            let mut counted = HeavyHitters::default();
            let mut exact: BTreeMap<Name, u64> = BTreeMap::new();
            for n in &names {
                counted.count(&name(*n));
                *exact.entry(name(*n)).or_default() += 1;
            }
            let most = counted.most();
            prop_assert!(most.len() <= SLOTS && most.is_sorted_by(|a, b| a.count >= b.count));
            prop_assert_eq!(most.iter().map(|hitter| hitter.count).sum::<u64>(), names.len() as u64);
            for hitter in &most {
                let really = exact[&hitter.name];
                prop_assert!(hitter.count - hitter.excess <= really && really <= hitter.count, "{:?}", hitter);
            }
            for (name, count) in exact.iter().filter(|(_, count)| **count > (names.len() / SLOTS) as u64) {
                prop_assert!(most.iter().any(|hitter| hitter.name == *name), "{} of {}", count, names.len());
            }
        }
    }
}
