//! Frames: what goes over the socket.

use crate::Alert;
use serde::{Deserialize, Serialize};

/// The version of the format: the first byte of every frame.
pub const VERSION: u8 = 1;

/// Bytes of postcard in a frame, at most.
pub const MAX_FRAME: usize = 1 << 20;

/// Bytes before the postcard.
const HEADER: usize = 5;

/// What a frame holds. Variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    /// An alert.
    Alert(Alert),
    /// So many alerts are missing here: this reader was too slow for them.
    Lost(u64),
}

/// Why bytes are no frame. Nothing after them can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another version.
    #[error("it speaks version {0} of the format, and this program version {VERSION}: use the same version of both")]
    Version(u8),
    /// Longer than allowed.
    #[error("a frame of {0} bytes is longer than {MAX_FRAME}")]
    TooLong(u32),
    /// No postcard of a [`Frame`].
    #[error("a frame cannot be read")]
    Garbled,
}

impl Frame {
    /// The frame in bytes. Nothing if it is longer than [`MAX_FRAME`].
    pub fn encode(&self) -> Option<Vec<u8>> {
        let body = postcard::to_stdvec(self).ok().filter(|body| body.len() <= MAX_FRAME)?;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&u32::try_from(body.len()).ok()?.to_le_bytes());
        bytes.extend_from_slice(&body);
        Some(bytes)
    }
}

/// Reads frames from bytes that come in pieces.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
    /// Where the next frame begins.
    at: usize,
}

impl FrameReader {
    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if it is whole. To be called until there is none before more is pushed: then no more than a frame and
    /// what was pushed last is kept.
    ///
    /// # Errors
    /// [`FrameError`] if there is something else.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = &self.bytes[self.at..];
        match rest.first() {
            None => return Ok(None),
            Some(&VERSION) => {}
            Some(&other) => return Err(FrameError::Version(other)),
        }
        let Some((&length, rest)) = rest[1..].split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(length);
        if length as usize > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        let Some(body) = rest.get(..length as usize) else { return Ok(None) };
        let (frame, left) = postcard::take_from_bytes(body).map_err(|_| FrameError::Garbled)?;
        if !left.is_empty() {
            return Err(FrameError::Garbled);
        }
        self.at += HEADER + length as usize;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldValue, Priority};
    use proptest::prelude::*;

    fn alert(message: String, time_ns: u64, tags: Vec<String>) -> Frame {
        let values = [
            FieldValue::Null,
            FieldValue::Bool(true),
            FieldValue::Int(-3),
            FieldValue::Uint(u64::MAX),
            FieldValue::Double(0.5),
            FieldValue::Str(message.clone()),
        ];
        Frame::Alert(Alert {
            time_ns,
            priority: Priority::Notice,
            rule: "r".into(),
            source: "syscall".into(),
            tags: tags.into(),
            hostname: "h".into(),
            message,
            fields: values.into_iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        })
    }

    #[test]
    fn the_bytes_of_version_1_stay_what_they_are() {
        let bytes = alert("m\n".to_owned(), 300, vec!["t".to_owned()]).encode().unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        insta::assert_snapshot!(hex, @"014000000000ac020501720773797363616c6c0101740168026d0a060130000131010101320205013303ffffffffffffffffff01013404000000000000e03f013505026d0a");
        let lost = Frame::Lost(300).encode().unwrap();
        assert_eq!(lost, [1, 3, 0, 0, 0, 1, 0xac, 2]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let read = |bytes: &[u8]| {
            let mut reader = FrameReader::default();
            reader.push(bytes);
            reader.next_frame()
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[1, 3, 0, 0]), Ok(None));
        assert_eq!(read(&[2, 3, 0, 0, 0]), Err(FrameError::Version(2)));
        assert_eq!(read(&[1, 1, 0, 16, 0]), Err(FrameError::TooLong(MAX_FRAME as u32 + 1)));
        assert_eq!(read(&[1, 1, 0, 0, 0, 9]), Err(FrameError::Garbled));
        assert_eq!(read(&[1, 3, 0, 0, 0, 1, 1, 1]), Err(FrameError::Garbled), "something is left over");
        assert_eq!(
            Frame::Alert(match alert("x".repeat(MAX_FRAME), 0, Vec::new()) {
                Frame::Alert(alert) => alert,
                Frame::Lost(_) => unreachable!(),
            })
            .encode(),
            None
        );
    }

    proptest! {
        #[test]
        fn frames_come_back_however_they_are_cut(
            texts in prop::collection::vec((any::<String>(), any::<u64>(), prop::collection::vec(any::<String>(), 0..3)), 0..5),
            cut in 1usize..50
        ) {
            let mut frames: Vec<Frame> = texts.into_iter().map(|(text, time, tags)| alert(text, time, tags)).collect();
            frames.push(Frame::Lost(3));
            let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.encode().unwrap()).collect();
            let (mut reader, mut got) = (FrameReader::default(), Vec::new());
            for piece in bytes.chunks(cut) {
                reader.push(piece);
                while let Some(frame) = reader.next_frame().unwrap() {
                    got.push(frame);
                }
            }
            prop_assert_eq!(got, frames);
        }
    }
}
