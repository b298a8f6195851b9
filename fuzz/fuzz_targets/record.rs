//! Bytes from a ring or a recording: refused, or read within bounds.
#![no_main]

use kestrel_core::event::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Records lie 8-byte aligned in the ring.
    let mut words = vec![0u64; bytes.len() / 8];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(chunk.try_into().expect("eight bytes"));
    }
    let aligned: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    if let Ok(record) = Record::parse(&aligned) {
        assert!(record.bytes().len() <= aligned.len());
        for index in 0..=record.param_count() {
            if let Some(param) = record.param(index) {
                let _ = (param.int(), param.uint(), param.path(), param.fd(), param.tuple(), param.address());
                assert!(param.strings().count() <= aligned.len());
            }
        }
    }
});
