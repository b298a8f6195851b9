//! Paths: the names of a file's directories, leaf first, as the kernel's d_path follows them.

use crate::capture::{Offset as O, Structure, chunk, op};
use crate::helpers::{self, Context};
use crate::maps;
use crate::read::{Copied, Read, Typed, field, member};
use crate::slot::{Kind, Part, Slot};

/// Names that one turn copies: more than most paths have. The verifier goes through as many.
const NAMES: u32 = 16;

/// Bytes of a mount that hold the mount above it and the place there, which lie together.
const MOUNTED: usize = 16;

/// Turns that all walks of a capture may take, besides the first one of each: the kernel allows no more than 33 programs in a row.
const MORE_TURNS: u32 = 11;

/// Begins a walk from the dentry and the mount of a `struct path`, to the root that the current process has.
#[inline(always)]
pub fn begin<K: Kind>(slot: &Slot<K>, dentry: u64, mount: u64) {
    let work = slot.work();
    if maps::follows_types() {
        set_root::<Typed, K>(slot, helpers::current_walked());
    } else {
        set_root::<Copied, K>(slot, helpers::current());
    }
    work.dentry.set(dentry);
    come_to(slot, mount);
}

#[inline(always)]
fn set_root<R: Read, K: Kind>(slot: &Slot<K>, task: u64) {
    let root = member(R::field(task, O::TASK_FS), O::FS_ROOT);
    let mount: u64 = R::field(root, O::PATH_MNT);
    slot.work().root_dentry.set(R::field(root, O::PATH_DENTRY));
    slot.work().root_mount.set(mount);
    slot.work().root_mount_root.set(R::field(mount, O::VFSMOUNT_ROOT));
}

/// Goes on on this mount. Most paths end on that of the process's root.
#[inline(always)]
fn come_to<K: Kind>(slot: &Slot<K>, mount: u64) {
    let work = slot.work();
    let root = if mount == work.root_mount.get() { work.root_mount_root.get() } else { field(mount, O::VFSMOUNT_ROOT) };
    work.mount.set(mount);
    work.mount_root.set(root);
}

/// Bytes of a dentry that hold whether it is hashed, its parent, its name's length and place, its inode, and a name that is short, which
/// lie together; and from where on.
pub const NAMED: usize = 72;
const NAMED_FROM: u32 = 16;

/// Bytes of a name that is copied with its dentry.
const SHORT: u32 = 32;

/// What is known of a dentry by a part of it.
#[inline(always)]
fn named<const IS_TYPED: bool, K: Kind>(slot: &Slot<K>, dentry: u64) -> Part<IS_TYPED, NAMED> {
    let base = if IS_TYPED { helpers::cast(dentry, Structure::Dentry) } else { dentry };
    if !IS_TYPED && slot.work().named.get() != dentry {
        return slot.part_in(&slot.work().name, base, NAMED_FROM);
    }
    slot.part_of(&slot.work().name, base, NAMED_FROM)
}

/// The same of the dentry at which a path begins: what was copied of it is there when its name is asked for.
#[inline(always)]
pub fn leaf<const IS_TYPED: bool, K: Kind>(slot: &Slot<K>, dentry: u64) -> Part<IS_TYPED, NAMED> {
    if IS_TYPED {
        return named(slot, dentry);
    }
    slot.work().named.set(0);
    let part = named(slot, dentry);
    slot.work().named.set(dentry);
    part
}

/// Copies the name of a dentry behind the chunk; gives its parent.
#[inline(always)]
fn name<const IS_TYPED: bool, K: Kind>(slot: &Slot<K>, dentry: u64) -> u64 {
    let part = named::<IS_TYPED, K>(slot, dentry);
    if !IS_TYPED {
        slot.work().named.set(0);
    }
    let parent: u64 = part.field(O::DENTRY_PARENT);
    let len = part.field::<u32>(O::DENTRY_LEN) & 0xff;
    let text: u64 = part.field(O::DENTRY_NAME);
    // The root of a file system is not named by whoever walks.
    if parent == dentry {
        return parent;
    }
    let short = maps::offset(O::DENTRY_SHORT);
    if IS_TYPED || len > SHORT || text != dentry.wrapping_add(short.into()) {
        copy(slot, len, text);
        return parent;
    }
    let at = slot.end();
    let words: [u64; SHORT as usize / 8] =
        [part.number(short), part.number(short + 8), part.number(short + 16), part.number(short + 24)];
    // SAFETY: there is room for any single copy.
    unsafe {
        slot.room(at).cast::<u64>().write(len.into());
        slot.room(at.wrapping_add(8)).cast::<[u64; 4]>().write(words);
    }
    slot.reach(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
    parent
}

/// Copies the name that a dentry has, whatever it is.
#[inline(always)]
pub fn own_name<K: Kind>(slot: &Slot<K>, dentry: u64) {
    copy(slot, field::<u32>(dentry, O::DENTRY_LEN) & 0xff, field(dentry, O::DENTRY_NAME));
}

#[inline(always)]
fn copy<K: Kind>(slot: &Slot<K>, len: u32, text: u64) {
    let at = slot.end();
    // SAFETY: there is room for any single copy.
    unsafe {
        slot.room(at).cast::<u64>().write(len.into());
        helpers::read_kernel(slot.room(at.wrapping_add(8)), len, text);
    }
    slot.reach(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
}

/// One step up. True if there is none.
#[inline(always)]
fn step<const IS_TYPED: bool, K: Kind>(slot: &Slot<K>) -> bool {
    let work = slot.work();
    let (dentry, mount) = (work.dentry.get(), work.mount.get());
    if dentry == 0 || (dentry == work.root_dentry.get() && mount == work.root_mount.get()) {
        return true;
    }
    if dentry == work.mount_root.get() {
        let whole = mount.wrapping_sub(member(0, O::MOUNT_MNT));
        let mounted = if IS_TYPED { helpers::cast(whole, Structure::Mount) } else { whole };
        let part = slot.part::<IS_TYPED, MOUNTED>(mounted, maps::offset(O::MOUNT_PARENT));
        let parent: u64 = part.field(O::MOUNT_PARENT);
        if parent == whole {
            return true;
        }
        work.dentry.set(part.field(O::MOUNT_POINT));
        come_to(slot, member(parent, O::MOUNT_MNT));
        return false;
    }
    let parent = name::<IS_TYPED, K>(slot, dentry);
    if parent == dentry {
        return true;
    }
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
    if maps::can_cast() {
        turn_by::<true, K>(context);
    } else {
        turn_by::<false, K>(context);
    }
}

#[inline(always)]
fn turn_by<const IS_TYPED: bool, K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let mut n = 0;
    while n < NAMES {
        if step::<IS_TYPED, K>(&slot) {
            close(&slot, chunk::WHOLE);
            return slot.next_or_end(context);
        }
        n += 1;
    }
    let turns = slot.work().turns.get();
    if turns < MORE_TURNS {
        slot.work().turns.set(turns + 1);
        helpers::tail_call(context, K::OPERATIONS, u32::from(op::WALK));
    }
    // Deeper than anybody needs: the path is not known then.
    close(&slot, 0);
    slot.next(context);
}
