//! Alerts on disk: what a sink's queue in memory has no room for.
//!
//! ```text
//!  NAME.00000000000000000007.spool   segments: only ever appended to, removed when everything in them was delivered
//!  NAME.00000000000000000008.spool
//!  NAME.position                     how far was delivered, now and then
//!  NAME.lock                         locked by the process that uses them
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `record.rs` | one alert in a segment |
//! | `files.rs` | segments and the position |
//!
//! What a write(2) took survives the end of the process, however it ends. It is not forced onto the disk: a power failure may
//! take the last seconds with it. A record that is not whole, or whose checksum is wrong, ends its segment.

mod files;
mod record;

pub use files::{Place, Spool};
