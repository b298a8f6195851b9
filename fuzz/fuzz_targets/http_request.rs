//! Requests to the web server. The first byte is the size of the pieces in which the rest comes.
//!
//! The law: what comes of the bytes does not depend on the pieces; a body is never longer than allowed; after a refusal nothing is
//! read any more.
#![no_main]

use kestrel::web::{Progress, RequestReader};
use libfuzzer_sys::fuzz_target;

const MAX_BODY: usize = 300;

fn requests(bytes: &[u8], piece: usize) -> Vec<String> {
    let mut reader = RequestReader::default();
    let mut left = bytes;
    let mut out = Vec::new();
    loop {
        match reader.advance() {
            Err(error) => {
                assert!((400..600).contains(&error.status()));
                out.push(format!("{error:?}"));
                return out;
            }
            Ok(Progress::Head(head)) => {
                out.push(format!("{head:?}"));
                if let Err(error) = reader.allow(MAX_BODY) {
                    out.push(format!("{error:?}"));
                    return out;
                }
            }
            Ok(Progress::Whole) => {
                out.push(format!("{:?}", reader.body()));
                reader.next_request();
            }
            Ok(Progress::More) => {
                let n = piece.min(reader.wants()).min(left.len());
                if n == 0 {
                    out.push(format!("{}", reader.has_begun()));
                    return out;
                }
                let (now, rest) = left.split_at(n);
                reader.push(now);
                left = rest;
            }
        }
        assert!(reader.body().len() <= MAX_BODY);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, bytes)) = bytes.split_first() else { return };
    let piece = usize::from(*piece).max(1);
    assert_eq!(requests(bytes, piece), requests(bytes, usize::MAX));
});
