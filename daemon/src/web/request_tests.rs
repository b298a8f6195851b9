use super::*;
use proptest::prelude::*;

/// Feeds bytes in pieces, as much as is wanted each time; gives what came of them, a line a request.
fn feed(bytes: &[u8], piece: usize, max_body: usize) -> Vec<String> {
    let mut reader = RequestReader::default();
    let mut at = 0;
    let mut out = Vec::new();
    loop {
        match reader.advance() {
            Err(error) => {
                out.push(format!("{error:?}"));
                return out;
            }
            Ok(Progress::Head(head)) => {
                out.push(format!("{} {} {:?} {}", head.method, head.target, head.length, head.keep_alive));
                if let Err(error) = reader.allow(max_body) {
                    out.push(format!("{error:?}"));
                    return out;
                }
            }
            Ok(Progress::Whole) => {
                out.push(format!("body {:?}", String::from_utf8_lossy(reader.body())));
                reader.next_request();
            }
            Ok(Progress::More) => {
                let n = piece.min(reader.wants()).min(bytes.len() - at);
                if n == 0 {
                    out.push(if reader.has_begun() { "unfinished" } else { "end" }.to_owned());
                    return out;
                }
                reader.push(&bytes[at..at + n]);
                at += n;
            }
        }
    }
}

#[test]
fn requests_are_read_one_after_the_other() {
    let bytes = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\r\nPOST /a?b=c HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloHEAD / HTTP/1.0\r\n\r\n\
        POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\n";
    insta::assert_snapshot!(feed(bytes, usize::MAX, 100).join("\n"), @r#"
    GET /healthz None true
    body ""
    POST /a?b=c Bytes(5) true
    body "hello"
    HEAD / None false
    body ""
    POST /c Chunked false
    body "abcde"
    end
    "#);
}

#[test]
fn what_is_wrong_has_its_status() {
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1));
    let endless = "GET /".to_owned() + &"x".repeat(2 * MAX_HEAD);
    let post = |rest: &str| format!("POST / HTTP/1.1\r\n{rest}");
    let cases = [
        (long, BadRequest::HeadTooLong),
        (many, BadRequest::HeadTooLong),
        (endless, BadRequest::HeadTooLong),
        ("nonsense\r\n\r\n".to_owned(), BadRequest::Malformed),
        ("\u{16}\u{3}\u{1}\n".to_owned(), BadRequest::Malformed),
        ("GET / HTTP/3.0\r\n\r\n".to_owned(), BadRequest::Version),
        (post("Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), BadRequest::Length),
        (post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), BadRequest::Length),
        (post("Content-Length: +5\r\n\r\n"), BadRequest::Length),
        (post("Content-Length: 5, 5\r\n\r\n"), BadRequest::Length),
        (post("Content-Length: 11\r\n\r\n"), BadRequest::BodyTooLong),
        (post("Content-Length: 99999999999999999999999\r\n\r\n"), BadRequest::BodyTooLong),
        (post("Transfer-Encoding: gzip, chunked\r\n\r\n"), BadRequest::Coding),
        (post("Transfer-Encoding: chunked\r\n\r\nb\r\n"), BadRequest::BodyTooLong),
        (post("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"), BadRequest::Malformed),
        (post("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n"), BadRequest::Malformed),
        (post("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n"), BadRequest::Malformed),
        (post("Transfer-Encoding: chunked\r\n\r\n-1\r\n"), BadRequest::Malformed),
        (post("Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\n"), BadRequest::BodyTooLong),
    ];
    for (text, error) in cases {
        for piece in [1, usize::MAX] {
            let last = feed(text.as_bytes(), piece, 10).pop().unwrap();
            assert_eq!(last, format!("{error:?}"), "{text:?} in pieces of {piece}");
        }
    }
}

proptest! {
    #[test]
    fn however_the_bytes_come_they_are_the_same_requests(
        parts in prop::collection::vec(prop::sample::select(vec![
            "GET / HTTP/1.1\r\n\r\n", "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "\r\n", "x",
            "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "GET", " ", "0\r\n\r\n", "Content-Length: 1\r\n",
        ]), 0..8),
        piece in 1usize..40,
    ) {
        let bytes = parts.concat();
        prop_assert_eq!(feed(bytes.as_bytes(), piece, 8), feed(bytes.as_bytes(), usize::MAX, 8));
    }

    #[test]
    fn what_is_held_is_bounded_whatever_comes(bytes in prop::collection::vec(any::<u8>(), 0..3000), max in 0usize..64) {
        let mut reader = RequestReader::default();
        for piece in bytes.chunks(97) {
            let n = piece.len().min(reader.wants());
            reader.push(&piece[..n]);
            match reader.advance() {
                Err(_) => break,
                Ok(Progress::Head(_)) => {
                    if reader.allow(max).is_err() {
                        break;
                    }
                }
                Ok(Progress::Whole) => reader.next_request(),
                Ok(Progress::More) => {}
            }
            prop_assert!(reader.buffer.len() <= MAX_HEAD && reader.body.len() <= max);
        }
    }
}

#[test]
fn what_is_wrong_in_a_line_without_an_end_is_found_when_it_ends_whatever_the_pieces() {
    let begun = b"POST / HTTP/1.1\r\nConength:-Le\x01\0\0n";
    assert_eq!(feed(begun, 1, 0), ["unfinished"]);
    assert_eq!(feed(begun, usize::MAX, 0), ["unfinished"]);
    let ended = [&begun[..], b"\r\n"].concat();
    assert_eq!(feed(&ended, 1, 0), ["Malformed"]);
    assert_eq!(feed(&ended, usize::MAX, 0), ["Malformed"]);
}
