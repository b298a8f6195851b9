//! Recordings: records in a file, with everything that is needed to judge them again elsewhere.
//!
//! ```text
//!   file head │ opening │ users │ processes … │ records │ records │ … │ index │ trailer
//!   32 bytes  └──────────────── blocks, each with a head of 192 bytes ─────────┘ 16 bytes
//! ```
//!
//! A file is only ever appended to, and every block stands for itself: a file whose writer was killed is read up to its last
//! whole block. The records in a block are the bytes that the kernel wrote; the opening describes their table of events, so
//! that a build with another table reads them by name. docs/RECORDINGS.md has the format, byte by byte.
//!
//! What a file says is an allegation: every length is bounded before it is believed, every block has a checksum, and memory
//! is bounded whatever the file holds ([`MAX_BLOCK`] for a block as it is stored and as it is read).
//!
//! | file | is about |
//! |---|---|
//! | `layout.rs` | file head, block heads, trailer: bytes |
//! | `content.rs` | what blocks other than records hold |
//! | `snapshot.rs` | processes and users, to and from the process table |
//! | `containers.rs` | containers, to and from what is known of them |
//! | `mapping.rs` | records of another table of events |
//! | `writer.rs` | a file being written |
//! | `files.rs` | one file after the other |
//! | `reader.rs` | a file being read |
//! | `heard.rs` | records that come one by one instead |
//! | `span.rs` | the part of it that is asked for |
//! | `error.rs` | why one cannot be |

mod containers;
mod content;
mod error;
mod files;
mod heard;
mod layout;
mod mapping;
mod reader;
mod snapshot;
mod span;
mod writer;

pub use containers::{ToldContainers, entry as container_entry, restore as restore_containers};
pub use content::{
    AccountsEntry, ContainerEntry, DetailsEntry, EventRow, GroupEntry, IndexEntry, Machine, MountEntry, Opening,
    ParamRow, PodEntry, ProcessEntry, UserEntry, UserLists,
};
pub use error::RecordingError;
pub use files::{Files, Rotation};
pub use heard::{Heard, told_first};
pub use layout::{BLOCK_HEAD, FILE_HEAD, MAGIC, MAX_BLOCK, TRAILER};
pub use reader::{Reader, Step};
pub use snapshot::{entry as process_entry, machine, restore_processes, restore_users, user_lists};
pub use span::{Span, moment};
pub use writer::{BLOCK_BYTES, Writer};
