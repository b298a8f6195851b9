//! What waits for one reader. Pure but for the stream: one that is slow loses its own alerts, and is told how many.

use super::frame::Frame;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

/// Bytes that wait for one reader, at most. One frame may always wait.
pub const MAX_BYTES: usize = 256 << 10;

/// Frames that wait for one reader.
#[derive(Debug, Default)]
pub struct Pending {
    frames: VecDeque<Rc<[u8]>>,
    bytes: usize,
    written: usize,
    /// Alerts that were left out since the reader was last told.
    untold: u64,
}

impl Pending {
    /// Takes an alert's frame. False if there is no room for it: then it is lost to this reader.
    pub fn push(&mut self, frame: &Rc<[u8]>) -> bool {
        if !self.frames.is_empty() && self.bytes + frame.len() > MAX_BYTES {
            self.untold += 1;
            return false;
        }
        self.tell();
        self.add(Rc::clone(frame));
        true
    }

    /// Writes what can be written now, and what the reader must be told when it has room.
    ///
    /// # Errors
    /// What the stream said, but for `WouldBlock`.
    pub fn write(&mut self, to: &mut impl Write) -> io::Result<()> {
        loop {
            let Some(frame) = self.frames.front() else {
                if self.untold == 0 {
                    return Ok(());
                }
                self.tell();
                continue;
            };
            match to.write(&frame[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.written == frame.len() {
                self.written = 0;
                self.bytes -= frame.len();
                self.frames.pop_front();
            }
        }
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.untold == 0
    }

    fn tell(&mut self) {
        if self.untold > 0
            && let Some(frame) = Frame::Lost(std::mem::take(&mut self.untold)).encode()
        {
            self.add(frame.into());
        }
    }

    fn add(&mut self, frame: Rc<[u8]>) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }
}
