//! Paths: the names of a file's directories, leaf first, as the kernel's d_path follows them.

use crate::capture::{Offset as O, chunk, op};
use crate::helpers::{self, Context};
use crate::read::{field, member};
use crate::slot::{Kind, Slot};

/// Names that one turn copies.
const NAMES: u32 = 24;

/// Turns at most: the kernel allows no more than 33 programs in a row.
const TURNS: u32 = 8;

/// Begins a walk from a `struct path`, to the root that the current process has.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, path: u64) {
    let root = member(field(helpers::current(), O::TASK_FS), O::FS_ROOT);
    let work = slot.work();
    work.dentry.set(field(path, O::PATH_DENTRY));
    work.mount.set(field(path, O::PATH_MNT));
    work.root_dentry.set(field(root, O::PATH_DENTRY));
    work.root_mount.set(field(root, O::PATH_MNT));
    work.turns.set(0);
}

/// Copies one name behind the chunk.
#[inline(always)]
pub fn name<K: Kind>(slot: &Slot<K>, dentry: u64) {
    let at = slot.end();
    let len = field::<u32>(dentry, O::DENTRY_LEN) & 0xff;
    // SAFETY: there is room for any single copy.
    unsafe {
        slot.room(at).cast::<u64>().write(len.into());
        helpers::read_kernel(slot.room(at.wrapping_add(8)), len, field(dentry, O::DENTRY_NAME));
    }
    slot.reach(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
}

/// One step up. True if there is none.
#[inline(always)]
fn step<K: Kind>(slot: &Slot<K>) -> bool {
    let work = slot.work();
    let (dentry, mount) = (work.dentry.get(), work.mount.get());
    if dentry == 0 || (dentry == work.root_dentry.get() && mount == work.root_mount.get()) {
        return true;
    }
    if dentry == field::<u64>(mount, O::VFSMOUNT_ROOT) {
        let whole = mount.wrapping_sub(member(0, O::MOUNT_MNT));
        let parent: u64 = field(whole, O::MOUNT_PARENT);
        if parent == whole {
            return true;
        }
        work.dentry.set(field(whole, O::MOUNT_POINT));
        work.mount.set(member(parent, O::MOUNT_MNT));
        return false;
    }
    let parent: u64 = field(dentry, O::DENTRY_PARENT);
    if parent == dentry {
        return true;
    }
    name(slot, dentry);
    work.dentry.set(parent);
    work.too_long.get() != 0
}

/// Ends a chunk that consists of names, whatever came before them.
#[inline(always)]
pub fn close<K: Kind>(slot: &Slot<K>, flags: u8) {
    let begin = slot.work().chunk.get().wrapping_add(size_of::<crate::capture::ChunkHead>() as u32);
    slot.close(slot.end().wrapping_sub(begin), flags);
}

/// [`op::WALK`]: a turn.
#[inline(always)]
pub fn turn<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let mut n = 0;
    while n < NAMES {
        if step(&slot) {
            close(&slot, chunk::WHOLE);
            return slot.next(context);
        }
        n += 1;
    }
    let turns = slot.work().turns.get().wrapping_add(1);
    slot.work().turns.set(turns);
    if turns < TURNS {
        helpers::tail_call(context, K::OPERATIONS, u32::from(op::WALK));
    }
    // Deeper than anybody needs: the path is not known then.
    close(&slot, 0);
    slot.next(context);
}
