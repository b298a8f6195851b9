//! syslog over TCP and TLS: each message behind its length in octets (RFC 6587, 3.4.1; RFC 5425, 4.3).
//!
//! What the kernel takes counts as delivered. That is not the same as what the server reads: see `window.rs` for what happens
//! when the connection breaks. A message that was written in part is written again from its beginning.

use super::message::{Message, To};
use super::window::Window;
use crate::net::address::{Found, LOOK_AGAIN, Lookup};
use crate::net::connection::{Connection, Tls};
use crate::queue::{Queue, would_block};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Reads of what a server says in one go: it has nothing to say, and is not listened to for longer.
const MAX_READS: usize = 16;

/// After how long a connection that breaks counts as one that worked.
const STEADY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct StreamSink {
    lookup: Lookup,
    tls: Option<Tls>,
    message: Message,
    connection: Option<Connection>,
    queue: Queue,
    window: Window,
    number: u64,
    /// The message at the front of the queue with its length, if it was begun.
    frame: Vec<u8>,
    /// How much of what is being sent was written.
    written: usize,
    looking: Option<Instant>,
    /// Since when messages can be sent over the connection.
    open: Option<Instant>,
    backoff: Backoff,
    stats: SinkStats,
}

impl StreamSink {
    pub fn new(lookup: Lookup, tls: Option<Tls>, message: Message, queue: Queue) -> StreamSink {
        StreamSink {
            lookup,
            tls,
            message,
            connection: None,
            queue,
            window: Window::default(),
            number: 0,
            frame: Vec::new(),
            written: 0,
            looking: None,
            open: None,
            backoff: Backoff::new(),
            stats: SinkStats::default(),
        }
    }

    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.window.again().is_some()
    }

    fn drain(&mut self, io: Io<'_>) {
        if self.connection.is_none() && (!self.has_work() || self.backoff.is_waiting(io.now)) {
            return;
        }
        self.looking = None;
        match self.advance(io) {
            Ok(()) => {}
            Err(error) if would_block(&error) => {}
            Err(error) => self.broke(&error, io),
        }
    }

    fn broke(&mut self, error: &io::Error, io: Io<'_>) {
        // One that takes connections only to close them is not one that works.
        if self.open.take().is_some_and(|open| io.now - open > STEADY) {
            self.backoff.worked();
        }
        self.disconnect(io);
        let again = self.window.rewind(io.now);
        if self.backoff.failed(io.now) {
            log::error!(
                "syslog_output: {}: {error}; alerts wait and it is tried again, beginning with {again} sent lately",
                self.lookup.address()
            );
        }
    }

    fn disconnect(&mut self, io: Io<'_>) {
        self.written = 0;
        if let Some(connection) = self.connection.take() {
            self.stats.system_calls += connection.system_calls;
            connection.close(io);
        }
    }

    /// Connects if that is not done, and sends what can be sent now.
    fn advance(&mut self, io: Io<'_>) -> io::Result<()> {
        if self.connection.is_none() {
            match self.lookup.next()? {
                Found::At(to) => self.connection = Some(Connection::open(to, self.tls.as_ref(), io)?),
                Found::Later => {
                    self.looking = Some(io.now + LOOK_AGAIN);
                    return Ok(());
                }
            }
        }
        let Some(connection) = &mut self.connection else { return Ok(()) };
        if !connection.advance()? {
            return match connection.deadline() {
                Some(deadline) if io.now >= deadline => Err(ErrorKind::TimedOut.into()),
                _ => Ok(()),
            };
        }
        listen(connection)?;
        if self.open.is_none() {
            self.open = Some(io.now);
            if self.backoff.until().is_some() {
                log::warn!("syslog_output: {} is connected again", self.lookup.address());
            }
        }
        loop {
            let Some(connection) = &mut self.connection else { return Ok(()) };
            let again = self.window.again();
            if again.is_none() && self.frame.is_empty() {
                let Some(line) = self.queue.front() else {
                    connection.flush()?;
                    return Ok(());
                };
                self.frame = framed(&self.message, To::Network(line, self.number));
            }
            let bytes = again.unwrap_or(&self.frame);
            while self.written < bytes.len() {
                match connection.write(&bytes[self.written..]) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(n) => self.written += n,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            self.written = 0;
            if again.is_some() {
                self.window.sent_again(io.now);
            } else {
                self.window.push(std::mem::take(&mut self.frame), io.now);
                self.number += 1;
                self.queue.pop();
                self.stats.delivered += 1;
            }
        }
    }
}

/// A message behind its length.
fn framed(message: &Message, to: To<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    message.write(to, &mut bytes);
    let mut frame = format!("{} ", bytes.len()).into_bytes();
    frame.append(&mut bytes);
    frame
}

/// Finds out whether the server is still there. What it says is not for us.
fn listen(connection: &mut Connection) -> io::Result<()> {
    let mut buf = [0; 1024];
    for _ in 0..MAX_READS {
        match connection.read(&mut buf) {
            Ok(0) => return Err(io::Error::new(ErrorKind::ConnectionReset, "the server closed the connection")),
            Ok(_) => {}
            Err(error) if would_block(&error) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Sink for StreamSink {
    fn name(&self) -> &'static str {
        "syslog_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        let waiting = !self.queue.is_empty() && self.connection.is_some();
        self.queue.push(line);
        // What waits for the server gets an event when it takes more.
        if !waiting {
            self.drain(io);
        }
    }

    fn ready(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn is_blocked(&self) -> bool {
        self.connection.is_some() && self.has_work()
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.connection {
            Some(connection) => connection.deadline(),
            None if self.has_work() => self.looking.or(self.backoff.until()),
            None => None,
        }
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.drain(io);
        let flushed = match &mut self.connection {
            Some(connection) => connection.flush().unwrap_or(false),
            None => true,
        };
        !self.has_work() && flushed
    }

    fn abort(&mut self, io: Io<'_>) {
        self.disconnect(io);
    }

    fn stats(&self) -> SinkStats {
        let open = self.connection.as_ref().map_or(0, |connection| connection.system_calls);
        SinkStats {
            lost: self.queue.lost,
            queued: self.queue.len() as u64,
            system_calls: self.stats.system_calls + open,
            ..self.stats
        }
    }
}
