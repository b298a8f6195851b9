//! Captures of Falco and sysdig (`.scap`) as recordings: an importer that makes our records of their events.
//!
//! ```text
//!   file ─gzip?─▶ blocks ─▶ lists ───────▶ processes, users, what descriptors stand for
//!                    └────▶ events ─plan─▶ records, each with the task and the descriptors that their events only number
//! ```
//!
//! Captures of every version since 2016 are read: the event table only ever grew, and parameters are found by their names,
//! in the return of a call or, where an old one did not say them, in its entry. What differs from a recording of our own:
//! paths are joined, not resolved; a thread's ids are those it was last seen with; what Kestrel has no event for is passed
//! over and counted.
//!
//! | file | is about |
//! |---|---|
//! | `blocks.rs` | the frame of the file |
//! | `lists.rs` | machine, processes, descriptors, users |
//! | `event.rs` | one event: header and parameters |
//! | `table.rs` | what each event holds, and what of ours it becomes; from `events.txt`, `flags.txt` |
//! | `value.rs` | numbers, sockets, paths |
//! | `fds.rs`, `threads.rs` | what is followed |
//! | `follow.rs` | what events change |
//! | `convert.rs` | an event as a record |
//! | `import.rs` | all of it together |

mod blocks;
mod convert;
mod event;
mod fds;
mod follow;
mod import;
mod lists;
mod table;
mod threads;
mod value;

pub use import::Importer;
