//! A file being written.

use super::layout::{self, BLOCK_HEAD, BlockHead, Codec, FILE_HEAD, FileHead, Kind, MAX_BLOCK};
use super::{IndexEntry, Opening, ToldContainers, containers, snapshot};
use crate::container::Container;
use crate::state::{Process, ProcessKey, State, Users};
use kestrel_core::event::{MAX_RECORD, RecordHeader};
use kestrel_core::schema::{EventId, EventSet};
use std::io::{self, Write};
use zerocopy::{FromBytes, IntoBytes};
use zstd::bulk::Compressor;

/// Bytes of records in a block, about: it goes out once there is no room for another record of the greatest length.
pub const BLOCK_BYTES: usize = 256 * 1024;

const _: () = assert!(BLOCK_BYTES + MAX_RECORD <= MAX_BLOCK);

/// How hard is compressed: the level that costs least.
const LEVEL: i32 = 1;

/// Entries of an index. With more, two become one.
const INDEX_ENTRIES: usize = 16_384;

/// Writes a recording.
pub struct Writer<W: Write> {
    out: W,
    compressor: Compressor<'static>,
    stored: Vec<u8>,
    records: Vec<u8>,
    count: u32,
    first_ns: u64,
    last_ns: u64,
    events: EventSet,
    index: Vec<IndexEntry>,
    /// Containers and processes that are told of before the records that wait.
    ahead: [Ahead; 2],
    told: ToldContainers,
    /// Bytes written so far.
    at: u64,
    total: u64,
}

/// Messages of one kind that wait.
struct Ahead {
    kind: Kind,
    bytes: Vec<u8>,
    count: u32,
}

impl Ahead {
    const fn of(kind: Kind) -> Ahead {
        Ahead { kind, bytes: Vec::new(), count: 0 }
    }
}

/// Where they wait: containers are told of before the processes in them.
const CONTAINERS: usize = 0;
const PROCESSES: usize = 1;

