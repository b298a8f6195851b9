//! Arrays of the probe as memory that is shared with it: read and written without a system call, so that the sandbox need not
//! allow bpf(2).
#![allow(unsafe_code, reason = "mmap(2)")]

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// An array map (BPF_F_MMAPABLE) in our memory, as numbers of 64 bits.
#[derive(Debug)]
pub struct Mapped {
    at: NonNull<c_void>,
    words: NonZeroUsize,
}

// SAFETY: the mapping belongs to no thread, and everything in it is atomic.
unsafe impl Send for Mapped {}

impl Mapped {
    /// Maps the first `words` numbers of an array.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(map: impl AsFd, words: NonZeroUsize) -> io::Result<Mapped> {
        let len = words.checked_mul(const { NonZeroUsize::new(size_of::<u64>()).unwrap() });
        let len = len.ok_or(io::ErrorKind::OutOfMemory)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the place, where nothing else is.
        let at = unsafe { mmap(None, len, protection, MapFlags::MAP_SHARED, map, 0) }?;
        Ok(Mapped { at, words })
    }

    /// The numbers.
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: that many are mapped until this is dropped, at the start of a page; any bytes are numbers, and whoever else
        // changes them (the probe) does it as a whole.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr().cast(), self.words.get()) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nobody refers to it any more.
        let _ = unsafe { munmap(self.at, self.words.get() * size_of::<u64>()) };
    }
}
