//! What holds of a text: all texts that an event's nodes compare with lie in one table, and one search for the longest that the text begins
//! with tells which tests hold.

use super::Judging;
use crate::capture::judge::TextMarks;
use crate::helpers;
use crate::maps::{JUDGE_TEXTS, node};
use crate::slot::{Kind, Slot};

/// What is to be looked up for the event, and in which tables.
#[inline(always)]
pub(super) fn head<K: Kind>(slot: &Slot<K>) -> Option<(u32, u32)> {
    let plan = slot.plan()?;
    let head = node(u32::from(plan.others).wrapping_sub(1))?;
    Some((head.operand as u32, head.yes.into()))
}

/// Where the key's text lies.
#[inline(always)]
pub(super) fn text_of(judging: &Judging) -> *mut u8 {
    // SAFETY: it is there.
    unsafe { (&raw mut (*judging.key.as_ptr()).text).cast() }
}

/// Marks of a text that lies in the key: of one part.
#[inline(always)]
pub(super) fn look_up(judging: &Judging, table: u32, len: u32, to: u32) {
    let key = judging.key.as_ptr();
    // SAFETY: it is there.
    unsafe {
        (*key).bits = 32 + len * 8;
        (*key).table = table;
    }
    let mut marks = [0u64; 2];
    let found = helpers::lookup_key(&JUDGE_TEXTS, key.cast_const().cast());
    if !found.is_null() {
        // SAFETY: a value of the map is one.
        let found = unsafe { &*found.cast::<TextMarks>() };
        marks = found.always;
        let at = found.len;
        if at == len {
            marks[0] |= found.equal[0] | found.boundary[0];
            marks[1] |= found.equal[1] | found.boundary[1];
        } else {
            // SAFETY: a masked position is in the text or right behind it, where the path is.
            let follows =
                unsafe { core::ptr::read_volatile((&raw const (*key).text).cast::<u8>().add((at & 0xff) as usize)) };
            if follows == b'/' {
                marks[0] |= found.boundary[0];
                marks[1] |= found.boundary[1];
            }
        }
    }
    judging.values[(to & 31) as usize].set(marks[0]);
    judging.values[((to + 1) & 31) as usize].set(marks[1]);
}
