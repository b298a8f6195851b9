//! What can be said of an event before it happened: a source that sees a call begin may let it go if nobody can want it, whatever
//! comes of it.

use super::eval::Answer;
use super::{Evaluation, KEEP, MAX_SECTION, Program, REJECT, Verdict, View};
use crate::schema::EventId;

const WORD: usize = u64::BITS as usize;

/// The nodes of a section that an evaluation can come to.
struct Reachable([u64; MAX_SECTION / WORD]);

impl Reachable {
    fn add(&mut self, node: usize) {
        if let Some(word) = self.0.get_mut(node / WORD) {
            *word |= 1 << (node % WORD);
        }
    }

    /// The first of them from `at` on. Most nodes of a large section are not among them, so that words are looked at, not nodes.
    fn from(&self, at: usize) -> Option<usize> {
        let mut word = at / WORD;
        let mut left = self.0.get(word)? & (u64::MAX << (at % WORD));
        while left == 0 {
            word = word.saturating_add(1);
            left = *self.0.get(word)?;
        }
        Some(word.saturating_mul(WORD).saturating_add(left.trailing_zeros() as usize))
    }
}

/// What a program will say of an event, as far as that is sure: [`Verdict::Reject`] if no value that is not known yet can have it
/// kept. A view answers [`super::Known::Later`] for such a value, and [`super::Known::Unknown`] for one that will not be known
/// then either. It takes at most a turn for each node.
pub fn foresee<V: View>(program: &Program<'_>, event: EventId, view: &mut V) -> Verdict {
    let Some(mut evaluation) = Evaluation::of(program, event) else { return Verdict::Keep };
    let nodes = evaluation.nodes();
    let mut reachable = Reachable([0; MAX_SECTION / WORD]);
    reachable.add(0);
    let mut next = 0;
    while let Some(at) = reachable.from(next) {
        let Some(node) = nodes.get(at) else { break };
        next = at.saturating_add(1);
        let (yes, no) = match evaluation.alone(node, view) {
            Answer::Yes => (Some(node.yes), None),
            Answer::No => (None, Some(node.no)),
            Answer::Later => (Some(node.yes), Some(node.no)),
            Answer::Unknown => return Verdict::Keep,
        };
        for jump in [yes, no].into_iter().flatten() {
            match jump {
                KEEP => return Verdict::Keep,
                REJECT => {}
                // Every node jumps forward, so that whatever leads to a node comes before it.
                skipped => reachable.add(next.saturating_add(usize::from(skipped))),
            }
        }
    }
    Verdict::Reject
}
