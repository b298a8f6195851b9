//! What the kernel module and the daemon say to each other, apart from records: device, ioctls, handshake.
//!
//! The module gives one device per possible CPU, `/dev/kestrelN`. One process may hold them at a time. The first thing
//! said on any of them is HELLO; until it was accepted, every other request is answered with ENOTCONN. If the two sides
//! do not fit, the answer is EPROTO and the frame holds the module's [`Welcome`], so that the daemon can say what it met.
//!
//! ```text
//! open /dev/kestrel0 … ─ HELLO ─ mmap each ─ SET_FILTER ─ SET_INTEREST ─ START ─ … records … ─ STOP ─ close
//! ```
//!
//! A filter is optional, and can be replaced at any moment; it goes with the close. Without STOP the capture goes on after the
//! close, for as long as the module's `retention_ms` says.

mod handshake;
mod request;

pub use handshake::{ABI_MAJOR, ABI_MINOR, FRAME_BYTES, Frame, Hello, Mismatch, Welcome, check};
pub use request::{COUNTED_EVENTS, DEVICE_PREFIX, EventCounts, FilterLoad, INTEREST_WORDS, Interest, Mark, Request};
