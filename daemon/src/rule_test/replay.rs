//! A test's records once more, to look at what rules see.

use super::{Test, machine};
use crate::fields::EventFacts;
use bumpalo::Bump;
use kestrel_core::event::Record;
use zerocopy::IntoBytes;

/// Which of a test's events it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// One that comes before.
    Before,
    /// The one that is judged.
    Judged,
}

/// Takes in the records of a test as while watching, and shows the facts of each.
pub fn replay(test: &Test, mut look: impl FnMut(Moment, &EventFacts<'_>)) {
    let (mut state, mut clock) = (machine::state(&test.containers), machine::clock());
    let before = test.before.iter().map(|bytes| (Moment::Before, bytes));
    for (moment, bytes) in before.chain([(Moment::Judged, &test.judged)]) {
        let Ok(record) = Record::parse(bytes.as_bytes()) else { continue };
        clock.tick(record.header().time_ns);
        let key = state.apply(&record);
        let arena = Bump::new();
        if let Some(facts) = EventFacts::new(record, key, &state, &clock, &arena) {
            look(moment, &facts);
        }
        clock.previous_ns = record.header().time_ns;
        state.settle(&record, key);
    }
}
