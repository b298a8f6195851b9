//! Writing records: what the schema says about an event, turned into bytes, over any kernel that answers [`Kernel`].
mod kernel;

pub use kernel::{Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString};
