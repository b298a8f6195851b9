//! Blocks of a capture, as pcap-ng frames them: type, length, body, padding to 4 bytes, the length again. Native endian of
//! whoever wrote it; a capture of the other byte order is refused.

use crate::recording::RecordingError;
use std::io::{self, Read};
use std::ops::Range;

/// Type of the section header, which a capture begins with.
pub const SECTION: u32 = 0x0A0D_0D0A;

/// The section header's word for the byte order.
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

/// What blocks hold, by their types. The second numbers were used before there were releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Another section begins.
    Section,
    /// Facts of the machine.
    Machine,
    /// Processes and threads, in this version of the list.
    Processes(u8),
    /// Descriptors of a thread; with lengths in the second version.
    Fds(bool),
    /// Users and groups; with lengths in the second version.
    Users(bool),
    /// An event.
    Event {
        /// Its header says how many parameters it has.
        counted: bool,
        /// A word of flags stands before it.
        flags: bool,
        /// Lengths of its parameters take 4 bytes.
        large: bool,
    },
    /// Something that is not looked at: interfaces, comments.
    Other,
}

impl Block {
    /// What a type stands for.
    pub fn of(kind: u32) -> Block {
        let event = |counted, flags, large| Block::Event { counted, flags, large };
        match kind {
            SECTION => Block::Section,
            0x201 | 0x8002_ABCD => Block::Machine,
            0x202 | 0x8000_ABCD => Block::Processes(1),
            0x207 | 0x8013_ABCD => Block::Processes(2),
            0x209 | 0x8014_ABCD => Block::Processes(3),
            0x210..=0x215 => Block::Processes((kind - 0x210) as u8 + 4),
            0x203 | 0x8001_ABCD => Block::Fds(false),
            0x218 => Block::Fds(true),
            0x206 | 0x8012_ABCD => Block::Users(false),
            0x220 => Block::Users(true),
            0x204 | 0x8010_ABCD => event(false, false, false),
            0x208 => event(false, true, false),
            0x216 => event(true, false, false),
            0x217 => event(true, true, false),
            0x221 => event(true, false, true),
            0x222 => event(true, true, true),
            _ => Block::Other,
        }
    }
}

/// Bytes that are read from the file at a time.
const CHUNK: usize = 1 << 16;

/// Reads blocks one after the other.
#[derive(Debug)]
pub struct Blocks<R> {
    input: R,
    /// What was read from the file, and which part of it was not taken yet.
    chunk: Box<[u8]>,
    unread: Range<usize>,
    /// Bytes read so far.
    at: u64,
    /// Where the block began that is being read, and how much of its body is left.
    block_at: u64,
    left: u64,
}

impl<R: Read> Blocks<R> {
    /// Reads from the start of a capture.
    pub fn new(input: R) -> Blocks<R> {
        Blocks { input, chunk: vec![0; CHUNK].into(), unread: 0..0, at: 0, block_at: 0, left: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// That something in the block makes no sense.
    pub fn broken(&self, what: &'static str) -> RecordingError {
        RecordingError::Damaged { offset: self.block_at, what }
    }

    /// Bytes of the body that were not read yet.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Reads on, once everything was taken; false at the end of the file.
    fn more(&mut self) -> Result<bool, RecordingError> {
        loop {
            match self.input.read(&mut self.chunk) {
                Ok(len) => {
                    self.unread = 0..len;
                    return Ok(len > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What gzip cannot unpack.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    return Err(self.broken("what was compressed cannot be unpacked"));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[inline]
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), RecordingError> {
        let mut filled = 0;
        loop {
            let unread = &self.chunk[self.unread.clone()];
            let part = unread.len().min(buf.len() - filled);
            buf[filled..filled + part].copy_from_slice(&unread[..part]);
            filled += part;
            self.unread.start += part;
            self.at += part as u64;
            if filled == buf.len() {
                return Ok(());
            }
            if !self.more()? {
                return Err(self.broken("it ends within a block"));
            }
        }
    }

    /// Goes to the next block, over what is left of this one; `None` at the end.
    ///
    /// # Errors
    /// [`RecordingError`] if there is none where one should be.
    pub fn next(&mut self) -> Result<Option<Block>, RecordingError> {
        self.block_at = self.at;
        // The end is here or nowhere.
        if self.unread.is_empty() && !self.more()? {
            return Ok(None);
        }
        let mut head = [0; 8];
        self.fill(&mut head)?;
        let [a, b, c, d, rest @ ..] = head;
        let (kind, len) = (u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes(rest));
        if len < 12 {
            return Err(self.broken("a block is shorter than its frame"));
        }
        self.left = u64::from(len) - 12;
        let block = Block::of(kind);
        if block == Block::Section {
            let order = self.u32()?;
            if order == BYTE_ORDER.swap_bytes() {
                return Err(RecordingError::ByteOrder);
            }
            if order != BYTE_ORDER {
                return Err(RecordingError::NotARecording);
            }
            if self.u16()? != 1 {
                return Err(self.broken("a capture of a later version, which nothing is known of"));
            }
        }
        Ok(Some(block))
    }

    /// Goes behind the block.
    ///
    /// # Errors
    /// [`RecordingError`] if the file ends before, or the length behind the block is another one than before it.
    pub fn end(&mut self) -> Result<(), RecordingError> {
        let len = self.left + (self.at - self.block_at) + 4;
        self.skip(self.left)?;
        let mut word = [0; 4];
        self.fill(&mut word)?;
        if u64::from(u32::from_ne_bytes(word)) != len {
            return Err(self.broken("the length behind a block is another one than before it"));
        }
        Ok(())
    }

    /// Reads a part of the body.
    ///
    /// # Errors
    /// [`RecordingError`] if the body or the file ends before.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<(), RecordingError> {
        self.left = self.left.checked_sub(buf.len() as u64).ok_or_else(|| self.broken("a block is too short"))?;
        self.fill(buf)
    }

    /// Passes over a part of the body.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn skip(&mut self, len: u64) -> Result<(), RecordingError> {
        self.left = self.left.checked_sub(len).ok_or_else(|| self.broken("a block is too short"))?;
        let mut buf = [0; 4096];
        let mut rest = len;
        while rest > 0 {
            let part = usize::try_from(rest).unwrap_or(usize::MAX).min(buf.len());
            self.fill(&mut buf[..part])?;
            rest -= part as u64;
        }
        Ok(())
    }

    /// Reads a number of this many bytes.
    fn number<const N: usize>(&mut self) -> Result<[u8; N], RecordingError> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn u8(&mut self) -> Result<u8, RecordingError> {
        self.number().map(u8::from_ne_bytes)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn u16(&mut self) -> Result<u16, RecordingError> {
        self.number().map(u16::from_ne_bytes)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn u32(&mut self) -> Result<u32, RecordingError> {
        self.number().map(u32::from_ne_bytes)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn u64(&mut self) -> Result<u64, RecordingError> {
        self.number().map(u64::from_ne_bytes)
    }

    /// Reads bytes with their length, of 2 bytes, in front.
    ///
    /// # Errors
    /// As [`Blocks::read`].
    pub fn text(&mut self) -> Result<Vec<u8>, RecordingError> {
        let mut bytes = vec![0; self.u16()?.into()];
        self.read(&mut bytes)?;
        Ok(bytes)
    }
}
