//! The local syslog: `/dev/log`, a datagram or stream socket of AF_UNIX.
//!
//! The message is that of syslog(3): `<priority>Mmm dd hh:mm:ss kestrel[pid]: text`, RFC 3164 without a host name, which the
//! local server adds. A server that goes away gives no event: only the next message finds out. So a failed send begins to
//! try again, later and later, and the queue keeps the order.
//!
//! A datagram socket takes ten messages (net.unix.max_dgram_qlen), and then none until the server reads. While alerts come so
//! fast that the loop hardly looks around, each of them tries anew: else ten at each look were all that a server could get,
//! however fast it reads.

use super::message::{Message, To};
use crate::queue::{Queue, would_block};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats};
use mio::Interest;
use mio::net::UnixStream;
use mio::unix::SourceFd;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// After how long it is looked whether a server that takes nothing is still there.
const CHECK: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Socket {
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl Socket {
    fn connect(path: &PathBuf) -> io::Result<Socket> {
        let datagram = UnixDatagram::unbound()?;
        match datagram.connect(path) {
            Ok(()) => {
                datagram.set_nonblocking(true)?;
                Ok(Socket::Datagram(datagram))
            }
            // EPROTOTYPE: the server listens on a stream.
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EPROTOTYPE as i32) => {
                // One whose backlog is full is not one to wait for in the loop, for a connection gives no event then.
                let full =
                    |error| if would_block(&error) { io::Error::other("the server lets nobody in") } else { error };
                Ok(Socket::Stream(UnixStream::connect(path).map_err(full)?))
            }
            Err(error) => Err(error),
        }
    }

    fn raw(&self) -> i32 {
        match self {
            Socket::Datagram(socket) => socket.as_raw_fd(),
            Socket::Stream(socket) => socket.as_raw_fd(),
        }
    }
}

#[derive(Debug)]
pub struct LocalSink {
    path: PathBuf,
    format: Message,
    socket: Option<Socket>,
    registered: bool,
    queue: Queue,
    /// The message at the front of the queue, formatted, and how much of it a stream took.
    message: Vec<u8>,
    written: usize,
    backoff: Backoff,
    /// When to look whether a server that takes nothing is still there.
    check: Option<Instant>,
    stats: SinkStats,
}

impl LocalSink {
    pub fn new(path: PathBuf, format: Message, queue: Queue) -> LocalSink {
        LocalSink {
            path,
            format,
            socket: None,
            registered: false,
            queue,
            message: Vec::new(),
            written: 0,
            backoff: Backoff::new(),
            check: None,
            stats: SinkStats::default(),
        }
    }

    fn drain(&mut self, io: Io<'_>) {
        let sent = self.send_all();
        match sent {
            Err(error) if !would_block(&error) => {
                self.deregister(io);
                self.socket = None;
                self.written = 0;
                if self.backoff.failed(io.now) {
                    log::error!("syslog_output: {}: {error}; alerts wait and it is tried again", self.path.display());
                }
            }
            _ => {
                if self.backoff.until().is_some() {
                    log::warn!("syslog_output: {} answers again", self.path.display());
                }
                self.backoff.worked();
                if sent.is_ok() { self.deregister(io) } else { self.wait(io) }
            }
        }
    }

    fn send_all(&mut self) -> io::Result<()> {
        while let Some(line) = self.queue.front() {
            if self.message.is_empty() {
                self.format.write(To::Local(line), &mut self.message);
            }
            if self.socket.is_none() {
                self.stats.system_calls += 2;
                self.socket = Some(Socket::connect(&self.path)?);
            }
            self.stats.system_calls += 1;
            match &mut self.socket {
                Some(Socket::Datagram(socket)) => match socket.send(&self.message) {
                    Ok(_) => {}
                    // Longer than the server's socket takes: better cut than lost.
                    Err(error)
                        if error.raw_os_error() == Some(nix::errno::Errno::EMSGSIZE as i32)
                            && self.message.len() > 1024 =>
                    {
                        let half = self.message.len() / 2;
                        self.message.truncate(half);
                        continue;
                    }
                    Err(error) => return Err(error),
                },
                Some(Socket::Stream(socket)) => {
                    if self.written == 0 {
                        self.message.push(b'\n');
                    }
                    while self.written < self.message.len() {
                        match socket.write(&self.message[self.written..]) {
                            Ok(n) => self.written += n,
                            Err(error) => {
                                if self.written == 0 {
                                    self.message.pop();
                                }
                                return Err(error);
                            }
                        }
                    }
                }
                None => return Ok(()),
            }
            self.message.clear();
            self.written = 0;
            self.queue.pop();
            self.stats.delivered += 1;
        }
        Ok(())
    }

    fn wait(&mut self, io: Io<'_>) {
        let Some(socket) = &self.socket else { return };
        let raw = socket.raw();
        if !self.registered {
            // Registering is edge-triggered, and reports at once if the server took something in between.
            match io.registry.register(&mut SourceFd(&raw), io.token, Interest::WRITABLE) {
                Ok(()) => self.registered = true,
                Err(error) => log::error!("syslog_output: {error}"),
            }
        }
        // A server that goes away while its queue is full need not give an event.
        self.check = Some(io.now + CHECK);
    }

    fn deregister(&mut self, io: Io<'_>) {
        if let (true, Some(socket)) = (self.registered, &self.socket) {
            let raw = socket.raw();
            let _ = io.registry.deregister(&mut SourceFd(&raw));
        }
        self.registered = false;
        self.check = None;
    }
}

impl Sink for LocalSink {
    fn name(&self) -> &'static str {
        "syslog_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        self.queue.push(line);
        if !self.backoff.is_waiting(io.now) {
            self.drain(io);
        }
    }

    fn ready(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn is_blocked(&self) -> bool {
        self.registered
    }

    fn deadline(&self) -> Option<Instant> {
        self.check.or(self.backoff.until())
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn reopen(&mut self, io: Io<'_>) {
        self.deregister(io);
        self.socket = None;
        self.written = 0;
        self.message.clear();
        self.drain(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        if !self.queue.is_empty() && !self.backoff.is_waiting(io.now) {
            self.drain(io);
        }
        self.queue.is_empty()
    }

    fn abort(&mut self, io: Io<'_>) {
        self.deregister(io);
    }

    fn stats(&self) -> SinkStats {
        SinkStats { lost: self.queue.lost, queued: self.queue.len() as u64, ..self.stats }
    }
}
