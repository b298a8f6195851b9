//! Mapping a ring into this process.
#![allow(unsafe_code, reason = "mmap")]

use crate::page::PAGE_BYTES;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::unistd::{SysconfVar, sysconf};
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

/// Greatest size of a data area in bytes; far more than any module gives.
const MAX_DATA_BYTES: usize = 1 << 30;

/// Why a ring cannot be mapped.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The size is not a power of two, or less than a page, or more than a GiB.
    #[error(
        "a ring of {0} bytes cannot be: the size must be a power of two from {PAGE_BYTES} (or a page, if that is larger) to {MAX_DATA_BYTES}"
    )]
    Size(usize),
    /// The system refused.
    #[error("mapping the ring: {0}")]
    System(#[from] nix::Error),
    /// The memory is there, but holds no ring of this size.
    #[error(
        "what was mapped is no ring of the expected size: install a kernel module and a daemon of the same version"
    )]
    NoRing,
}

/// Consumer page, producer page, and the data area twice, in a row.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    len: usize,
    page: usize,
}

// SAFETY: the mapping is plain memory without ties to a thread; it is shared with no other thread of this process.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps a device: the consumer page for writing, the rest for reading.
    pub fn device(fd: BorrowedFd<'_>, data_bytes: usize) -> Result<Mapping, MapError> {
        let mapping = Mapping::room(data_bytes)?;
        let page = mapping.page;
        mapping.place(fd, 0, page, 0, true)?;
        mapping.place(fd, page, mapping.len - page, page, false)?;
        Ok(mapping)
    }

    /// Maps a file of two pages and the data once to look as a device does; writable throughout for a producer.
    pub fn file(fd: BorrowedFd<'_>, data_bytes: usize, producer: bool) -> Result<Mapping, MapError> {
        let mapping = Mapping::room(data_bytes)?;
        let page = mapping.page;
        mapping.place(fd, 0, page, 0, true)?;
        mapping.place(fd, page, page + data_bytes, page, producer)?;
        mapping.place(fd, 2 * page + data_bytes, data_bytes, 2 * page, producer)?;
        Ok(mapping)
    }

    /// Address space for a whole ring.
    fn room(data_bytes: usize) -> Result<Mapping, MapError> {
        let page = page_bytes()?;
        if !data_bytes.is_power_of_two() || !(page..=MAX_DATA_BYTES).contains(&data_bytes) {
            return Err(MapError::Size(data_bytes));
        }
        let len = 2 * page + 2 * data_bytes;
        let size = NonZeroUsize::new(len).ok_or(MapError::Size(data_bytes))?;
        // SAFETY: a new private mapping at an address of the kernel's choice touches no memory that is in use.
        let start = unsafe {
            mmap_anonymous(None, size, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE)?
        };
        Ok(Mapping { start, len, page })
    }

    /// Puts a part of `fd` at `at` in the mapping.
    fn place(&self, fd: BorrowedFd<'_>, at: usize, len: usize, offset: usize, write: bool) -> Result<(), MapError> {
        let size = NonZeroUsize::new(len).filter(|_| at + len <= self.len).ok_or(MapError::Size(len))?;
        let address = NonZeroUsize::new(self.start.as_ptr() as usize + at);
        let protection = if write { ProtFlags::PROT_READ | ProtFlags::PROT_WRITE } else { ProtFlags::PROT_READ };
        let offset = offset.try_into().map_err(|_| MapError::Size(offset))?;
        // SAFETY: the address range lies within our own mapping, to which no reference exists yet.
        unsafe { mmap(address, size, protection, MapFlags::MAP_SHARED | MapFlags::MAP_FIXED, fd, offset)? };
        Ok(())
    }

    /// Where the consumer page begins.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr().cast()
    }

    /// Size of a page in bytes: each control page takes one.
    pub fn page(&self) -> usize {
        self.page
    }

    /// Where the data area begins.
    pub fn data(&self) -> *mut u8 {
        // SAFETY: both control pages lie within the mapping.
        unsafe { self.start().add(2 * self.page) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and whoever borrowed from it is gone with `self`. It cannot fail for a range that
        // was mapped as a whole; there would be nothing to do about it.
        let _ = unsafe { munmap(self.start, self.len) };
    }
}

/// Size of a page here, in bytes.
pub(crate) fn page_bytes() -> Result<usize, MapError> {
    let page = sysconf(SysconfVar::PAGE_SIZE)?.and_then(|page| page.try_into().ok());
    Ok(page.unwrap_or(PAGE_BYTES))
}
