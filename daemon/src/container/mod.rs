//! Containers: which one a process is in, and what is known of it.
//!
//! A process is in the container of its control group. What a container is (name, image, mounts, pod) stands in files that its
//! runtime wrote before it started it; they are read when the first of its processes is met, so that its first event has it
//! already, and no daemon is asked, which could let the loop wait. Only where no file tells, and the configuration lets it, a
//! runtime is asked over its socket, beside the loop. What was found is kept with the container for as long as one of its
//! processes is known.
//!
//! ```text
//! record: cgroup id, at an exec its path
//!   └▶ group.rs      control group by id        one pointer a process
//!        └▶ identity.rs  path ▶ runtime and id
//!             └▶ container.rs  one container ◀─ read/       details, once
//!                                            ◀─ accounts.rs its users, once
//!                                            ◀─ network.rs  its address, once
//!                                            ◀─ ask/        details, later, where read/ found none
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `runtime.rs` | what runs containers |
//! | `identity.rs` | a control group's path, as runtime and id |
//! | `details.rs` | what is known of a container |
//! | `image.rs` | names of images |
//! | `read/` | the runtimes' files, one file a runtime |
//! | `ask/` | asking runtimes over their sockets |
//! | `files.rs` | reading such files without being held up or led astray |
//! | `accounts.rs` | users and groups as a container names them |
//! | `network.rs` | the address of a network namespace |
//! | `container.rs` | one container |
//! | `group.rs` | control groups and containers, bounded |
#![forbid(unsafe_code)]

mod accounts;
mod ask;
#[expect(clippy::module_inception, reason = "one container, among what is about containers")]
mod container;
mod details;
mod files;
mod group;
mod identity;
mod image;
mod network;
mod read;
mod runtime;

pub use accounts::{Accounts, IdMap};
pub use container::Container;
pub(crate) use container::short;
pub use details::{Details, Labels, Mount, Pod, given};
pub use group::{Containers, Group, Told};
pub use identity::{Identity, pod_uid};
pub use image::ImageName;
pub use read::{Asked, Reader, parse, parse_network};
pub use runtime::Runtime;
