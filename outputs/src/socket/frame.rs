//! Frames: what goes over the socket.

use crate::Alert;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// The version of the format: the first byte of every frame.
pub const VERSION: u8 = 1;

/// Bytes of postcard in a frame, at most.
pub const MAX_FRAME: usize = 1 << 20;

/// Bytes of postcard in a request, at most: enough for the names of all events.
pub const MAX_REQUEST: usize = 16 << 10;

/// Bytes before the postcard.
const HEADER: usize = 5;

/// What a frame holds. Variants are only ever added at the end. A reader that asked for nothing gets the first two.
///
/// What is said of records is bytes to whoever carries them: it is what recordings hold (docs/RECORDINGS.md).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame<'a> {
    /// An alert.
    Alert(Alert),
    /// So many alerts are missing here: this reader was too slow for them.
    Lost(u64),
    /// The head and the opening of a recording: how records are to be read. Nothing else of records comes before it.
    Opening(#[serde(borrow, serialize_with = "in_one_piece")] Cow<'a, [u8]>),
    /// What is recorded from here on.
    Recorded {
        /// The events, by their ids in the opening's table.
        events: Vec<u16>,
        /// Of these, what no rule can match is left out.
        prefilter: bool,
    },
    /// Users and groups, as a block of a recording has them.
    Users(#[serde(borrow, serialize_with = "in_one_piece")] Cow<'a, [u8]>),
    /// A process, as a block of a recording has it.
    Process(#[serde(borrow, serialize_with = "in_one_piece")] Cow<'a, [u8]>),
    /// A record.
    Record {
        /// Its number, as `evt.num` shows it in alerts.
        number: u64,
        /// As the kernel wrote it.
        #[serde(borrow, serialize_with = "in_one_piece")]
        bytes: Cow<'a, [u8]>,
    },
    /// So many records are missing here: this reader was too slow for them. What was said of processes and containers does
    /// not count any more: those that matter are said again.
    RecordsLost(u64),
    /// What was asked for is not given, and why.
    Refused(String),
    /// A container, as a block of a recording has it: what is known of it from here on.
    Container(#[serde(borrow, serialize_with = "in_one_piece")] Cow<'a, [u8]>),
}

/// Byte by byte it would take many times as long.
fn in_one_piece<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// What a reader asks for. It may say so once, at any time; one that never does gets alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Alerts.
    pub alerts: bool,
    /// Records.
    pub records: Option<RecordsWanted>,
}

/// Which records a reader asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsWanted {
    /// Those of events with these names; of all events, if there is none. Names that are not known name nothing.
    pub events: Vec<String>,
}

/// Why bytes are no frame. Nothing after them can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another version.
    #[error("it speaks version {0} of the format, and this program version {VERSION}: use the same version of both")]
    Version(u8),
    /// Longer than allowed.
    #[error("a frame of {0} bytes is longer than {1}")]
    TooLong(u32, usize),
    /// No postcard of a [`Frame`].
    #[error("a frame cannot be read")]
    Garbled,
}

impl Frame<'_> {
    /// The frame in bytes. Nothing if it is longer than [`MAX_FRAME`].
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append_to(&mut bytes).then_some(bytes)
    }

    /// Appends the frame in bytes. False, and nothing, if it is longer than [`MAX_FRAME`].
    pub fn append_to(&self, to: &mut Vec<u8>) -> bool {
        append(self, MAX_FRAME, to)
    }
}

impl Request {
    /// The request in bytes. Nothing if it is longer than [`MAX_REQUEST`].
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        append(self, MAX_REQUEST, &mut bytes).then_some(bytes)
    }
}

fn append(message: &impl Serialize, most: usize, to: &mut Vec<u8>) -> bool {
    let start = to.len();
    to.extend([VERSION, 0, 0, 0, 0]);
    let written = postcard::to_io(message, &mut *to).is_ok();
    let length = to.len() - start - HEADER;
    match u32::try_from(length) {
        Ok(number) if written && length <= most => {
            to[start + 1..start + HEADER].copy_from_slice(&number.to_le_bytes());
            true
        }
        _ => {
            to.truncate(start);
            false
        }
    }
}

