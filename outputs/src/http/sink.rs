//! Posting alerts, one after the other, in order.
//!
//! ```text
//!            ┌── 2xx: delivered ────────────────────────────┐
//!  connect ─▶ request ─▶ answer ── other 3xx, 4xx: lost ────┴─▶ the next alert
//!     ▲                    │
//!     └── wait, longer ◀───┴── 408, 429, 5xx, no answer within TIMEOUT, no HTTP, connection closed
//! ```
//!
//! A request that was sent and got no answer is sent again: the server may see an alert twice.

use super::response::{Answer, Response};
use crate::net::address::{Found, LOOK_AGAIN, Lookup};
use crate::net::connection::{Connection, Tls};
use crate::queue::{Queue, would_block};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats, escape};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long connecting, a request and its answer may take together.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is the same in all requests.
#[derive(Debug)]
pub struct Post {
    /// The head but for what depends on the body.
    pub head: String,
    /// Bodies are compressed.
    pub compress: bool,
    /// A connection is used for more than one request.
    pub keep_alive: bool,
    /// Answers are shown in our own messages.
    pub echo: bool,
}

impl Post {
    fn request(&self, line: &Line) -> Vec<u8> {
        let mut body = line.text.as_bytes().to_vec();
        if self.compress {
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::default());
            // Writing to memory cannot fail.
            body = encoder.write_all(&body).and_then(|()| encoder.finish()).unwrap_or_default();
        }
        // Alerts of before may be in another form than those of now; text begins with its time.
        let kind = if line.text.starts_with('{') { "application/json" } else { "text/plain" };
        let head = &self.head;
        let mut request = format!("{head}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        request.append(&mut body);
        request
    }
}

/// A request under way.
#[derive(Debug)]
struct Exchange {
    request: Vec<u8>,
    written: usize,
    response: Response,
    until: Instant,
}

#[derive(Debug)]
pub struct HttpSink {
    /// As it was given, for messages.
    url: String,
    lookup: Lookup,
    tls: Option<Tls>,
    post: Post,
    connection: Option<Connection>,
    /// The connection carried a request before.
    used: bool,
    exchange: Option<Exchange>,
    queue: Queue,
    looking: Option<Instant>,
    backoff: Backoff,
    refused: bool,
    stats: SinkStats,
}

impl HttpSink {
    pub fn new(url: String, lookup: Lookup, tls: Option<Tls>, post: Post, queue: Queue) -> HttpSink {
        HttpSink {
            url,
            lookup,
            tls,
            post,
            connection: None,
            used: false,
            exchange: None,
            queue,
            looking: None,
            backoff: Backoff::new(),
            refused: false,
            stats: SinkStats::default(),
        }
    }

    fn drain(&mut self, io: Io<'_>) {
        self.looking = None;
        loop {
            if self.exchange.is_none() && (self.queue.is_empty() || self.backoff.is_waiting(io.now)) {
                self.look_after_idle(io);
                return;
            }
            match self.advance(io) {
                Ok(Some(answer)) => self.answered(answer, io),
                Ok(None) => return,
                Err(error) if would_block(&error) => {
                    let late = self.exchange.as_ref().is_some_and(|exchange| io.now >= exchange.until);
                    if !late {
                        return;
                    }
                    self.failed(&io::Error::new(ErrorKind::TimedOut, format!("no answer within {TIMEOUT:?}")), io);
                }
                Err(error) => self.failed(&error, io),
            }
        }
    }

    /// Goes on with what is under way, until there is an answer.
    fn advance(&mut self, io: Io<'_>) -> io::Result<Option<Answer>> {
        if self.exchange.is_none() {
            let Some(line) = self.queue.front() else { return Ok(None) };
            let request = self.post.request(line);
            self.exchange = Some(Exchange { request, written: 0, response: Response::new(), until: io.now + TIMEOUT });
        }
        if self.connection.is_none() {
            self.used = false;
            match self.lookup.next()? {
                Found::At(to) => self.connection = Some(Connection::open(to, self.tls.as_ref(), io)?),
                Found::Later => {
                    self.looking = Some(io.now + LOOK_AGAIN);
                    return Err(ErrorKind::WouldBlock.into());
                }
            }
        }
        let (Some(connection), Some(exchange)) = (&mut self.connection, &mut self.exchange) else { return Ok(None) };
        if !connection.advance()? {
            return Err(ErrorKind::WouldBlock.into());
        }
        // The server may answer before it has read the whole request.
        let wrote = write(connection, exchange);
        let mut buf = [0; 4096];
        loop {
            let n = match connection.read(&mut buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if would_block(&error) => {
                    wrote?;
                    return Err(error);
                }
                Err(error) => return exchange.response.end().map(Some).ok_or(error),
                Ok(n) => n,
            };
            if n == 0 {
                let closed = || io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection");
                return exchange.response.end().map(Some).ok_or_else(closed);
            }
            if let Some(answer) = exchange.response.push(&buf[..n]).map_err(io::Error::other)? {
                return Ok(Some(answer));
            }
        }
    }

