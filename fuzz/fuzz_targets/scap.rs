//! Any bytes as a capture of Falco or sysdig: refused, or read up to where it is damaged; what is made of it are records.
#![no_main]

use kestrel::recording::{Step, restore_processes, restore_users};
use kestrel::sources::scap::Importer;
use kestrel::state::{State, Users};
use kestrel_core::event::Record;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

/// Section header of a capture, so that inputs need not find it.
fn begun(rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [0x0A0D_0D0A_u32, 28, 0x1A2B_3C4D, 0x0002_0001, u32::MAX, u32::MAX, 28] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(rest);
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut importer) = Importer::open(Cursor::new(begun(bytes))) else { return };
    let mut state = State::new(64, Users::default(), None);
    loop {
        match importer.advance() {
            Ok(Step::Record) => {
                let record = Record::parse(importer.record()).expect("what is made here is a record");
                let key = state.apply(&record);
                state.settle(&record, key);
            }
            Ok(Step::Processes(entries)) => restore_processes(&mut state, entries),
            Ok(Step::Users(lists)) => restore_users(&mut state.users, lists),
            Ok(Step::Containers(_)) => unreachable!("no capture tells of containers"),
            Ok(Step::End) | Err(_) => return,
        }
    }
});
