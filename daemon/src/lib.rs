//! The daemon: records in, alerts out. One process, one thread, one loop.
//!
//! | module | is about |
//! |---|---|
//! | `sources` | where records come from |
//! | `state` | processes and users |
//! | `fields` | the value of every field for one event |
//! | `watch` | a record becomes alerts; losses; figures |
//! | `event_loop` | records, signals, deadlines, whatever a handler waits for |
//! | `dump` | records as JSON lines |
//! | `record_builder` | records from values that are at hand |
//! | `rule_test` | rules against made-up events |
//! | `cli`, `config`, `commands` | what people see |
//! | `document` | YAML with places |
//! | `logger`, `signals`, `pidfile` | around them |
#![deny(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod document;
pub mod dump;
pub mod event_loop;
pub mod fields;
pub mod logger;
pub mod pidfile;
pub mod prefilter;
pub mod record_builder;
pub mod rule_test;
pub mod signals;
pub mod sources;
pub mod state;
pub mod watch;
