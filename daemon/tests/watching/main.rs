//! The loop, from rings to files: real rings, real rules, real outputs; only the kernel is played.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod busy;
mod looking;
mod losses;
mod observe;
mod read_by_others;
mod records;
mod reload;
mod stage;
mod stopping;
