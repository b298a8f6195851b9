//! What `kestrel watch` reads from a socket that may be anybody's.
#![no_main]

use kestrel_outputs::escape::is_unsafe;
use kestrel_outputs::socket::{Frame, FrameReader};
use kestrel_outputs::{Format, Formatter};
use libfuzzer_sys::fuzz_target;

/// Everything up to the end or the first thing that is no frame. Frames as bytes: a number that is none does not equal itself.
fn frames(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        loop {
            match reader.next_frame() {
                Ok(None) => break,
                Err(_) => return (frames, false),
                Ok(Some(frame)) => {
                    if let Frame::Alert(alert) = &frame {
                        for format in [Format::Text, Format::Json] {
                            let line = Formatter { format, ..Formatter::default() }.format(alert);
                            assert!(!line.contains(is_unsafe));
                        }
                    }
                    frames.push(frame.encode().expect("what was read can be written"));
                }
            }
        }
    }
    (frames, true)
}

fuzz_target!(|bytes: &[u8]| {
    let whole = frames(bytes, usize::MAX);
    assert_eq!(whole, frames(bytes, 7));
    let again: Vec<u8> = whole.0.concat();
    assert_eq!(frames(&again, 64), (whole.0, true));
});
