//! Bytes become requests (RFC 9112). Pure: bytes in, requests out, hostile as they may be.

use std::ops::Range;

/// Bytes that a request's head may have.
pub const MAX_HEAD: usize = 8 << 10;

/// Headers that it may have.
pub const MAX_HEADERS: usize = 64;

/// Bytes that the line of a chunk may have: its size, and whatever extensions nobody needs.
const MAX_CHUNK_LINE: usize = 256;

/// Why a request is refused. The connection ends after the answer: nobody knows where the next request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// It is no HTTP.
    #[error("this is no HTTP request")]
    Malformed,
    /// It says twice, or in two ways, how long it is.
    #[error("the length of the body is not clear")]
    Length,
    /// The head is too long, or has too many headers.
    #[error("the head is too long")]
    HeadTooLong,
    /// The body is longer than its route allows.
    #[error("the body is too long")]
    BodyTooLong,
    /// It is coded in a way that is not understood.
    #[error("this transfer coding is not understood: chunked is")]
    Coding,
    /// Another version of HTTP.
    #[error("this version of HTTP is not spoken here")]
    Version,
}

impl BadRequest {
    /// The status of the answer (RFC 9110, 15.5).
    pub fn status(self) -> u16 {
        match self {
            BadRequest::Malformed | BadRequest::Length => 400,
            BadRequest::HeadTooLong => 431,
            BadRequest::BodyTooLong => 413,
            BadRequest::Coding => 501,
            BadRequest::Version => 505,
        }
    }
}

/// The head of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `GET` …
    pub method: String,
    /// The path, with a query if there is one.
    pub target: String,
    /// What the client accepts, all headers of that name together.
    pub accept: String,
    /// Media type of the body.
    pub content_type: String,
    /// The client wants to go on with this connection.
    pub keep_alive: bool,
    /// The client waits for a word before it sends the body (RFC 9110, 10.1.1).
    pub expects_continue: bool,
    /// How the body's end is known.
    pub length: BodyLength,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyLength {
    /// It has so many bytes.
    #[default]
    None,
    /// It has so many bytes.
    Bytes(u64),
    /// It comes in chunks, of which the last is empty.
    Chunked,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// The head is whole; [`RequestReader::allow`] says how long the body may be, before it is read.
    Head(Head),
    /// The body is whole.
    Whole,
}

/// Reads requests, one after the other.
#[derive(Debug, Default)]
pub struct RequestReader {
    /// What was received and not used.
    buffer: Vec<u8>,
    /// Bytes of it in which the head's end was looked for.
    looked: usize,
    state: State,
    body: Vec<u8>,
    max_body: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// The head is whole, and nobody said yet how long the body may be.
    Waiting(BodyLength),
    Bytes(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    Trailer,
    Whole,
}

impl RequestReader {
    /// Bytes came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// True if a request was begun, and is not whole.
    pub fn has_begun(&self) -> bool {
        self.state != State::Head || !self.buffer.is_empty()
    }

    /// True if a request is whole, and was not answered.
    pub fn is_whole(&self) -> bool {
        self.state == State::Whole
    }

    /// How many more bytes are to be read now, at most: what is held stays bounded whatever is sent.
    pub fn wants(&self) -> usize {
        let room = MAX_HEAD.saturating_sub(self.buffer.len());
        match self.state {
            State::Head | State::ChunkSize | State::ChunkEnd | State::Trailer | State::Chunk(_) => room,
            State::Bytes(left) => usize::try_from(left).unwrap_or(usize::MAX).min(MAX_HEAD).min(room),
            State::Waiting(_) | State::Whole => 0,
        }
    }

    /// Goes on as far as the bytes reach.
    ///
    /// # Errors
    /// [`BadRequest`]: there is no going on after it.
    pub fn advance(&mut self) -> Result<Progress, BadRequest> {
        loop {
            match self.state {
                State::Head => return self.head(),
                State::Waiting(_) => return Ok(Progress::More),
                State::Whole => return Ok(Progress::Whole),
                State::Bytes(0) => self.state = State::Whole,
                State::Bytes(left) | State::Chunk(left) => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
                    if n == 0 && left > 0 {
                        return Ok(Progress::More);
                    }
                    self.body.extend_from_slice(&self.buffer[..n]);
                    self.consume(n);
                    let left = left - n as u64;
                    self.state = match self.state {
                        State::Chunk(_) if left == 0 => State::ChunkEnd,
                        State::Chunk(_) => State::Chunk(left),
                        _ => State::Bytes(left),
                    };
                }
                State::ChunkEnd => match self.line(2)? {
                    None => return Ok(Progress::More),
                    Some(line) if line.is_empty() => self.state = State::ChunkSize,
                    Some(_) => return Err(BadRequest::Malformed),
                },
                State::ChunkSize => match self.line(MAX_CHUNK_LINE)? {
                    None => return Ok(Progress::More),
                    Some(line) => {
                        let size = chunk_size(&line)?;
                        if size > (self.max_body - self.body.len()) as u64 {
                            return Err(BadRequest::BodyTooLong);
                        }
                        self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                    }
                },
                // What stands there is of no use to anybody.
                State::Trailer => match self.line(MAX_CHUNK_LINE)? {
                    None => return Ok(Progress::More),
                    Some(line) if line.is_empty() => self.state = State::Whole,
                    Some(_) => {}
                },
            }
        }
    }

