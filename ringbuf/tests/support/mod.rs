//! What the tests of the ring share: records whose every byte can be checked, and a hand on the other side's memory.
#![allow(dead_code, reason = "each test file uses its part")]

use kestrel_core::event::RecordHeader;
use kestrel_ringbuf::{MemoryRing, Slot, Wake};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes of a record's header, the least a record can have.
pub const HEADER: usize = size_of::<RecordHeader>();

/// Fills and commits a record of `len` bytes whose payload depends on `tag`, which stands in place of the time.
pub fn commit(mut slot: Slot<'_>, len: usize, tag: u64) -> Wake {
    fill(&mut slot.bytes()[..len], tag);
    slot.commit(len)
}

/// Writes what a filler would: everything but the length and the number, in place of which nonsense is written.
pub fn fill(record: &mut [u8], tag: u64) {
    record.fill(0xee);
    record[24..HEADER].copy_from_slice(&tag.to_ne_bytes());
    for (index, byte) in record[HEADER..].iter_mut().enumerate() {
        *byte = payload(tag, index);
    }
}

/// Checks every byte of a record and returns its number and tag.
pub fn check(record: &[u8]) -> (u64, u64) {
    let word = |at: usize| u64::from_ne_bytes(record[at..at + 8].try_into().unwrap());
    let len = u32::from_ne_bytes(record[..4].try_into().unwrap()) as usize;
    assert_eq!(len, record.len(), "the header's length is the record's");
    let (seq, tag) = (word(16), word(24));
    for (index, &byte) in record[HEADER..].iter().enumerate() {
        assert_eq!(byte, payload(tag, index), "byte {index} of the payload of record {seq}");
    }
    (seq, tag)
}

fn payload(tag: u64, index: usize) -> u8 {
    (tag.wrapping_mul(0x9e37_79b9).wrapping_add(index as u64 * 7) >> 3) as u8
}

/// The words of the two control pages, by their places in a [`MemoryRing`]'s file: what a hostile side can reach.
pub struct Memory(File);

/// Places of words in the file.
pub const TAIL: u64 = 0;
pub const ARMED: u64 = 64;
pub const WAKE_BYTES: u64 = 68;
pub const WAKE_DELAY: u64 = 72;
pub const HEAD: u64 = 4096 + 64;
pub const DATA: u64 = 8192;

impl Memory {
    pub fn of(ring: &MemoryRing) -> Memory {
        Memory(ring.file().try_clone_to_owned().unwrap().into())
    }

    pub fn set(&self, place: u64, value: u64) {
        self.write(place, &value.to_ne_bytes());
    }

    pub fn set_u32(&self, place: u64, value: u32) {
        self.write(place, &value.to_ne_bytes());
    }

    pub fn get(&self, place: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, place).unwrap();
        u64::from_ne_bytes(bytes)
    }

    pub fn write(&self, place: u64, bytes: &[u8]) {
        self.0.write_all_at(bytes, place).unwrap();
    }
}
