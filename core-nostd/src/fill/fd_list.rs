//! Lists of descriptors that are waited for: `struct pollfd` (`linux/poll.h`).

use super::path::limited;
use super::{Call, Kernel};
use crate::event::{FdHead, FdKind, FdListHead, Flags, Overflow, RecordWriter, Tuple, align_up};
use zerocopy::IntoBytes;

/// Most descriptors of a list that are described; what is beyond is cut.
const MAX_FDS: u64 = 16;

/// Greatest tail of a descriptor in a list: longer paths are left out.
const TAIL_MAX: usize = 256;

/// Size of a `struct pollfd`: the descriptor, what is waited for, what happened.
const POLLFD: u64 = 8;

/// Writes the descriptors of a list.
pub(super) fn write<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    list: u64,
    count: u64,
) -> Result<(), Overflow> {
    let shown = if count > MAX_FDS { MAX_FDS } else { count };
    let mut param = out.param(index);
    if shown < count {
        param.flag(Flags::TRUNCATED);
    }
    for n in 0..shown {
        let mut bytes = [0; POLLFD as usize];
        if k.read_user(list.wrapping_add(n.wrapping_mul(POLLFD)), &mut bytes).is_err() {
            param.flag(Flags::FAULT);
            if param.is_empty() {
                return Ok(());
            }
            break;
        }
        let [a, b, c, d, e, f, g, h] = bytes;
        let fd = i32::from_ne_bytes([a, b, c, d]);
        let returned = if call.ret < 0 { 0 } else { u16::from_ne_bytes([g, h]) };
        let mut entry = FdListHead { events: u16::from_ne_bytes([e, f]), returned, len: size_of::<FdHead>() as u32 };
        let start = param.len();
        param.append(entry.as_bytes())?;
        let mut head = FdHead { fd, ..FdHead::default() };
        param.append(head.as_bytes())?;
        if fd >= 0
            && let Ok(tail) = k.describe_fd(fd, &mut head, limited(param.spare(), TAIL_MAX))
        {
            if FdKind::from_u8(head.kind).has_tuple() && tail < size_of::<Tuple>() {
                return Err(Overflow);
            }
            param.advance(tail)?;
            head.fd = fd;
            entry.len = entry.len.saturating_add(tail as u32);
            let room = param.written().get_mut(start..).ok_or(Overflow)?;
            entry.write_to_prefix(room).map_err(|_| Overflow)?;
            let room = room.get_mut(size_of::<FdListHead>()..).ok_or(Overflow)?;
            head.write_to_prefix(room).map_err(|_| Overflow)?;
        }
        let padding = align_up(param.len()).wrapping_sub(param.len());
        param.append([0; 8].get(..padding).unwrap_or(&[]))?;
    }
    param.commit()
}
