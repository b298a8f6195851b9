//! What `kestrel watch` reads from a socket that may be anybody's, and what its daemon reads from whoever connects.
//!
//! The first byte of the input says whether records are preceded by an opening of this build's: no input would come by its
//! checksum.
#![no_main]

use kestrel::live::{Heard, Listener};
use kestrel::recording::{Machine, Opening, told_first};
use kestrel::shown::View;
use kestrel_outputs::escape::is_unsafe;
use kestrel_outputs::socket::{Frame, FrameReader, RequestReader};
use kestrel_outputs::{Format, Formatter};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

/// Processes that a reader knows, at most.
const PROCESSES: usize = 64;

thread_local! {
    /// A line, everything as JSON, and what fits a condition.
    static LISTENERS: RefCell<Vec<Listener>> = RefCell::new(vec![
        listener(&[], None, false),
        listener(&[], None, true),
        listener(&["proc.name", "proc.aname", "user.name", "evt.args", "fd.name"], Some("evt.num > 1 and proc.exepath startswith /"), false),
    ]);
    static OPENING: Vec<u8> = told_first(&Opening::new(Machine::default(), ""));
}

fn listener(fields: &[&str], filter: Option<&str>, json: bool) -> Listener {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    Listener::new(View::new(&fields, filter, json).expect("a view"), PROCESSES)
}

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

/// Makes lines of them, as far as they make sense.
fn listen(listener: &mut Listener, with_opening: bool, bytes: &[u8]) {
    listener.begin_anew();
    if with_opening {
        let heard = OPENING.with(|opening| listener.hear(Frame::Opening(opening.into())).is_ok());
        assert!(heard, "an opening of our own");
    }
    let mut reader = FrameReader::default();
    reader.push(bytes);
    while let Ok(Some(frame)) = reader.next_frame() {
        match listener.hear(frame) {
            Ok(Heard::Line(line)) => assert!(!line.replace('\t', "").contains(is_unsafe), "{line:?}"),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// What the daemon makes of them.
fn request(bytes: &[u8], piece: usize) -> Option<Vec<u8>> {
    let mut reader = RequestReader::default();
    let mut pieces = bytes.chunks(piece);
    while let Some(piece) = pieces.next() {
        match reader.push(piece) {
            Err(_) => return None,
            Ok(None) => {}
            // Whatever else comes turns the reader away.
            Ok(Some(request)) => return pieces.next().is_none().then(|| request.encode()).flatten(),
        }
    }
    None
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let whole = frames(bytes, usize::MAX);
    assert_eq!(whole, frames(bytes, 7));
    let again: Vec<u8> = whole.0.concat();
    assert_eq!(frames(&again, 64), (whole.0, true));
    LISTENERS.with_borrow_mut(|all| all.iter_mut().for_each(|listener| listen(listener, kind & 1 == 1, bytes)));
    assert_eq!(request(bytes, usize::MAX), request(bytes, 5));
});
