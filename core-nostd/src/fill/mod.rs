//! Writing records: what the schema says about an event, turned into bytes, over any kernel that answers [`Kernel`].
//!
//! | file | holds |
//! |---|---|
//! | `kernel.rs` | what a filler may ask of the kernel |
//! | `draft.rs` | a record that is written as far as somebody asks for it |
//! | `syscall.rs` | system calls that returned: one loop over the schema's parameters |
//! | `param.rs` | how each kind of source ([`crate::schema::From`]) is written |
//! | `path.rs` | absolute paths from a base directory and a raw string |
//! | `number.rs` | numbers and times in user memory |
//! | `vector.rs` | vectors of buffers |
//! | `message.rs` | messages of sockets |
//! | `fd_list.rs` | descriptors that are waited for |
//! | `quota.rs` | quotactl |
//! | `special.rs` | the parameters that no general rule covers |
//! | `process.rs` | fork, exec and exit, from their own tracepoints |
//! | `moment.rs` | signals that are delivered and page faults, from their own tracepoints |
//! | `rewritten.rs` | whether an argument was another when the kernel read it |
//! | `compat.rs` | what differs for 32-bit callers |
//!
//! A filler never fails for want of an argument: what cannot be read is left absent, and the record says so by its
//! flags. It fails only if the buffer cannot hold the record, and then the record counts as dropped.

mod compat;
mod draft;
mod fd_list;
mod kernel;
mod message;
mod moment;
mod number;
mod param;
mod path;
mod process;
mod quota;
mod rewritten;
mod special;
mod syscall;
mod vector;

pub use compat::multiplexed;
pub use draft::Draft;
pub use kernel::{
    Identity, Kernel, ListenQueue, ProcessImage, ProcessName, Strings, TaskPath, Unavailable, UserString,
};
pub use moment::{Delivered, Fault, Moment, moment};
pub(crate) use param::{describe, described, is_absolute, read_string};
pub use path::{PATH_MAX, join, normalize};
pub use process::{Exit, names_nothing, process_exec, process_exit, process_fork};
pub(crate) use syscall::fd_of;
pub use syscall::{Call, registers, registers_exit, syscall_exit, unpack, unpacked_exit};

/// Bytes of a buffer (what is sent or written) that a record keeps at most. Falco's default snaplen.
pub const SNAPSHOT_BYTES: usize = 80;

/// Bytes of the argument list, and of the environment, that an exec record keeps at most each.
pub const STRINGS_BYTES: usize = 4096;

/// AT_FDCWD: the directory descriptor that stands for the working directory (`linux/fcntl.h`).
pub const AT_FDCWD: i32 = -100;
