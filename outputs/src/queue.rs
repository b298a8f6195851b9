//! A sink's queue, and writing it to a stream of bytes.

use crate::{Line, SinkStats};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::rc::Rc;

/// Alerts that wait, bounded by number and bytes. A full queue refuses the newest: the oldest alerts tell how it began.
#[derive(Debug)]
pub struct Queue {
    lines: VecDeque<Rc<Line>>,
    bytes: usize,
    max_lines: usize,
    max_bytes: usize,
    /// Alerts refused since the start.
    pub lost: u64,
}

impl Queue {
    pub fn new(max_lines: usize, max_bytes: usize) -> Queue {
        Queue { lines: VecDeque::new(), bytes: 0, max_lines, max_bytes, lost: 0 }
    }

    pub fn push(&mut self, line: &Rc<Line>) {
        if self.lines.len() >= self.max_lines || self.bytes + line.text.len() > self.max_bytes {
            self.lost += 1;
            return;
        }
        self.bytes += line.text.len();
        self.lines.push_back(Rc::clone(line));
    }

    pub fn front(&self) -> Option<&Rc<Line>> {
        self.lines.front()
    }

    pub fn pop(&mut self) -> Option<Rc<Line>> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.text.len();
        Some(line)
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// How far a line at the front of a queue was written.
#[derive(Debug, Default)]
pub struct LineCursor {
    written: usize,
}

impl LineCursor {
    /// Writes lines, each ended by a newline, until the queue is empty or the stream says no, and counts what it does in
    /// `stats`. At most `chunk` bytes go into one write.
    ///
    /// # Errors
    /// What the stream said, `WouldBlock` among it; what was written until then stays written, the rest stays queued.
    pub fn drain(
        &mut self,
        queue: &mut Queue,
        to: &mut impl Write,
        chunk: usize,
        stats: &mut SinkStats,
    ) -> io::Result<()> {
        while let Some(line) = queue.front() {
            // The newline goes with the last piece, so that a line is one write wherever it fits one.
            let piece: Vec<u8> =
                line.text.bytes().chain(std::iter::once(b'\n')).skip(self.written).take(chunk).collect();
            stats.system_calls += 1;
            match to.write(&piece) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if self.written > line.text.len() {
                self.written = 0;
                queue.pop();
                stats.delivered += 1;
            }
        }
        Ok(())
    }

    /// The line at the front must be written from its beginning: the stream is another one.
    pub fn restart(&mut self) {
        self.written = 0;
    }
}

/// True for "not now".
pub fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
