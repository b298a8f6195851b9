//! Just enough of gRPC to call a runtime over its socket: one call a connection, one message each way
//! (<https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html>, RFC 9113, RFC 7541), and of the encoding of messages
//! (<https://protobuf.dev/programming-guides/encoding/>).

use super::super::failure::{Doing, Outcome};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long a call may take, emulated on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes of a frame at most, as long as nothing else was agreed.
const MAX_FRAME: usize = 16 << 10;

/// Kinds of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;

/// Flags of frames.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A message that is being written: fields, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// Adds bytes, a text, or another message.
    pub fn with(mut self, field: u32, bytes: impl AsRef<[u8]>) -> Message {
        let bytes = bytes.as_ref();
        self.number(u64::from(field) << 3 | 2);
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a number.
    pub fn with_number(mut self, field: u32, number: u64) -> Message {
        self.number(u64::from(field) << 3);
        self.number(number);
        self
    }

    /// Adds an entry of a mapping.
    pub fn with_entry(self, field: u32, name: &str, value: &str) -> Message {
        self.with(field, Message::default().with(1, name).with(2, value))
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The text of a message's first field, which is all that answers to these calls have.
pub fn first_text(message: &[u8]) -> String {
    match message {
        [0x0a, length, rest @ ..] if *length < 0x80 => {
            let text = rest.get(..usize::from(*length)).unwrap_or(rest);
            String::from_utf8_lossy(text).into_owned()
        }
        _ => String::new(),
    }
}

/// Calls a method; gives the answer's message.
///
/// # Errors
/// If there is none. Why not, the server's log says.
pub fn call(socket: &str, method: &str, message: &Message) -> Outcome<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).doing(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    send(&mut stream, SETTINGS, 0, 0, &[])?;
    let mut headers = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ] {
        // A literal that is not kept, with a name that is none of the table's.
        headers.push(0);
        for text in [name, value] {
            headers.push(u8::try_from(text.len()).ok().filter(|length| *length < 0x7f).ok_or("a header is too long")?);
            headers.extend_from_slice(text.as_bytes());
        }
    }
    send(&mut stream, HEADERS, END_HEADERS, 1, &headers)?;
    let bytes = message.as_ref();
    let mut data = vec![0];
    data.extend(u32::try_from(bytes.len()).map_err(|_| "a message is too long")?.to_be_bytes());
    data.extend_from_slice(bytes);
    send(&mut stream, DATA, END_STREAM, 1, &data)?;
    answer(&mut stream, method)
}

fn answer(stream: &mut UnixStream, method: &str) -> Outcome<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).doing(method)?;
        let [a, b, c, kind, flags, _, _, _, number] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if length > MAX_FRAME {
            return Err(format!("{method}: a frame of {length} bytes").into());
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).doing(method)?;
        match kind {
            SETTINGS if flags & ACK == 0 => send(stream, SETTINGS, ACK, 0, &[])?,
            PING if flags & ACK == 0 => send(stream, PING, ACK, 0, &payload)?,
            DATA if number == 1 => data.extend(payload),
            HEADERS if flags & END_STREAM != 0 => break,
            GO_AWAY => return Err(format!("{method}: the server ended it").into()),
            _ => {}
        }
    }
    match data.get(5..) {
        Some(message) => Ok(message.to_vec()),
        None => Err(format!("{method}: there is no answer").into()),
    }
}

fn send(stream: &mut UnixStream, kind: u8, flags: u8, number: u32, payload: &[u8]) -> Outcome {
    if payload.len() > MAX_FRAME {
        return Err("a frame is too long".into());
    }
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(number.to_be_bytes());
    frame.extend_from_slice(payload);
    Ok(stream.write_all(&frame)?)
}
