//! syslog over UDP: a datagram a message (RFC 5426). Nobody acknowledges a datagram: what the network loses is lost, and
//! counts as delivered. Only a machine that answers that nobody listens there (ICMP, seen at the next send) is noticed: then
//! the last message is sent again, later and later.

use super::message::{Message, To};
use crate::net::address::{Found, LOOK_AGAIN, Lookup};
use crate::queue::{Queue, would_block};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats};
use mio::Interest;
use mio::net::UdpSocket;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Instant;

#[derive(Debug)]
pub struct UdpSink {
    lookup: Lookup,
    message: Message,
    socket: Option<UdpSocket>,
    queue: Queue,
    number: u64,
    /// The message that was sent last, and whether it must be sent again.
    last: Vec<u8>,
    again: bool,
    looking: Option<Instant>,
    backoff: Backoff,
    stats: SinkStats,
}

impl UdpSink {
    pub fn new(lookup: Lookup, message: Message, queue: Queue) -> UdpSink {
        UdpSink {
            lookup,
            message,
            socket: None,
            queue,
            number: 0,
            last: Vec::new(),
            again: false,
            looking: None,
            backoff: Backoff::new(),
            stats: SinkStats::default(),
        }
    }

    fn drain(&mut self, io: Io<'_>) {
        if self.backoff.is_waiting(io.now) {
            return;
        }
        self.looking = None;
        match self.send_all(io) {
            Ok(()) => {
                if self.backoff.until().is_some() {
                    log::warn!("syslog_output: {} takes messages again", self.lookup.address());
                }
                self.backoff.worked();
            }
            Err(error) if would_block(&error) => {}
            Err(error) => {
                self.disconnect(io);
                self.again = !self.last.is_empty();
                if self.backoff.failed(io.now) {
                    let address = self.lookup.address();
                    log::error!("syslog_output: {address}: {error}; alerts wait and it is tried again");
                }
            }
        }
    }

    fn send_all(&mut self, io: Io<'_>) -> io::Result<()> {
        while self.again || !self.queue.is_empty() {
            if self.socket.is_none() && !self.connect(io)? {
                return Ok(());
            }
            let Some(socket) = &self.socket else { return Ok(()) };
            self.stats.system_calls += 1;
            if self.again {
                socket.send(&self.last)?;
                self.again = false;
                continue;
            }
            let Some(line) = self.queue.front() else { return Ok(()) };
            let mut message = Vec::with_capacity(line.text.len() + 256);
            self.message.write(To::Network(line, self.number), &mut message);
            socket.send(&message)?;
            self.last = message;
            self.number += 1;
            self.queue.pop();
            self.stats.delivered += 1;
        }
        Ok(())
    }

    /// Makes a socket. False if it is not known yet where to.
    fn connect(&mut self, io: Io<'_>) -> io::Result<bool> {
        let to = match self.lookup.next()? {
            Found::At(to) => to,
            Found::Later => {
                self.looking = Some(io.now + LOOK_AGAIN);
                return Ok(false);
            }
        };
        let any = match to {
            SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let mut socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(to)?;
        io.registry.register(&mut socket, io.token, Interest::WRITABLE)?;
        self.stats.system_calls += 4;
        self.socket = Some(socket);
        Ok(true)
    }

    fn disconnect(&mut self, io: Io<'_>) {
        if let Some(mut socket) = self.socket.take() {
            let _ = io.registry.deregister(&mut socket);
        }
    }
}

impl Sink for UdpSink {
    fn name(&self) -> &'static str {
        "syslog_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        self.queue.push(line);
        self.drain(io);
    }

    fn ready(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn is_blocked(&self) -> bool {
        self.socket.is_some() && (self.again || !self.queue.is_empty())
    }

    fn deadline(&self) -> Option<Instant> {
        self.looking.or(self.backoff.until())
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.drain(io);
        self.queue.is_empty() && !self.again
    }

    fn abort(&mut self, io: Io<'_>) {
        self.disconnect(io);
    }

    fn stats(&self) -> SinkStats {
        SinkStats { lost: self.queue.lost, queued: self.queue.len() as u64, ..self.stats }
    }
}
