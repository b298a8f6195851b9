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
        Mapped::map(map, 0, words, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)
    }

    /// Maps `words` numbers behind the first `skip`, which are pages, to be read alone.
    ///
    /// # Errors
    /// What the system said.
    pub fn read_only(map: impl AsFd, skip: usize, words: NonZeroUsize) -> io::Result<Mapped> {
        Mapped::map(map, skip, words, ProtFlags::PROT_READ)
    }

    fn map(map: impl AsFd, skip: usize, words: NonZeroUsize, protection: ProtFlags) -> io::Result<Mapped> {
        let len = words.checked_mul(const { NonZeroUsize::new(size_of::<u64>()).unwrap() });
        let len = len.ok_or(io::ErrorKind::OutOfMemory)?;
        let offset = i64::try_from(skip * size_of::<u64>()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the kernel chooses the place, where nothing else is.
        let at = unsafe { mmap(None, len, protection, MapFlags::MAP_SHARED, map, offset) }?;
        Ok(Mapped { at, words })
    }

    /// The numbers. Those that are mapped to be read alone must not be written.
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
