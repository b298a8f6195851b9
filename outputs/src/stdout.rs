//! Standard output.
//!
//! The file behind it is shared with whoever started us, and so is its O_NONBLOCK: it is left alone. Before each write,
//! poll(2) says whether one of up to PIPE_BUF bytes would block (pipe(7)); if so, the sink waits in the loop.

use crate::queue::{LineCursor, Queue, would_block};
use crate::{Alert, Io, Line, Sink, SinkStats};
use mio::Interest;
use mio::unix::SourceFd;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Bytes that a pipe that is ready takes without blocking (limits.h).
const PIPE_BUF: usize = 4096;

/// How long to wait before another try where the loop cannot wait (a full disk behind a redirection).
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct StdoutSink {
    fd: OwnedFd,
    queue: Queue,
    cursor: LineCursor,
    registered: bool,
    retry: Option<Instant>,
    broken: bool,
    stats: SinkStats,
}

impl StdoutSink {
    pub fn new(fd: OwnedFd, queue: Queue) -> StdoutSink {
        StdoutSink {
            fd,
            queue,
            cursor: LineCursor::default(),
            registered: false,
            retry: None,
            broken: false,
            stats: SinkStats::default(),
        }
    }

    fn drain(&mut self, io: Io<'_>) {
        self.retry = None;
        let mut writer = PolledWriter(&self.fd);
        let result = self.cursor.drain(&mut self.queue, &mut writer, PIPE_BUF, &mut self.stats);
        match result {
            Ok(()) => self.deregister(io),
            Err(error) if would_block(&error) => self.wait(io),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                log::error!("stdout_output: nobody reads standard output any more; its alerts are lost from here on");
                self.deregister(io);
                self.broken = true;
                self.queue.lost += self.queue.len() as u64;
                while self.queue.pop().is_some() {}
            }
            Err(error) => {
                if self.retry.is_none() {
                    log::error!("stdout_output: {error}; trying again");
                }
                self.retry = Some(io.now + RETRY);
            }
        }
    }

    fn wait(&mut self, io: Io<'_>) {
        let raw = self.fd.as_raw_fd();
        let mut source = SourceFd(&raw);
        let registered = if self.registered {
            io.registry.reregister(&mut source, io.token, Interest::WRITABLE)
        } else {
            io.registry.register(&mut source, io.token, Interest::WRITABLE)
        };
        match registered {
            Ok(()) => self.registered = true,
            // A regular file cannot be waited for (epoll_ctl(2), EPERM), but does not block either.
            Err(_) => self.retry = Some(io.now + RETRY),
        }
    }

    fn deregister(&mut self, io: Io<'_>) {
        if self.registered {
            let raw = self.fd.as_raw_fd();
            let _ = io.registry.deregister(&mut SourceFd(&raw));
            self.registered = false;
        }
    }
}

/// Writes only what poll(2) says will not block.
struct PolledWriter<'a>(&'a OwnedFd);

impl Write for PolledWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO)?;
        let ready = fds[0].revents().unwrap_or(PollFlags::empty());
        if ready.contains(PollFlags::POLLERR) && !ready.contains(PollFlags::POLLOUT) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !ready.contains(PollFlags::POLLOUT) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(nix::unistd::write(self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for StdoutSink {
    fn name(&self) -> &'static str {
        "stdout_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        if self.broken {
            self.queue.lost += 1;
            return;
        }
        self.queue.push(line);
        if !self.registered && self.retry.is_none() {
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
        self.retry
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.drain(io);
        self.queue.is_empty()
    }

    fn abort(&mut self, io: Io<'_>) {
        self.deregister(io);
    }

    fn stats(&self) -> SinkStats {
        SinkStats { lost: self.queue.lost, queued: self.queue.len() as u64, ..self.stats }
    }
}
