//! The protocol itself: two positions, and the words between work and sleep. It knows no bytes and no pointers, so that the
//! model checker can go through every interleaving of the very code that runs in the kernel and in the daemon
//! (`tests/loom.rs`).
//!
//! ```text
//!            data                                            sleep
//!  producer  write record; head.store(release)               head.store; FENCE; armed.load -> wake?
//!                             |                                            x
//!  consumer  head.load(acquire); read; tail.store(release)   armed.store; FENCE; head.load -> sleep?
//!                                         |
//!  producer  tail.load(acquire); write over
//! ```
//!
//! NOTE: the two fences pair with each other. Each side stores its own word before it loads the other's; with both fences
//! at least one of the two sees the other's store. Without either, a consumer could go to sleep on a record that was
//! published while it looked away.

mod reader;
mod words;
mod writer;

pub use reader::{Overrun, ReadPosition};
pub use words::{ConsumerWords, PublishedHead};
pub use writer::{Wake, WritePosition};