    /// The body may have so many bytes.
    ///
    /// # Errors
    /// It says that it has more.
    pub fn allow(&mut self, max_body: usize) -> Result<(), BadRequest> {
        let State::Waiting(length) = self.state else { return Ok(()) };
        self.max_body = max_body;
        self.state = match length {
            BodyLength::None => State::Whole,
            BodyLength::Bytes(n) if n > max_body as u64 => return Err(BadRequest::BodyTooLong),
            BodyLength::Bytes(n) => State::Bytes(n),
            BodyLength::Chunked => State::ChunkSize,
        };
        Ok(())
    }

    /// The body, as far as it is there.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The request was answered: the next one begins.
    pub fn next_request(&mut self) {
        self.state = State::Head;
        self.looked = 0;
        self.body = Vec::new();
    }

    fn consume(&mut self, n: usize) {
        self.buffer.drain(..n);
    }

    /// The next line, without its end, once it is there.
    fn line(&mut self, longest: usize) -> Result<Option<Vec<u8>>, BadRequest> {
        match self.buffer.iter().take(longest).position(|byte| *byte == b'\n') {
            None if self.buffer.len() >= longest => Err(BadRequest::Malformed),
            None => Ok(None),
            Some(end) => {
                let line = self.buffer[..end].strip_suffix(b"\r").ok_or(BadRequest::Malformed)?.to_vec();
                self.consume(end + 1);
                Ok(Some(line))
            }
        }
    }

    fn head(&mut self) -> Result<Progress, BadRequest> {
        // Line ends in front of a request are overlooked (RFC 9112, 2.2).
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.consume(blank);
        self.looked = self.looked.saturating_sub(blank);
        // Without a new line end there is no new end of the head.
        let fresh: Range<usize> = self.looked.min(self.buffer.len())..self.buffer.len();
        let news = self.buffer[fresh].contains(&b'\n');
        self.looked = self.buffer.len();
        // Whole lines alone: what comes of the bytes must not depend on the pieces in which they come.
        let lines = self.buffer.iter().rposition(|&byte| byte == b'\n').filter(|_| news).map(|last| last + 1);
        if let Some(lines) = lines {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&self.buffer[..lines]) {
                Ok(httparse::Status::Complete(len)) if len <= MAX_HEAD => {
                    let head = read_head(&request)?;
                    self.consume(len);
                    self.looked = 0;
                    self.state = State::Waiting(head.length);
                    return Ok(Progress::Head(head));
                }
                Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => {
                    return Err(BadRequest::HeadTooLong);
                }
                Ok(httparse::Status::Partial) => {}
                Err(httparse::Error::Version) => return Err(BadRequest::Version),
                Err(_) => return Err(BadRequest::Malformed),
            }
        }
        if self.buffer.len() >= MAX_HEAD { Err(BadRequest::HeadTooLong) } else { Ok(Progress::More) }
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, BadRequest> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(BadRequest::Malformed);
    }
    let text = std::str::from_utf8(digits).map_err(|_| BadRequest::Malformed)?;
    u64::from_str_radix(text, 16).map_err(|_| BadRequest::Malformed)
}

fn read_head(request: &httparse::Request<'_, '_>) -> Result<Head, BadRequest> {
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(BadRequest::Malformed);
    };
    let mut head =
        Head { method: method.to_owned(), target: target.to_owned(), keep_alive: version == 1, ..Head::default() };
    let mut lengths = 0;
    for header in request.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        match header.name.to_ascii_lowercase().as_str() {
            "accept" => {
                head.accept.push_str(if head.accept.is_empty() { "" } else { "," });
                head.accept.push_str(value);
            }
            "content-type" => head.content_type = value.to_owned(),
            "connection" => {
                for option in value.split(',').map(str::trim) {
                    if option.eq_ignore_ascii_case("close") {
                        head.keep_alive = false;
                    } else if option.eq_ignore_ascii_case("keep-alive") {
                        head.keep_alive = true;
                    }
                }
            }
            "expect" if value.eq_ignore_ascii_case("100-continue") => head.expects_continue = version == 1,
            "content-length" => {
                lengths += 1;
                // Digits alone: no sign, no list.
                if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(BadRequest::Length);
                }
                head.length = BodyLength::Bytes(value.parse().map_err(|_| BadRequest::BodyTooLong)?);
            }
            "transfer-encoding" => {
                lengths += 1;
                if !value.eq_ignore_ascii_case("chunked") {
                    return Err(BadRequest::Coding);
                }
                head.length = BodyLength::Chunked;
            }
            _ => {}
        }
    }
    // Two lengths are how requests are smuggled past whoever counts the other one.
    if lengths > 1 || (head.length == BodyLength::Chunked && version == 0) {
        return Err(BadRequest::Length);
    }
    Ok(head)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
