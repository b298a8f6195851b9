//! Bytes from a ring or a recording: refused, or read within bounds.
#![no_main]

use kestrel_core::event::Record;
use libfuzzer_sys::fuzz_target;
use std::hint::black_box;
use zerocopy::IntoBytes;

fuzz_target!(|bytes: &[u8]| {
    // Records lie 8-byte aligned in the ring.
    let mut words = vec![0u64; bytes.len() / 8];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(chunk.try_into().expect("eight bytes"));
    }
    let aligned = words.as_bytes();
    if let Ok(record) = Record::parse(aligned) {
        assert!(record.bytes().len() <= aligned.len());
        for index in 0..=record.param_count() {
            if let Some(param) = record.param(index) {
                // What nobody looks at, the compiler leaves out.
                black_box((param.int(), param.uint(), param.path(), param.fd(), param.tuple(), param.address()));
                assert!(param.strings().count() <= aligned.len());
            }
        }
    }
});
