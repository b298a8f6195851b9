//! The memory of a tracee: whatever lies there is its own affair, so only as much is read as there is room for.

use super::request;
use kestrel_core::fill::{Unavailable, UserString};
use std::cell::{Cell, RefCell};

/// Bytes that are read at once. Pages are as large or larger on every machine, and begin at multiples of it.
const PIECE: usize = 4096;

/// Pieces that are kept while a tracee is stopped.
const PIECES: usize = 4;

/// A piece of memory.
#[derive(Debug)]
struct Piece {
    address: u64,
    bytes: Box<[u8; PIECE]>,
    len: usize,
}

/// What was read while a tracee is stopped: its strings and structures mostly lie near each other.
#[derive(Debug, Default)]
pub struct Memory {
    pieces: RefCell<Vec<Piece>>,
    /// Of these pieces, those that mean something.
    known: Cell<usize>,
}

impl Memory {
    /// The tracee went on: what was read may have changed.
    pub fn forget(&self) {
        self.known.set(0);
    }

    /// Calls `with` with what lies at `address`, up to the end of its piece; nothing if it cannot be read.
    fn at<T>(&self, tid: i32, address: u64, with: impl FnOnce(&[u8]) -> T) -> T {
        let base = address & !(PIECE as u64 - 1);
        let from = (address - base) as usize;
        let mut pieces = self.pieces.borrow_mut();
        let known = self.known.get();
        let index = match pieces.iter().take(known).position(|piece| piece.address == base) {
            Some(index) => index,
            None => {
                let index = if known < PIECES { known } else { (base as usize / PIECE) % PIECES };
                if index == pieces.len() {
                    pieces.push(Piece { address: base, bytes: Box::new([0; PIECE]), len: 0 });
                }
                let piece = &mut pieces[index];
                piece.address = base;
                piece.len = request::read_memory(tid, base, &mut piece.bytes[..]);
                self.known.set(known.max(index + 1));
                index
            }
        };
        let piece = &pieces[index];
        with(piece.bytes[..piece.len].get(from..).unwrap_or(&[]))
    }

    /// Copies memory: all of it or nothing.
    pub fn read(&self, tid: i32, address: u64, to: &mut [u8]) -> Result<(), Unavailable> {
        let mut done = 0;
        while done < to.len() {
            let copied = self.at(tid, address.wrapping_add(done as u64), |bytes| {
                let len = bytes.len().min(to.len() - done);
                to[done..done + len].copy_from_slice(&bytes[..len]);
                len
            });
            if copied == 0 {
                return Err(Unavailable);
            }
            done += copied;
        }
        Ok(())
    }

    /// Copies a string that ends with NUL, without it, as far as there is room.
    pub fn read_string(&self, tid: i32, address: u64, to: &mut [u8]) -> Result<UserString, Unavailable> {
        if to.is_empty() {
            return Err(Unavailable);
        }
        let mut len = 0;
        while len < to.len() {
            let (copied, ended) = self.at(tid, address.wrapping_add(len as u64), |bytes| {
                let bytes = &bytes[..bytes.len().min(to.len() - len)];
                let end = bytes.iter().position(|&b| b == 0);
                let copied = end.unwrap_or(bytes.len());
                to[len..len + copied].copy_from_slice(&bytes[..copied]);
                (copied, end.is_some())
            });
            len += copied;
            if ended {
                return Ok(UserString { len, cut: false });
            }
            if copied == 0 {
                return Err(Unavailable);
            }
        }
        let goes_on = self.at(tid, address.wrapping_add(len as u64), |bytes| bytes.first() != Some(&0));
        Ok(UserString { len, cut: goes_on })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process may read its own memory as it may a tracee's.
    fn me() -> i32 {
        std::process::id().cast_signed()
    }

    #[test]
    fn strings_are_read_across_pieces_up_to_their_end_or_that_of_the_room() {
        let mut text = vec![b'x'; 3 * PIECE];
        text.push(0);
        let address = text.as_ptr().addr() as u64;
        let memory = Memory::default();
        let mut room = vec![0; 4 * PIECE];
        assert_eq!(memory.read_string(me(), address, &mut room), Ok(UserString { len: 3 * PIECE, cut: false }));
        assert!(room[..3 * PIECE].iter().all(|&b| b == b'x'));
        assert_eq!(memory.read_string(me(), address, &mut room[..10]), Ok(UserString { len: 10, cut: true }));
        assert_eq!(
            memory.read_string(me(), address, &mut room[..3 * PIECE]),
            Ok(UserString { len: 3 * PIECE, cut: false })
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_read_and_what_changed_is_read_anew() {
        let memory = Memory::default();
        let mut room = [0; 16];
        assert_eq!(memory.read(me(), 8, &mut room), Err(Unavailable));
        assert_eq!(memory.read_string(me(), u64::MAX - 3, &mut room), Err(Unavailable));
        let mut value = Box::new([1_u8; 16]);
        let address = value.as_ptr().addr() as u64;
        memory.read(me(), address, &mut room).unwrap();
        assert_eq!(room, [1; 16]);
        value.fill(2);
        memory.forget();
        memory.read(me(), address, &mut room).unwrap();
        assert_eq!(room, *std::hint::black_box(value));
    }
}