    fn answered(&mut self, answer: Answer, io: Io<'_>) {
        let whole = self.exchange.take().is_some_and(|exchange| exchange.written == exchange.request.len());
        self.used = true;
        if !(whole && answer.reusable && self.post.keep_alive) {
            self.disconnect(io);
        }
        let status = answer.status;
        if self.post.echo {
            let body = String::from_utf8_lossy(&answer.body);
            log::info!("http_output: {} answered {status}: {}", self.url, escape::line(&body));
        }
        match status {
            200..300 => {
                self.queue.pop();
                self.stats.delivered += 1;
                if self.backoff.until().is_some() {
                    log::warn!("http_output: {} takes alerts again", self.url);
                }
                self.backoff.worked();
                self.refused = false;
            }
            408 | 429 | 500.. => {
                if self.backoff.failed(io.now) {
                    log::error!("http_output: {} answered {status}; alerts wait and it is tried again", self.url);
                }
            }
            _ => {
                self.queue.pop();
                self.stats.lost += 1;
                self.backoff.worked();
                if !std::mem::replace(&mut self.refused, true) {
                    let redirect = if status < 400 { " (redirections are not followed)" } else { "" };
                    log::error!("http_output: {} answered {status}{redirect}: alerts like this are lost", self.url);
                }
            }
        }
    }

    fn failed(&mut self, error: &io::Error, io: Io<'_>) {
        let unanswered = self.exchange.as_ref().is_some_and(|exchange| exchange.response.is_empty());
        let timed_out = error.kind() == ErrorKind::TimedOut;
        self.exchange = None;
        let idle = std::mem::replace(&mut self.used, false) && unanswered && !timed_out;
        self.disconnect(io);
        // A server may close a connection that nobody used for a while: that is no failure, if a new one works.
        if !idle && self.backoff.failed(io.now) {
            log::error!("http_output: {}: {error}; alerts wait and it is tried again", self.url);
        }
    }

    /// A connection that waits for the next alert has nothing to say: if it speaks or ends, it is of no use any more.
    fn look_after_idle(&mut self, io: Io<'_>) {
        if let Some(connection) = &mut self.connection
            && !connection.read(&mut [0; 64]).is_err_and(|error| would_block(&error))
        {
            self.disconnect(io);
        }
    }

    fn disconnect(&mut self, io: Io<'_>) {
        if let Some(connection) = self.connection.take() {
            self.stats.system_calls += connection.system_calls;
            connection.close(io);
        }
    }
}

fn write(connection: &mut Connection, exchange: &mut Exchange) -> io::Result<()> {
    while exchange.written < exchange.request.len() {
        match connection.write(&exchange.request[exchange.written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => exchange.written += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    connection.flush().map(|_| ())
}

impl Sink for HttpSink {
    fn name(&self) -> &'static str {
        "http_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        self.queue.push(line);
        // What is under way gets an event, or its deadline.
        if self.exchange.is_none() {
            self.drain(io);
        }
    }

    fn ready(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn is_blocked(&self) -> bool {
        self.exchange.is_some() && self.connection.is_some()
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.exchange {
            Some(exchange) => Some(self.looking.unwrap_or(exchange.until)),
            None if self.queue.is_empty() => None,
            None => self.backoff.until(),
        }
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.drain(io);
        self.queue.is_empty()
    }

    fn abort(&mut self, io: Io<'_>) {
        self.disconnect(io);
    }

    fn stats(&self) -> SinkStats {
        let open = self.connection.as_ref().map_or(0, |connection| connection.system_calls);
        SinkStats {
            lost: self.stats.lost + self.queue.lost,
            queued: self.queue.len() as u64,
            system_calls: self.stats.system_calls + open,
            ..self.stats
        }
    }
}
