//! Numbers and times that lie in user memory.

use super::compat::{self, Layout};
use super::{Call, Kernel, param};
use crate::event::{Flags, Overflow, RecordWriter};
use crate::schema::Width;

const NS: u64 = 1_000_000_000;

/// COMPAT_RLIM_INFINITY (`asm/compat.h`): it is -1 in words of 64 bits.
const NO_LIMIT: u64 = 0xffff_ffff;

/// Writes the number at `address`. A null pointer is how callers say "none": absent, and no fault.
pub(super) fn at<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    width: Width,
) -> Result<(), Overflow> {
    if address == 0 {
        return Ok(());
    }
    let value = match width {
        Width::Four if compat::writes_narrow_ids(call) => word16(k, address).map(u64::from),
        Width::Four => word32(k, address).map(u64::from),
        Width::Int => word32(k, address).map(|n| i64::from(n.cast_signed()).cast_unsigned()),
        Width::Eight => word64(k, address),
        Width::Word => Layout::of(call).read_word(k, address).map(|word| match word {
            NO_LIMIT if call.compat => u64::MAX,
            word => word,
        }),
    };
    match value {
        Some(value) => out.number(index, value),
        None => {
            out.flag(Flags::FAULT);
            Ok(())
        }
    }
}

/// Where a number of this width lies, `offset` behind `base`; 0 if there is no base.
pub(super) fn address(call: &Call, base: u64, offset: u8, width: Width) -> u64 {
    if base == 0 {
        return 0;
    }
    let unit = if matches!(width, Width::Word) { Layout::of(call).word } else { 1 };
    base.wrapping_add(u64::from(offset).wrapping_mul(unit))
}

/// 16 bits of user memory.
pub(super) fn word16<K: Kernel>(k: &K, address: u64) -> Option<u16> {
    let mut bytes = [0; 2];
    k.read_user(address, &mut bytes).ok()?;
    Some(u16::from_ne_bytes(bytes))
}

/// 32 bits of user memory.
pub(super) fn word32<K: Kernel>(k: &K, address: u64) -> Option<u32> {
    let mut bytes = [0; 4];
    k.read_user(address, &mut bytes).ok()?;
    Some(u32::from_ne_bytes(bytes))
}

/// 64 bits of user memory.
pub(super) fn word64<K: Kernel>(k: &K, address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    k.read_user(address, &mut bytes).ok()?;
    Some(u64::from_ne_bytes(bytes))
}

/// A 64-bit number among the arguments: one of them, or two words of a 32-bit caller.
pub(super) fn offset(call: &Call, arg: u8, compat: u8) -> u64 {
    if !call.compat {
        return call.word(arg);
    }
    if compat::is_wide(call.nr) {
        return call.word(compat) | call.word(compat.wrapping_add(1)) << 32;
    }
    i64::from(call.int(arg)).cast_unsigned()
}

/// Writes the descriptor of this index in an array of `int` that the call filled.
pub(super) fn fd<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    array: u64,
    which: u8,
) -> Result<(), Overflow> {
    if call.ret < 0 {
        return Ok(());
    }
    match word32(k, array.wrapping_add(u64::from(which).wrapping_mul(4))) {
        Some(fd) => param::fd(k, out, index, fd.cast_signed()),
        None => {
            out.flag(Flags::FAULT);
            Ok(())
        }
    }
}

/// Writes one `struct timespec` of an array as nanoseconds.
///
/// What is no time (utimensat's UTIME_NOW and UTIME_OMIT, `linux/stat.h`) is absent.
pub(super) fn timespec<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    array: u64,
    which: u8,
) -> Result<(), Overflow> {
    let narrow = call.compat && !compat::has_wide_time(call.nr);
    let word: u64 = if narrow { 4 } else { 8 };
    time(k, out, index, array, word, u64::from(which).wrapping_mul(word).wrapping_mul(2), 1)
}

/// Writes a `struct timeval` as nanoseconds.
pub(super) fn timeval<K: Kernel>(
    k: &K,
    call: &Call,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
) -> Result<(), Overflow> {
    time(k, out, index, address, Layout::of(call).word, 0, 1000)
}

fn time<K: Kernel>(
    k: &K,
    out: &mut RecordWriter<'_>,
    index: usize,
    address: u64,
    word: u64,
    offset: u64,
    unit: u64,
) -> Result<(), Overflow> {
    if address == 0 {
        return Ok(());
    }
    let at = address.wrapping_add(offset);
    let read = |at| if word == 4 { word32(k, at).map(u64::from) } else { word64(k, at) };
    let (Some(seconds), Some(parts)) = (read(at), read(at.wrapping_add(word))) else {
        out.flag(Flags::FAULT);
        return Ok(());
    };
    let nanoseconds = parts.wrapping_mul(unit);
    if parts >= NS || nanoseconds >= NS {
        return Ok(());
    }
    out.number(index, seconds.saturating_mul(NS).saturating_add(nanoseconds))
}
