//! Segments and the position.

use super::record;
use crate::Line;
use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Into how many segments the bound is divided: so much of it is lost to what was delivered already.
const SEGMENTS: u64 = 8;

/// Bytes that are read at once.
const READ: usize = 64 << 10;

/// The end of a record: everything up to it was delivered once the record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    segment: u64,
    offset: u64,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    /// Bytes of whole records.
    length: u64,
}

/// The alerts of one sink on disk.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    name: String,
    max_bytes: u64,
    segments: VecDeque<Segment>,
    /// The last segment, open for appending.
    tail: Option<File>,
    /// From where to read next.
    next: Place,
    /// Number of the next segment.
    fresh: u64,
    bytes: u64,
    _lock: File,
}

impl Spool {
    /// Opens the spool of a sink, and finds what an earlier process left. Gives the number of alerts that it left.
    ///
    /// # Errors
    /// The folder cannot be used, or another process uses it.
    pub fn open(dir: &Path, name: &str, max_bytes: u64) -> io::Result<(Spool, u64)> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let lock =
            open(OpenOptions::new().create(true).truncate(false).write(true), &dir.join(format!("{name}.lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(ErrorKind::ResourceBusy, "another process uses it"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let file = entry?.file_name();
            let number = file.to_str().and_then(|file| {
                let number = file.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".spool")?;
                number.parse().ok().filter(|n| segment_name(name, *n) == file)
            });
            numbers.extend(number);
        }
        numbers.sort_unstable();
        let mut spool = Spool {
            dir: dir.to_owned(),
            name: name.to_owned(),
            max_bytes,
            segments: VecDeque::new(),
            tail: None,
            next: Place { segment: 0, offset: 0 },
            fresh: 0,
            bytes: 0,
            _lock: lock,
        };
        let count = spool.recover(&numbers)?;
        Ok((spool, count))
    }

    /// Reads what is there, from where it was delivered on.
    fn recover(&mut self, numbers: &[u64]) -> io::Result<u64> {
        let delivered = self.position();
        // Never a number that was used before: what the position says about it would be taken for this one's.
        let last = numbers.last().copied().max(delivered.map(|place| place.segment));
        self.fresh = last.map_or(0, |last| last.saturating_add(1));
        let mut count = 0;
        for &number in numbers {
            if delivered.is_some_and(|place| number < place.segment) {
                std::fs::remove_file(self.path(number))?;
                continue;
            }
            let bytes = std::fs::read(self.path(number))?;
            let (mut at, mut begin, mut all, mut undelivered) = (0, 0, 0, 0);
            while let Some((_, length)) = record::decode(&bytes[at..]) {
                if delivered == Some(Place { segment: number, offset: at as u64 }) {
                    (begin, undelivered) = (at as u64, 0);
                }
                at += length;
                (all, undelivered) = (all + 1, undelivered + 1);
            }
            if delivered == Some(Place { segment: number, offset: at as u64 }) {
                (begin, undelivered) = (at as u64, 0);
            }
            if at < bytes.len() {
                log::warn!(
                    "{}: the last {} bytes are no whole alert, and are ignored",
                    self.path(number).display(),
                    bytes.len() - at
                );
            }
            if undelivered == 0 {
                std::fs::remove_file(self.path(number))?;
                continue;
            }
            if self.segments.is_empty() {
                self.next = Place { segment: number, offset: begin };
            }
            self.segments.push_back(Segment { number, length: at as u64 });
            self.bytes += at as u64;
            count += undelivered;
        }
        Ok(count)
    }

    /// Appends an alert. Gives its end, or nothing if there is no room.
    ///
    /// # Errors
    /// What the system said; then nothing was appended.
    pub fn append(&mut self, line: &Line) -> io::Result<Option<Place>> {
        let Some(bytes) = record::encode(line) else { return Ok(None) };
        if self.bytes + bytes.len() as u64 > self.max_bytes {
            return Ok(None);
        }
        if self.segments.back().is_none_or(|last| last.length >= self.max_bytes / SEGMENTS) {
            self.tail = None;
        }
        if self.tail.is_none() {
            let number = self.fresh;
            let file = open(OpenOptions::new().create_new(true).append(true), &self.path(number))?;
            self.fresh += 1;
            self.tail = Some(file);
            if self.segments.is_empty() {
                self.next = Place { segment: number, offset: 0 };
            }
            self.segments.push_back(Segment { number, length: 0 });
        }
        let (Some(file), Some(segment)) = (&mut self.tail, self.segments.back_mut()) else { return Ok(None) };
        if let Err(error) = file.write_all(&bytes) {
            // Half a record ends its segment: the next one begins another, if it cannot be taken back.
            if file.set_len(segment.length).is_err() {
                self.tail = None;
            }
            return Err(error);
        }
        segment.length += bytes.len() as u64;
        self.bytes += bytes.len() as u64;
        Ok(Some(Place { segment: segment.number, offset: segment.length }))
    }

