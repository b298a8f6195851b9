//! One TCP connection, plain or with TLS, that never blocks: every call does what can be done now.
//!
//! ```text
//!  open ──▶ connecting ──▶ (TLS handshake) ──▶ open: write, read ──▶ finish: what is left, close_notify
//! ```
//!
//! The connection is registered once, for both directions, edge-triggered (mio): whoever drives it goes on until it says
//! `WouldBlock`. A server that says nothing for [`TIMEOUT`] while data is unacknowledged is given up by the kernel
//! (tcp(7), TCP_USER_TIMEOUT), and one that is silent altogether is asked for a sign of life.

use crate::Io;
use mio::Interest;
use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a server may take to accept a connection, to shake hands, and to acknowledge data.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes that wait for the server in the kernel; the kernel doubles it (socket(7), SO_SNDBUF). Little, for what waits there is
/// out of our hands.
const SEND_BUFFER: usize = 32 << 10;

/// Plain text that waits to be encrypted and sent, in bytes.
const TLS_BUFFER: usize = 16 << 10;

/// How TLS is spoken, and the name that the server must have.
pub type Tls = (Arc<ClientConfig>, ServerName<'static>);

/// A connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    opened: bool,
    since: Instant,
    /// System calls made.
    pub system_calls: u64,
}

impl Connection {
    /// Begins to connect.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(to: SocketAddr, tls: Option<&Tls>, io: Io<'_>) -> io::Result<Connection> {
        let mut stream = TcpStream::connect(to)?;
        setsockopt(&stream, sockopt::SndBuf, &SEND_BUFFER)?;
        setsockopt(&stream, sockopt::TcpUserTimeout, &(TIMEOUT.as_millis() as u32))?;
        setsockopt(&stream, sockopt::KeepAlive, &true)?;
        setsockopt(&stream, sockopt::TcpKeepIdle, &60)?;
        setsockopt(&stream, sockopt::TcpKeepInterval, &10)?;
        let tls = match tls {
            Some((config, name)) => {
                let mut client = ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
                client.set_buffer_limit(Some(TLS_BUFFER));
                Some(Box::new(client))
            }
            None => None,
        };
        io.registry.register(&mut stream, io.token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Connection { stream, tls, opened: false, since: io.now, system_calls: 8 })
    }

    /// Goes on with connecting and shaking hands. True once data can be sent.
    ///
    /// # Errors
    /// The connection failed.
    pub fn advance(&mut self) -> io::Result<bool> {
        if !self.opened {
            self.system_calls += 2;
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            match self.stream.peer_addr() {
                Ok(_) => self.opened = true,
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        if self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
            self.pull()?;
            self.push()?;
        }
        Ok(!self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()))
    }

    /// When it is given up if it is not open by then.
    pub fn deadline(&self) -> Option<Instant> {
        let open = self.opened && !self.tls.as_ref().is_some_and(|tls| tls.is_handshaking());
        (!open).then_some(self.since + TIMEOUT)
    }

    /// Reads what the server sent; 0 is the end.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing now.
    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            self.system_calls += 1;
            return self.stream.read(buf);
        }
        let ended = self.pull()?;
        let Some(tls) = &mut self.tls else { return Ok(0) };
        match tls.reader().read(buf) {
            // What the server said before it left counts; that it left without a word does not make it wrong.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
            Err(error) if error.kind() == ErrorKind::WouldBlock && ended => Ok(0),
            other => other,
        }
    }

    /// Writes what can be written now.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            self.system_calls += 1;
            return self.stream.write(bytes);
        };
        let taken = tls.writer().write(bytes)?;
        self.push()?;
        if taken > 0 {
            return Ok(taken);
        }
        // The buffer was full; perhaps there is room now.
        let taken = self.tls.as_mut().map_or(Ok(0), |tls| tls.writer().write(bytes))?;
        self.push()?;
        if taken == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    /// Sends what TLS still holds. True once it is all with the kernel.
    ///
    /// # Errors
    /// The connection failed.
    pub fn flush(&mut self) -> io::Result<bool> {
        self.push()?;
        Ok(!self.tls.as_ref().is_some_and(|tls| tls.wants_write()))
    }

    /// Ends it in good order, as far as that can be done at once.
    pub fn close(mut self, io: Io<'_>) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        let _ = self.push();
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
        let _ = io.registry.deregister(&mut self.stream);
    }

    /// Takes what the server sent into TLS. True if nothing more will come.
    fn pull(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(false) };
        // Whoever sends without end is heard again at the next call.
        for _ in 0..16 {
            if !tls.wants_read() {
                return Ok(false);
            }
            self.system_calls += 1;
            match tls.read_tls(&mut self.stream) {
                Ok(0) if tls.is_handshaking() => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if let Err(error) = tls.process_new_packets() {
                // The alert tells the server why.
                let _ = self.push();
                return Err(io::Error::other(error));
            }
        }
        Ok(false)
    }

    fn push(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.wants_write() {
            self.system_calls += 1;
            match tls.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
