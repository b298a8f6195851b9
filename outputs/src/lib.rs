//! Alerts, and how they reach people.
//!
//! ```text
//!  Alert ─▶ format (once: text or JSON) ─▶ Line ─▶ each sink's own queue ─▶ stdout │ file │ syslog │ program │ HTTP
//!    └──▶ frame (once) ─────────────────────────▶ each reader's own queue ─▶ socket
//!  a record, as bytes, if a reader wants it ────▶  ┘
//! ```
//!
//! Promises:
//!
//! * An alert is one line: nothing in event data can end it, or speak to a terminal ([`escape`]).
//! * No sink holds up the loop or another sink: every write is one that cannot block, a sink that is behind waits in
//!   `mio`, or for a deadline.
//! * A sink that is away keeps its alerts, up to the bounds of its queue, and delivers them in order when it is back.
//! * What is lost in the end is counted ([`SinkStats`]).
//!
//! Limits: a queue lives in memory, and goes on on disk only when it is full or the process ends (`spool/`); what is only in
//! memory when the process is killed is gone. What each sink promises is in `docs/OUTPUTS.md`.
#![forbid(unsafe_code)]

mod alert;
mod config;
pub mod escape;
mod file;
mod format;
mod http;
mod net;
mod outputs;
mod program;
mod queue;
mod sink;
pub mod socket;
mod spool;
mod stdout;
mod syslog;

pub use alert::{Alert, FieldValue};
pub use config::{
    FileConfig, HttpConfig, OutputsConfig, ProgramConfig, QueueConfig, RecordsFor, SocketConfig, StdoutConfig,
    SyslogConfig, SyslogFormat, SyslogTlsConfig, SyslogTransport,
};
pub use format::{Format, Formatter, TimeStyle, local_zone, time_text};
pub use kestrel_core::priority::Priority;
pub use outputs::{OutputError, Outputs};
pub use sink::{Io, Line, Sink, SinkStats};
