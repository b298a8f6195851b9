//! What one event looks like in memory.
//!
//! ```text
//!   0        32                128                                        len (multiple of 8)
//!   ├─ header ─┼─ task context ─┼─ slots: (offset, length) × nparams ─┼─ parameter bytes ─┤
//! ```
//!
//! Records are 8-byte aligned and native endian, and so is every parameter that is more than plain bytes, so that a
//! record can be read where it lies. [`Record::parse`] checks
//! a record once; what it hands out afterwards cannot be out of bounds.
//!
//! Limits: [`MAX_RECORD`] bytes and [`MAX_PARAMS`] parameters a record.

mod encoding;
mod header;
mod record;
mod task;
mod writer;

pub use encoding::{
    AddressHead, AddressView, FdFlags, FdHead, FdKind, FdListHead, FdListView, FdView, PathFlags, PathHead, PathView,
    Tuple, TupleView, address_ip, family,
};
pub use header::{Flags, RecordHeader};
pub use record::{BadRecord, Param, Record};
pub use task::TaskContext;
pub use writer::{Overflow, ParamWriter, RecordWriter};

/// Greatest length of a record in bytes, header included. A producer that needs more truncates parameters and sets
/// [`Flags::TRUNCATED`].
pub const MAX_RECORD: usize = 32 * 1024;

/// Greatest number of parameters of an event. Falco's widest event has 31 (execve).
pub const MAX_PARAMS: usize = 32;

/// Alignment of records and of their parameters, in bytes.
pub const ALIGN: usize = 8;

/// Rounds up to the next multiple of [`ALIGN`]; saturates near `usize::MAX`.
#[inline]
pub const fn align_up(n: usize) -> usize {
    n.saturating_add(ALIGN - 1) & !(ALIGN - 1)
}
