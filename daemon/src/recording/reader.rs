//! A file being read, block by block. Memory is bounded by [`MAX_BLOCK`], whatever the file says.

use super::layout::{self, BLOCK_HEAD, BlockHead, Codec, FILE_HEAD, FileHead, Kind, MAX_BLOCK, TRAILER};
use super::mapping::Mapping;
use super::span::Span;
use super::{ContainerEntry, IndexEntry, Opening, ProcessEntry, RecordingError, UserLists};
use kestrel_core::event::{ALIGN, MAX_RECORD, RecordHeader, TaskContext};
use kestrel_core::schema::{EventId, EventSet};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use zerocopy::{FromBytes, IntoBytes};
use zstd::bulk::Decompressor;

/// The shortest record that there can be, in bytes.
const MIN_RECORD: usize = size_of::<RecordHeader>() + size_of::<TaskContext>();

/// What a file holds, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A record: [`Reader::record`] is it.
    Record,
    /// Processes that are known from here on.
    Processes(Vec<ProcessEntry>),
    /// Users and groups from here on.
    Users(UserLists),
    /// Containers, as they are known from here on.
    Containers(Vec<ContainerEntry>),
    /// Nothing more.
    End,
}

/// Reads a recording.
pub struct Reader<R> {
    input: R,
    /// Length of the file.
    len: u64,
    /// Where the next block begins.
    at: u64,
    /// Where the block that is being read began.
    block_at: u64,
    opening: Opening,
    mapping: Option<Mapping>,
    /// The events that are handed out, by the writer's ids.
    wanted: EventSet,
    /// Of those, the ones that matter in the block that is being read.
    in_block: EventSet,
    span: Span,
    /// The events that matter before the span, too; by the writer's ids.
    always: EventSet,
    /// Where the last block begins that the span reaches, as far as that is known.
    last_block: u64,
    /// Records that were passed over because they lie outside the span.
    outside: u64,
    decompressor: Decompressor<'static>,
    stored: Vec<u8>,
    /// Records lie here, in words so that they are aligned.
    plain: Vec<u64>,
    plain_len: usize,
    /// Where the next record begins in it.
    cursor: usize,
    /// Where the record lies that was read last; in the mapping's buffer if there is a mapping.
    current: Range<usize>,
    /// Records of the block that were not read yet.
    left: u32,
    skipped: u64,
    closed: bool,
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("at", &self.at).field("len", &self.len).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the head and the opening of a file.
    ///
    /// # Errors
    /// [`RecordingError`] if it is none, or none that this build can read.
    pub fn open(mut input: R) -> Result<Reader<R>, RecordingError> {
        let len = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        let mut head = Vec::with_capacity(FILE_HEAD);
        input.by_ref().take(FILE_HEAD as u64).read_to_end(&mut head)?;
        let fingerprint = FileHead::read(&head)?;
        let mut reader = Reader {
            input,
            len,
            at: FILE_HEAD as u64,
            block_at: 0,
            opening: Opening::default(),
            mapping: None,
            wanted: EventSet::all(),
            in_block: EventSet::all(),
            span: Span::default(),
            always: EventSet::EMPTY,
            last_block: u64::MAX,
            outside: 0,
            decompressor: Decompressor::new()?,
            stored: Vec::new(),
            plain: Vec::new(),
            plain_len: 0,
            cursor: 0,
            current: 0..0,
            left: 0,
            skipped: 0,
            closed: false,
        };
        match reader.head()? {
            Some(head) if head.kind == Kind::Opening => {
                reader.load(&head)?;
                reader.opening = reader.message()?;
            }
            _ => return Err(reader.damaged("the opening is missing")),
        }
        reader.mapping = Mapping::new(fingerprint, &reader.opening.events);
        reader.want(&EventSet::all());
        Ok(reader)
    }

    /// What the file says of itself and its machine.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Events that the writer knew and this build does not: their records are skipped.
    pub fn unknown_events(&self) -> &[String] {
        self.mapping.as_ref().map_or(&[], Mapping::unknown)
    }

    /// Hands out records of these events only. Blocks without any are not even read.
    pub fn want(&mut self, events: &EventSet) {
        self.wanted = self.by_their_ids(events);
    }

    fn by_their_ids(&self, events: &EventSet) -> EventSet {
        self.mapping.as_ref().map_or(*events, |mapping| mapping.theirs(events))
    }

