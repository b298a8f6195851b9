//! The process image, and figures of the task.

use crate::capture::{ImageFacts, MOST_GROUPS, Offset as O, chunk};
use crate::helpers::{self, Context};
use crate::read::{field, has, member, number};
use crate::slot::{Kind, Slot};
use crate::{file, task};

/// Position of the limit of open files (RLIMIT_NOFILE, `asm-generic/resource.h`), of two numbers each.
const OPEN_FILES: u64 = 7 * 16;

/// Of `get_mm_counter`'s counters (`linux/mm_types_task.h`): files, anonymous, swapped, shared.
#[inline(always)]
fn pages(mm: u64, which: u64) -> i64 {
    let all = member(mm, O::MM_RSS);
    if has(O::OLD_RSS) {
        return number(member(all, O::OLD_RSS).wrapping_add(which * 8));
    }
    let size = member(0, O::COUNTER_SIZE);
    field(all.wrapping_add(which.wrapping_mul(size)), O::COUNTER_COUNT)
}

/// [`crate::capture::op::IMAGE`].
#[inline(always)]
pub fn image<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let current = helpers::current();
    let out = slot.chunk::<ImageFacts>(chunk::IMAGE, 0);
    // SAFETY: there is room for any single copy, and any bytes are one.
    let out = unsafe { &mut *out };
    let cred: u64 = field(current, O::TASK_CRED);
    out.fdlimit = number(member(field(current, O::TASK_SIGNAL), O::SIGNAL_RLIM).wrapping_add(OPEN_FILES));
    out.pgft_maj = field(current, O::TASK_MAJ_FLT);
    out.pgft_min = field(current, O::TASK_MIN_FLT);
    out.cap_inheritable = field(cred, O::CRED_INHERITABLE);
    out.cap_permitted = field(cred, O::CRED_PERMITTED);
    out.cap_effective = field(cred, O::CRED_EFFECTIVE);
    out.ctime = [0; 2];
    out.mtime = [0; 2];
    out.total_vm = 0;
    out.rss = [0; 4];
    let namespace = task::pid_namespace(current);
    let init: u64 = if namespace == 0 { 0 } else { field(namespace, O::PIDNS_REAPER) };
    out.init_start = if init == 0 { 0 } else { field(init, O::TASK_START) };
    out.fsuid = field(cred, O::CRED_FSUID);
    out.fsgid = field(cred, O::CRED_FSGID);
    out.is = 0;
    let groups: u64 = field(cred, O::CRED_GROUPS);
    out.ngroups = field(groups, O::GROUPS_COUNT);
    out.groups = number::<[u32; MOST_GROUPS]>(member(groups, O::GROUPS_GID));
    let mm: u64 = field(current, O::TASK_MM);
    if mm != 0 {
        out.is = ImageFacts::HAS_MM;
        out.total_vm = field(mm, O::MM_TOTAL);
        out.rss = [pages(mm, 0), pages(mm, 1), pages(mm, 2), pages(mm, 3)];
        let exe = file::executable();
        if exe != 0 {
            file::image_of(&slot, exe, out);
        }
    }
    slot.next(context);
}
