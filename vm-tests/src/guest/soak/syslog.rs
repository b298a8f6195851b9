//! A syslog server that can stop reading, and go away. It reads on a thread of its own, as a server does, whatever the rest of the
//! soak is waiting for.

use crate::guest::failure::{Doing, Failure, Outcome};
use nix::poll::{PollFd, PollFlags, poll};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Its socket.
pub const PATH: &str = "/run/soak/log";

/// The longest message, in bytes.
const LONGEST: usize = 64 << 10;

/// How often the thread looks whether it is to read, or to end, in milliseconds.
const LOOK_MS: u8 = 5;

/// What the thread and the rest of the soak share.
#[derive(Debug)]
struct Shared {
    socket: UnixDatagram,
    reads: AtomicBool,
    ends: AtomicBool,
    /// Messages that came. Whoever reads the socket holds it, so that they stay in order.
    messages: Mutex<Vec<String>>,
}

/// The server.
#[derive(Debug)]
pub struct SyslogServer {
    here: Option<(Arc<Shared>, JoinHandle<Outcome>)>,
}

impl SyslogServer {
    /// One that reads.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> Outcome<SyslogServer> {
        let mut server = SyslogServer { here: None };
        server.come_back()?;
        Ok(server)
    }

    /// The messages that it has read since the last time.
    ///
    /// # Errors
    /// What the system said to its thread.
    pub fn messages(&mut self) -> Outcome<Vec<String>> {
        if let Some((_, thread)) = self.here.take_if(|(_, thread)| thread.is_finished()) {
            ended(thread)?;
        }
        let Some((shared, _)) = &self.here else { return Ok(Vec::new()) };
        Ok(std::mem::take(&mut *shared.messages.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The same, and what its socket holds, even if it does not read: that was delivered.
    ///
    /// # Errors
    /// What the system said.
    pub fn all_messages(&mut self) -> Outcome<Vec<String>> {
        if let Some((shared, _)) = &self.here {
            shared.drain()?;
        }
        self.messages()
    }

    /// Does not read any more, for a while.
    pub fn be_deaf(&self) {
        if let Some((shared, _)) = &self.here {
            shared.reads.store(false, Ordering::SeqCst);
        }
    }

    /// Goes away. Gives what came until then: what its socket took is delivered, so that none of it may be forgotten.
    ///
    /// # Errors
    /// What the system said.
    pub fn go_away(&mut self) -> Outcome<Vec<String>> {
        if let Some((shared, _)) = &self.here {
            shared.socket.shutdown(Shutdown::Both).doing(PATH)?;
        }
        let rest = self.all_messages()?;
        if let Some((shared, thread)) = self.here.take() {
            shared.ends.store(true, Ordering::SeqCst);
            ended(thread)?;
        }
        std::fs::remove_file(PATH).doing(PATH)?;
        Ok(rest)
    }

    /// Is there again, if it was away, and reads.
    ///
    /// # Errors
    /// What the system said.
    pub fn come_back(&mut self) -> Outcome {
        if let Some((shared, _)) = &self.here {
            shared.reads.store(true, Ordering::SeqCst);
            return Ok(());
        }
        let socket = UnixDatagram::bind(PATH).doing(PATH)?;
        socket.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            socket,
            reads: AtomicBool::new(true),
            ends: AtomicBool::new(false),
            messages: Mutex::default(),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.serve()
        });
        self.here = Some((shared, thread));
        Ok(())
    }
}

fn ended(thread: JoinHandle<Outcome>) -> Outcome {
    thread.join().unwrap_or_else(|_| Err("the syslog server's thread panicked".into()))
}

impl Shared {
    fn serve(&self) -> Outcome {
        while !self.ends.load(Ordering::SeqCst) {
            if !self.reads.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(LOOK_MS.into()));
                continue;
            }
            self.drain()?;
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, LOOK_MS).map(|_| ()).or_else(|errno| match errno {
                nix::errno::Errno::EINTR => Ok(()),
                errno => Err(Failure::from(errno)),
            })?;
        }
        Ok(())
    }

    fn drain(&self) -> Outcome {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = vec![0; LONGEST];
        loop {
            match self.socket.recv(&mut buffer) {
                // The end of one that was shut down.
                Ok(0) => return Ok(()),
                Ok(n) => messages.push(String::from_utf8_lossy(buffer.get(..n).unwrap_or_default()).into_owned()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).doing(PATH),
            }
        }
    }
}
