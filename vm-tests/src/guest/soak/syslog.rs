//! A syslog server that can stop reading, and go away.

use crate::guest::failure::{Doing, Outcome};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;

/// Its socket.
pub const PATH: &str = "/run/soak/log";

/// The longest message, in bytes.
const LONGEST: usize = 64 << 10;

/// The server.
#[derive(Debug)]
pub struct SyslogServer {
    socket: Option<UnixDatagram>,
    /// It reads what comes.
    pub reads: bool,
}

impl SyslogServer {
    /// One that reads.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> Outcome<SyslogServer> {
        let mut server = SyslogServer { socket: None, reads: true };
        server.come_back()?;
        Ok(server)
    }

    /// The messages that came.
    ///
    /// # Errors
    /// What the system said.
    pub fn messages(&mut self) -> Outcome<Vec<String>> {
        if self.reads { self.drain() } else { Ok(Vec::new()) }
    }

    /// Goes away. Gives what came until then: what its socket took is delivered, so that none of it may be forgotten.
    ///
    /// # Errors
    /// What the system said.
    pub fn go_away(&mut self) -> Outcome<Vec<String>> {
        if let Some(socket) = &self.socket {
            socket.shutdown(Shutdown::Both).doing(PATH)?;
        }
        let rest = self.drain()?;
        self.socket = None;
        std::fs::remove_file(PATH).doing(PATH)?;
        Ok(rest)
    }

    /// Is there again, if it was away.
    ///
    /// # Errors
    /// What the system said.
    pub fn come_back(&mut self) -> Outcome {
        if self.socket.is_none() {
            let socket = UnixDatagram::bind(PATH).doing(PATH)?;
            socket.set_nonblocking(true)?;
            self.socket = Some(socket);
        }
        Ok(())
    }

    fn drain(&self) -> Outcome<Vec<String>> {
        let Some(socket) = &self.socket else { return Ok(Vec::new()) };
        let mut buffer = vec![0; LONGEST];
        let mut messages = Vec::new();
        loop {
            match socket.recv(&mut buffer) {
                // The end of one that was shut down.
                Ok(0) => return Ok(messages),
                Ok(n) => messages.push(String::from_utf8_lossy(buffer.get(..n).unwrap_or_default()).into_owned()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(messages),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).doing(PATH),
            }
        }
    }
}