impl<W: Write> Writer<W> {
    /// Begins a file: its head, the opening, and what is known of users and processes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(out: W, opening: &Opening, state: &State) -> io::Result<Writer<W>> {
        let mut writer = Writer {
            out,
            compressor: Compressor::new(LEVEL)?,
            stored: vec![0; zstd::zstd_safe::compress_bound(BLOCK_BYTES + MAX_RECORD)],
            records: Vec::with_capacity(BLOCK_BYTES + MAX_RECORD),
            count: 0,
            first_ns: u64::MAX,
            last_ns: 0,
            events: EventSet::EMPTY,
            index: Vec::new(),
            ahead: [Ahead::of(Kind::Containers), Ahead::of(Kind::Processes)],
            told: ToldContainers::default(),
            at: 0,
            total: 0,
        };
        writer.out.write_all(FileHead::ours().as_bytes())?;
        writer.at = FILE_HEAD as u64;
        writer.message(Kind::Opening, opening)?;
        writer.users(&state.users)?;
        let mut known: Vec<&Container> = state.containers.iter().collect();
        known.sort_unstable_by_key(|container| (container.id(), container.owner()));
        for container in known {
            writer.container(container)?;
        }
        let mut processes: Vec<(ProcessKey, &Process)> =
            state.processes.iter().map(|(key, process)| (*key, process)).collect();
        processes.sort_unstable_by_key(|(key, _)| (key.start_ticks, key.pid));
        for (_, process) in processes {
            // Who ended is in the file as somebody who has no heirs.
            let parent = state.processes.parent_of(process);
            writer.process(&Process { parent, ..process.clone() })?;
        }
        writer.flush_ahead()?;
        Ok(writer)
    }

    /// Bytes of the file so far, without the block that is being filled.
    pub fn bytes(&self) -> u64 {
        self.at
    }

    /// Records so far.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// True if records wait for their block to be full.
    pub fn has_unwritten(&self) -> bool {
        self.count > 0 || self.ahead.iter().any(|ahead| ahead.count > 0)
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Those of `out`, once a block is full. Bytes that are no record are refused as [`io::ErrorKind::InvalidInput`].
    pub fn record(&mut self, bytes: &[u8]) -> io::Result<()> {
        let header = RecordHeader::ref_from_prefix(bytes).map(|(header, _)| header);
        let header = header.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let len = header.len as usize;
        let whole = bytes.get(..len).filter(|_| len >= size_of::<RecordHeader>() && len <= MAX_RECORD);
        self.records.extend_from_slice(whole.ok_or(io::ErrorKind::InvalidInput)?);
        self.count += 1;
        self.first_ns = self.first_ns.min(header.time_ns);
        self.last_ns = self.last_ns.max(header.time_ns);
        self.events.insert(EventId(header.event));
        if self.records.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Tells of a process that was not known when the file was begun: before the records that wait.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn process(&mut self, process: &Process) -> io::Result<()> {
        let entry = postcard::to_stdvec(&snapshot::entry(process)).map_err(io::Error::other)?;
        self.add_ahead(PROCESSES, &entry)
    }

    /// Tells of a container, before the records that wait, unless that was done and no more is known of it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn container(&mut self, container: &Container) -> io::Result<()> {
        if !self.told.lacks(container) {
            return Ok(());
        }
        self.told.insert(container);
        let entry = postcard::to_stdvec(&containers::entry(container)).map_err(io::Error::other)?;
        self.add_ahead(CONTAINERS, &entry)
    }

    fn add_ahead(&mut self, which: usize, entry: &[u8]) -> io::Result<()> {
        let waits = &mut self.ahead[which];
        waits.bytes.extend_from_slice(entry);
        waits.count += 1;
        if waits.bytes.len() >= BLOCK_BYTES { self.flush_ahead() } else { Ok(()) }
    }

    fn flush_ahead(&mut self) -> io::Result<()> {
        for which in [CONTAINERS, PROCESSES] {
            let kind = self.ahead[which].kind;
            let Ahead { mut bytes, count, .. } = std::mem::replace(&mut self.ahead[which], Ahead::of(kind));
            if count > 0 {
                self.block(kind, &bytes, count)?;
                bytes.clear();
                self.ahead[which].bytes = bytes;
            }
        }
        Ok(())
    }

    /// Says anew who the users are. Records that came before are written before.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn users(&mut self, users: &Users) -> io::Result<()> {
        self.flush()?;
        snapshot::user_lists(users).iter().try_for_each(|lists| self.message(Kind::Users, lists))
    }

    /// Writes the records that wait. The file is whole then up to here, whatever happens.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn flush(&mut self) -> io::Result<()> {
        self.flush_ahead()?;
        if self.count == 0 {
            return self.out.flush();
        }
        let entry = IndexEntry {
            offset: self.at,
            first_ns: self.first_ns,
            last_ns: self.last_ns,
            count: u64::from(self.count),
        };
        let records = std::mem::take(&mut self.records);
        let written = self.block(Kind::Records, &records, self.count);
        self.records = records;
        self.records.clear();
        self.total += entry.count;
        (self.count, self.first_ns, self.last_ns, self.events) = (0, u64::MAX, 0, EventSet::EMPTY);
        written?;
        if self.index.len() >= INDEX_ENTRIES {
            self.index = self.index.chunks(2).map(joined).collect();
        }
        self.index.push(entry);
        Ok(())
    }

    /// Ends the file: the records that wait, the index, the trailer. Gives the number of records with what was written to.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.flush()?;
        let mut bytes = Vec::new();
        for entry in &self.index {
            bytes.extend(postcard::to_stdvec(entry).map_err(io::Error::other)?);
        }
        let (at, count) = (self.at, u32::try_from(self.index.len()).unwrap_or(u32::MAX));
        self.block(Kind::Index, &bytes, count)?;
        self.out.write_all(&layout::trailer(at))?;
        self.out.flush()?;
        Ok((self.out, self.total))
    }

    fn message(&mut self, kind: Kind, message: &impl serde::Serialize) -> io::Result<()> {
        let bytes = postcard::to_stdvec(message).map_err(io::Error::other)?;
        self.block(kind, &bytes, 1)
    }

    fn block(&mut self, kind: Kind, plain: &[u8], count: u32) -> io::Result<()> {
        if plain.len() > MAX_BLOCK {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "more than a block of a recording can hold"));
        }
        self.stored.resize(zstd::zstd_safe::compress_bound(plain.len()), 0);
        let packed = self.compressor.compress_to_buffer(plain, &mut self.stored[..])?;
        let (codec, stored) = match self.stored.get(..packed) {
            Some(stored) if packed < plain.len() => (Codec::Zstd, stored),
            _ => (Codec::Plain, plain),
        };
        let (first_ns, last_ns) = if kind == Kind::Records { (self.first_ns, self.last_ns) } else { (0, 0) };
        let head = BlockHead {
            kind,
            codec,
            plain_len: plain.len(),
            stored_len: stored.len(),
            count,
            crc: crc32fast::hash(stored),
            first_ns,
            last_ns,
            events: if kind == Kind::Records { self.events } else { EventSet::EMPTY },
        };
        self.out.write_all(&head.bytes())?;
        self.out.write_all(stored)?;
        self.out.flush()?;
        self.at += (BLOCK_HEAD + stored.len()) as u64;
        Ok(())
    }
}

/// Two entries of an index as one.
fn joined(entries: &[IndexEntry]) -> IndexEntry {
    entries
        .iter()
        .copied()
        .reduce(|a, b| IndexEntry {
            offset: a.offset,
            first_ns: a.first_ns.min(b.first_ns),
            last_ns: a.last_ns.max(b.last_ns),
            count: a.count + b.count,
        })
        .unwrap_or_default()
}
