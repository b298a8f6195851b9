//! The table itself, one file a subject. An event's id is its place here: append, never reorder within a major version of
//! the ABI.
//!
//! A row is `ID "name" Category { "parameter": Type, Source; ... }`. Parameters that Falco has come first and in Falco's order.

/// Makes the rows of one subject: their ids, which count from where the subject before ended; the table that people and
/// rules read; and the table that fillers read.
macro_rules! events {
    (
        from $base:expr;
        $( $(#[$life:ident])? $id:ident $name:literal $category:ident { $( $param:literal: $ty:expr, $from:expr; )* } )*
    ) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Place { $( $id, )* }

        const BASE: u16 = $base;

        /// Ids of the events, by their names in capitals.
        pub mod id {
            use super::{BASE, Place};
            use crate::schema::EventId;
            $(
                #[doc = concat!("`", $name, "`.")]
                pub const $id: EventId = EventId(BASE + Place::$id as u16);
            )*
        }

        pub(super) const EVENTS: &[Event] = &[
            $( Event {
                name: $name,
                category: Category::$category,
                lifecycle: events!(@life $($life)?),
                params: &[ $( Param { name: $param, ty: $ty, from: $from } ),* ],
            } ),*
        ];

        pub(super) const RECIPES: &[Recipe] = &[
            $( Recipe { lifecycle: events!(@life $($life)?), sources: &[ $( $from ),* ] } ),*
        ];

        /// Where the next subject goes on.
        pub(super) const END: u16 = BASE + EVENTS.len() as u16;
    };
    (@life lifecycle) => { true };
    (@life) => { false };
}

mod fault;
mod file;
mod io;
mod ipc;
mod memory;
mod mount;
mod net;
mod process;
mod signal;
mod system;
mod time;
mod user;
mod words;

use super::{Category, Event, Recipe};

/// Number of events. The kernel's side asks for it here, because the table itself brings every name with it.
pub const EVENT_COUNT: usize = fault::END as usize;

/// The rows of every subject, in the order of the ids.
macro_rules! every_subject {
    ($table:ident, $none:expr) => {{
        let subjects = [
            file::$table,
            io::$table,
            net::$table,
            process::$table,
            user::$table,
            signal::$table,
            memory::$table,
            mount::$table,
            system::$table,
            ipc::$table,
            time::$table,
            fault::$table,
        ];
        let mut all = [$none; EVENT_COUNT];
        let (mut subject, mut at) = (0, 0);
        while subject < subjects.len() {
            let mut row = 0;
            while row < subjects[subject].len() {
                all[at] = subjects[subject][row];
                at += 1;
                row += 1;
            }
            subject += 1;
        }
        assert!(at == EVENT_COUNT);
        all
    }};
}

/// Every event, in the order of the ids.
pub static EVENTS: &[Event] =
    &every_subject!(EVENTS, Event { name: "", category: Category::Other, lifecycle: false, params: &[] });

/// How each event is written, in the order of the ids.
pub static RECIPES: [Recipe; EVENT_COUNT] = every_subject!(RECIPES, Recipe { lifecycle: false, sources: &[] });

/// Ids of the events, by their names in capitals.
pub mod id {
    pub use super::fault::id::*;
    pub use super::file::id::*;
    pub use super::io::id::*;
    pub use super::ipc::id::*;
    pub use super::memory::id::*;
    pub use super::mount::id::*;
    pub use super::net::id::*;
    pub use super::process::id::*;
    pub use super::signal::id::*;
    pub use super::system::id::*;
    pub use super::time::id::*;
    pub use super::user::id::*;
}
