//! A file that alerts are appended to.

use crate::queue::{LineCursor, Queue};
use crate::sink::Backoff;
use crate::{Alert, Io, Line, Sink, SinkStats};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Bytes of one write: a line is one write, so that others may append to the same file between lines.
const CHUNK: usize = 1 << 20;

/// How long an alert waits for others if they are written together, and how many wait at most.
const TOGETHER: Duration = Duration::from_secs(1);
const MAX_TOGETHER: usize = 512;

#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    keep_alive: bool,
    file: Option<File>,
    queue: Queue,
    cursor: LineCursor,
    backoff: Backoff,
    stats: SinkStats,
    /// Alerts are written together.
    together: bool,
    /// When those that wait for others are written.
    flush: Option<Instant>,
    /// The file ends within a line, which is to be ended before anything else is written.
    cut: bool,
}

impl FileSink {
    /// Opens the file, so that a wrong path is found out at the start.
    pub fn open(path: PathBuf, keep_alive: bool, queue: Queue) -> io::Result<FileSink> {
        let file = Some(append_to(&path)?);
        Ok(FileSink {
            cut: ends_within_a_line(&path),
            path,
            keep_alive,
            file,
            queue,
            cursor: LineCursor::default(),
            backoff: Backoff::new(),
            stats: SinkStats::default(),
            together: false,
            flush: None,
        })
    }

    /// Writes many alerts at once, up to a moment later.
    pub fn together(self, together: bool) -> FileSink {
        FileSink { together, ..self }
    }

    fn drain(&mut self, now: Instant) {
        self.flush = None;
        match self.write() {
            Ok(()) => {
                if self.backoff.until().is_some() {
                    log::warn!(
                        "file_output: {} can be written again; nothing was lost on the way",
                        self.path.display()
                    );
                }
                self.backoff.worked();
                if !self.keep_alive {
                    self.file = None;
                }
            }
            Err(error) => {
                if self.backoff.failed(now) {
                    log::error!(
                        "file_output: {}: {error}; alerts wait ({} of them) and it is tried again",
                        self.path.display(),
                        self.queue.len()
                    );
                }
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.stats.system_calls += 1;
            self.file = Some(append_to(&self.path)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.cut {
            file.write_all(b"\n")?;
            self.cut = false;
        }
        let FileSink { cursor, queue, stats, .. } = self;
        if self.together {
            cursor.drain_together(queue, file, CHUNK, stats)
        } else {
            cursor.drain(queue, file, CHUNK, stats)
        }
    }
}

/// True if the file does not end with a line's end: whoever wrote there last was killed, or found the disk full, within a line.
/// What comes next must not be taken for the rest of it.
fn ends_within_a_line(path: &Path) -> bool {
    // A pipe or a device has no end, and a file that may not be read is taken as it is.
    let Some(meta) = std::fs::metadata(path).ok().filter(|meta| meta.is_file() && meta.len() > 0) else { return false };
    let mut last = [0];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut last, meta.len() - 1));
    read.is_ok() && last != *b"\n"
}

/// Opens a file for appending; a new one is for its owner and group to read.
fn append_to(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

impl Sink for FileSink {
    fn name(&self) -> &'static str {
        "file_output"
    }

    fn offer(&mut self, _alert: &Alert, line: &Rc<Line>, io: Io<'_>) {
        self.queue.push(line);
        if self.together && self.queue.len() < MAX_TOGETHER && self.backoff.until().is_none() {
            self.flush.get_or_insert(io.now + TOGETHER);
        } else if !self.backoff.is_waiting(io.now) {
            self.drain(io.now);
        }
    }

    fn ready(&mut self, _io: Io<'_>) {}

    fn deadline(&self) -> Option<Instant> {
        [self.backoff.until(), self.flush].into_iter().flatten().min()
    }

    fn expired(&mut self, io: Io<'_>) {
        self.drain(io.now);
    }

    fn reopen(&mut self, io: Io<'_>) {
        // A line that was begun in the old file is written whole into the new one.
        self.cursor.restart();
        self.file = None;
        self.cut = ends_within_a_line(&self.path);
        self.drain(io.now);
    }

    fn finish(&mut self, io: Io<'_>) -> bool {
        if !self.queue.is_empty() && !self.backoff.is_waiting(io.now) {
            self.drain(io.now);
        }
        self.queue.is_empty()
    }

    fn stats(&self) -> SinkStats {
        SinkStats { lost: self.queue.lost, queued: self.queue.len() as u64, ..self.stats }
    }
}
