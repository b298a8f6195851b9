//! Who does what: records by event and by process. Counted only if somebody may look.

use super::heavy_hitters::{HeavyHitters, Hitter};
use kestrel_core::schema::{EVENT_COUNT, EventId};

/// Records that were judged, by event and by process.
#[derive(Clone, Debug)]
pub struct Activity {
    by_event: Box<[u64]>,
    processes: HeavyHitters,
}

impl Default for Activity {
    fn default() -> Self {
        Activity { by_event: vec![0; EVENT_COUNT].into(), processes: HeavyHitters::default() }
    }
}

impl Activity {
    /// A record of this event is judged, of a process with this name (`task_struct.comm`).
    pub fn count(&mut self, event: EventId, comm: &[u8; 16]) {
        if let Some(count) = self.by_event.get_mut(usize::from(event.0)) {
            *count += 1;
        }
        self.processes.count(comm);
    }

    /// Each event that came, and how often.
    pub fn events(&self) -> impl Iterator<Item = (EventId, u64)> + '_ {
        (0..).zip(&self.by_event).filter(|(_, count)| **count > 0).map(|(id, count)| (EventId(id), *count))
    }

    /// The names of processes that did most, and how much, the most first.
    pub fn processes(&self) -> Vec<Hitter> {
        self.processes.most()
    }
}
