//! One file after the other: a new one when the last is large or old enough, and the oldest removed.

use super::{Opening, Writer};
use crate::container::Container;
use crate::state::{Process, State, Users};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest that a record waits before it is written, if its block does not get full.
const WAIT: Duration = Duration::from_secs(1);

/// When a new file is begun, and how many are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes of a file.
    pub size: Option<u64>,
    /// How long a file is written.
    pub duration: Option<Duration>,
    /// Files that are kept; the oldest is removed.
    pub keep: Option<usize>,
}

/// The files of one recording: `FILE`, `FILE.1`, `FILE.2` and so on.
pub struct Files {
    path: PathBuf,
    rotation: Rotation,
    opening: Opening,
    writer: Option<Writer<File>>,
    begun: Instant,
    written: Instant,
    kept: VecDeque<PathBuf>,
    records: u64,
    bytes: u64,
}

impl Files {
    /// Begins the first file. It must not be there yet: nothing is overwritten, and no link is followed.
    ///
    /// # Errors
    /// Those of the system.
    pub fn begin(path: &Path, rotation: Rotation, opening: Opening, state: &State) -> io::Result<Files> {
        let now = Instant::now();
        let mut files = Files {
            path: path.to_owned(),
            rotation,
            opening,
            writer: None,
            begun: now,
            written: now,
            kept: VecDeque::new(),
            records: 0,
            bytes: 0,
        };
        files.next(state, now)?;
        Ok(files)
    }

    /// Records so far, in all files.
    pub fn records(&self) -> u64 {
        self.records + self.writer.as_ref().map_or(0, Writer::count)
    }

    /// Bytes so far, in all files.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.writer.as_ref().map_or(0, Writer::bytes)
    }

    /// Files so far.
    pub fn count(&self) -> u64 {
        self.opening.part
    }

    fn next(&mut self, state: &State, now: Instant) -> io::Result<()> {
        self.close()?;
        let mut name = OsString::from(&self.path);
        if self.opening.part > 0 {
            name.push(format!(".{}", self.opening.part));
        }
        let path = PathBuf::from(name);
        // What was recorded is for root alone: it holds what programs were called with.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.writer = Some(Writer::begin(file, &self.opening, state)?);
        self.opening.part += 1;
        (self.begun, self.written) = (now, now);
        self.kept.push_back(path);
        while self.rotation.keep.is_some_and(|keep| self.kept.len() > keep.max(1)) {
            // Whoever has taken it away already is welcome to it.
            if let Some(oldest) = self.kept.pop_front()
                && let Err(error) = std::fs::remove_file(oldest)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
        }
        Ok(())
    }

    fn writer(&mut self) -> io::Result<&mut Writer<File>> {
        self.writer.as_mut().ok_or_else(|| io::Error::other("the recording is closed"))
    }

    /// Begins a new file if this one is large enough; `state` is what is known before the next record.
    ///
    /// # Errors
    /// Those of the system.
    pub fn make_room(&mut self, state: &State) -> io::Result<()> {
        let full = self.rotation.size.is_some_and(|size| self.writer.as_ref().is_some_and(|w| w.bytes() >= size));
        if full { self.next(state, Instant::now()) } else { Ok(()) }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// Those of the system.
    pub fn record(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer()?.record(bytes)
    }

    /// Tells of a process that nothing was said of before.
    ///
    /// # Errors
    /// Those of the system.
    pub fn process(&mut self, process: &Process) -> io::Result<()> {
        self.writer()?.process(process)
    }

    /// Tells of a container, unless that was done and no more is known of it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn container(&mut self, container: &Container) -> io::Result<()> {
        self.writer()?.container(container)
    }

    /// Says anew who the users are.
    ///
    /// # Errors
    /// Those of the system.
    pub fn users(&mut self, users: &Users) -> io::Result<()> {
        self.writer()?.users(users)
    }

    /// When [`Files::expired`] is to be called next, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let waiting = self.writer.as_ref().is_some_and(Writer::has_unwritten).then(|| self.written + WAIT);
        let old = self.rotation.duration.map(|duration| self.begun + duration);
        [waiting, old].into_iter().flatten().min()
    }

    /// Does what is due: writes records that waited, begins a new file in place of one that is old enough.
    ///
    /// # Errors
    /// Those of the system.
    pub fn expired(&mut self, state: &State, now: Instant) -> io::Result<()> {
        if self.rotation.duration.is_some_and(|duration| now >= self.begun + duration) {
            self.next(state, now)?;
        }
        if now >= self.written + WAIT {
            self.writer()?.flush()?;
            self.written = now;
        }
        Ok(())
    }

    /// Ends the file that is being written.
    ///
    /// # Errors
    /// Those of the system.
    pub fn close(&mut self) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let (file, records) = writer.finish()?;
        self.records += records;
        self.bytes += file.metadata()?.len();
        Ok(())
    }
}
