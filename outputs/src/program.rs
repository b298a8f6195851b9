//! A program that is fed alerts on its standard input: one process for each, in order, or one for all.

use crate::queue::{LineCursor, Queue, would_block};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats};
use mio::Interest;
use mio::unix::SourceFd;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::io;
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Bytes of one write: a pipe takes up to this many at once or none (pipe(7), PIPE_BUF).
const CHUNK: usize = 4096;

#[derive(Debug)]
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    registered: bool,
    since: Instant,
}

#[derive(Debug)]
pub struct ProgramSink {
    program: String,
    keep_alive: bool,
    timeout: Duration,
    running: Option<Running>,
    /// Alerts for the process that runs: all of them, or the one it was started for.
    given: Queue,
    queue: Queue,
    cursor: LineCursor,
    backoff: Backoff,
    finishing: bool,
    stats: SinkStats,
}

impl ProgramSink {
    pub fn new(program: String, keep_alive: bool, timeout: Duration, queue: Queue) -> ProgramSink {
        ProgramSink {
            program,
            keep_alive,
            timeout,
            running: None,
            given: Queue::new(1, usize::MAX),
            queue,
            cursor: LineCursor::default(),
            backoff: Backoff::new(),
            finishing: false,
            stats: SinkStats::default(),
        }
    }

    fn advance(&mut self, io: Io<'_>) {
        loop {
            self.reap(io);
            if self.running.is_none() {
                if (self.queue.is_empty() && self.given.is_empty()) || self.backoff.is_waiting(io.now) {
                    return;
                }
                if let Err(error) = self.start(io.now) {
                    if self.backoff.failed(io.now) {
                        log::error!("program_output: cannot start /bin/sh: {error}; alerts wait and it is tried again");
                    }
                    return;
                }
            }
            if !self.feed(io) {
                return;
            }
        }
    }

    fn start(&mut self, now: Instant) -> io::Result<()> {
        self.stats.system_calls += 3;
        // `Command` gives children an empty signal mask and the default SIGPIPE.
        let mut child = Command::new("/bin/sh").arg("-c").arg(&self.program).stdin(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        if let Some(pipe) = &stdin {
            fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        self.cursor.restart();
        self.running = Some(Running { child, stdin, registered: false, since: now });
        Ok(())
    }

    /// Feeds the running process. True if there may be more to do at once.
    fn feed(&mut self, io: Io<'_>) -> bool {
        let Some(running) = &mut self.running else { return false };
        let Some(stdin) = &mut running.stdin else { return false };
        if !self.keep_alive && self.given.is_empty() {
            match self.queue.pop() {
                Some(line) => self.given.push(&line),
                None => return false,
            }
        }
        let source = if self.keep_alive { &mut self.queue } else { &mut self.given };
        match self.cursor.drain(source, stdin, CHUNK, &mut self.stats) {
            Ok(()) => {
                let raw = stdin.as_raw_fd();
                if running.registered {
                    let _ = io.registry.deregister(&mut SourceFd(&raw));
                    running.registered = false;
                }
                if !self.keep_alive || self.finishing {
                    // The end of its input is how the program knows that this was all.
                    running.stdin = None;
                }
                false
            }
            Err(error) if would_block(&error) => {
                let raw = stdin.as_raw_fd();
                if !running.registered {
                    match io.registry.register(&mut SourceFd(&raw), io.token, Interest::WRITABLE) {
                        Ok(()) => running.registered = true,
                        Err(error) => log::error!("program_output: {error}"),
                    }
                }
                false
            }
            Err(error) => {
                // It closed its input: it has what it wanted, or it is about to end.
                self.close_input(io);
                if !self.keep_alive {
                    if self.given.pop().is_some() {
                        self.stats.delivered += 1;
                    }
                } else if error.kind() != io::ErrorKind::BrokenPipe {
                    log::error!("program_output: {error}");
                }
                false
            }
        }
    }

    fn close_input(&mut self, io: Io<'_>) {
        if let Some(running) = &mut self.running {
            if let (true, Some(stdin)) = (running.registered, &running.stdin) {
                let raw = stdin.as_raw_fd();
                let _ = io.registry.deregister(&mut SourceFd(&raw));
            }
            running.registered = false;
            running.stdin = None;
        }
    }

    /// Looks whether the process ended, by its own id: other children are none of this sink's business.
    fn reap(&mut self, io: Io<'_>) {
        let Some(running) = &mut self.running else { return };
        let status = match running.child.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) => Some(status),
            Err(_) => None,
        };
        self.stats.system_calls += 1;
        self.close_input(io);
        let ran = self.running.take().map_or(Duration::ZERO, |running| io.now - running.since);
        self.ended(io.now, status, ran);
    }