    /// Hands out what lies in blocks that this span reaches, and before them events that are `always` wanted. To be called before
    /// anything is read.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn within(&mut self, span: Span, always: &EventSet) -> Result<(), RecordingError> {
        (self.span, self.always) = (span, self.by_their_ids(always));
        if let Some(index) = self.index()? {
            let reached = index.iter().filter(|entry| entry.first_ns <= span.to_ns);
            self.last_block = reached.map(|entry| entry.offset).max().unwrap_or(0);
        }
        Ok(())
    }

    /// Records that were passed over because they lie outside the span.
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True for a file without a byte, which no recording is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the next block begins, in bytes from the start of the file.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Records that were passed over because nobody wants their events.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// True once the end was read, and the file was closed in peace: a writer that was killed leaves no index.
    pub fn was_closed(&self) -> bool {
        self.closed
    }

    /// The index of a file that was closed; `None` if it has none that can be read. What is read next stays the same.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn index(&mut self) -> Result<Option<Vec<IndexEntry>>, RecordingError> {
        if self.len < TRAILER as u64 {
            return Ok(None);
        }
        let mut trailer = [0; TRAILER];
        self.input.seek(SeekFrom::Start(self.len - TRAILER as u64))?;
        self.input.read_exact(&mut trailer)?;
        let (at, kept) = (self.at, self.left);
        let mut index = None;
        // Reading it would overwrite a block that is being read.
        if let Some(offset) = layout::read_trailer(&trailer).filter(|_| kept == 0) {
            self.at = offset;
            self.input.seek(SeekFrom::Start(offset))?;
            if let Ok(Some(head)) = self.head()
                && head.kind == Kind::Index
                && self.load(&head).is_ok()
            {
                index = self.messages(head.count).ok();
            }
        }
        self.at = at;
        self.input.seek(SeekFrom::Start(at))?;
        Ok(index)
    }

    /// Goes on with the block that begins at `offset`, as an index says.
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn seek(&mut self, offset: u64) -> Result<(), RecordingError> {
        self.input.seek(SeekFrom::Start(offset))?;
        self.at = offset;
        self.left = 0;
        Ok(())
    }

    /// The record that was read last. Its length is what its header says; nothing else of it was checked. Empty if it is one
    /// of another table of events that makes no sense.
    pub fn record(&self) -> &[u8] {
        let bytes = match &self.mapping {
            None => self.plain.as_bytes(),
            Some(mapping) => mapping.translated(),
        };
        bytes.get(self.current.clone()).unwrap_or(&[])
    }

    /// Reads what comes next.
    ///
    /// # Errors
    /// [`RecordingError`] where the file is damaged: nothing can be read from there on.
    pub fn advance(&mut self) -> Result<Step, RecordingError> {
        loop {
            if self.next_in_block()? {
                return Ok(Step::Record);
            }
            let Some(head) = self.head()? else { return Ok(Step::End) };
            match head.kind {
                Kind::Records if self.block_at > self.last_block => {
                    self.closed = true;
                    return Ok(Step::End);
                }
                Kind::Records => {
                    self.in_block = self.span.of_block(&head, &self.wanted, &self.always);
                    if self.in_block.intersection(&head.events).is_empty() {
                        self.skip(&head)?;
                        self.skipped += u64::from(head.count);
                        self.outside += if self.in_block == self.wanted { 0 } else { head.count.into() };
                        continue;
                    }
                    self.load(&head)?;
                    self.cursor = 0;
                    self.left = head.count;
                }
                Kind::Processes => {
                    self.load(&head)?;
                    return Ok(Step::Processes(self.messages(head.count)?));
                }
                Kind::Users => {
                    self.load(&head)?;
                    return Ok(Step::Users(self.message()?));
                }
                Kind::Containers => {
                    self.load(&head)?;
                    return Ok(Step::Containers(self.messages(head.count)?));
                }
                Kind::Opening => return Err(self.broken("a second opening")),
                Kind::Index => {
                    self.skip(&head)?;
                    return self.end();
                }
            }
        }
    }

    /// Goes to the next record in the block that anybody wants; false if there is none.
    #[inline]
    fn next_in_block(&mut self) -> Result<bool, RecordingError> {
        let block = self.plain.as_bytes().get(..self.plain_len).unwrap_or(&[]);
        while self.left > 0 {
            let bytes = block.get(self.cursor..).unwrap_or(&[]);
            let Ok((header, _)) = RecordHeader::ref_from_prefix(bytes) else {
                return Err(self.broken("a record goes beyond its block"));
            };
            let len = header.len as usize;
            if !(MIN_RECORD..=MAX_RECORD).contains(&len) || !len.is_multiple_of(ALIGN) || len > bytes.len() {
                return Err(self.broken("the length of a record makes no sense"));
            }
            self.left -= 1;
            let start = self.cursor;
            self.cursor += len;
            if self.in_block.contains(EventId(header.event)) {
                self.current = match &mut self.mapping {
                    None => start..start + len,
                    Some(mapping) => 0..mapping.translate(&bytes[..len]),
                };
                return Ok(true);
            }
            self.skipped += 1;
            self.outside += u64::from(self.wanted.contains(EventId(header.event)));
        }
        Ok(false)
    }

    /// Behind the index there is the trailer, and nothing else.
    fn end(&mut self) -> Result<Step, RecordingError> {
        let mut trailer = [0; TRAILER];
        if self.len - self.at != TRAILER as u64 {
            return Err(self.damaged("the end is not where the index says"));
        }
        self.input.read_exact(&mut trailer)?;
        if layout::read_trailer(&trailer) != Some(self.block_at) {
            return Err(self.damaged("the end does not agree with its checksum"));
        }
        self.at = self.len;
        self.closed = true;
        Ok(Step::End)
    }

    fn damaged(&self, what: &'static str) -> RecordingError {
        RecordingError::Damaged { offset: self.at, what }
    }

    fn broken(&self, what: &'static str) -> RecordingError {
        RecordingError::Damaged { offset: self.block_at, what }
    }

    /// Reads the head of the next block; `None` at the end of the file.
    fn head(&mut self) -> Result<Option<BlockHead>, RecordingError> {
        let left = self.len.saturating_sub(self.at);
        if left == 0 {
            return Ok(None);
        }
        if left < BLOCK_HEAD as u64 {
            return Err(self.damaged("it ends within the head of a block"));
        }
        let mut bytes = [0; BLOCK_HEAD];
        self.input.read_exact(&mut bytes)?;
        let head = BlockHead::read(&bytes).map_err(|what| self.damaged(what))?;
        if (head.stored_len as u64) > left - BLOCK_HEAD as u64 {
            return Err(self.damaged("it ends within a block"));
        }
        self.block_at = self.at;
        self.at += BLOCK_HEAD as u64;
        Ok(Some(head))
    }

    /// Passes over what follows a head.
    fn skip(&mut self, head: &BlockHead) -> Result<(), RecordingError> {
        // At most MAX_BLOCK.
        self.input.seek_relative(head.stored_len as i64)?;
        self.at += head.stored_len as u64;
        Ok(())
    }

    /// Reads what follows a head into `plain`.
    fn load(&mut self, head: &BlockHead) -> Result<(), RecordingError> {
        debug_assert!(head.plain_len <= MAX_BLOCK && head.stored_len <= MAX_BLOCK);
        self.plain.resize(head.plain_len.div_ceil(size_of::<u64>()), 0);
        let plain = &mut self.plain.as_mut_bytes()[..head.plain_len];
        let read = match head.codec {
            Codec::Plain if head.plain_len != head.stored_len => None,
            Codec::Plain => {
                self.input.read_exact(plain)?;
                (crc32fast::hash(plain) == head.crc).then_some(head.plain_len)
            }
            Codec::Zstd => {
                self.stored.resize(head.stored_len, 0);
                self.input.read_exact(&mut self.stored)?;
                let whole = crc32fast::hash(&self.stored) == head.crc;
                let unpacked = whole.then(|| self.decompressor.decompress_to_buffer(&self.stored, plain));
                unpacked.and_then(Result::ok)
            }
        };
        self.at += head.stored_len as u64;
        self.plain_len = head.plain_len;
        if read != Some(head.plain_len) {
            return Err(self.broken("a block does not agree with its checksum or its length"));
        }
        Ok(())
    }

    fn message<T: for<'de> serde::Deserialize<'de>>(&self) -> Result<T, RecordingError> {
        let bytes = &self.plain.as_bytes()[..self.plain_len];
        let read = postcard::take_from_bytes(bytes).map(|(message, _)| message);
        read.map_err(|_| self.broken("a block does not hold what its head says"))
    }

    fn messages<T: for<'de> serde::Deserialize<'de>>(&self, count: u32) -> Result<Vec<T>, RecordingError> {
        let mut bytes = &self.plain.as_bytes()[..self.plain_len];
        let mut messages = Vec::new();
        for _ in 0..count {
            let (message, rest) = postcard::take_from_bytes(bytes)
                .map_err(|_| self.broken("a block does not hold what its head says"))?;
            messages.push(message);
            bytes = rest;
        }
        Ok(messages)
    }
}
