//! The ring of captures (`BPF_MAP_TYPE_RINGBUF`, `kernel/bpf/ringbuf.c`), as memory.
//!
//! ```text
//!   page 0: position of the reader, which we write │ page 1: position of the writer │ the bytes │ the bytes once more
//! ```
//!
//! Positions only grow. Each capture has a head of 8 bytes: its length, and a bit each for "not written yet" and "given up". What
//! was handed out is given back later, so that a reader that is killed leaves it to the next one.

use super::mapped::Mapped;
use aya::maps::MapData;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::Ordering;

const HEAD: u64 = 8;
const BUSY: u32 = 1 << 31;
const GIVEN_UP: u32 = 1 << 30;
const WORD: u64 = size_of::<u64>() as u64;

/// The ring.
#[derive(Debug)]
pub struct Ring {
    map: MapData,
    reader: Mapped,
    writer: Mapped,
    /// Words of a page.
    page: usize,
    mask: u64,
    /// Up to where everything was handed out and is done with.
    position: u64,
    /// Bytes of what was handed out last.
    held: u64,
    copy: Vec<u64>,
}

/// Words of a page.
fn page_words() -> io::Result<usize> {
    let bytes = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)?.unwrap_or(4096);
    Ok(usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)? / size_of::<u64>())
}

impl Ring {
    /// Maps a ring of so many bytes.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(map: MapData, bytes: u32) -> io::Result<Ring> {
        let page = page_words()?;
        let words = |n: usize| NonZeroUsize::new(n).ok_or(io::ErrorKind::InvalidInput);
        let reader = Mapped::new(map.fd().as_fd(), words(page)?)?;
        let writer = Mapped::read_only(map.fd().as_fd(), page, words(page + 2 * bytes as usize / size_of::<u64>())?)?;
        let position = reader.words().first().map_or(0, |word| word.load(Ordering::Relaxed));
        Ok(Ring { map, reader, writer, page, mask: u64::from(bytes) - 1, position, held: 0, copy: Vec::new() })
    }

    /// Bytes that nobody has read in the ring of somebody else.
    ///
    /// # Errors
    /// What the system said.
    pub fn unread_of(map: &MapData) -> io::Result<u64> {
        let page = page_words()?;
        let words = NonZeroUsize::new(2 * page).ok_or(io::ErrorKind::InvalidInput)?;
        let both = Mapped::read_only(map.fd().as_fd(), 0, words)?;
        let word = |at: usize| both.words().get(at).map_or(0, |word| word.load(Ordering::SeqCst));
        Ok(word(page).wrapping_sub(word(0)))
    }

    /// The next capture; `None` if there is none now. The one before is done with.
    pub fn next(&mut self) -> Option<&[u64]> {
        self.position += std::mem::take(&mut self.held);
        loop {
            if self.unread() == 0 {
                return None;
            }
            let at = self.page + usize::try_from((self.position & self.mask) / WORD).ok()?;
            let head = self.writer.words().get(at)?.load(Ordering::Acquire) as u32;
            if head & BUSY != 0 {
                return None;
            }
            let len = u64::from(head & !(BUSY | GIVEN_UP));
            let room = (HEAD + len).next_multiple_of(WORD);
            if head & GIVEN_UP != 0 {
                self.position += room;
                continue;
            }
            self.held = room;
            let words = self.writer.words().get(at + 1..at + usize::try_from(room / WORD).ok()?)?;
            self.copy.clear();
            self.copy.extend(words.iter().map(|word| word.load(Ordering::Relaxed)));
            return Some(&self.copy);
        }
    }

    /// Gives the room of everything that is done with back.
    pub fn release(&mut self) {
        if let Some(word) = self.reader.words().first() {
            word.store(self.position, Ordering::SeqCst);
        }
    }

    /// Bytes that nobody has read.
    pub fn unread(&self) -> u64 {
        let end = self.writer.words().first().map_or(0, |word| word.load(Ordering::SeqCst));
        end.wrapping_sub(self.position)
    }
}

impl AsRawFd for Ring {
    fn as_raw_fd(&self) -> RawFd {
        self.map.fd().as_fd().as_raw_fd()
    }
}
