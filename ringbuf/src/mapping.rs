//! Mapping a ring into this process.
#![allow(unsafe_code, reason = "mmap")]

use crate::page::PAGE_BYTES;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

/// Why a ring cannot be mapped.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The size is not a power of two, or less than a page.
    #[error("a ring of {0} bytes cannot be: the size must be a power of two and at least {PAGE_BYTES}")]
    Size(usize),
    /// The system refused.
    #[error("mapping the ring: {0}")]
    System(#[from] nix::Error),
    /// The memory is there, but holds no ring of this size.
    #[error("what was mapped is no ring of the expected size: module and daemon do not fit")]
    NoRing,
}

/// Consumer page, producer page, and the data area twice, in a row.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    len: usize,
}

// SAFETY: the mapping is plain memory without ties to a thread; `Ring` shares it with no other thread of this process.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps a device: page 0 for writing, the rest for reading.
    pub fn device(fd: BorrowedFd<'_>, data_bytes: usize) -> Result<Mapping, MapError> {
        let mapping = Mapping::room(data_bytes)?;
        mapping.place(fd, 0, PAGE_BYTES, 0, true)?;
        mapping.place(fd, PAGE_BYTES, PAGE_BYTES + 2 * data_bytes, PAGE_BYTES, false)?;
        Ok(mapping)
    }

    /// Maps a file of two pages and the data once, as a device would be mapped; writable throughout for a producer.
    pub fn file(fd: BorrowedFd<'_>, data_bytes: usize, producer: bool) -> Result<Mapping, MapError> {
        let mapping = Mapping::room(data_bytes)?;
        let data = 2 * PAGE_BYTES;
        mapping.place(fd, 0, PAGE_BYTES, 0, true)?;
        mapping.place(fd, PAGE_BYTES, PAGE_BYTES, PAGE_BYTES, producer)?;
        mapping.place(fd, data, data_bytes, data, producer)?;
        mapping.place(fd, data + data_bytes, data_bytes, data, producer)?;
        Ok(mapping)
    }

    /// Address space for a whole ring.
    fn room(data_bytes: usize) -> Result<Mapping, MapError> {
        if !data_bytes.is_power_of_two() || !(PAGE_BYTES..=1 << 40).contains(&data_bytes) {
            return Err(MapError::Size(data_bytes));
        }
        let len = 2 * PAGE_BYTES + 2 * data_bytes;
        let size = NonZeroUsize::new(len).ok_or(MapError::Size(data_bytes))?;
        // SAFETY: a new private mapping at an address of the kernel's choice touches no memory that is in use.
        let start = unsafe {
            mmap_anonymous(None, size, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE)?
        };
        Ok(Mapping { start, len })
    }

    /// Puts a part of `fd` at `at` in the mapping.
    fn place(&self, fd: BorrowedFd<'_>, at: usize, len: usize, offset: usize, write: bool) -> Result<(), MapError> {
        let size = NonZeroUsize::new(len).filter(|_| at + len <= self.len).ok_or(MapError::Size(len))?;
        let address = NonZeroUsize::new(self.start.as_ptr() as usize + at);
        let protection = if write { ProtFlags::PROT_READ | ProtFlags::PROT_WRITE } else { ProtFlags::PROT_READ };
        let offset = i64::try_from(offset).map_err(|_| MapError::Size(offset))?;
        // SAFETY: the address range lies within our own mapping, to which no reference exists yet.
        unsafe { mmap(address, size, protection, MapFlags::MAP_SHARED | MapFlags::MAP_FIXED, fd, offset)? };
        Ok(())
    }

    /// Where the consumer page begins.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr().cast()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and whoever borrowed from it is gone with `self`. It cannot fail for a range that
        // was mapped as a whole; there would be nothing to do about it.
        let _ = unsafe { munmap(self.start, self.len) };
    }
}
