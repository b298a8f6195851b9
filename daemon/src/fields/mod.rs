//! What rules can ask: the value of every field, over a record, the process table and the user table.
//!
//! A value that lies in the record or the table is handed out where it lies. One that must be composed (a command line, the
//! name of a socket) is composed in an arena that is emptied between events, so that judging an event allocates nothing in
//! the long run. What is not known is [`Value::Missing`]; nothing is made up.
//!
//! | file | fields |
//! |---|---|
//! | `given.rs` | all of them: which fields have a value |
//! | `generic.rs` | `evt.*` of every source: number, time, machine |
//! | `event.rs` | `evt.*`, `syscall.*`: type, parameters, result |
//! | `io.rs` | `evt.*`: what is read and written, and of what kind a call is |
//! | `descriptor.rs` | `fd.*` |
//! | `fd_list.rs` | `fdlist.*` |
//! | `path.rs` | `fs.path.*` |
//! | `process.rs` | `proc.*`, `thread.*` |
//! | `lineage.rs` | ancestors, leaders |
//! | `resources.rs` | `proc.*`, `thread.*`: memory, page faults, limits |
//! | `user.rs` | `user.*`, `group.*` |
//! | `container.rs` | `container.*`, `k8s.*` |
//! | `param.rs` | parameters, wherever they come from |
//! | `places.rs` | where each event has which parameter |
//! | `render.rs` | parameters as text |

mod clock;
mod container;
mod descriptor;
mod event;
mod fd_list;
mod generic;
mod given;
mod io;
mod lineage;
mod param;
mod path;
mod places;
mod process;
mod render;
mod resources;
#[cfg(test)]
mod tests;
mod user;

pub use clock::Clock;
pub use given::provided;
pub use param::ParamValue;

use crate::state::{Process, ProcessKey, State};
use bumpalo::Bump;
use kestrel_core::event::{FdView, Record};
use kestrel_core::schema::{self, Event, EventId};
use kestrel_rules::{Facts, FieldRef, Value};
use places::Places;

/// One event, and everything that is known around it.
#[derive(Debug)]
pub struct EventFacts<'a> {
    record: Record<'a>,
    event: &'static Event,
    places: &'static Places,
    key: ProcessKey,
    process: Option<&'a Process>,
    state: &'a State,
    clock: &'a Clock,
    arena: &'a Bump,
}

impl<'a> EventFacts<'a> {
    /// The facts of a record that was taken in ([`State::apply`]); `None` if its event is not known to this version.
    pub fn new(
        record: Record<'a>,
        key: ProcessKey,
        state: &'a State,
        clock: &'a Clock,
        arena: &'a Bump,
    ) -> Option<EventFacts<'a>> {
        let id = EventId(record.header().event);
        let (event, places) = (schema::get(id)?, Places::get(id)?);
        let process = state.processes.get(key);
        Some(EventFacts { record, event, places, key, process, state, clock, arena })
    }

    /// The event's id.
    pub fn id(&self) -> EventId {
        EventId(self.record.header().event)
    }

    /// The descriptor that `fd.*` is about: the parameter `fd`, or the one that the call returned as `res`.
    fn fd(&self) -> Option<FdView<'a>> {
        self.record.param(self.places.fd()?)?.fd()
    }

    /// Text in the arena.
    fn text(&self, text: std::fmt::Arguments<'_>) -> Value<'a> {
        let mut out = bumpalo::collections::String::new_in(self.arena);
        // Writing to memory cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut out, text);
        Value::Str(out.into_bump_str().as_bytes())
    }

    /// Text, or missing if it is empty.
    fn known(text: &[u8]) -> Value<'_> {
        if text.is_empty() { Value::Missing } else { Value::Str(text) }
    }
}

impl Facts for EventFacts<'_> {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        given::getter(field.field).map_or(Value::Missing, |getter| getter(self, field.arg.as_ref()))
    }
}
