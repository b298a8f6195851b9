//! The daemon: records in, alerts out. One process, one thread, one loop; rules that are
//! read again are compiled beside it, on a thread that ends with that.
//!
//! | module | is about |
//! |---|---|
//! | `sources` | where records come from |
//! | `state` | processes and users |
//! | `container` | containers: which one a process is in, what is known of it |
//! | `fields` | the value of every field for one event |
//! | `watch` | a record becomes alerts; losses; figures |
//! | `event_loop` | records, signals, deadlines, whatever a handler waits for |
//! | `dump` | records as JSON lines |
//! | `capture` | alerts that begin a recording |
//! | `recording` | records in a file |
//! | `record_builder` | records from values that are at hand |
//! | `rule_test` | rules against made-up events |
//! | `selection` | records that fit a condition |
//! | `shown` | records as lines |
//! | `live` | records of a kestrel that runs, for whoever reads them |
//! | `cli`, `config`, `commands` | what people see |
//! | `document` | YAML with places |
//! | `changes` | changes of files that were read |
//! | `versions` | the versions of everything |
//! | `metrics` | figures of our own |
//! | `web` | the web server |
//! | `stats`, `top` | a kestrel that runs, as another one sees it |
//! | `sandbox` | what is given up after set-up |
//! | `resident` | what of the program needs to stay in memory |
//! | `logger`, `signals`, `pidfile`, `service` | around them |
#![deny(unsafe_code)]

pub mod capture;
pub mod changes;
pub mod cli;
pub mod commands;
pub mod config;
pub mod container;
pub mod document;
pub mod dump;
pub mod event_loop;
pub mod fields;
pub mod k8s_audit;
pub mod live;
pub mod logger;
pub mod metrics;
pub mod origin;
pub mod pidfile;
pub mod prefilter;
pub mod provided;
pub mod record_builder;
pub mod recording;
pub mod resident;
pub mod rule_test;
pub mod sandbox;
pub mod selection;
pub mod service;
pub mod shown;
pub mod signals;
pub mod sources;
pub mod state;
pub mod stats;
pub mod top;
pub mod versions;
pub mod watch;
pub mod web;
