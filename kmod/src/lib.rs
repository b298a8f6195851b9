//! The Rust object of the kernel module.
