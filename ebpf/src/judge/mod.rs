//! The prefilter: whether anybody can want an event (`core-nostd/src/capture/judge.rs`).
//!
//! ```text
//!   entry: registers ─▶ rejected, kept, or: something is needed that is not there yet
//!                                      ▼ the first operations of the plan
//!                       JUDGE ─▶ PATH_TEXT, STRING_TEXT, when they are asked for ─▶ JUDGE
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `nodes.rs` | node by node: what they say |
//! | `text.rs` | what holds of a text: one search for all tests |
//! | `path.rs` | the path of a descriptor, alone or before the caller's string |
//! | `string.rs` | the caller's string |
//! | `class.rs` | names that a path is not made of |

mod class;
mod nodes;
mod path;
mod string;
mod text;

pub use path::{joined_text, path_text};
pub use string::string_text;

use crate::capture::judge::{MOST_STEPS, TextKey, value};
use crate::capture::{Op, Plan, op};
use crate::finish;
use crate::helpers::{self, Context};
use crate::slot::{Kind, Slot, Work};
use core::cell::Cell;
use nodes::evaluate;

/// What is left of an evaluation.
#[repr(C)]
pub struct Judging {
    /// The node to go on with.
    pub at: Cell<u32>,
    /// Bits of the values that are there.
    pub ready: Cell<u32>,
    /// Bits of the values that there will not be any more.
    pub tried: Cell<u32>,
    /// 1 if the event is kept.
    pub kept: Cell<u32>,
    /// Where the next name of the path lies.
    cursor: Cell<u32>,
    /// Where the path begins that is put together.
    begin: Cell<u32>,
    /// Length of the caller's string; 0 if it is not there, or has a name that a path is not made of (`.`, `..`, or empty).
    string_len: Cell<u32>,
    /// Where its last slash is, and right behind it: 0 if it has none.
    name_at: Cell<u32>,
    /// What becomes of a relative path was asked already.
    joined: Cell<u32>,
    opaque: Cell<u32>,
    /// Classes of three bytes of the string: that of the byte whose turn it is in the lowest bits.
    classes: Cell<u32>,
    /// Those of the first three. What is put together is read from here: of that, older verifiers know nothing.
    first: Cell<u32>,
    /// Bytes of the string; and how many of them were looked at.
    length: Cell<u32>,
    seen: Cell<u32>,
    /// 1 if it was copied.
    is_copied: Cell<u32>,
    nothing: u32,
    /// What the evaluation that ended last said.
    verdict: Cell<u32>,
    /// How often an operation went on with more nodes.
    rounds: Cell<u32>,
    /// The value that is compared.
    number: Cell<u64>,
    /// The values.
    pub values: [Cell<u64>; 32],
    key: Cell<TextKey>,
    padding: u32,
    path: [Cell<u8>; 1024],
    string: [Cell<u8>; 512],
}

/// What the nodes say.
pub mod verdict {
    /// This value has to be there first.
    pub const LATER: core::ops::Range<u32> = 0..32;
    /// It is kept.
    pub const KEPT: u32 = 32;
    /// Nobody can want it.
    pub const REJECTED: u32 = 33;
    /// There are more nodes.
    pub const UNDECIDED: u32 = 34;
}

/// A number of the slot, of which the compiler is not to know more than the verifier.
#[inline(always)]
fn get<T: Copy>(cell: &Cell<T>) -> T {
    // SAFETY: it is there.
    unsafe { core::ptr::read_volatile(cell.as_ptr()) }
}

/// Nodes that the entry looks at: what registers alone decide is mostly decided by then. The rest is the operation's, so that the
/// verifier goes through all of them once alone.
const FIRST_STEPS: u32 = 8;

/// Nodes that an operation looks at, and how often it goes on with more, in all of an event: as many as the entry and these look at, and
/// no fewer than are promised, are looked at.
const STEPS: u32 = 16;
const ROUNDS: u32 = 6;

const _: () = assert!(STEPS * ROUNDS >= MOST_STEPS);

/// Begins to judge an event whose arguments are in the slot. If there are more nodes than the entry looks at, [`op::JUDGE`] goes on.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, plan: &Plan) -> u32 {
    /// Flags of records (`core-nostd/src/event/header.rs`).
    const FAILED: u64 = 1;
    const COMPAT: u64 = 2;
    let work: &Work = slot.work();
    let judging = &work.judging;
    judging.at.set(plan.others.into());
    judging.ready.set(value::OF_REGISTERS);
    judging.tried.set(0);
    judging.kept.set(0);
    judging.joined.set(0);
    judging.rounds.set(0);
    judging.string_len.set(0);
    let mut n = 0;
    while n < 7 {
        judging.values[n].set(work.args[n].get());
        n += 1;
    }
    let failed = work.args[6].get() >> 63 & FAILED;
    let compat = u64::from(work.compat.get() != 0) * COMPAT;
    judging.values[value::FLAGS as usize].set(failed | compat);
    let said = evaluate(slot, FIRST_STEPS);
    if said == verdict::KEPT {
        judging.kept.set(1);
    }
    said
}

/// [`op::JUDGE`].
#[inline(always)]
pub fn judge<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let again = todo.flags & Op::AGAIN != 0;
    let judging = &slot.work().judging;
    if get(&judging.kept) == 0 {
        let said = evaluate(&slot, STEPS);
        if said == verdict::REJECTED {
            let event = match slot.plan() {
                Some(plan) => plan.event,
                None => 0,
            };
            return finish::count_rejected(event);
        }
        if said == verdict::UNDECIDED && get(&judging.rounds) < ROUNDS {
            judging.rounds.set(get(&judging.rounds) + 1);
            helpers::tail_call(context, K::OPERATIONS, op::JUDGE.into());
        }
        if !verdict::LATER.contains(&said) {
            // Kept, or there is nothing left to be asked.
            judging.kept.set(1);
        } else if get(&judging.tried) >> (said & 31) & 1 == 0 {
            let with = if said < value::STRING.into() { op::PATH_TEXT } else { op::STRING_TEXT };
            helpers::tail_call(context, K::OPERATIONS, with.into());
        } else if again && said >= value::MEANT.into() && get(&judging.joined) == 0 {
            helpers::tail_call(context, K::OPERATIONS, op::JOINED_TEXT.into());
        }
    }
    if !again {
        slot.fill_task();
    }
    slot.next(context);
}

/// [`op::JUDGE`] of what is kept anyway.
#[inline(always)]
pub fn skip<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    slot.next(context);
}
