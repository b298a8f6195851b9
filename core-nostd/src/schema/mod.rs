//! The table of events: which there are, which parameters each has, of what type, and where each comes from.
//!
//! | file | holds |
//! |---|---|
//! | `events/` | the table, one file a subject |
//! | `fingerprint.rs` | a number that says whether two sides have the same table |
//! | `types.rs` | what a row is made of |
//! | `syscalls.rs` | system call number → event, per architecture |
//! | `flags.rs` | what a table of names is |
//! | `names/` | names of flag bits and enumeration values, one file a subject |
//! | `set.rs` | sets of events |
//!
//! Names and types of parameters follow Falco's, so that rules find what they name.

mod events;
mod fingerprint;
mod flags;
pub mod names;
mod set;
mod syscalls;
mod types;

pub use events::{EVENT_COUNT, EVENTS, id};
pub use fingerprint::FINGERPRINT;
pub use flags::{FlagName, FlagNames};
pub use set::EventSet;
pub use syscalls::{Abi, I386_IPC, I386_SOCKETCALL, event_of, event_of_ipc, event_of_socketcall};
pub use types::{
    Category, ContextField, Event, EventId, FdField, From, ImageField, Param, ProcessField, Recipe, Type, Width,
};

/// The event of this name; `None` if there is none.
pub fn by_name(name: &str) -> Option<EventId> {
    EVENTS.iter().position(|event| event.name == name).map(|index| EventId(index as u16))
}

/// The event with this id; `None` if there is none.
pub fn get(id: EventId) -> Option<&'static Event> {
    EVENTS.get(usize::from(id.0))
}

/// How the event with this id is written; `None` if there is none.
#[inline]
pub fn recipe(id: EventId) -> Option<&'static Recipe> {
    events::RECIPES.get(usize::from(id.0))
}

/// Index of a parameter in the table, found by name while compiling.
pub(crate) const fn index_of(event: EventId, name: &str) -> usize {
    let params = EVENTS[event.0 as usize].params;
    let mut index = 0;
    while index < params.len() {
        if same(params[index].name, name) {
            return index;
        }
        index += 1;
    }
    panic!("the schema has no such parameter")
}

/// Whether two names are the same, while compiling, where texts cannot be compared otherwise.
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