    fn ended(&mut self, now: Instant, status: Option<ExitStatus>, ran: Duration) {
        let success = status.is_some_and(|status| status.success());
        // 126 and 127 are the shell's way to say that there is no such program.
        let missing = status.and_then(|status| status.code()).filter(|code| matches!(code, 126 | 127));
        if let Some(code) = missing {
            self.stats.lost += u64::from(self.given.pop().is_some());
            if self.backoff.failed(now) {
                log::error!(
                    "program_output: the shell cannot run {:?} (status {code}): is it installed and executable?",
                    self.program
                );
            }
        } else if success || (self.keep_alive && ran > Duration::from_secs(10)) {
            self.backoff.worked();
        } else if !self.finishing {
            let how = status.map_or_else(|| "and nobody knows how".to_owned(), |status| status.to_string());
            if self.backoff.failed(now) {
                log::error!("program_output: {:?} ended: {how}", self.program);
            }
        }
        if !self.keep_alive
            && let Some(line) = self.given.pop()
        {
            // It ended before it read its alert.
            let _ = line;
            self.stats.lost += 1;
        }
    }

    fn kill(&mut self, io: Io<'_>) {
        self.close_input(io);
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Sink for ProgramSink {
    fn name(&self) -> &'static str {
        "program_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        self.queue.push(line);
        self.advance(io);
    }

    fn ready(&mut self, io: Io<'_>) {
        self.advance(io);
    }

    fn is_blocked(&self) -> bool {
        // It takes more, or its end, which a signal tells of, lets the next one begin.
        self.running.is_some() && !self.queue.is_empty()
    }

    fn deadline(&self) -> Option<Instant> {
        let timeout = self.running.as_ref().filter(|_| !self.keep_alive).map(|running| running.since + self.timeout);
        let retry = self.backoff.until().filter(|_| self.running.is_none());
        timeout.into_iter().chain(retry).min()
    }

    fn expired(&mut self, io: Io<'_>) {
        let late = self.running.as_ref().is_some_and(|running| io.now >= running.since + self.timeout);
        if late && !self.keep_alive {
            log::error!("program_output: {:?} did not end within {:?}: killed", self.program, self.timeout);
            self.kill(io);
            self.stats.lost += u64::from(self.given.pop().is_some());
        }
        self.advance(io);
    }

    fn child_exited(&mut self, io: Io<'_>) {
        self.advance(io);
    }

    fn reopen(&mut self, io: Io<'_>) {
        if self.keep_alive {
            self.close_input(io);
            self.cursor.restart();
        }
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        self.finishing = true;
        self.advance(io);
        if self.keep_alive && self.queue.is_empty() {
            self.close_input(io);
        }
        self.reap(io);
        self.queue.is_empty() && self.given.is_empty() && self.running.is_none()
    }

    fn abort(&mut self, io: Io<'_>) {
        self.kill(io);
    }

    fn stats(&self) -> SinkStats {
        SinkStats {
            lost: self.stats.lost + self.queue.lost,
            queued: (self.queue.len() + self.given.len()) as u64,
            ..self.stats
        }
    }
}
