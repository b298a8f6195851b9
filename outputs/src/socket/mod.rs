//! A socket that programs on this machine read alerts and records from.
//!
//! ```text
//!  a frame:  version (1 byte) │ length (4 bytes, little endian) │ that many bytes of postcard: a Frame
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `frame.rs` | frames and requests, and reading them from whoever sends them |
//! | `reader.rs` | what waits for one reader |
//! | `records.rs` | readers that want records, as whoever has records sees them |
//! | `listener.rs` | the socket's file |
//! | `sink.rs` | the sink |
//!
//! A reader that says nothing gets alerts. It may send one [`Request`], for alerts, records or both. What records are, this crate
//! does not know: whoever has them asks for the readers ([`crate::Outputs::record_readers`]) and gives each what it wants.
//!
//! Strings in frames are as the event had them: whoever shows them escapes them ([`crate::escape`], [`crate::Formatter`]).

mod frame;
mod listener;
mod reader;
mod records;
mod sink;

pub use frame::{
    Frame, FrameError, FrameReader, MAX_FRAME, MAX_REQUEST, RecordsWanted, Request, RequestReader, VERSION,
};
pub use records::{RecordReader, RecordStats};
pub use sink::SocketSink;
