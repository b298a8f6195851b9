//! Beginnings of texts, and which rules each leads to: a sorted array in which every entry knows the longest other that it
//! begins with. One binary search finds all that a text begins with.

/// No entry.
const NONE: u32 = u32::MAX;

/// Longest text of which a copy is turned round on the stack.
const MAX_TURNED: usize = 128;

/// Beginnings and the rules that each leads to.
#[derive(Debug, Default)]
pub struct Affixes {
    /// The first bytes of each entry, as a number: most comparisons end there.
    heads: Box<[u64]>,
    entries: Box<[Entry]>,
    longest: usize,
}

#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    rules: Box<[u32]>,
    /// The longest other entry that this one begins with.
    shorter: u32,
}

impl Affixes {
    /// Of these beginnings. The same one may come several times; its rules come in their order.
    pub fn new(keys: impl Iterator<Item = (Box<[u8]>, u32)>) -> Affixes {
        let mut sorted = std::collections::BTreeMap::<Box<[u8]>, Vec<u32>>::new();
        keys.for_each(|(text, rule)| sorted.entry(text).or_default().push(rule));
        let mut entries: Vec<Entry> = Vec::with_capacity(sorted.len());
        let mut open: Vec<u32> = Vec::new();
        for (text, mut rules) in sorted {
            rules.dedup();
            while open.last().is_some_and(|index| !text.starts_with(&entries[*index as usize].text)) {
                open.pop();
            }
            let shorter = open.last().copied().unwrap_or(NONE);
            open.push(entries.len() as u32);
            entries.push(Entry { text, rules: rules.into(), shorter });
        }
        let longest = entries.iter().map(|entry| entry.text.len()).max().unwrap_or(0);
        let heads = entries.iter().map(|entry| head(&entry.text)).collect();
        Affixes { heads, entries: entries.into(), longest }
    }

    /// Of these endings: what is looked up is turned round as they are.
    pub fn of_endings(keys: impl Iterator<Item = (Box<[u8]>, u32)>) -> Affixes {
        Affixes::new(keys.map(|(text, rule)| (text.iter().rev().copied().collect(), rule)))
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Gives the rules of each entry that the text begins with.
    pub fn find<'i>(&'i self, text: &[u8], mut found: impl FnMut(&'i [u32])) {
        let head = head(text);
        let from = self.heads.partition_point(|other| *other < head);
        let to = from + self.heads[from..].partition_point(|other| *other == head);
        let after = from + self.entries[from..to].partition_point(|entry| *entry.text <= *text);
        // An entry that the text begins with is this one, or one that this one begins with, since it sorts between both.
        let Some(nearest) = after.checked_sub(1).and_then(|index| self.entries.get(index)) else { return };
        let same = nearest.text.iter().zip(text).take_while(|(a, b)| a == b).count();
        let mut entry = Some(nearest);
        while let Some(one) = entry {
            if one.text.len() <= same {
                found(&one.rules);
            }
            entry = self.entries.get(one.shorter as usize);
        }
    }

    /// Gives the rules of each entry, of endings, that the text ends with.
    pub fn find_at_end<'i>(&'i self, text: &[u8], found: impl FnMut(&'i [u32])) {
        let end = &text[text.len() - text.len().min(self.longest)..];
        if end.len() <= MAX_TURNED {
            let mut turned = [0; MAX_TURNED];
            turned.iter_mut().zip(end.iter().rev()).for_each(|(to, from)| *to = *from);
            self.find(&turned[..end.len()], found);
        } else {
            let turned: Vec<u8> = end.iter().rev().copied().collect();
            self.find(&turned, found);
        }
    }
}

/// The first eight bytes, filled up with zeros, as a number that sorts as they do.
fn head(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(affixes: &Affixes, text: &[u8], at_end: bool) -> Vec<u32> {
        let mut all = Vec::new();
        let add = |rules: &[u32]| all.extend_from_slice(rules);
        if at_end {
            affixes.find_at_end(text, add)
        } else {
            affixes.find(text, add)
        }
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn every_beginning_and_ending_of_a_text_is_found_and_no_other(
            keys in prop::collection::vec("[ab\\x00]{0,10}", 0..20),
            text in prop_oneof![4 => "[abc\\x00]{0,12}", 1 => "[ab]{130,140}"],
        ) {
            let numbered = || keys.iter().zip(0..).map(|(key, rule)| (key.as_bytes().into(), rule));
            let wanted = |holds: &dyn Fn(&str) -> bool| -> Vec<u32> {
                keys.iter().zip(0..).filter(|(key, _)| holds(key)).map(|(_, rule)| rule).collect()
            };
            let text_of = text.as_bytes();
            prop_assert_eq!(found(&Affixes::new(numbered()), text_of, false), wanted(&|key| text.starts_with(key)));
            prop_assert_eq!(found(&Affixes::of_endings(numbered()), text_of, true), wanted(&|key| text.ends_with(key)));
        }
    }
}
