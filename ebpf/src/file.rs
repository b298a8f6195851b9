//! Files: what a descriptor stands for, the paths of the task.

use crate::capture::{ChunkHead, FileFacts, ImageFacts, Offset as O, Op, Structure, chunk, magic, op};
use crate::helpers::{self, Context};
use crate::maps::{self, offset};
use crate::read::{Copied, Read, Typed, field, has, member, number};
use crate::slot::{Kind, Slot, go_to};
use crate::{socket, walk};

/// AT_FDCWD (`linux/fcntl.h`).
const AT_FDCWD: i32 = -100;

/// The type of a file in its mode, and that of a regular one (`linux/stat.h`).
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Mounted by the kernel itself (SB_KERNMOUNT, `linux/fs.h`).
const KERNEL_MOUNT: u64 = 1 << 22;

/// The bytes of each structure that hold what is asked for, on kernels that are known: from where on, and how many. A member that lies
/// elsewhere costs more.
const FILE: (u32, usize) = (16, 64);
const INODE: (u32, usize) = (0, 72);
const SUPER_BLOCK: (u32, usize) = (16, 88);

/// Does what has these operations name itself (`d_op->d_dname`)?
#[inline(always)]
fn has_name(operations: u64) -> bool {
    operations != 0 && field::<u64>(operations, O::OP_DNAME) != 0
}

/// Where an open file lies.
pub struct Place {
    dentry: u64,
    mount: u64,
}

/// Fills in what an open file is.
#[inline(always)]
pub fn facts<K: Kind>(slot: &Slot<K>, file: u64, out: &mut FileFacts) -> Place {
    if maps::can_cast() {
        facts_by::<true, K>(slot, helpers::cast(file, Structure::File), out)
    } else {
        facts_by::<false, K>(slot, file, out)
    }
}

#[inline(always)]
fn facts_by<const IS_TYPED: bool, K: Kind>(slot: &Slot<K>, file: u64, out: &mut FileFacts) -> Place {
    let part = slot.part::<IS_TYPED, { FILE.1 }>(file, FILE.0);
    let path = offset(O::FILE_PATH);
    let dentry: u64 = part.number(path.wrapping_add(offset(O::PATH_DENTRY)));
    let mount: u64 = part.number(path.wrapping_add(offset(O::PATH_MNT)));
    let inode: u64 = part.field(O::FILE_INODE);
    out.open_flags = part.field(O::FILE_FLAGS);
    let part = slot.part::<IS_TYPED, { INODE.1 }>(inode, INODE.0);
    let sb: u64 = part.field(O::INODE_SB);
    out.ino = part.field(O::INODE_INO);
    out.mode = part.field::<u16>(O::INODE_MODE).into();
    out.uid = part.field(O::INODE_UID);
    out.gid = part.field(O::INODE_GID);
    let part = slot.part::<IS_TYPED, { SUPER_BLOCK.1 }>(sb, SUPER_BLOCK.0);
    out.magic = part.field(O::SB_MAGIC);
    out.sb_flags = part.field(O::SB_FLAGS);
    out.dev = part.field(O::SB_DEV);
    out.reserved = 0;
    let part = walk::leaf::<IS_TYPED, K>(slot, dentry);
    let mut is = 0;
    if part.field::<u64>(O::DENTRY_PPREV) == 0 && part.field::<u64>(O::DENTRY_PARENT) != dentry {
        is |= FileFacts::UNLINKED;
    }
    let visible: u64 = part.field(O::DENTRY_INODE);
    // Nothing that a user can mount does.
    if out.sb_flags & KERNEL_MOUNT != 0 && has_name(field(dentry, O::DENTRY_OP)) {
        is |= FileFacts::NAMES_ITSELF;
    }
    // The upper layer's dentry follows the inode in struct ovl_inode.
    if out.magic == magic::OVERLAY && number::<u64>(member(visible, O::INODE_SIZE)) != 0 {
        is |= FileFacts::UPPER;
    }
    out.is = is;
    Place { dentry, mount }
}

/// Is it a file that memfd_create made, by its name?
#[inline(always)]
pub fn is_memfd(file: u64, facts: &FileFacts) -> bool {
    let dentry: u64 = field(member(file, O::FILE_PATH), O::PATH_DENTRY);
    let name: u64 = number(field(dentry, O::DENTRY_NAME));
    facts.mode & TYPE == REGULAR
        && facts.sb_flags & KERNEL_MOUNT != 0
        && name & 0xffff_ffff_ffff == u64::from_le_bytes(*b"memfd:\0\0")
}

/// The open file of a descriptor; 0 if there is none.
#[inline(always)]
fn by_number(fd: i32) -> u64 {
    let (count, first) = if maps::follows_types() {
        files::<Typed>(helpers::current_walked())
    } else {
        files::<Copied>(helpers::current())
    };
    if fd < 0 || fd as u32 >= count { 0 } else { number(first.wrapping_add(fd as u64 * 8)) }
}

