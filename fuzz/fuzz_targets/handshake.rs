//! A handshake frame from the other side of the device.
#![no_main]

use kestrel_core::abi::{FRAME_BYTES, Frame, Hello, Welcome};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: [u8; FRAME_BYTES]| {
    let mut frame = Frame::default();
    let (len, data) = bytes.split_at(4);
    frame.len = u32::from_ne_bytes(len.try_into().expect("four bytes"));
    frame.data.copy_from_slice(data);
    if let Some(hello) = frame.decode::<Hello>() {
        assert_eq!(Frame::encode(&hello).and_then(|again| again.decode()), Some(hello));
    }
    if let Some(welcome) = frame.decode::<Welcome>() {
        assert_eq!(Frame::encode(&welcome).and_then(|again| again.decode()), Some(welcome));
    }
});
