//! A prefilter program from somebody else, and an event that says anything.
//!
//! The law: bytes that are no program are refused; one that is accepted ends for every event, within as many looks as a section
//! has nodes, whatever the values are. The first byte says whether the header is put right, so that what lies behind it is
//! reached; the last 64 bytes are what the event's values are made from.
#![no_main]

use kestrel_core::filter::build::Bytes;
use kestrel_core::filter::{Evaluation, Header, Ip, Known, Load, MAGIC, MAX_SECTION, Program, Step, View};
use kestrel_core::schema::{EVENT_COUNT, EventId, FINGERPRINT};
use libfuzzer_sys::fuzz_target;
use zerocopy::{FromBytes, IntoBytes};

/// Values from bytes, and how often one was asked for.
struct Anything<'a> {
    bytes: &'a [u8],
    looks: usize,
}

impl Anything<'_> {
    fn known<T>(&mut self, load: Load, param: u8, value: T) -> Known<T> {
        self.looks += 1;
        let at = usize::from(load as u8 ^ param) % self.bytes.len().max(1);
        match self.bytes.get(at).map(|byte| byte % 8) {
            Some(0) => Known::Absent,
            Some(1) => Known::Unknown,
            _ => Known::Is(value),
        }
    }
}

impl View for Anything<'_> {
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        let number = self.bytes.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
        self.known(load, param, number)
    }

    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        let known = self.known(load, param, ());
        known.map(|()| self.bytes)
    }

    fn address(&mut self, load: Load, param: u8) -> Known<Ip> {
        let ip = match self.bytes.first_chunk::<16>() {
            Some(bytes) if param.is_multiple_of(2) => Ip::V6(*bytes),
            _ => Ip::V4(u32::from(param)),
        };
        self.known(load, param, ip)
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else { return };
    let (program, values) = rest.split_at(rest.len().saturating_sub(64));
    let mut program = program.to_vec();
    if first % 2 == 0 {
        program.resize(program.len().next_multiple_of(8), 0);
        let len = program.len() as u32;
        if let Ok((header, _)) = Header::read_from_prefix(&program) {
            let header =
                Header { magic: MAGIC, len, schema: FINGERPRINT, events: EVENT_COUNT as u32, reserved: 0, ..header };
            header.write_to_prefix(&mut program).expect("there was one");
        }
    }
    let program = Bytes::copied(&program);
    let Ok(program) = Program::verify(program.as_bytes()) else { return };
    for event in 0..EVENT_COUNT as u16 {
        let Some(mut evaluation) = Evaluation::of(&program, EventId(event)) else { continue };
        let mut view = Anything { bytes: values, looks: 0 };
        assert!(matches!(evaluation.go(&mut view), Step::Done(_)));
        assert!(view.looks <= MAX_SECTION);
    }
});
