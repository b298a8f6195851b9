//! Mounts, quotas, swap: in a mount name space of our own.

use super::raw::{CLOSED, NOWHERE, as_nobody, call, call_number, in_child};
use crate::guest::failure::Outcome;
use nix::libc::{self, AT_FDCWD};
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const STATMOUNT: i64 = 457;
const LISTMOUNT: i64 = 458;
const OPEN_TREE_ATTR: i64 = 467;
const LISTNS: i64 = 470;

/// Of `linux/mount.h`.
mod api {
    pub const FSOPEN_CLOEXEC: u32 = 1;
    pub const FSCONFIG_SET_FLAG: u32 = 0;
    pub const FSCONFIG_SET_STRING: u32 = 1;
    pub const FSCONFIG_SET_BINARY: u32 = 2;
    pub const FSCONFIG_SET_PATH: u32 = 3;
    pub const FSCONFIG_SET_FD: u32 = 5;
    pub const FSCONFIG_CMD_CREATE: u32 = 6;
    pub const FSMOUNT_CLOEXEC: u32 = 1;
    pub const FSPICK_NO_AUTOMOUNT: u32 = 4;
    pub const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
    pub const MOUNT_ATTR_RDONLY: u64 = 1;
    pub const MOUNT_ATTR_NOSUID: u64 = 2;
    pub const MOUNT_ATTR_NOEXEC: u64 = 8;
}

/// Of `linux/quota.h`, as quotactl takes them: a command, and user or group quota.
mod quota {
    const fn command(command: u32, kind: u32) -> u32 {
        command << 8 | kind
    }
    pub const SYNC: u32 = command(0x80_0001, 0);
    pub const ON_FOR_GROUPS: u32 = command(0x80_0002, 1);
    pub const GET_INFO: u32 = command(0x80_0005, 0);
    pub const SET: u32 = command(0x80_0008, 1);
    pub const SET_INFO: u32 = command(0x80_0006, 0);
}

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    for folder in ["mounted", "other", "root"] {
        std::fs::create_dir(folder)?;
    }
    call!(SYS_unshare, libc::CLONE_NEWNS);
    begin();
    mounts();
    new_mounts();
    trees();
    in_child(another_root);
    ids();
    quotas();
    swap();
    Ok(())
}

fn mounts() {
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    let options = c"size=64k";
    call!(SYS_mount, c"source".as_ptr(), c"mounted".as_ptr(), c"tmpfs".as_ptr(), flags, options.as_ptr());
    call!(SYS_mount, null::<u8>(), c"gone".as_ptr(), null::<u8>(), libc::MS_REMOUNT | libc::MS_RDONLY, null::<u8>());
    call!(SYS_mount, null::<u8>(), c"mounted".as_ptr(), null::<u8>(), libc::MS_PRIVATE | libc::MS_REC, null::<u8>());
    call!(SYS_umount2, c"/tmp/calls/mounted".as_ptr(), libc::MNT_DETACH);
    call!(SYS_umount2, c"mounted".as_ptr(), libc::UMOUNT_NOFOLLOW);
}

fn new_mounts() {
    let context = call!(SYS_fsopen, c"tmpfs".as_ptr(), api::FSOPEN_CLOEXEC);
    call!(SYS_fsopen, c"nofs".as_ptr(), 0);
    let (key, value) = (c"size".as_ptr(), c"128k".as_ptr());
    call!(SYS_fsconfig, context, api::FSCONFIG_SET_STRING, key, value, 0);
    call!(SYS_fsconfig, context, api::FSCONFIG_SET_FLAG, c"noflag".as_ptr(), null::<u8>(), 0);
    call!(SYS_fsconfig, context, api::FSCONFIG_SET_BINARY, c"blob".as_ptr(), c"\x01\x02\x03".as_ptr(), 3);
    call!(SYS_fsconfig, context, api::FSCONFIG_SET_PATH, c"place".as_ptr(), c"/tmp".as_ptr(), AT_FDCWD);
    call!(SYS_fsconfig, context, api::FSCONFIG_SET_FD, c"file".as_ptr(), null::<u8>(), 1);
    call!(SYS_fsconfig, context, api::FSCONFIG_CMD_CREATE, null::<u8>(), null::<u8>(), 0);
    let mount = call!(SYS_fsmount, context, api::FSMOUNT_CLOEXEC, api::MOUNT_ATTR_NOSUID | api::MOUNT_ATTR_NOEXEC);
    call!(SYS_fsmount, CLOSED, 0, api::MOUNT_ATTR_RDONLY);
    let empty = c"".as_ptr();
    call!(SYS_move_mount, mount, empty, AT_FDCWD, c"other".as_ptr(), api::MOVE_MOUNT_F_EMPTY_PATH);
    call!(SYS_move_mount, AT_FDCWD, c".".as_ptr(), CLOSED, c"other".as_ptr(), 0);
    call!(SYS_fspick, AT_FDCWD, c"other".as_ptr(), api::FSPICK_NO_AUTOMOUNT);
    call!(SYS_fspick, AT_FDCWD, c"gone".as_ptr(), 0);
}

