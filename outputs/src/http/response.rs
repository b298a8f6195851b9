//! An HTTP/1.1 answer, from bytes that come in pieces and may be anything. Pure: bytes in, verdict out.
//!
//! Only the status matters. The body is read so that the connection can be used again, and a little of it kept for whoever
//! wants to see it; one that is too long for that costs the connection, not the answer.

/// Bytes of the head, with those of the 1xx answers before it.
const MAX_HEAD: usize = 16 << 10;

/// Headers.
const MAX_HEADERS: usize = 64;

/// Bytes of the body that are read to use the connection again.
const MAX_BODY: usize = 64 << 10;

/// Bytes of the body that are kept.
const KEPT: usize = 1024;

/// Bytes of a line that says how long a chunk is, extensions included.
const MAX_CHUNK_LINE: usize = 256;

/// Why what came is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It is not HTTP/1.
    #[error("the server does not speak HTTP/1.1")]
    Garbage,
    /// The head does not end.
    #[error("the head of the answer is longer than 16 KiB or has more than 64 headers")]
    TooLong,
}

/// A whole answer, or as much of it as is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, 200 to 599 from an honest server.
    pub status: u16,
    /// The connection can be used for another request.
    pub reusable: bool,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// Where in the answer we are.
#[derive(Debug)]
enum State {
    Head,
    /// Bytes to come.
    Length(usize),
    /// Bytes to come of the chunk, with the line end behind it; 0 before the next length. The last one is behind us: lines
    /// until an empty one.
    Chunk {
        left: usize,
        last: bool,
        line: Vec<u8>,
    },
    /// Until the connection ends.
    Endless,
    Done,
}

/// An answer that is being read.
#[derive(Debug)]
pub struct Response {
    head: Vec<u8>,
    heads: usize,
    state: State,
    received: usize,
    answer: Answer,
}

impl Response {
    pub fn new() -> Response {
        Response {
            head: Vec::new(),
            heads: 0,
            state: State::Head,
            received: 0,
            answer: Answer { status: 0, reusable: false, body: Vec::new() },
        }
    }

