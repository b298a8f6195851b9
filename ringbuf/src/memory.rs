//! A ring in a memory file: both sides in user space. The tests and benchmarks of this and other crates use it, and a
//! source that has no kernel side of its own.
#![allow(unsafe_code, reason = "the producer works on raw memory")]

use crate::consumer::Ring;
use crate::mapping::{MapError, Mapping};
use crate::page::{PAGE_BYTES, RawRing};
use crate::producer::Producer;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;
use std::os::fd::{AsFd, OwnedFd};

/// A ring in a memory file, with its producer.
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
        let fd = memfd_create(c"kestrel-ring", MFdFlags::MFD_CLOEXEC)?;
        let len = i64::try_from(2 * PAGE_BYTES + data_bytes).map_err(|_| MapError::Size(data_bytes))?;
        ftruncate(&fd, len)?;
        let mapping = Mapping::file(fd.as_fd(), data_bytes, true)?;
        let start = mapping.start();
        // SAFETY: the mapping holds both pages and the data twice, zeroed, writable, and lives as long as the producer; the
        // size was checked when it was mapped.
        let producer = unsafe {
            let ring = RawRing {
                consumer: start.cast(),
                producer: start.add(PAGE_BYTES).cast(),
                data: start.add(2 * PAGE_BYTES),
                size: data_bytes as u64,
            };
            Producer::new(ring, reserve)
        };
        Ok(MemoryRing { producer, _mapping: mapping, fd, data_bytes })
    }

    /// The side that writes. One thread at a time.
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

    /// The memory file: two pages, then the data once. Tests write it to play a broken or hostile other side.
    pub fn file(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
