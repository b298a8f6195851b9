//! Who did it: processes, their ancestors, users.
//!
//! The kernel's records carry the task context of each event; what an event does not carry (the command line, the path of
//! the executable, the parent's name) comes from here. [`State::apply`] takes in every record before it is judged, so that
//! an exec is judged with its new image.
//!
//! | file | holds |
//! |---|---|
//! | `process.rs` | one process |
//! | `table.rs` | all of them, bounded |
//! | `proc_reader.rs` | what /proc says about one process |
//! | `apply.rs` | taking in records |
//! | `meet.rs` | processes that are met without their history |
//! | `params.rs` | where records have what is taken in |
//! | `placing.rs` | the control group of a process, and by it its container ([`crate::container`]) |
//! | `proc_text.rs` | the texts of /proc, as numbers |
//! | `users.rs` | names of users and groups |

mod apply;
mod meet;
mod params;
mod placing;
mod proc_reader;
pub(crate) mod proc_text;
mod process;
mod table;
mod users;

pub use apply::{LIFECYCLE, State, StateStats};
pub use proc_reader::ProcReader;
pub use process::{Figures, Image, Process, ProcessKey, Threads};
pub use table::{Ancestors, ProcessTable};
pub use users::{Group, User, Users};