    /// Reads on, some alerts with the end of each. None is the end.
    ///
    /// # Errors
    /// What the system said. What could not be read is left out from then on.
    pub fn read(&mut self) -> io::Result<Vec<(Line, Place)>> {
        let mut found = Vec::new();
        while let Some(index) = self.segments.iter().position(|segment| segment.number >= self.next.segment) {
            let (number, length) = (self.segments[index].number, self.segments[index].length);
            if number != self.next.segment {
                self.next = Place { segment: number, offset: 0 };
            }
            if self.next.offset >= length {
                self.next = Place { segment: number + 1, offset: 0 };
                continue;
            }
            let left = length - self.next.offset;
            let begin = self.next;
            self.next = Place { segment: number + 1, offset: 0 };
            let file = File::open(self.path(number))?;
            let mut bytes = vec![0; left.min(READ as u64) as usize];
            file.read_exact_at(&mut bytes, begin.offset)?;
            if record::decode(&bytes).is_none() && left > READ as u64 {
                // One that is longer than what is usually read.
                bytes = vec![0; left.min(record::MAX_BYTES as u64) as usize];
                file.read_exact_at(&mut bytes, begin.offset)?;
            }
            let mut at = 0;
            while let Some((line, size)) = record::decode(&bytes[at..]) {
                at += size;
                found.push((line, Place { segment: number, offset: begin.offset + at as u64 }));
            }
            if at == 0 {
                return Err(io::Error::new(ErrorKind::InvalidData, "the rest of a segment cannot be read any more"));
            }
            self.next = Place { segment: number, offset: begin.offset + at as u64 };
            break;
        }
        Ok(found)
    }

    /// What is read next is what stands behind this place.
    pub fn go_on_from(&mut self, place: Place) {
        self.next = place;
    }

    /// Everything up to here was delivered: segments that are not needed any more are removed, and the place is written down.
    ///
    /// # Errors
    /// What the system said: after a restart more is delivered a second time then.
    pub fn delivered(&mut self, place: Place) -> io::Result<()> {
        while self.segments.front().is_some_and(|first| first.number < place.segment) {
            let Some(first) = self.segments.pop_front() else { break };
            self.bytes -= first.length;
            std::fs::remove_file(self.path(first.number))?;
        }
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&place.segment.to_le_bytes());
        bytes[8..16].copy_from_slice(&place.offset.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&sum.to_le_bytes());
        let path = self.dir.join(format!("{}.position", self.name));
        open(OpenOptions::new().create(true).truncate(false).write(true), &path)?.write_all_at(&bytes, 0)
    }

    /// Everything was delivered: nothing is left on disk but the lock.
    ///
    /// # Errors
    /// What the system said.
    pub fn clear(&mut self) -> io::Result<()> {
        self.tail = None;
        self.bytes = 0;
        let gone = std::mem::take(&mut self.segments);
        let removed = gone.iter().map(|segment| std::fs::remove_file(self.path(segment.number)));
        // All of them, whatever becomes of one.
        let results: Vec<io::Result<()>> = removed.collect();
        results.into_iter().collect()
    }

    fn position(&self) -> Option<Place> {
        let bytes = std::fs::read(self.dir.join(format!("{}.position", self.name))).ok()?;
        let bytes: [u8; 20] = bytes.try_into().ok()?;
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let sum = u32::from_le_bytes(std::array::from_fn(|i| bytes[16 + i]));
        (crc32fast::hash(&bytes[..16]) == sum).then(|| Place { segment: number(0), offset: number(8) })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(segment_name(&self.name, number))
    }
}

fn segment_name(name: &str, number: u64) -> String {
    format!("{name}.{number:020}.spool")
}

/// Opens a file that only its owner may read.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.mode(0o600).open(path)
}
