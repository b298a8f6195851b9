//! Vectors of buffers in user memory: `struct iovec` (`linux/uio.h`).

use super::compat::Layout;
use super::{Kernel, param};
use crate::event::{Flags, Overflow, ParamWriter};

/// Most buffers that are looked at for their first bytes.
const MAX_PIECES: u64 = 8;

/// Most buffers that a call takes (UIO_MAXIOV, `linux/uio.h`).
const MAX_VECTOR: u64 = 1024;

/// Entries that are read at once when sizes are added up.
const CHUNK: u64 = 16;

/// A vector of buffers, as the caller described it.
#[derive(Clone, Copy)]
pub(super) struct Vector {
    /// Where it lies.
    pub address: u64,
    /// How many buffers it has.
    pub count: u64,
}

impl Vector {
    /// Appends the first bytes of the buffers, `limit` at most in all.
    pub fn append<K: Kernel>(
        &self,
        k: &K,
        layout: &Layout,
        param: &mut ParamWriter<'_, '_>,
        limit: u64,
    ) -> Result<(), Overflow> {
        let mut left = limit;
        let count = if self.count > MAX_PIECES { MAX_PIECES } else { self.count };
        for n in 0..count {
            let at = self.address.wrapping_add(n.wrapping_mul(2).wrapping_mul(layout.word));
            let base = layout.read_word(k, at);
            let (Some(base), Some(len)) = (base, layout.read_word(k, at.wrapping_add(layout.word))) else {
                param.flag(Flags::FAULT);
                break;
            };
            let len = if len > left { left } else { len };
            let taken = param::append_bytes(k, param, base, len)?;
            left = left.saturating_sub(taken as u64);
            if taken == 0 && len > 0 {
                break;
            }
        }
        Ok(())
    }

    /// The sizes of all buffers, added up; `None` if they cannot be read.
    pub fn size<K: Kernel>(&self, k: &K, layout: &Layout) -> Option<u64> {
        let mut chunk = [0; (CHUNK * 16) as usize];
        let mut size: u64 = 0;
        let entry = layout.word.wrapping_mul(2);
        let mut left = if self.count > MAX_VECTOR { MAX_VECTOR } else { self.count };
        let mut at = self.address;
        while left > 0 {
            let now = if left > CHUNK { CHUNK } else { left };
            let bytes = chunk.get_mut(..now.wrapping_mul(entry) as usize)?;
            k.read_user(at, bytes).ok()?;
            // Every second word is a length.
            let lengths = if layout.word == 4 {
                bytes.chunks_exact(4).skip(1).step_by(2).fold(0_u64, |sum, word| sum.saturating_add(number(word)))
            } else {
                bytes.chunks_exact(8).skip(1).step_by(2).fold(0_u64, |sum, word| sum.saturating_add(number(word)))
            };
            size = size.saturating_add(lengths);
            at = at.wrapping_add(now.wrapping_mul(entry));
            left = left.wrapping_sub(now);
        }
        Some(size)
    }
}

/// A word of 4 or 8 bytes in memory order; 0 for any other length.
fn number(bytes: &[u8]) -> u64 {
    match bytes {
        [a, b, c, d] => u32::from_ne_bytes([*a, *b, *c, *d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
        _ => 0,
    }
}
