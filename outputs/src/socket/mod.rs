//! A socket that programs on this machine read alerts from.
//!
//! ```text
//!  a frame:  version (1 byte) │ length (4 bytes, little endian) │ that many bytes of postcard: a Frame
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `frame.rs` | frames, and reading them from whoever sends them |
//! | `reader.rs` | what waits for one reader |
//! | `listener.rs` | the socket's file |
//! | `sink.rs` | the sink |
//!
//! Strings in frames are as the event had them: whoever shows them escapes them ([`crate::escape`], [`crate::Formatter`]).

mod frame;
mod listener;
mod reader;
mod sink;

pub use frame::{Frame, FrameError, FrameReader, MAX_FRAME, VERSION};
pub use sink::{MAX_READERS, SocketSink};
