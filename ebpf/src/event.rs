//! What the probe shares with the vocabulary of events.

#[path = "../../core-nostd/src/event/task.rs"]
#[allow(dead_code, reason = "the reader's part of it")]
mod task;

pub use task::TaskContext;
