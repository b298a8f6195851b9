//! What the probe goes by, in maps that are shared with it: what is copied of each call, and what events are judged by.

use super::error::ProbeError;
use super::failure::system;
use super::half::Half;
use super::judge::Judgement;
use super::mapped::Mapped;
use aya::maps::lpm_trie::Key;
use aya::maps::{LpmTrie, Map, MapData, MapError};
use kestrel_core::capture::judge::{self, TextKey, TextMarks};
use kestrel_core::capture::{PLANS, Plan, Table};
use std::sync::atomic::Ordering;
use zerocopy::IntoBytes;

/// Numbers of 64 bits that a [`Plan`] is.
const PLAN_WORDS: usize = size_of::<Plan>() / size_of::<u64>();

/// Bytes of a [`TextKey`] behind the number of its bits.
const TEXT_BYTES: usize = size_of::<TextKey>() - size_of::<u32>();

/// Numbers of 64 bits that [`TextMarks`] are.
const MARK_WORDS: usize = size_of::<TextMarks>() / size_of::<u64>();

/// Numbers of 64 bits that a node is.
const NODE_WORDS: usize = size_of::<judge::JudgeNode>() / size_of::<u64>();

/// Name of the map of the texts.
pub const TEXTS: &str = "JUDGE_TEXTS";

/// The maps. What is in force is what plans lead to.
pub struct Tables {
    /// What is to be done with each call: plan by plan.
    plans: Mapped,
    /// What events are judged by.
    nodes: Mapped,
    /// The texts that they are compared with.
    texts: LpmTrie<MapData, [u8; TEXT_BYTES], [u64; MARK_WORDS]>,
    /// Of these, those that are in force.
    in_force: Vec<TextKey>,
    /// The texts of the program before: events that were under way when it was replaced may still be compared with them.
    former: Vec<TextKey>,
}

impl Tables {
    /// The tables of a probe: `array` maps a table of so many words, `texts` is [`TEXTS`]. The texts in it are in force.
    ///
    /// # Errors
    /// [`ProbeError`] if a map is not what it should be.
    pub fn new(array: impl Fn(Table, usize) -> Result<Mapped, ProbeError>, texts: Map) -> Result<Tables, ProbeError> {
        let texts: LpmTrie<MapData, [u8; TEXT_BYTES], [u64; MARK_WORDS]> =
            LpmTrie::try_from(texts).map_err(|error: MapError| system("texts")(error))?;
        let in_force = texts.keys().flatten().map(|key| text_key(&key)).collect();
        Ok(Tables {
            plans: array(Table::Plans, PLANS as usize * PLAN_WORDS)?,
            nodes: array(Table::Nodes, 2 * judge::NODES as usize * NODE_WORDS)?,
            texts,
            in_force,
            former: Vec::new(),
        })
    }

    /// Has the probe follow these plans. A call meanwhile is judged by the plan before or by this one: what is copied for an
    /// event never changes, so that it is there before the word that says whether it is wanted.
    pub fn follow(&self, plans: &[Plan]) {
        for (plan, to) in plans.iter().zip(self.plans.words().chunks(PLAN_WORDS)) {
            let words = plan.as_bytes().chunks_exact(size_of::<u64>());
            let mut words = words.map(|word| word.try_into().map_or(0, u64::from_ne_bytes));
            let flags = words.next().unwrap_or(0);
            let Some((first, rest)) = to.split_first() else { continue };
            if flags & u64::from(Plan::WANTED) != 0 {
                rest.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
            }
            first.store(flags, Ordering::Release);
        }
    }

    /// A half of the nodes that no plan leads to.
    pub fn free_half(&self) -> Half {
        Half::free(self.plans.words().iter().step_by(PLAN_WORDS))
    }

    /// Hands over what events are judged by, of which nothing is in force until plans lead there. Gives the texts that are.
    ///
    /// # Errors
    /// [`ProbeError`] if the kernel takes no more texts; none of these are there then.
    pub fn judge_by(&mut self, judgement: &Judgement, base: u16) -> Result<Vec<TextKey>, ProbeError> {
        let former = std::mem::take(&mut self.former);
        self.forget(&former);
        let mut added: Vec<TextKey> = Vec::new();
        for (key, marks) in &judgement.texts {
            let words: [u64; MARK_WORDS] = zerocopy::transmute!(*marks);
            if let Err(error) = self.texts.insert(&lpm(key), words, 0) {
                self.forget(&added);
                return Err(system("texts of the prefilter")(error));
            }
            added.push(*key);
        }
        let to = self.nodes.words().chunks_exact(NODE_WORDS).skip(base.into());
        for (node, to) in judgement.nodes.iter().zip(to) {
            let words: [u64; NODE_WORDS] = zerocopy::transmute!(*node);
            to.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
        }
        Ok(added)
    }

    /// Remembers the texts that plans lead to now. Those of the plans before are taken away with the next program.
    pub fn have_in_force(&mut self, texts: Vec<TextKey>) {
        self.former = std::mem::replace(&mut self.in_force, texts);
    }

    /// Takes away texts that no program compares with any more.
    pub fn forget(&mut self, texts: &[TextKey]) {
        for key in texts {
            if let Err(error) = self.texts.remove(&lpm(key)) {
                log::debug!("eBPF: texts of the prefilter stay: {error}");
                return;
            }
        }
    }
}

/// A key as the map has it.
fn lpm(key: &TextKey) -> Key<[u8; TEXT_BYTES]> {
    let mut data = [0; TEXT_BYTES];
    let bytes = key.as_bytes().iter().skip(size_of::<u32>());
    data.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Key::new(key.bits, data)
}

/// A key of the map as what it was made of.
fn text_key(key: &Key<[u8; TEXT_BYTES]>) -> TextKey {
    let mut bytes = [0; size_of::<TextKey>()];
    let (bits, data) = bytes.split_at_mut(size_of::<u32>());
    bits.copy_from_slice(&key.prefix_len().to_ne_bytes());
    data.copy_from_slice(&key.data());
    zerocopy::transmute!(bytes)
}
