//! The daemon: records in, alerts out. One process, one thread, one loop.
//!
//! | module | is about |
//! |---|---|
//! | `sources` | where records come from |
//! | `state` | processes and users |
//! | `fields` | the value of every field for one event |
//! | `judge` | a record becomes alerts |
//! | `event_loop` | rings, signals, deadlines, sinks |
//! | `dump` | records as JSON lines |
//! | `cli`, `config`, `commands` | what people see |
//! | `summary`, `logger`, `signals` | around them |
#![deny(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod dump;
pub mod event_loop;
pub mod fields;
pub mod judge;
pub mod logger;
pub mod signals;
pub mod sources;
pub mod state;
pub mod summary;
