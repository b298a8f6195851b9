//! Figures of Kestrel's own: what there is to know about how it does.
//!
//! ```text
//!  everything ─figures─▶ Figures ─▶ text: Prometheus, OpenMetrics      (/metrics)
//!                           └─────▶ fields: Falco's metrics snapshot   (an alert, a line in a file, every interval)
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `figures.rs` | the figures |
//! | `machine.rs` | memory, processor time, the machine: from /proc |
//! | `table.rs` | the name, kind and meaning of each figure that is one number |
//! | `labelled.rs` | those that are several: by rule, by output, by cause |
//! | `text.rs` | both text forms |
//! | `snapshot.rs` | Falco's snapshot |
//! | `schedule.rs` | when there is one, and the file |
//!
//! Names that begin with `falcosecurity_` are Falco's, for the same thing, so that what was made for Falco shows Kestrel; those
//! that begin with `kestrel_` are for what Falco does not have.

mod figures;
mod labelled;
mod machine;
mod schedule;
mod snapshot;
mod table;
mod text;

pub use figures::{Figures, RuleFigure};
pub use labelled::{REJECTED, SEEN};
pub use machine::{Machine, Usage};
pub use schedule::Snapshots;
pub use snapshot::{Previous, RULE, fields};
pub use text::{Form, text};

#[cfg(test)]
mod tests;