fn trees() {
    let flags = libc::OPEN_TREE_CLOEXEC;
    call!(SYS_open_tree, AT_FDCWD, c"other".as_ptr(), flags | libc::OPEN_TREE_CLONE);
    call!(SYS_open_tree, CLOSED, c"other".as_ptr(), flags);
    // struct mount_attr: set, clear, propagation, user name space
    let attr = [api::MOUNT_ATTR_RDONLY, api::MOUNT_ATTR_NOEXEC, libc::MS_PRIVATE, 0];
    let size = size_of_val(&attr);
    call!(SYS_mount_setattr, AT_FDCWD, c"other".as_ptr(), libc::AT_RECURSIVE, attr.as_ptr(), size);
    call!(SYS_mount_setattr, AT_FDCWD, c"gone".as_ptr(), 0, attr.as_ptr(), size);
    call_number!(OPEN_TREE_ATTR, AT_FDCWD, c"other".as_ptr(), flags, attr.as_ptr(), size);
}

/// A root that can be left: the first one of a machine cannot.
fn another_root() {
    call!(SYS_pivot_root, c"other".as_ptr(), c"gone".as_ptr());
    for (place, inner) in [(c"root", c"root/new"), (c"root/new", c"root/new/old")] {
        call!(SYS_mount, c"none".as_ptr(), place.as_ptr(), c"tmpfs".as_ptr(), 0, null::<u8>());
        call!(SYS_mkdir, inner.as_ptr(), 0o755);
    }
    call!(SYS_chroot, c"root".as_ptr());
    call!(SYS_chdir, c"/".as_ptr());
    call!(SYS_pivot_root, c"new".as_ptr(), c"new/old".as_ptr());
}

fn ids() {
    // struct mnt_id_req: size, and nothing; the mount; what is asked; the name space
    let request = [32_u64, 77, 1, 0];
    let mut room = [0_u64; 64];
    call_number!(STATMOUNT, request.as_ptr(), room.as_mut_ptr(), size_of_val(&room), 0);
    call_number!(LISTMOUNT, request.as_ptr(), room.as_mut_ptr(), 64, 0);
    call_number!(LISTNS, request.as_ptr(), room.as_mut_ptr(), 64, 0);
    call!(SYS_sysfs, 9);
    call!(SYS_ustat, 0xffff, room.as_mut_ptr());
    call!(SYS_nfsservctl, 1, NOWHERE, NOWHERE);
}

fn quotas() {
    let device = c"/dev/sdz".as_ptr();
    const FORMAT_VFS_V1: u32 = 4;
    call!(SYS_quotactl, quota::SYNC, null::<u8>(), 0, null::<u8>());
    call!(SYS_quotactl, quota::ON_FOR_GROUPS, device, FORMAT_VFS_V1, c"/aquota.group".as_ptr());
    // struct if_dqblk: limits and use of space, limits and use of inodes, two grace times, what is valid
    let block = [100_u64, 90, 50, 40, 30, 7, 60, 61, 0x3f];
    call!(SYS_quotactl, quota::SET, device, 1000, block.as_ptr());
    // struct if_dqinfo: two grace times, flags, what is valid
    let info = [70_u64, 80, 1 | 7 << 32];
    call!(SYS_quotactl, quota::SET_INFO, device, 0, info.as_ptr());
    call!(SYS_quotactl, quota::GET_INFO, device, 0, info.as_ptr());
    let file = call!(SYS_open, c"file".as_ptr(), libc::O_RDONLY, 0);
    call!(SYS_quotactl_fd, file, quota::SET, 1000, block.as_ptr());
    call!(SYS_quotactl_fd, CLOSED, quota::GET_INFO, 0, info.as_ptr());
}

fn swap() {
    call!(SYS_swapon, c"file".as_ptr(), 0x8000 | 5);
    call!(SYS_swapoff, c"/gone".as_ptr());
    as_nobody(|| {
        // On the stack: the kernel does not look at what it refuses, and a child's other memory need not be there.
        let name = *b"file\0";
        call!(SYS_swapon, name.as_ptr(), 0x10000);
    });
}
