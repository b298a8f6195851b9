//! What a kestrel that runs is doing: the document that its web server answers under [`PATH`], which `kestrel stats` and
//! `kestrel top` read.
//!
//! ```text
//!  kestrel that runs: Figures + Activity + Statistics ─▶ Stats ─JSON, /stats─▶ client ─▶ lines          (kestrel stats)
//!                                                                                └─▶ two of them: rates  (kestrel top)
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `document.rs` | what it says |
//! | `client.rs`, `tls.rs` | fetching it |
//! | `rates.rs` | what happened between two of them |
//! | `lines.rs` | it as text |
//! | `shares.rs` | what the prefilter did, out of the figures |

mod client;
mod document;
mod lines;
mod rates;
mod shares;
mod tls;

pub use client::{Client, Trouble};
pub use document::{Drops, Events, Held, OfProcess, OfRule, Output, RecordsRead, RuleCost, Stats};
pub use lines::lines;
pub use rates::Rates;
pub use shares::shares_of;

/// Path of the document on the web server.
pub const PATH: &str = "/stats";
