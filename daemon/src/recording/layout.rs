//! The parts of fixed size: little endian, without padding, read from untrusted bytes.

use super::RecordingError;
use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR, INTEREST_WORDS};
use kestrel_core::schema::{self, EventSet};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The first bytes of a recording. The first is none of any text, and the last ones do not survive a transfer as text.
pub const MAGIC: [u8; 12] = *b"\x89KESTREL\r\n\x1a\n";

/// Version of the format.
pub const VERSION: u16 = 1;

/// Size of the file head in bytes.
pub const FILE_HEAD: usize = 32;

/// Size of a block head in bytes.
pub const BLOCK_HEAD: usize = 192;

/// Size of the trailer in bytes.
pub const TRAILER: usize = 16;

/// Greatest length of a block in bytes, as it is stored and as it is read.
pub const MAX_BLOCK: usize = 1 << 20;

/// Stands for the writer's byte order: 0x0102, as the machine writes it.
const BYTE_ORDER: [u8; 2] = 0x0102_u16.to_ne_bytes();

const BLOCK_MAGIC: [u8; 4] = *b"KBLK";
const TRAILER_MAGIC: [u8; 4] = *b"KEND";

/// Begins a file. 32 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FileHead {
    magic: [u8; 12],
    version: U16,
    byte_order: [u8; 2],
    abi_major: U16,
    abi_minor: U16,
    /// [`schema::FINGERPRINT`] of the writer.
    fingerprint: U64,
    /// CRC-32 of the bytes before.
    crc: U32,
}

const _: () = assert!(size_of::<FileHead>() == FILE_HEAD);

impl FileHead {
    /// That of this build.
    pub fn ours() -> FileHead {
        let mut head = FileHead {
            magic: MAGIC,
            version: VERSION.into(),
            byte_order: BYTE_ORDER,
            abi_major: ABI_MAJOR.into(),
            abi_minor: ABI_MINOR.into(),
            fingerprint: schema::FINGERPRINT.into(),
            crc: U32::ZERO,
        };
        head.crc = head.checksum().into();
        head
    }

    fn checksum(&self) -> u32 {
        crc32fast::hash(&self.as_bytes()[..FILE_HEAD - size_of::<U32>()])
    }

    /// Reads a head, and gives the writer's fingerprint.
    ///
    /// # Errors
    /// [`RecordingError`] if what follows cannot be read by this build.
    pub fn read(bytes: &[u8]) -> Result<u64, RecordingError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(RecordingError::NotARecording);
        }
        let Ok((head, _)) = FileHead::ref_from_prefix(bytes) else { return Err(RecordingError::Head) };
        if head.crc.get() != head.checksum() {
            return Err(RecordingError::Head);
        }
        if head.version.get() != VERSION {
            return Err(RecordingError::Version(head.version.get()));
        }
        if head.byte_order != BYTE_ORDER {
            return Err(RecordingError::ByteOrder);
        }
        if head.abi_major.get() != ABI_MAJOR {
            return Err(RecordingError::Layout(head.abi_major.get()));
        }
        Ok(head.fingerprint.get())
    }
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An [`super::Opening`].
    Opening = 1,
    /// [`super::UserLists`], whole.
    Users = 2,
    /// [`super::ProcessEntry`] after [`super::ProcessEntry`].
    Processes = 3,
    /// Records.
    Records = 4,
    /// [`super::IndexEntry`] after [`super::IndexEntry`]. Only the trailer comes after it.
    Index = 5,
    /// [`super::ContainerEntry`] after [`super::ContainerEntry`].
    Containers = 6,
}

/// How a block is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// As it is.
    Plain = 0,
    /// One zstd frame.
    Zstd = 1,
}

/// Begins a block. 192 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawBlockHead {
    magic: [u8; 4],
    kind: u8,
    codec: u8,
    reserved: [u8; 2],
    plain_len: U32,
    stored_len: U32,
    count: U32,
    crc: U32,
    first_ns: U64,
    last_ns: U64,
    reserved_too: [u8; 20],
    /// CRC-32 of the head without this word.
    head_crc: U32,
    events: [U64; INTEREST_WORDS],
}

const _: () = assert!(size_of::<RawBlockHead>() == BLOCK_HEAD);

impl RawBlockHead {
    fn checksum(&self) -> u32 {
        crc32fast::hash(RawBlockHead { head_crc: U32::ZERO, ..*self }.as_bytes())
    }
}

/// What the head of a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// What the block holds.
    pub kind: Kind,
    /// How it is stored.
    pub codec: Codec,
    /// Its length in bytes once it is read; at most [`MAX_BLOCK`].
    pub plain_len: usize,
    /// Its length in bytes as it is stored; at most [`MAX_BLOCK`].
    pub stored_len: usize,
    /// Records or entries in it.
    pub count: u32,
    /// CRC-32 of the bytes that are stored.
    pub crc: u32,
    /// Earliest time of a record in it, ns since the epoch.
    pub first_ns: u64,
    /// Latest time of a record in it, ns since the epoch.
    pub last_ns: u64,
    /// The events of the records in it, by the writer's ids.
    pub events: EventSet,
}

