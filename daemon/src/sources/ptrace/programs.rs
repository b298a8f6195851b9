//! Programs of the prefilter, one for each kind of call: made when the first call of its kind comes. A command makes calls of few
//! kinds, and to derive what rules need of all of them takes longer than many a command.

use kestrel_core::filter::Program;
use kestrel_core::schema::{EventId, EventSet};
use kestrel_rules::prefilter::OnDemand;
use std::collections::HashMap;
use zerocopy::IntoBytes;

/// What judges calls.
#[derive(Debug, Default)]
pub struct Programs {
    /// Without it, all calls that are asked for are recorded.
    derive: Option<OnDemand>,
    known: HashMap<EventId, Option<Program<'static>>>,
}

impl Programs {
    /// Those that are derived from these rules, which stay as they are.
    pub fn new(derive: OnDemand) -> Programs {
        Programs { derive: Some(derive), known: HashMap::new() }
    }

    /// The kinds of calls that there may be a program for.
    pub fn judged(&self) -> EventSet {
        self.derive.as_ref().map_or(EventSet::EMPTY, |derive| *derive.judged())
    }

    /// The program that judges calls of this kind; `None` if all of them are recorded.
    pub fn of(&mut self, event: EventId) -> Option<Program<'static>> {
        let Programs { derive, known } = self;
        *known.entry(event).or_insert_with(|| verified(derive.as_ref()?.program(event)?.as_bytes()))
    }
}

/// A program that is kept for as long as we run.
fn verified(program: &[u8]) -> Option<Program<'static>> {
    let words: &'static mut [u64] = vec![0; program.len().div_ceil(size_of::<u64>())].leak();
    let bytes = words.as_mut_bytes();
    bytes[..program.len()].copy_from_slice(program);
    Program::verify(&bytes[..program.len()]).ok()
}
