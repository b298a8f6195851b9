//! Nodes: each compares one value, and leads to one of two others.

use super::{get, verdict};
use crate::capture::judge::{JudgeNode, KEEP, REJECT, compare, value, width};
use crate::event::TaskContext;
use crate::maps::node;
use crate::slot::{Kind, Slot};

/// Where the context of the task lies in a capture.
const TASK_AT: u32 = core::mem::offset_of!(crate::capture::CaptureHead, task) as u32;

const _: () = assert!(core::mem::offset_of!(TaskContext, tid) == 16 && size_of::<TaskContext>() == 96);

/// Does the comparison hold?
#[inline(always)]
fn holds(how: u8, number: u64, operand: u64) -> bool {
    match how {
        compare::ALWAYS => true,
        compare::EQUAL => number == operand,
        compare::BELOW => number < operand,
        compare::AT_MOST => number <= operand,
        compare::BELOW_SIGNED => (number as i64) < operand as i64,
        compare::AT_MOST_SIGNED => number as i64 <= operand as i64,
        compare::ALL_BITS => number & operand == operand,
        compare::ANY_BITS => number & operand != 0,
        _ => number & (operand >> 32) == operand & 0xffff_ffff,
    }
}

/// Goes on from the node whose turn it is, over so many at most; gives one of [`verdict`].
#[inline(always)]
pub(super) fn evaluate<K: Kind>(slot: &Slot<K>, most: u32) -> u32 {
    let judging = &slot.work().judging;
    judging.verdict.set(verdict::UNDECIDED);
    let mut n = 0;
    while n < most {
        n += 1;
        let Some(node) = node(get(&judging.at)) else {
            judging.verdict.set(verdict::KEPT);
            break;
        };
        // SAFETY: it is there. The daemon changes nodes only while no plan leads to them.
        let node: JudgeNode = unsafe { core::ptr::read_volatile(node) };
        let number = if node.value & value::TASK != 0 {
            // The context begins with two numbers of 64 bits, and ends with a name.
            let word = u32::from(node.value & 0x1f);
            slot.number_at::<u32>(TASK_AT.wrapping_add(word * 4)).into()
        } else {
            let which = u32::from(node.value & 31);
            if get(&judging.ready) >> which & 1 == 0 {
                judging.verdict.set(which);
                break;
            }
            // SAFETY: there are 32.
            get(unsafe { &*judging.values.as_ptr().add(which as usize) })
        };
        let number = match node.width {
            width::SIGNED => i64::from(number as i32) as u64,
            width::UNSIGNED => number & 0xffff_ffff,
            _ => number,
        };
        // However it was got: the verifier goes through what follows once.
        judging.number.set(number);
        let number = get(&judging.number);
        let to = if holds(node.compare, number, node.operand) { node.yes } else { node.no };
        if to >= REJECT {
            judging.verdict.set(verdict::KEPT + u32::from(KEEP - to));
            break;
        }
        judging.at.set(get(&judging.at).wrapping_add(1).wrapping_add(to.into()));
    }
    // Whichever way the loop ended: likewise.
    get(&judging.verdict)
}

const _: () = assert!(KEEP == REJECT + 1 && KEEP == u16::MAX && verdict::REJECTED == verdict::KEPT + 1);