/// How many descriptors a task may have, and where what they stand for begins.
#[inline(always)]
fn files<R: Read>(task: u64) -> (u32, u64) {
    let files: u64 = R::field(task, O::TASK_FILES);
    if files == 0 {
        return (0, 0);
    }
    let table: u64 = R::field(files, O::FILES_FDT);
    (R::field(table, O::FDT_MAX), R::field(table, O::FDT_FD))
}

/// The open file that a descriptor stands for here; 0 if there is none.
#[inline(always)]
fn open_file<K: Kind>(slot: &Slot<K>, fd: i32) -> u64 {
    let work = slot.work();
    if K::IS_REQUEST && work.file.get() != 0 && work.file_number.get() == fd as u32 {
        return work.file.get();
    }
    by_number(fd)
}

/// Copies what a descriptor stands for, and goes on: with the walk, or with what follows.
#[inline(always)]
pub fn describe<K: Kind>(slot: &Slot<K>, context: *const Context, fd: i32) {
    let file = open_file(slot, fd);
    if file == 0 {
        return slot.next(context);
    }
    let at = slot.open(chunk::FILE, u64::from(fd as u32));
    // SAFETY: there is room for any single copy, and any bytes are one.
    let out = unsafe { &mut *slot.room(at).cast::<FileFacts>() };
    let place = facts(slot, file, out);
    if out.magic == magic::SOCKET {
        return go_to::<K>(context, op::SOCKET);
    }
    let names = out.is & FileFacts::NAMES_ITSELF != 0;
    slot.reach(at.wrapping_add(size_of::<FileFacts>() as u32));
    if names {
        if out.magic == magic::NAMESPACE {
            namespace(slot, file);
        } else {
            walk::own_name(slot, place.dentry);
        }
        walk::close(slot, chunk::WHOLE);
        return slot.next(context);
    }
    walk::begin(slot, place.dentry, place.mount);
    go_to::<K>(context, op::WALK);
}

/// Copies which kind of namespace a file stands for, as a name.
#[inline(always)]
fn namespace<K: Kind>(slot: &Slot<K>, file: u64) {
    /// Longer than any: `pid_for_children` is one.
    const LONGEST: u32 = 32;
    let operations: u64 = if has(O::STASHED_NAMESPACES) {
        field(field(field(file, O::FILE_INODE), O::INODE_PRIVATE), O::NS_OPS)
    } else {
        let dentry: u64 = field(member(file, O::FILE_PATH), O::PATH_DENTRY);
        field(dentry, O::DENTRY_FSDATA)
    };
    let at = slot.end();
    // SAFETY: there is room for any single copy.
    let copied = unsafe {
        helpers::read_kernel_string(slot.room(at.wrapping_add(8)), LONGEST, field(operations, O::NS_OPS_NAME))
    };
    let len = if copied < 1 { 0 } else { (copied as u32).wrapping_sub(1) & (LONGEST - 1) };
    // SAFETY: as above.
    unsafe { slot.room(at).cast::<u64>().write(len.into()) };
    slot.reach(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
}

/// [`op::FD`].
#[inline(always)]
pub fn fd<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    if !due(&slot, &todo) {
        return slot.next(context);
    }
    let argument = slot.argument(todo.arg);
    let fd = if todo.flags & Op::BEHIND != 0 {
        let mut behind: i32 = -1;
        // SAFETY: there is room.
        unsafe { helpers::read_user((&raw mut behind).cast(), 4, argument.wrapping_add(todo.offset.into())) };
        behind
    } else {
        argument as i32
    };
    describe(&slot, context, fd);
}

/// [`op::DIR_FD`].
#[inline(always)]
pub fn dir_fd<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    if !due(&slot, &todo) {
        return slot.next(context);
    }
    let fd = slot.argument(todo.arg) as i32;
    if fd == AT_FDCWD {
        return working_directory(&slot, context);
    }
    describe(&slot, context, fd);
}

/// [`op::SOCKET`]: what [`describe`] goes on with. The chunk was begun, and the file is the descriptor's.
#[inline(always)]
pub fn socket<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let chunk = slot.work().chunk.get();
    let fd = slot.number_at::<u64>(chunk.wrapping_add(8)) as i32;
    let file = open_file(&slot, fd);
    if file != 0 {
        socket::describe(&slot, file, chunk.wrapping_add(size_of::<ChunkHead>() as u32));
    }
    slot.next(context);
}

/// Does the operation have to be done?
#[inline(always)]
pub fn due<K: Kind>(slot: &Slot<K>, todo: &Op) -> bool {
    let failed = (slot.argument(Op::RETURNED) as i64) < 0;
    !(todo.flags & Op::IF_DONE != 0 && failed
        || todo.flags & Op::IF_FAILED != 0 && !failed
        || todo.flags & Op::IF_RELATIVE != 0 && slot.work().relative.get() == 0)
}

