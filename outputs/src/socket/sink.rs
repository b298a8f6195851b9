//! The sink: readers come and go, and each gets what is raised while it is there.
//!
//! All of them wait in a poll of the sink's own, which is itself one thing that the loop waits for: so the sink needs one token,
//! whatever the number of readers.

use super::frame::Frame;
use super::listener::Listener;
use super::reader::Pending;
use crate::queue::would_block;
use crate::{Alert, Io, Line, Sink, SinkStats};
use mio::net::UnixStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Readers at the same time.
pub const MAX_READERS: usize = 64;

/// When to try again to let readers in, where that failed (too many open files).
const RETRY: Duration = Duration::from_secs(1);

/// Token of the socket itself; the readers have those below.
const LISTENER: Token = Token(MAX_READERS);

#[derive(Debug)]
struct Reader {
    stream: UnixStream,
    pending: Pending,
}

/// See the module.
#[derive(Debug)]
pub struct SocketSink {
    listener: Listener,
    readers: [Option<Reader>; MAX_READERS],
    poll: Poll,
    registered: bool,
    /// When there is something to do without an event.
    deadline: Option<Instant>,
    turned_away: bool,
    stats: SinkStats,
}

impl SocketSink {
    /// Makes the socket.
    ///
    /// # Errors
    /// What the system said.
    pub fn bind(path: PathBuf, mode: u32) -> io::Result<SocketSink> {
        let mut listener = Listener::bind(path, mode)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener.socket, LISTENER, Interest::READABLE)?;
        Ok(SocketSink {
            listener,
            readers: [const { None }; MAX_READERS],
            poll,
            registered: false,
            deadline: None,
            turned_away: false,
            stats: SinkStats::default(),
        })
    }

    fn register(&mut self, io: Io<'_>) {
        if self.registered {
            return;
        }
        match io.registry.register(&mut SourceFd(&self.poll.as_raw_fd()), io.token, Interest::READABLE) {
            Ok(()) => self.registered = true,
            Err(error) => {
                log::error!("socket_output: {error}; trying again");
                self.deadline = Some(io.now + RETRY);
            }
        }
    }

    /// Serves whoever has something to say, or room.
    fn serve(&mut self, io: Io<'_>) {
        let mut events = Events::with_capacity(MAX_READERS + 1);
        // The poll in the poll is edge-triggered as well: nothing may be left in it.
        loop {
            self.stats.system_calls += 1;
            match self.poll.poll(&mut events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return log::error!("socket_output: {error}"),
                Ok(()) => {}
            }
            if events.is_empty() {
                return;
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(io),
                    Token(n) => {
                        self.listen(n);
                        self.write(n);
                    }
                }
            }
        }
    }

    fn accept(&mut self, io: Io<'_>) {
        loop {
            self.stats.system_calls += 1;
            let mut stream = match self.listener.socket.accept() {
                Ok((stream, _)) => stream,
                Err(error) if would_block(&error) => return,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => continue,
                Err(error) => {
                    log::error!("socket_output: cannot let a reader in: {error}; trying again");
                    self.deadline = Some(io.now + RETRY);
                    return;
                }
            };
            let Some(free) = self.readers.iter().position(Option::is_none) else {
                if !std::mem::replace(&mut self.turned_away, true) {
                    log::warn!("socket_output: more than {MAX_READERS} readers: those beyond are turned away");
                }
                continue;
            };
            let both = Interest::READABLE | Interest::WRITABLE;
            match self.poll.registry().register(&mut stream, Token(free), both) {
                Ok(()) => self.readers[free] = Some(Reader { stream, pending: Pending::default() }),
                Err(error) => log::error!("socket_output: {error}"),
            }
        }
    }

    /// Finds out whether a reader is still there. What it says is not for us.
    fn listen(&mut self, n: usize) {
        let mut buf = [0; 1024];
        while let Some(reader) = self.readers.get_mut(n).and_then(Option::as_mut) {
            self.stats.system_calls += 1;
            match reader.stream.read(&mut buf) {
                Err(error) if would_block(&error) => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // One that talks is none of ours: the socket is for reading.
                Ok(_) | Err(_) => self.leave(n),
            }
        }
    }

    fn write(&mut self, n: usize) {
        let Some(reader) = self.readers.get_mut(n).and_then(Option::as_mut) else { return };
        self.stats.system_calls += 1;
        if reader.pending.write(&mut reader.stream).is_err() {
            self.leave(n);
        }
    }

    fn leave(&mut self, n: usize) {
        if let Some(mut reader) = self.readers.get_mut(n).and_then(Option::take) {
            let _ = self.poll.registry().deregister(&mut reader.stream);
            self.turned_away = false;
        }
    }
}

impl Sink for SocketSink {
    fn name(&self) -> &'static str {
        "socket_output"
    }

    fn offer(&mut self, alert: &Alert, _line: &Rc<Line>, io: Io<'_>) {
        self.register(io);
        if self.readers.iter().all(Option::is_none) {
            return;
        }
        let frame: Option<Rc<[u8]>> = Frame::Alert(alert.clone()).encode().map(Into::into);
        for n in 0..MAX_READERS {
            let Some(reader) = &mut self.readers[n] else { continue };
            let taken = frame.as_ref().is_some_and(|frame| reader.pending.push(frame));
            *(if taken { &mut self.stats.delivered } else { &mut self.stats.lost }) += 1;
            self.write(n);
        }
    }

    fn ready(&mut self, io: Io<'_>) {
        self.serve(io);
    }

    fn is_blocked(&self) -> bool {
        self.readers.iter().flatten().any(|reader| !reader.pending.is_empty())
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn expired(&mut self, io: Io<'_>) {
        self.deadline = None;
        self.register(io);
        self.accept(io);
        self.serve(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.serve(io);
        self.readers.iter().flatten().all(|reader| reader.pending.is_empty())
    }

    fn abort(&mut self, io: Io<'_>) {
        if std::mem::replace(&mut self.registered, false) {
            let _ = io.registry.deregister(&mut SourceFd(&self.poll.as_raw_fd()));
        }
        (0..MAX_READERS).for_each(|n| self.leave(n));
    }

    fn stats(&self) -> SinkStats {
        self.stats
    }
}