    /// Takes what came. Gives the answer once it is whole.
    ///
    /// # Errors
    /// [`BadAnswer`] if it is none.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<Answer>, BadAnswer> {
        let mut rest = bytes.to_vec();
        while matches!(self.state, State::Head) {
            self.head.append(&mut rest);
            if !self.parse_head()? {
                if self.heads + self.head.len() > MAX_HEAD {
                    return Err(BadAnswer::TooLong);
                }
                return Ok(None);
            }
            rest = std::mem::take(&mut self.head);
        }
        self.body(&rest);
        Ok(matches!(self.state, State::Done).then(|| self.answer.clone()))
    }

    /// The connection ended, or nobody wants to wait any longer: the answer, if there was one.
    pub fn end(&self) -> Option<Answer> {
        (self.answer.status != 0).then(|| Answer { reusable: false, ..self.answer.clone() })
    }

    /// True if nothing came so far.
    pub fn is_empty(&self) -> bool {
        self.answer.status == 0 && self.heads == 0 && self.head.is_empty()
    }

    /// Reads the head if it is whole, and leaves what is behind it in `head`.
    fn parse_head(&mut self) -> Result<bool, BadAnswer> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        let length = match parsed.parse(&self.head) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(false),
            Err(httparse::Error::TooManyHeaders) => return Err(BadAnswer::TooLong),
            Err(_) => return Err(BadAnswer::Garbage),
        };
        self.heads += length;
        if self.heads > MAX_HEAD {
            return Err(BadAnswer::TooLong);
        }
        let status = parsed.code.unwrap_or(0);
        if (100..200).contains(&status) && status != 101 {
            // Not yet the answer.
            self.head.drain(..length);
            return Ok(!self.head.is_empty() && self.parse_head()?);
        }
        if !(200..600).contains(&status) {
            return Err(BadAnswer::Garbage);
        }
        let values = |name: &'static str| {
            let all = parsed.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
            all.map(|header| String::from_utf8_lossy(header.value).trim().to_ascii_lowercase()).collect::<Vec<_>>()
        };
        let close = values("connection").iter().any(|value| value.split(',').any(|word| word.trim() == "close"));
        let (encodings, lengths) = (values("transfer-encoding"), values("content-length"));
        self.state = if status == 204 || status == 304 {
            State::Done
        } else if let Some(encoding) = encodings.last() {
            if encoding.ends_with("chunked") && lengths.is_empty() {
                State::Chunk { left: 0, last: false, line: Vec::new() }
            } else {
                State::Endless
            }
        } else {
            match lengths.first() {
                Some(first) if lengths.iter().all(|length| length == first) => match first.parse() {
                    Ok(0) => State::Done,
                    Ok(n) => State::Length(n),
                    Err(_) => State::Endless,
                },
                _ => State::Endless,
            }
        };
        let reusable = parsed.version == Some(1) && !close && !matches!(self.state, State::Endless);
        self.answer = Answer { status, reusable, body: Vec::new() };
        self.head.drain(..length);
        Ok(true)
    }

    fn body(&mut self, bytes: &[u8]) {
        self.received += bytes.len();
        let kept = KEPT.saturating_sub(self.answer.body.len()).min(bytes.len());
        self.answer.body.extend_from_slice(&bytes[..kept]);
        match &mut self.state {
            State::Head | State::Done => {
                // What nobody asked for makes the next answer doubtful.
                self.answer.reusable &= bytes.is_empty();
            }
            State::Endless => {}
            State::Length(left) => {
                self.answer.reusable &= bytes.len() <= *left;
                *left = left.saturating_sub(bytes.len());
                if *left == 0 {
                    self.state = State::Done;
                }
            }
            State::Chunk { .. } => self.chunks(bytes),
        }
        if self.received > MAX_BODY {
            self.give_up();
        }
    }

    fn chunks(&mut self, mut bytes: &[u8]) {
        let State::Chunk { left, last, line } = &mut self.state else { return };
        while let Some((&first, rest)) = bytes.split_first() {
            if *left > 0 {
                let skipped = bytes.len().min(*left);
                *left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            bytes = rest;
            line.push(first);
            if !line.ends_with(b"\r\n") {
                if line.len() > MAX_CHUNK_LINE {
                    return self.give_up();
                }
                continue;
            }
            let whole = std::mem::take(line);
            if *last {
                if whole == b"\r\n" {
                    self.answer.reusable &= bytes.is_empty();
                    self.state = State::Done;
                    return;
                }
                continue;
            }
            match httparse::parse_chunk_size(&whole) {
                Ok(httparse::Status::Complete((_, 0))) => *last = true,
                Ok(httparse::Status::Complete((_, size))) if size <= MAX_BODY as u64 => *left = size as usize + 2,
                _ => return self.give_up(),
            }
        }
    }

    fn give_up(&mut self) {
        self.answer.reusable = false;
        self.state = State::Done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Result<Option<Answer>, BadAnswer> {
        Response::new().push(text.as_bytes())
    }

    fn answer(status: u16, reusable: bool, body: &str) -> Option<Answer> {
        Some(Answer { status, reusable, body: body.as_bytes().to_vec() })
    }

    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n0\r\nTrailer: x\r\n\r\n";

    #[test]
    fn an_answer_is_read_to_its_end() {
        assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Ok(answer(200, true, "ok")));
        assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"), Ok(None));
        assert_eq!(whole("HTTP/1.1 204 No\r\nConnection: Close\r\n\r\n"), Ok(answer(204, false, "")));
        assert_eq!(whole("HTTP/1.0 500 No\r\nContent-Length: 0\r\n\r\n"), Ok(answer(500, false, "")));
        let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(whole(early), Ok(answer(201, true, "")));
        let chunked = whole(CHUNKED).unwrap().unwrap();
        assert_eq!((chunked.status, chunked.reusable), (200, true));
    }

    #[test]
    fn one_without_an_end_counts_when_the_connection_ends() {
        let mut response = Response::new();
        assert_eq!(response.push(b"HTTP/1.1 503 Busy\r\n\r\nlater"), Ok(None));
        assert_eq!(response.end(), answer(503, false, "later"));
        assert_eq!(Response::new().end(), None);
    }

    #[test]
    fn what_is_no_answer_or_has_no_end_is_refused() {
        assert_eq!(whole("SSH-2.0-OpenSSH_9.2\r\n"), Err(BadAnswer::Garbage));
        assert_eq!(whole("HTTP/1.1 999 X\r\n\r\n"), Err(BadAnswer::Garbage));
        assert_eq!(whole(&format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(MAX_HEAD))), Err(BadAnswer::TooLong));
        assert_eq!(whole(&format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(100))), Err(BadAnswer::TooLong));
        let early = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD / 20);
        assert_eq!(whole(&early), Err(BadAnswer::TooLong));
        let long = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n{}", "x".repeat(10));
        assert!(!whole(&long).unwrap().unwrap().reusable);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn how_it_is_cut_to_pieces_makes_no_difference(cuts in prop::collection::vec(1usize..20, 0..40)) {
            for text in [CHUNKED, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabcdefghijklmnopqrstuvwxyz0123"] {
                let (mut response, mut rest, mut last) = (Response::new(), text.as_bytes(), Ok(None));
                for cut in cuts.iter().chain(std::iter::repeat(&7)) {
                    if rest.is_empty() { break; }
                    let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                    prop_assert!(matches!(last, Ok(None)));
                    last = response.push(piece);
                    rest = tail;
                }
                prop_assert_eq!(last, whole(text));
            }
        }

        #[test]
        fn no_bytes_make_it_panic_or_keep_more_than_its_bounds(
            start in prop::sample::select(vec!["", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..40)
        ) {
            let mut response = Response::new();
            let mut result = response.push(start.as_bytes());
            for piece in pieces {
                if !matches!(result, Ok(None)) { break; }
                result = response.push(&piece);
                prop_assert!(response.head.len() <= MAX_HEAD + 2000 && response.answer.body.len() <= KEPT);
            }
        }
    }
}
