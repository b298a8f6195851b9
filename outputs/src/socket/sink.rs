//! The sink: readers come and go, and each gets what is raised, or recorded, while it is there.
//!
//! All of them wait in a poll of the sink's own, which is itself one thing that the loop waits for: so the sink needs one token,
//! whatever the number of readers.

use super::frame::{Frame, Request, RequestReader};
use super::listener::Listener;
use super::reader::Pending;
use super::records::{self, RecordReader, RecordStats};
use crate::queue::would_block;
use crate::{Alert, Io, Line, RecordsFor, Sink, SinkStats};
use mio::net::UnixStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// When to try again to let readers in, where that failed (too many open files).
const RETRY: Duration = Duration::from_secs(1);

/// Token of the socket itself; the readers have those that count from 0.
const LISTENER: Token = Token(usize::MAX - 1);

/// Events that are taken from the poll at once.
const EVENTS: usize = 64;

#[derive(Debug)]
struct Reader {
    number: u64,
    stream: UnixStream,
    pending: Pending,
    /// What it says, until it has said what it wants.
    says: Option<RequestReader>,
    wants: Request,
}

/// See the module.
#[derive(Debug)]
pub struct SocketSink {
    listener: Listener,
    /// The token of each is its place here.
    readers: Vec<Option<Reader>>,
    max_readers: usize,
    poll: Poll,
    registered: bool,
    /// When there is something to do without an event.
    deadline: Option<Instant>,
    turned_away: bool,
    records_for: RecordsFor,
    /// Readers so far.
    count: u64,
    stats: SinkStats,
    record_stats: RecordStats,
}

impl SocketSink {
    /// Makes the socket, with these permissions; so many may read at the same time, and records are for `records_for`.
    ///
    /// # Errors
    /// What the system said.
    pub fn bind(path: PathBuf, mode: u32, max_readers: usize, records_for: RecordsFor) -> io::Result<SocketSink> {
        let mut listener = Listener::bind(path, mode)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener.socket, LISTENER, Interest::READABLE)?;
        Ok(SocketSink {
            listener,
            readers: Vec::new(),
            max_readers,
            poll,
            registered: false,
            deadline: None,
            turned_away: false,
            records_for,
            count: 0,
            stats: SinkStats::default(),
            record_stats: RecordStats::default(),
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
        let mut events = Events::with_capacity(EVENTS);
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
            let Some(free) = self.free_place() else {
                if !std::mem::replace(&mut self.turned_away, true) {
                    let most = self.max_readers;
                    log::warn!("socket_output: more than {most} readers (max_readers): those beyond are turned away");
                }
                continue;
            };
            let both = Interest::READABLE | Interest::WRITABLE;
            match self.poll.registry().register(&mut stream, Token(free), both) {
                Ok(()) => {
                    self.count += 1;
                    self.readers[free] = Some(Reader {
                        number: self.count,
                        stream,
                        pending: Pending::default(),
                        says: Some(RequestReader::default()),
                        wants: Request { alerts: true, records: None },
                    });
                }
                Err(error) => log::error!("socket_output: {error}"),
            }
        }
    }

    /// A place that nobody has; `None` if as many read as may.
    fn free_place(&mut self) -> Option<usize> {
        let free = self.readers.iter().position(Option::is_none);
        free.or_else(|| {
            (self.readers.len() < self.max_readers).then(|| {
                self.readers.push(None);
                self.readers.len() - 1
            })
        })
    }

    /// Finds out whether a reader is still there, and what it wants.
    fn listen(&mut self, n: usize) {
        let mut buf = [0; 1024];
        while let Some(reader) = self.readers.get_mut(n).and_then(Option::as_mut) {
            self.stats.system_calls += 1;
            let said = match reader.stream.read(&mut buf) {
                Err(error) if would_block(&error) => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => None,
                Ok(said) => Some(said),
            };
            // One that says anything but what it wants, or says it twice, is none of ours.
            let understood = said.and_then(|said| reader.says.as_mut()?.push(&buf[..said]).ok());
            match understood {
                Some(Some(request)) => self.asked(n, request),
                Some(None) => {}
                None => self.leave(n),
            }
        }
    }

