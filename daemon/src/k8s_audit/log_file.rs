//! An audit log that is followed: lines that are appended, through rotation and truncation.

use super::event::{AuditEvent, MAX_BODY, events_of};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// Bytes that are read before others have their turn.
const TURN: usize = 4 << 20;

/// What the lines of the log brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Events.
    pub events: u64,
    /// Lines that are no events.
    pub bad_lines: u64,
    /// Lines that are longer than a body may be.
    pub long_lines: u64,
}

/// See the module.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: Option<File>,
    /// Device and inode of `file`.
    identity: (u64, u64),
    offset: u64,
    line: Vec<u8>,
    /// The line is too long, and is skipped to its end.
    skipping: bool,
    stats: LogStats,
}

impl LogFile {
    /// Follows the log at `path` from its present end on. If it is not there yet, from its beginning once it is.
    pub fn follow(path: &Path) -> LogFile {
        let mut log = LogFile::replay(path);
        log.open();
        if let Some(file) = &mut log.file {
            log.offset = file.seek(SeekFrom::End(0)).unwrap_or(0);
        }
        log
    }

    /// Reads the log at `path` from its beginning.
    pub fn replay(path: &Path) -> LogFile {
        LogFile {
            path: path.to_owned(),
            file: None,
            identity: (0, 0),
            offset: 0,
            line: Vec::new(),
            skipping: false,
            stats: LogStats::default(),
        }
    }

    /// What the lines brought so far.
    pub fn stats(&self) -> &LogStats {
        &self.stats
    }

    fn open(&mut self) {
        self.file = File::open(&self.path).ok();
        let meta = self.file.as_ref().and_then(|file| file.metadata().ok());
        self.identity = meta.map_or((0, 0), |meta| (meta.dev(), meta.ino()));
        self.offset = 0;
        self.line.clear();
        self.skipping = false;
    }

    /// Reads what is new, and calls `on_event` for each event. True if there may be more.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn poll(&mut self, mut on_event: impl FnMut(AuditEvent)) -> io::Result<bool> {
        if self.file.is_none() {
            self.open();
        }
        if self.read(&mut on_event)? {
            return Ok(true);
        }
        // All of it was read: has another file taken its place, or was it emptied?
        match std::fs::metadata(&self.path) {
            Ok(meta) if (meta.dev(), meta.ino()) != self.identity => {
                self.end_line(&mut on_event);
                self.open();
                self.read(&mut on_event)
            }
            Ok(meta) if meta.len() < self.offset => {
                self.open();
                self.read(&mut on_event)
            }
            _ => Ok(false),
        }
    }

    /// Reads on; true if it did not come to the end.
    fn read(&mut self, on_event: &mut impl FnMut(AuditEvent)) -> io::Result<bool> {
        let mut chunk = [0; CHUNK];
        let mut left = TURN;
        while left > 0 {
            let Some(file) = &mut self.file else { return Ok(false) };
            let count = match file.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.offset += count as u64;
            left = left.saturating_sub(count);
            for piece in chunk[..count].split_inclusive(|&byte| byte == b'\n') {
                let whole = piece.ends_with(b"\n");
                if self.skipping {
                    self.skipping = !whole;
                    continue;
                }
                if self.line.len() + piece.len() > MAX_BODY {
                    self.stats.long_lines += 1;
                    self.line.clear();
                    self.skipping = !whole;
                    continue;
                }
                self.line.extend_from_slice(piece);
                if whole {
                    self.end_line(on_event);
                }
            }
        }
        Ok(true)
    }

    fn end_line(&mut self, on_event: &mut impl FnMut(AuditEvent)) {
        if !self.line.trim_ascii().is_empty() {
            match events_of(&self.line) {
                Ok(events) => {
                    self.stats.events += events.len() as u64;
                    events.into_iter().for_each(&mut *on_event);
                }
                Err(_) => self.stats.bad_lines += 1,
            }
        }
        self.line.clear();
    }
}