/// The postcard of the first frame in these bytes; `None` if it is not whole.
fn body(bytes: &[u8], most: usize) -> Result<Option<&[u8]>, FrameError> {
    match bytes.first() {
        None => return Ok(None),
        Some(&VERSION) => {}
        Some(&other) => return Err(FrameError::Version(other)),
    }
    let Some((&length, rest)) = bytes[1..].split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(length);
    if length as usize > most {
        return Err(FrameError::TooLong(length, most));
    }
    Ok(rest.get(..length as usize))
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Garbled),
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
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let Some(body) = body(&self.bytes[self.at..], MAX_FRAME)? else { return Ok(None) };
        let frame = read(body)?;
        self.at += HEADER + body.len();
        Ok(Some(frame))
    }
}

/// Reads the one request that there may be, from bytes that come in pieces.
#[derive(Debug, Default)]
pub struct RequestReader {
    bytes: Vec<u8>,
}

impl RequestReader {
    /// Takes what came; gives the request once it is whole.
    ///
    /// # Errors
    /// [`FrameError`] if there is something else, or something behind it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<Request>, FrameError> {
        self.bytes.extend_from_slice(bytes);
        let Some(body) = body(&self.bytes, MAX_REQUEST)? else { return Ok(None) };
        if self.bytes.len() > HEADER + body.len() {
            return Err(FrameError::Garbled);
        }
        read(body).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldValue, Priority};
    use proptest::prelude::*;

    fn alert(message: String, time_ns: u64, tags: Vec<String>) -> Frame<'static> {
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
        let bytes = |frame: Frame<'_>| frame.encode().unwrap();
        let some = || Cow::from(&[7, 8][..]);
        assert_eq!(bytes(Frame::Lost(300)), [1, 3, 0, 0, 0, 1, 0xac, 2]);
        assert_eq!(bytes(Frame::Opening(some())), [1, 4, 0, 0, 0, 2, 2, 7, 8]);
        let recorded = Frame::Recorded { events: vec![3, 300], prefilter: true };
        assert_eq!(bytes(recorded), [1, 6, 0, 0, 0, 3, 2, 3, 0xac, 2, 1]);
        assert_eq!(bytes(Frame::Users(some())), [1, 4, 0, 0, 0, 4, 2, 7, 8]);
        assert_eq!(bytes(Frame::Process(some())), [1, 4, 0, 0, 0, 5, 2, 7, 8]);
        assert_eq!(bytes(Frame::Record { number: 300, bytes: some() }), [1, 6, 0, 0, 0, 6, 0xac, 2, 2, 7, 8]);
        assert_eq!(bytes(Frame::RecordsLost(300)), [1, 3, 0, 0, 0, 7, 0xac, 2]);
        assert_eq!(bytes(Frame::Refused("n".to_owned())), [1, 3, 0, 0, 0, 8, 1, b'n']);
        let request = Request { alerts: true, records: Some(RecordsWanted { events: vec!["a".to_owned()] }) };
        assert_eq!(request.encode().unwrap(), [1, 5, 0, 0, 0, 1, 1, 1, 1, b'a']);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let read = |bytes: &[u8]| {
            let mut reader = FrameReader::default();
            reader.push(bytes);
            reader.next_frame().map(|frame| frame.map(|frame| format!("{frame:?}")))
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[1, 3, 0, 0]), Ok(None));
        assert_eq!(read(&[2, 3, 0, 0, 0]), Err(FrameError::Version(2)));
        assert_eq!(read(&[1, 1, 0, 16, 0]), Err(FrameError::TooLong(MAX_FRAME as u32 + 1, MAX_FRAME)));
        assert_eq!(read(&[1, 1, 0, 0, 0, 9]), Err(FrameError::Garbled));
        assert_eq!(read(&[1, 3, 0, 0, 0, 1, 1, 1]), Err(FrameError::Garbled), "something is left over");
        let mut before = vec![1, 2];
        assert!(!alert("x".repeat(MAX_FRAME), 0, Vec::new()).append_to(&mut before));
        assert_eq!(before, [1, 2]);
    }

    #[test]
    fn a_request_is_one_frame_of_bounded_length_and_nothing_else() {
        let read = |pieces: &[&[u8]]| {
            let mut reader = RequestReader::default();
            pieces.iter().try_fold(None, |_, piece| reader.push(piece))
        };
        let request = Request { alerts: false, records: Some(RecordsWanted { events: vec!["kill".to_owned()] }) };
        let bytes = request.encode().unwrap();
        assert_eq!(read(&[&bytes[..3]]), Ok(None));
        assert_eq!(read(&[&bytes[..3], &bytes[3..7], &bytes[7..]]), Ok(Some(request)));
        assert_eq!(read(&[&[&bytes[..], &[1]].concat()]), Err(FrameError::Garbled), "something is left over");
        assert_eq!(read(&[b"GET / HTTP/1.1"]), Err(FrameError::Version(b'G')));
        assert_eq!(read(&[&[1, 1, 64, 0, 0]]), Err(FrameError::TooLong(16_385, MAX_REQUEST)));
        let names = vec!["x".repeat(100); 200];
        assert_eq!(Request { alerts: true, records: Some(RecordsWanted { events: names }) }.encode(), None);
    }

    /// Any frame.
    fn any_frame() -> impl Strategy<Value = Frame<'static>> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..300).prop_map(Cow::from);
        prop_oneof![
            (any::<String>(), any::<u64>(), prop::collection::vec(any::<String>(), 0..3))
                .prop_map(|(text, time, tags)| alert(text, time, tags)),
            any::<u64>().prop_map(Frame::Lost),
            bytes().prop_map(Frame::Opening),
            (prop::collection::vec(any::<u16>(), 0..50), any::<bool>())
                .prop_map(|(events, prefilter)| Frame::Recorded { events, prefilter }),
            bytes().prop_map(Frame::Users),
            bytes().prop_map(Frame::Process),
            (any::<u64>(), bytes()).prop_map(|(number, bytes)| Frame::Record { number, bytes }),
            any::<u64>().prop_map(Frame::RecordsLost),
            any::<String>().prop_map(Frame::Refused),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_back_however_they_are_cut(
            frames in prop::collection::vec(any_frame(), 0..8), cut in 1usize..50
        ) {
            let mut bytes = Vec::new();
            prop_assert!(frames.iter().all(|frame| frame.append_to(&mut bytes)));
            let (mut reader, mut got) = (FrameReader::default(), 0);
            for piece in bytes.chunks(cut) {
                reader.push(piece);
                while let Some(frame) = reader.next_frame().unwrap() {
                    prop_assert_eq!(&frame, &frames[got]);
                    got += 1;
                }
            }
            prop_assert_eq!(got, frames.len());
        }

        #[test]
        fn whatever_comes_is_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..12) {
            let length = bytes.len() as u32;
            let whole = [&[VERSION], &length.wrapping_add(1).to_le_bytes()[..], &[kind], &bytes].concat();
            let mut reader = FrameReader::default();
            reader.push(&whole);
            if let Ok(frame) = reader.next_frame() {
                // Numbers can be written in more than one way, but what they are stays.
                let again = frame.expect("it is whole").encode().expect("what was read can be written");
                let mut reader = FrameReader::default();
                reader.push(&again);
                let second = reader.next_frame().expect("what was written can be read").expect("it is whole");
                prop_assert_eq!(second.encode().expect("and written"), again);
            }
            let _ = RequestReader::default().push(&whole);
        }
    }
}