    /// A reader said what it wants.
    fn asked(&mut self, n: usize, request: Request) {
        let records_for = self.records_for;
        let Some(reader) = self.readers.get_mut(n).and_then(Option::as_mut) else { return };
        reader.says = None;
        reader.wants = request;
        if reader.wants.records.is_none() {
            return;
        }
        match may_read_records(&reader.stream, records_for) {
            Ok(()) => self.record_stats.readers += 1,
            Err(why) => {
                reader.wants.records = None;
                reader.pending.push_of_records(&Frame::Refused(why.to_owned()), 1);
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
            self.record_stats.readers -= u64::from(reader.wants.records.is_some());
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
        if !self.readers.iter().flatten().any(|reader| reader.wants.alerts) {
            return;
        }
        let frame: Option<Rc<[u8]>> = Frame::Alert(alert.clone()).encode().map(Into::into);
        for n in 0..self.readers.len() {
            let Some(reader) = self.readers[n].as_mut().filter(|reader| reader.wants.alerts) else { continue };
            let taken = frame.as_ref().is_some_and(|frame| reader.pending.push(frame));
            *(if taken { &mut self.stats.delivered } else { &mut self.stats.lost }) += 1;
            self.write(n);
        }
    }

    fn ready(&mut self, io: Io<'_>) {
        self.serve(io);
    }

    fn is_blocked(&self) -> bool {
        // What is gathered for readers of records is written often enough: looking around for them would slow down records.
        self.readers.iter().flatten().any(|reader| reader.pending.alerts() > 0)
    }

    fn record_readers(&mut self, each: &mut dyn FnMut(&mut RecordReader<'_>)) {
        let SocketSink { readers, record_stats, stats, .. } = self;
        let most = records::most_for_each(record_stats.readers as usize);
        for Reader { number, stream, pending, wants, .. } in readers.iter_mut().flatten() {
            let Some(wanted) = &wants.records else { continue };
            each(&mut RecordReader {
                number: *number,
                wanted,
                pending,
                stream,
                stats: &mut *record_stats,
                system_calls: &mut stats.system_calls,
                most,
            });
        }
    }

    fn write_records(&mut self) {
        for n in 0..self.readers.len() {
            if self.readers[n].as_ref().is_some_and(|reader| reader.pending.has_gathered()) {
                self.write(n);
            }
        }
    }

    fn record_stats(&self) -> Option<RecordStats> {
        Some(self.record_stats)
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
        self.write_records();
        self.readers.iter().flatten().all(|reader| reader.pending.is_empty())
    }

    fn abort(&mut self, io: Io<'_>) {
        if std::mem::replace(&mut self.registered, false) {
            let _ = io.registry.deregister(&mut SourceFd(&self.poll.as_raw_fd()));
        }
        (0..self.readers.len()).for_each(|n| self.leave(n));
    }

    fn stats(&self) -> SinkStats {
        let queued = self.readers.iter().flatten().map(|reader| reader.pending.alerts()).max().unwrap_or(0);
        SinkStats { queued: queued as u64, ..self.stats }
    }
}

/// Whether this reader may read records; an error says why not.
fn may_read_records(stream: &UnixStream, records_for: RecordsFor) -> Result<(), &'static str> {
    match records_for {
        RecordsFor::Everybody => Ok(()),
        RecordsFor::Nobody => Err("this kestrel gives records to nobody (socket_output.records)"),
        RecordsFor::Owner => {
            let own = nix::unistd::geteuid().as_raw();
            let reader = getsockopt(stream, PeerCredentials).map(|peer| peer.uid());
            if reader.is_ok_and(|uid| uid == 0 || uid == own) {
                Ok(())
            } else {
                Err("this kestrel gives records to root and to its own user alone (socket_output.records)")
            }
        }
    }
}