#[inline(always)]
fn working_directory<K: Kind>(slot: &Slot<K>, context: *const Context) {
    let (dentry, mount) = if maps::follows_types() {
        directory::<Typed>(helpers::current_walked())
    } else {
        directory::<Copied>(helpers::current())
    };
    if dentry == 0 {
        return slot.next(context);
    }
    slot.reach(slot.open(chunk::PATH, op::CWD.into()));
    walk::begin(slot, dentry, mount);
    go_to::<K>(context, op::WALK);
}

/// The working directory of a task; 0 if it has none.
#[inline(always)]
fn directory<R: Read>(task: u64) -> (u64, u64) {
    let fs: u64 = R::field(task, O::TASK_FS);
    if fs == 0 {
        return (0, 0);
    }
    let path = member(fs, O::FS_PWD);
    (R::field(path, O::PATH_DENTRY), R::field(path, O::PATH_MNT))
}

/// [`op::CWD`].
#[inline(always)]
pub fn cwd<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    if !due(&slot, &todo) {
        return slot.next(context);
    }
    working_directory(&slot, context);
}

/// The file that the current process executes; 0 if there is none.
#[inline(always)]
pub fn executable() -> u64 {
    let mm: u64 = field(helpers::current(), O::TASK_MM);
    if mm == 0 { 0 } else { field(mm, O::MM_EXE) }
}

/// [`op::EXE`].
#[inline(always)]
pub fn exe<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    let file = executable();
    if file == 0 || !due(&slot, &todo) {
        return slot.next(context);
    }
    let path = member(file, O::FILE_PATH);
    let dentry: u64 = field(path, O::PATH_DENTRY);
    slot.reach(slot.open(chunk::PATH, op::EXE.into()));
    if has_name(field(dentry, O::DENTRY_OP)) {
        walk::own_name(&slot, dentry);
        walk::close(&slot, chunk::WHOLE);
        return slot.next(context);
    }
    walk::begin(&slot, dentry, field(path, O::PATH_MNT));
    go_to::<K>(context, op::WALK);
}

/// Cgroups in each other that are looked at: in a turn, and in how many turns.
const CGROUPS: u32 = 8;
const CGROUP_TURNS: u32 = 4;

/// [`op::CGROUP`]: the names from the cgroup up to the root, which has none. A turn, which begins the next one if that is not all.
#[inline(always)]
pub fn cgroup<K: Kind>(context: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let todo = slot.op();
    if !has(O::TASK_CGROUPS) || !has(O::CSS_CGROUP) || !due(&slot, &todo) {
        return slot.next(context);
    }
    let turn = slot.work().entries.get();
    if turn == 0 {
        let cgroup: u64 = field(field(helpers::current(), O::TASK_CGROUPS), O::CSS_CGROUP);
        slot.work().dentry.set(field(cgroup, O::CGROUP_NODE));
        slot.reach(slot.open(chunk::PATH, op::CGROUP.into()));
    }
    let mut n = 0;
    let mut flags = 0;
    while n < CGROUPS {
        let node = slot.work().dentry.get();
        let parent: u64 = field(node, O::NODE_PARENT);
        if parent == 0 {
            flags = chunk::WHOLE;
            break;
        }
        let at = slot.end();
        // SAFETY: there is room for any single copy.
        let copied =
            unsafe { helpers::read_kernel_string(slot.room(at.wrapping_add(8)), 256, field(node, O::NODE_NAME)) };
        let len = if copied < 1 { 0 } else { (copied as u32).wrapping_sub(1) & 0xff };
        // SAFETY: as above.
        unsafe { slot.room(at).cast::<u64>().write(len.into()) };
        slot.reach(at.wrapping_add(8).wrapping_add(len.wrapping_add(7) & !7));
        slot.work().dentry.set(parent);
        n += 1;
    }
    if flags == 0 && turn < CGROUP_TURNS - 1 {
        slot.work().entries.set(turn + 1);
        return go_to::<K>(context, op::CGROUP);
    }
    slot.work().entries.set(0);
    walk::close(&slot, flags);
    slot.next(context);
}

/// What image records say of the executable.
#[inline(always)]
pub fn image_of<K: Kind>(slot: &Slot<K>, file: u64, out: &mut ImageFacts) {
    facts(slot, file, &mut out.exe);
    out.is |= ImageFacts::HAS_EXE;
    if is_memfd(file, &out.exe) {
        out.is |= ImageFacts::MEMFD;
    }
    let inode: u64 = field(file, O::FILE_INODE);
    out.ctime = [field(inode, O::INODE_CTIME), field::<u32>(inode, O::INODE_CTIME_NS).into()];
    out.mtime = [field(inode, O::INODE_MTIME), field::<u32>(inode, O::INODE_MTIME_NS).into()];
}
