//! Absolute paths from a base directory and a raw string.
//!
//! The result is what the caller's string means before symbolic links are followed. The kernel's own path of the file
//! that was opened is better, and is used wherever there is such a file.

use crate::event::{Overflow, ParamWriter, PathFlags, PathHead};
use zerocopy::IntoBytes;

/// Greatest length of a path in bytes, NUL included (`linux/limits.h`).
pub const PATH_MAX: usize = 4096;

/// Takes `.`, `..` and doubled slashes out of the absolute path at the front of `path`, in place; gives its new length.
///
/// `..` at the root stays at the root. A path that does not begin with `/` is left as it is.
pub fn normalize(path: &mut [u8]) -> usize {
    if path.first() != Some(&b'/') || is_normal(path) {
        return path.len();
    }
    let (mut read, mut write) = (0, 0);
    while read < path.len() {
        // Every turn begins at a slash or at the start of a name, and moves `read` on by at least one byte.
        while path.get(read) == Some(&b'/') {
            read += 1;
        }
        let start = read;
        while path.get(read).is_some_and(|&b| b != b'/') {
            read += 1;
        }
        match path.get(start..read) {
            None | Some([] | [b'.']) => {}
            Some([b'.', b'.']) => {
                while write > 0 {
                    write -= 1;
                    if path.get(write) == Some(&b'/') {
                        break;
                    }
                }
            }
            Some(_) => {
                put(path, write, b'/');
                write += 1;
                for from in start..read {
                    let byte = path.get(from).copied().unwrap_or(0);
                    put(path, write, byte);
                    write += 1;
                }
            }
        }
    }
    if write == 0 {
        // `path` begins with a slash, so there is room for one.
        put(path, 0, b'/');
        write = 1;
    }
    write
}

/// Is there nothing to take out of an absolute path? Most are so; one with a name that begins with a dot counts as not.
pub(super) fn is_normal(path: &[u8]) -> bool {
    let ends_well = path.last() != Some(&b'/') || path.len() == 1;
    let (Some(last), true) = (path.last_chunk(), path.len() > WORD) else {
        return ends_well && path.windows(2).all(|pair| !matches!(pair, [b'/', b'/' | b'.']));
    };
    // Words overlap by a byte, so that each pair of bytes lies in one of them.
    let mut rest = path;
    while let Some(word) = rest.first_chunk() {
        if has_step(word) {
            return false;
        }
        rest = rest.get(WORD - 1..).unwrap_or(&[]);
    }
    ends_well && !has_step(last)
}

const WORD: usize = size_of::<u64>();

/// Does a slash or a dot follow a slash among these bytes?
#[inline]
fn has_step(word: &[u8; WORD]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The highest bit of each byte that is zero, and of none else but a 1 right above such.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    // A dot differs from a slash by the lowest bit: it is a 1 where a slash is zero, and one right behind a slash is what is
    // looked for.
    const _: () = assert!(b'.' | 1 == b'/');
    let word = u64::from_le_bytes(*word);
    let slashes = zeros(word ^ ONES * b'/' as u64);
    let either = zeros((word | ONES) ^ ONES * b'/' as u64);
    slashes << 8 & either != 0
}

fn put(path: &mut [u8], at: usize, byte: u8) {
    if let Some(to) = path.get_mut(at) {
        *to = byte;
    }
}

/// Joins the base directory that lies in the first `base` bytes of `room` and `raw`, normalizes the result and gives
/// its length; 0 if it does not fit or there is no base for a relative `raw`.
pub fn join(room: &mut [u8], base: usize, raw: &[u8]) -> usize {
    let start = if raw.first() == Some(&b'/') {
        0
    } else if base == 0 {
        return 0;
    } else if raw.is_empty() {
        base
    } else {
        match room.get_mut(base) {
            Some(slash) => *slash = b'/',
            None => return 0,
        }
        base.saturating_add(1)
    };
    let end = start.saturating_add(raw.len());
    let Some(to) = room.get_mut(start..end) else { return 0 };
    for (to, from) in to.iter_mut().zip(raw) {
        *to = *from;
    }
    match room.get_mut(..end) {
        Some(path) => normalize(path),
        None => 0,
    }
}

/// The first `limit` bytes of a buffer, or all of it. Every path is bounded by it, so that all that an event can need fits
/// a record whatever the caller passes.
pub(super) fn limited(buf: &mut [u8], limit: usize) -> &mut [u8] {
    let len = if buf.len() > limit { limit } else { buf.len() };
    buf.get_mut(..len).unwrap_or(&mut [])
}

/// Writes the head of a path parameter over the room that was left for it.
pub(super) fn write_head(
    param: &mut ParamWriter<'_, '_>,
    raw: usize,
    absolute: usize,
    flags: u32,
) -> Result<(), Overflow> {
    let head = PathHead { raw_len: raw as u16, abs_len: absolute as u16, flags };
    head.write_to_prefix(param.written()).map_err(|_| Overflow)
}

/// Flags of a path whose absolute form has this length and origin.
pub(super) fn origin(absolute: usize, how: PathFlags) -> u32 {
    if absolute == 0 { 0 } else { how.0 }
}
