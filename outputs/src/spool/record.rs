//! One alert in a segment: `length (4 bytes, little endian) │ CRC-32 (4 bytes, the same) │ version (1 byte) │ postcard`. Length
//! and checksum are those of version and postcard.

use crate::Line;

/// The version of the format.
const VERSION: u8 = 1;

/// Bytes before the version.
const HEADER: usize = 8;

/// Bytes of a record, at most.
pub const MAX_BYTES: usize = 1 << 21;

/// A line as a record. Nothing if it is too long.
pub fn encode(line: &Line) -> Option<Vec<u8>> {
    let mut bytes = vec![0; HEADER];
    bytes.push(VERSION);
    let mut bytes = postcard::to_extend(line, bytes).ok()?;
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let length = u32::try_from(bytes.len() - HEADER).ok()?;
    let sum = crc32fast::hash(&bytes[HEADER..]);
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..HEADER].copy_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

/// The record at the beginning of the bytes, and its length in bytes. Nothing if it is not whole or not right.
pub fn decode(bytes: &[u8]) -> Option<(Line, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let body = rest.get(..length).filter(|_| length <= MAX_BYTES)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (&version, body) = body.split_first()?;
    let line = postcard::from_bytes(body).ok().filter(|_| version == VERSION)?;
    Some((line, HEADER + length))
}
