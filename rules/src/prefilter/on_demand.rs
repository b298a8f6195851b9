//! Programs for one kind of events each, made when they are asked for: who meets few kinds of events does not pay for the others.

use super::{EventFilter, ProcessNames, derive, fit};
use crate::plan::{NodeId, Program};
use crate::ruleset::Rule;
use kestrel_core::filter::build::Bytes;
use kestrel_core::schema::{self, EventId, EventSet};
use std::sync::Arc;

/// Derives a program when it is asked for. It has what it needs of the rules, which may be at work meanwhile.
#[derive(Debug)]
pub struct OnDemand {
    rules: Arc<[Rule]>,
    roots: Arc<[NodeId]>,
    program: Arc<Program>,
    judged: EventSet,
    names: ProcessNames,
}

impl OnDemand {
    /// For these rules; `judged` are the events that are asked for, but for those that are kept whatever rules say.
    pub(crate) fn new(
        rules: Arc<[Rule]>,
        roots: Arc<[NodeId]>,
        program: Arc<Program>,
        judged: EventSet,
        names: ProcessNames,
    ) -> OnDemand {
        // The number of an event counts those before it: none may be left out.
        let counting = !derive::counting(&rules, &roots, &program).is_empty();
        OnDemand { rules, roots, program, judged: if counting { EventSet::EMPTY } else { judged }, names }
    }

    /// The events that there may be a program for.
    pub fn judged(&self) -> &EventSet {
        &self.judged
    }

    /// The program that judges the events of this kind; `None` if all of them are kept.
    pub fn program(&self, event: EventId) -> Option<Bytes> {
        if !self.judged.contains(event) || schema::get(event).is_none() {
            return None;
        }
        let OnDemand { rules, roots, program, names, .. } = self;
        let mut filters = [EventFilter::derive(rules, roots, program, event, *names)];
        let (bytes, _) = fit::built(&mut filters);
        filters.iter().any(|filter| filter.kept != super::Kept::Always).then_some(bytes)
    }
}