impl BlockHead {
    /// Its bytes.
    pub fn bytes(&self) -> [u8; BLOCK_HEAD] {
        // Nothing longer than MAX_BLOCK is written.
        let len = |n: usize| U32::new(u32::try_from(n).unwrap_or(u32::MAX));
        let mut head = RawBlockHead {
            magic: BLOCK_MAGIC,
            kind: self.kind as u8,
            codec: self.codec as u8,
            reserved: [0; 2],
            plain_len: len(self.plain_len),
            stored_len: len(self.stored_len),
            count: self.count.into(),
            crc: self.crc.into(),
            first_ns: self.first_ns.into(),
            last_ns: self.last_ns.into(),
            reserved_too: [0; 20],
            head_crc: U32::ZERO,
            events: self.events.words().map(U64::new),
        };
        head.head_crc = head.checksum().into();
        let mut bytes = [0; BLOCK_HEAD];
        bytes.copy_from_slice(head.as_bytes());
        bytes
    }

    /// Reads a head.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(bytes: &[u8; BLOCK_HEAD]) -> Result<BlockHead, &'static str> {
        let head = RawBlockHead::ref_from_bytes(bytes).map_err(|_| "no block begins here")?;
        if head.magic != BLOCK_MAGIC {
            return Err("no block begins here");
        }
        if head.head_crc.get() != head.checksum() {
            return Err("the head of a block does not agree with its checksum");
        }
        let kind = [Kind::Opening, Kind::Users, Kind::Processes, Kind::Records, Kind::Index, Kind::Containers];
        let kind =
            kind.into_iter().find(|kind| *kind as u8 == head.kind).ok_or("a block of a kind that is not known")?;
        let codec = [Codec::Plain, Codec::Zstd].into_iter().find(|codec| *codec as u8 == head.codec);
        let codec = codec.ok_or("a block is stored in a way that is not known")?;
        let (plain_len, stored_len) = (head.plain_len.get() as usize, head.stored_len.get() as usize);
        if plain_len > MAX_BLOCK || stored_len > MAX_BLOCK {
            return Err("a block is longer than any may be");
        }
        Ok(BlockHead {
            kind,
            codec,
            plain_len,
            stored_len,
            count: head.count.get(),
            crc: head.crc.get(),
            first_ns: head.first_ns.get(),
            last_ns: head.last_ns.get(),
            events: EventSet::from_words(head.events.map(U64::get)),
        })
    }
}

/// Ends a file that was closed: where its index is. 16 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawTrailer {
    magic: [u8; 4],
    index: U64,
    crc: U32,
}

const _: () = assert!(size_of::<RawTrailer>() == TRAILER);

/// The trailer of a file whose index block begins at `index`.
pub fn trailer(index: u64) -> [u8; TRAILER] {
    let mut trailer = RawTrailer { magic: TRAILER_MAGIC, index: index.into(), crc: U32::ZERO };
    trailer.crc = crc32fast::hash(&trailer.as_bytes()[..TRAILER - size_of::<U32>()]).into();
    let mut bytes = [0; TRAILER];
    bytes.copy_from_slice(trailer.as_bytes());
    bytes
}

/// Where the index block begins, by a trailer; `None` if the bytes are none.
pub fn read_trailer(bytes: &[u8; TRAILER]) -> Option<u64> {
    let trailer_read = RawTrailer::ref_from_bytes(bytes).ok()?;
    let index = trailer_read.index.get();
    (*bytes == trailer(index)).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::schema::id;
    use proptest::prelude::*;

    fn head() -> BlockHead {
        BlockHead {
            kind: Kind::Records,
            codec: Codec::Zstd,
            plain_len: 4096,
            stored_len: 77,
            count: 9,
            crc: 0xdead_beef,
            first_ns: 5,
            last_ns: 7,
            events: [id::OPENAT, id::KILL].into_iter().collect(),
        }
    }

    #[test]
    fn heads_are_read_back_as_they_were_written() {
        assert_eq!(BlockHead::read(&head().bytes()), Ok(head()));
        assert_eq!(FileHead::read(FileHead::ours().as_bytes()).unwrap(), schema::FINGERPRINT);
        assert_eq!(read_trailer(&trailer(1234)), Some(1234));
    }

    #[test]
    fn what_another_version_wrote_is_refused_with_the_reason() {
        let changed = |change: fn(&mut FileHead)| {
            let mut head = FileHead::ours();
            change(&mut head);
            head.crc = head.checksum().into();
            FileHead::read(head.as_bytes()).unwrap_err().to_string()
        };
        insta::assert_snapshot!(changed(|head| head.version = 2.into()), @"is a recording of format 2, and this kestrel reads format 1: use the one that wrote it");
        insta::assert_snapshot!(changed(|head| head.byte_order.reverse()), @"was recorded on a machine with the other byte order, and cannot be read on this one");
        insta::assert_snapshot!(changed(|head| head.abi_major = 9.into()), @"holds records of layout 9, and this kestrel reads layout 1: use the one that wrote it");
        insta::assert_snapshot!(FileHead::read(b"#!/bin/sh").unwrap_err(), @"is not a recording");
    }

    proptest! {
        #[test]
        fn one_changed_bit_anywhere_in_a_head_is_noticed(bit in 0..BLOCK_HEAD * 8) {
            let mut bytes = head().bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(BlockHead::read(&bytes).is_err());
            let mut bytes = trailer(99);
            bytes[bit / 8 % TRAILER] ^= 1 << (bit % 8);
            prop_assert_eq!(read_trailer(&bytes), None);
            let mut bytes = [0; FILE_HEAD];
            bytes.copy_from_slice(FileHead::ours().as_bytes());
            bytes[bit / 8 % FILE_HEAD] ^= 1 << (bit % 8);
            prop_assert!(FileHead::read(&bytes).is_err());
        }
    }
}
