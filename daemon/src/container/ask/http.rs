//! One request over a Unix socket (RFC 1945: the answer ends with the connection), with a bound on its time and on its length.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long all of it may take.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of an answer at most.
const MOST_BYTES: usize = 1 << 20;

/// Bytes of its head at most.
const MOST_HEAD: usize = 16 << 10;

/// The body of the answer; `None` if it is no success, too long, or takes too long.
pub fn get(socket: &Path, path: &str) -> Option<Vec<u8>> {
    let end = Instant::now() + PATIENCE;
    let mut stream = connect(socket)?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes()).ok()?;
    body(&whole(&mut stream, end)?).map(<[u8]>::to_vec)
}

/// Without waiting: where too many are waiting already, this one does not join them.
fn connect(socket: &Path) -> Option<UnixStream> {
    let stream = UnixStream::from(OwnedFd::from(mio::net::UnixStream::connect(socket).ok()?));
    stream.set_nonblocking(false).ok()?;
    Some(stream)
}

/// Everything until the end of the connection.
fn whole(stream: &mut UnixStream, end: Instant) -> Option<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut buffer) {
            Ok(0) => return Some(bytes),
            Ok(n) if bytes.len() + n > MOST_BYTES => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// What follows the head of an answer that is a success.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let head = answer.get(..answer.len().min(MOST_HEAD))?;
    let at = head.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let status = head.split(|&b| b == b' ').nth(1)?;
    (head.starts_with(b"HTTP/1.") && status == b"200").then_some(&answer[at + 4..])
}
