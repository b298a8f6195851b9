//! A ring whose memory says anything, changed between any two steps of its reader. The input is steps of eleven bytes:
//! what, where (two bytes), and a value (eight), little endian.
//!
//! The law: what the reader hands out is a record by its framing, within the ring; it hands out no more than the ring
//! holds; what makes no sense is reported, reported again when asked again, and over after a resync; and the stream that the
//! daemon makes of such rings ends, with accounts that can be added up.
#![no_main]

use kestrel::sources::Rings;
use kestrel_core::event::{MAX_RECORD, RecordHeader};
use kestrel_ringbuf::{MemoryRing, Ring};
use libfuzzer_sys::fuzz_target;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Bytes of data; a page, so that wrapping is near.
const SIZE: u64 = 4096;

// Places in the ring's file, by the picture in `kestrel_ringbuf`.
const TAIL: u64 = 0;
const PRODUCER: u64 = 4096;
const HEAD: u64 = PRODUCER + 64;
const DATA: u64 = 2 * 4096;

/// Reads until nothing is left or nothing makes sense. Every byte that is handed out is touched.
fn read(ring: &mut Ring, most: u64) {
    let mut bytes = 0;
    for _ in 0..most {
        match ring.peek() {
            Ok(None) => break,
            Err(corrupt) => {
                assert_eq!(ring.peek(), Err(corrupt));
                break;
            }
            Ok(Some(record)) => {
                check(record);
                bytes += record.len() as u64;
                assert!(bytes <= SIZE);
                ring.advance();
            }
        }
    }
}

fn check(record: &[u8]) {
    assert!((size_of::<RecordHeader>()..=MAX_RECORD).contains(&record.len()) && record.len().is_multiple_of(8));
    assert_eq!(record[..4], (record.len() as u32).to_ne_bytes());
    std::hint::black_box(record.iter().fold(0u8, |sum, byte| sum ^ byte));
}

fuzz_target!(|bytes: &[u8]| {
    let memory = MemoryRing::new(SIZE as usize, 0).expect("a ring");
    let file = File::from(memory.file().try_clone_to_owned().expect("its file"));
    let write = |place: u64, bytes: &[u8]| file.write_all_at(bytes, place).expect("written");
    let mut ring = memory.consumer().expect("its reader");
    for step in bytes.chunks_exact(11) {
        let place = u64::from(u16::from_le_bytes([step[1], step[2]]));
        let value = u64::from_le_bytes(step[3..].try_into().expect("eight bytes"));
        match step[0] % 8 {
            0 => write(HEAD, &value.to_ne_bytes()),
            1 => write(DATA + place * 4 % SIZE, &(value as u32).to_ne_bytes()),
            // What else the other side tells: counters.
            2 => write(PRODUCER + 72 + place * 8 % (4096 - 72), &value.to_ne_bytes()),
            // A reader that went away left this tail.
            3 => {
                write(TAIL, &value.to_ne_bytes());
                ring = memory.consumer().expect("the next reader");
            }
            4 => read(&mut ring, value),
            5 => ring.publish(),
            6 => {
                assert!(ring.resync() <= SIZE);
                assert_eq!(ring.peek(), Ok(None));
            }
            _ => {
                ring.set_wake(value as u32, Duration::from_nanos(value));
                if ring.arm() {
                    assert_eq!(ring.fill_level(), 0, "nobody sleeps on what is there");
                }
                ring.disarm();
            }
        }
    }
    // As the daemon reads it: the stream goes over what makes no sense, and ends.
    let mut rings = Rings::new(vec![(0, ring)], false, Duration::ZERO);
    let mut bytes = 0;
    while let Some(record) = rings.next_record() {
        check(record);
        bytes += record.len() as u64;
        assert!(bytes <= SIZE);
    }
    rings.release();
    rings.rest();
    std::hint::black_box(rings.accounts());
});
