//! A ring in a memory file: both sides in user space. The tests and benchmarks of this and other crates use it, and any
//! source that has no kernel side of its own can.
#![allow(unsafe_code, reason = "the producer works on raw memory")]

use crate::consumer::Ring;
use crate::mapping::{MapError, Mapping, page_bytes};
use crate::page::RawRing;
use crate::producer::Producer;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A ring in a memory file, with its producer. The file holds the consumer page, the producer page, and the data once.
#[derive(Debug)]
pub struct MemoryRing {
    /// Dropped before the mapping that it points into: fields are dropped in the order they stand in.
    producer: Producer,
    _mapping: Mapping,
    fd: OwnedFd,
    data_bytes: usize,
}

impl MemoryRing {
    /// A new ring of `data_bytes` bytes, the last `reserve` of which are for lifecycle records.
    ///
    /// # Errors
    /// [`MapError`] if the size cannot be or the system refuses.
    pub fn new(data_bytes: usize, reserve: u64) -> Result<MemoryRing, MapError> {
        let page = page_bytes()?;
        let fd = memfd_create(c"kestrel-ring", MFdFlags::MFD_CLOEXEC)?;
        let len = data_bytes.checked_add(2 * page).and_then(|len| len.try_into().ok());
        ftruncate(&fd, len.ok_or(MapError::Size(data_bytes))?)?;
        let mapping = Mapping::file(fd.as_fd(), data_bytes, true)?;
        // SAFETY: the mapping holds both pages and the data twice, page-aligned, zeroed, writable, and lives as long as the
        // producer; the size was checked when it was mapped. The file is new: nobody else has it.
        let producer = unsafe {
            let ring = RawRing {
                consumer: mapping.start().cast(),
                producer: mapping.start().add(page).cast(),
                data: mapping.data(),
                size: data_bytes as u64,
            };
            Producer::new(ring, reserve)
        };
        Ok(MemoryRing { producer, _mapping: mapping, fd, data_bytes })
    }

    /// The side that writes.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Maps the side that reads. One at a time; the next goes on at the tail that the last one published.
    ///
    /// # Errors
    /// [`MapError`] if the system refuses.
    pub fn consumer(&self) -> Result<Ring, MapError> {
        Ring::over(Mapping::file(self.fd.as_fd(), self.data_bytes, false)?, self.data_bytes)
    }

    /// The memory file. Tests write it to play a broken or hostile other side: the consumer page begins at 0 with the
    /// tail, the producer page at one page with magic, size and (64 bytes on) the head; then the data.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
