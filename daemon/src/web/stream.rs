//! A client's bytes, plain or with TLS. No call blocks.

use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

/// Plain text that waits to be encrypted and sent, in bytes.
const TLS_BUFFER: usize = 64 << 10;

/// A client's bytes.
#[derive(Debug)]
pub struct Stream {
    /// The socket.
    pub socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
}

impl Stream {
    /// A client that speaks TLS, if there is a configuration for it.
    ///
    /// # Errors
    /// TLS cannot be spoken.
    pub fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Stream> {
        let tls = match tls {
            None => None,
            Some(config) => {
                let mut server = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                server.set_buffer_limit(Some(TLS_BUFFER));
                Some(Box::new(server))
            }
        };
        Ok(Stream { socket, tls })
    }

    /// Reads what the client sent; 0 is the end.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing now.
    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(buf) };
        loop {
            match tls.reader().read(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // It left without a word of goodbye.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                other => return other,
            }
            if tls.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            let outcome = tls.process_new_packets();
            // The handshake goes on, or the client is told what is wrong.
            while tls.wants_write() {
                match tls.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
            outcome.map_err(io::Error::other)?;
        }
    }

    /// Writes what can be written now.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.socket.write(bytes);
        }
        // First what waits: so that what is not taken waits for the socket, and not for nothing.
        self.flush()?;
        let taken = self.tls.as_mut().map_or(Ok(0), |tls| tls.writer().write(bytes))?;
        self.flush()?;
        if taken == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    /// Sends what TLS holds. True once it is all with the kernel.
    ///
    /// # Errors
    /// The connection failed.
    pub fn flush(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(true) };
        while tls.wants_write() {
            match tls.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Says goodbye, as far as that can be done at once.
    pub fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        let _ = self.flush();
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }
}
