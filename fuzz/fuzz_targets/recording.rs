//! Any bytes as a recording: refused, or read up to where it is damaged, with every record in bounds and memory bounded.
//!
//! The first byte says what the rest is: a file as it is, or the plain content of a block of records, put into a file that is
//! right but for it.
#![no_main]

use kestrel::recording::{
    Machine, Opening, Reader, Step, Writer, restore_containers, restore_processes, restore_users,
};
use kestrel::state::{State, Users};
use kestrel_core::event::Record;
use kestrel_core::schema::EventSet;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fn read(bytes: &[u8]) -> usize {
    let Ok(mut reader) = Reader::open(Cursor::new(bytes)) else { return 0 };
    let _ = reader.index();
    reader.want(&EventSet::all());
    let mut state = State::new(64, Users::default(), None);
    let mut records = 0;
    loop {
        match reader.advance() {
            Ok(Step::Record) => {
                records += 1;
                if let Ok(record) = Record::parse(reader.record()) {
                    let key = state.apply(&record);
                    state.settle(&record, key);
                }
            }
            Ok(Step::Processes(entries)) => restore_processes(&mut state, entries),
            Ok(Step::Users(lists)) => restore_users(&mut state.users, lists),
            Ok(Step::Containers(entries)) => restore_containers(&mut state.containers, entries),
            Ok(Step::End) | Err(_) => return records,
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0, rest)) => {
            let state = State::new(64, Users::default(), None);
            let opening = Opening::new(Machine::default(), "");
            let mut writer = Writer::begin(Vec::new(), &opening, &state).expect("memory");
            let mut words = vec![0u64; rest.len() / 8];
            for (word, chunk) in words.iter_mut().zip(rest.chunks_exact(8)) {
                *word = u64::from_ne_bytes(chunk.try_into().expect("eight bytes"));
            }
            let aligned = zerocopy::IntoBytes::as_bytes(&words[..]);
            let mut taken = 0;
            let mut left = aligned;
            while left.len() >= 8 {
                taken += usize::from(writer.record(left).is_ok());
                left = &left[8..];
            }
            let file = writer.finish().expect("memory").0;
            assert!(read(&file) <= taken);
        }
        Some((_, rest)) => {
            read(rest);
        }
        None => {}
    }
});
