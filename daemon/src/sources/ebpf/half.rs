//! Which half of the nodes can be written: plans lead to one, the other is nobody's.
//!
//! The plans themselves are asked, not a count of the programs: a program that was handed over never came into force if the daemon
//! was killed before plans led there, and the one that did must not be written over while events are judged by it.

use kestrel_core::capture::Plan;
use kestrel_core::capture::judge::NODES;
use std::sync::atomic::{AtomicU64, Ordering};

/// Half of the room for nodes: that of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// The first [`NODES`].
    Lower,
    /// Those behind.
    Upper,
}

impl Half {
    /// Its first node.
    pub fn base(self) -> u16 {
        match self {
            Half::Lower => 0,
            Half::Upper => NODES as u16,
        }
    }

    fn of(node: u16) -> Half {
        if u32::from(node) < NODES { Half::Lower } else { Half::Upper }
    }

    /// A half that no plan leads to. Plans begin with the words given.
    ///
    /// A daemon that was killed while it changed plans leaves some that lead to each half. Those of the upper one keep everything
    /// then, until the next program is in force.
    pub fn free<'a>(plans: impl Iterator<Item = &'a AtomicU64> + Clone) -> Half {
        let leads_to = |half| plans.clone().any(|plan| leads(plan.load(Ordering::Acquire)) == Some(half));
        if !leads_to(Half::Lower) {
            return Half::Lower;
        }
        if leads_to(Half::Upper) {
            for plan in plans.clone() {
                let word = plan.load(Ordering::Acquire);
                if leads(word) == Some(Half::Upper) {
                    plan.store(word & !u64::from(JUDGED), Ordering::Release);
                }
            }
        }
        Half::Upper
    }
}

const JUDGED: u32 = Plan::JUDGED | Plan::JUDGED_BY_TASK;

/// The half that a plan leads to, by its first word: flags, and the first node.
fn leads(word: u64) -> Option<Half> {
    let (flags, node) = (word as u32, (word >> 32) as u16);
    (flags & Plan::JUDGED != 0).then(|| Half::of(node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    fn first_word(flags: u32, others: u16) -> AtomicU64 {
        let plan = Plan { flags, others, event: 7, ..Plan::default() };
        let (word, _) = plan.as_bytes().split_first_chunk().unwrap();
        AtomicU64::new(u64::from_ne_bytes(*word))
    }

    const UPPER: u16 = NODES as u16 + 1;

    #[test]
    fn a_program_is_written_where_no_plan_leads_however_many_were_written_before() {
        let lower = [first_word(Plan::WANTED | Plan::JUDGED, 1), first_word(Plan::WANTED, 0)];
        // The one that is written there first never comes into force.
        assert_eq!([(); 2].map(|()| Half::free(lower.iter())), [Half::Upper; 2]);
        let upper = [first_word(Plan::WANTED | Plan::JUDGED, UPPER), first_word(0, 0)];
        assert_eq!([(); 2].map(|()| Half::free(upper.iter())), [Half::Lower; 2]);
    }

    #[test]
    fn plans_that_lead_to_no_node_take_no_half() {
        // Of a call that is many in one, the word that leads to a node leads to a plan.
        let plans = [first_word(Plan::WANTED, UPPER), first_word(Plan::WANTED | Plan::MANY, 1)];
        assert_eq!(Half::free(plans.iter()), Half::Lower);
    }

    #[test]
    fn plans_that_were_left_half_changed_keep_what_they_would_judge_by_nodes_that_are_written_over() {
        let later = Plan::WANTED | Plan::LATER;
        let plans = [first_word(later | Plan::JUDGED, 1), first_word(later | JUDGED, UPPER)];
        assert_eq!(Half::free(plans.iter()), Half::Upper);
        let left = plans.map(|plan| (plan.load(Ordering::Relaxed) as u32, leads(plan.load(Ordering::Relaxed))));
        assert_eq!(left, [(later | Plan::JUDGED, Some(Half::Lower)), (later, None)]);
    }
}
