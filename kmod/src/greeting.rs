//! The handshake, from the module's side.
#![forbid(unsafe_code)]

use crate::ffi::Facts;
use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR, Frame, Hello, Welcome, check};
use kestrel_core::schema::FINGERPRINT;

/// Answers a HELLO: puts the module's [`Welcome`] into the frame, and tells whether the two sides fit.
///
/// What the frame held is the other side's allegation; one that is no [`Hello`] at all does not fit.
pub fn greet(frame: &mut Frame, facts: &Facts) -> bool {
    let fits = frame.decode::<Hello>().is_some_and(|hello| check(hello.abi_major, hello.schema).is_ok());
    let welcome = Welcome {
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        schema: FINGERPRINT,
        cpus: facts.cpus,
        ring_bytes: facts.ring_bytes,
        retained: facts.retained != 0,
    };
    *frame = Frame::encode(&welcome).unwrap_or_default();
    fits
}
