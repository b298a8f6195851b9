//! Mounts, quotas, swap.

use crate::schema::flags::{FlagName, FlagNames, bits, values};

/// mount(2): `linux/mount.h`.
#[rustfmt::skip]
pub static MOUNT_FLAGS: FlagNames = bits! {
    MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_SYNCHRONOUS = 16, MS_REMOUNT = 32, MS_MANDLOCK = 64,
    MS_DIRSYNC = 128, MS_NOSYMFOLLOW = 256, MS_NOATIME = 1024, MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192,
    MS_REC = 16384, MS_SILENT = 32768, MS_POSIXACL = 1 << 16, MS_UNBINDABLE = 1 << 17, MS_PRIVATE = 1 << 18,
    MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20, MS_RELATIME = 1 << 21, MS_KERNMOUNT = 1 << 22, MS_I_VERSION = 1 << 23,
    MS_STRICTATIME = 1 << 24, MS_LAZYTIME = 1 << 25,
};

/// umount2(2): `linux/fs.h`.
#[rustfmt::skip]
pub static UMOUNT_FLAGS: FlagNames = bits! { FORCE = 1, DETACH = 2, EXPIRE = 4, NOFOLLOW = 8 };

/// fsconfig(2): `linux/mount.h`.
#[rustfmt::skip]
pub static FSCONFIG_COMMANDS: FlagNames = values! {
    FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_SET_BINARY = 2, FSCONFIG_SET_PATH = 3,
    FSCONFIG_SET_PATH_EMPTY = 4, FSCONFIG_SET_FD = 5, FSCONFIG_CMD_CREATE = 6, FSCONFIG_CMD_RECONFIGURE = 7,
    FSCONFIG_CMD_CREATE_EXCL = 8,
};

/// fsopen(2): `linux/mount.h`.
#[rustfmt::skip]
pub static FSOPEN_FLAGS: FlagNames = bits! { FSOPEN_CLOEXEC = 1 };

/// fspick(2): `linux/mount.h`.
#[rustfmt::skip]
pub static FSPICK_FLAGS: FlagNames = bits! {
    FSPICK_CLOEXEC = 1, FSPICK_SYMLINK_NOFOLLOW = 2, FSPICK_NO_AUTOMOUNT = 4, FSPICK_EMPTY_PATH = 8,
};

/// fsmount(2): `linux/mount.h`.
#[rustfmt::skip]
pub static FSMOUNT_FLAGS: FlagNames = bits! { FSMOUNT_CLOEXEC = 1, FSMOUNT_NAMESPACE = 2 };

/// fsmount(2), mount_setattr(2): `linux/mount.h`.
#[rustfmt::skip]
pub static MOUNT_ATTRIBUTES: FlagNames = bits! {
    MOUNT_ATTR_RDONLY = 1, MOUNT_ATTR_NOSUID = 2, MOUNT_ATTR_NODEV = 4, MOUNT_ATTR_NOEXEC = 8,
    MOUNT_ATTR_NOATIME = 0x10, MOUNT_ATTR_STRICTATIME = 0x20, MOUNT_ATTR_NODIRATIME = 0x80,
    MOUNT_ATTR_IDMAP = 0x100000, MOUNT_ATTR_NOSYMFOLLOW = 0x200000,
};

/// move_mount(2): `linux/mount.h`.
#[rustfmt::skip]
pub static MOVE_MOUNT_FLAGS: FlagNames = bits! {
    MOVE_MOUNT_F_SYMLINKS = 1, MOVE_MOUNT_F_AUTOMOUNTS = 2, MOVE_MOUNT_F_EMPTY_PATH = 4, MOVE_MOUNT_T_SYMLINKS = 0x10,
    MOVE_MOUNT_T_AUTOMOUNTS = 0x20, MOVE_MOUNT_T_EMPTY_PATH = 0x40, MOVE_MOUNT_SET_GROUP = 0x100,
    MOVE_MOUNT_BENEATH = 0x200,
};

/// open_tree(2): `linux/mount.h`, `linux/fcntl.h`.
#[rustfmt::skip]
pub static OPEN_TREE_FLAGS: FlagNames = bits! {
    OPEN_TREE_CLONE = 1, OPEN_TREE_NAMESPACE = 2, AT_SYMLINK_NOFOLLOW = 0x100, AT_NO_AUTOMOUNT = 0x800,
    AT_EMPTY_PATH = 0x1000, AT_RECURSIVE = 0x8000, OPEN_TREE_CLOEXEC = 0x80000,
};

/// swapon(2): `linux/swap.h`. The lower 15 bits are a priority.
#[rustfmt::skip]
pub static SWAP_FLAGS: FlagNames = bits! {
    SWAP_FLAG_PREFER = 0x8000, SWAP_FLAG_DISCARD = 0x10000, SWAP_FLAG_DISCARD_ONCE = 0x20000,
    SWAP_FLAG_DISCARD_PAGES = 0x40000,
};

/// quotactl(2): `linux/quota.h`, `linux/dqblk_xfs.h`.
#[rustfmt::skip]
pub static QUOTA_COMMANDS: FlagNames = values! {
    Q_XQUOTAON = 0x5801, Q_XQUOTAOFF = 0x5802, Q_XGETQUOTA = 0x5803, Q_XSETQLIM = 0x5804, Q_XGETQSTAT = 0x5805,
    Q_XQUOTARM = 0x5806, Q_XQUOTASYNC = 0x5807, Q_XGETQSTATV = 0x5808, Q_XGETNEXTQUOTA = 0x5809, Q_SYNC = 0x800001,
    Q_QUOTAON = 0x800002, Q_QUOTAOFF = 0x800003, Q_GETFMT = 0x800004, Q_GETINFO = 0x800005, Q_SETINFO = 0x800006,
    Q_GETQUOTA = 0x800007, Q_SETQUOTA = 0x800008, Q_GETNEXTQUOTA = 0x800009,
};

/// quotactl(2): `linux/quota.h`.
#[rustfmt::skip]
pub static QUOTA_TYPES: FlagNames = values! { USRQUOTA = 0, GRPQUOTA = 1, PRJQUOTA = 2 };

/// quotactl(2): `linux/quota.h`.
#[rustfmt::skip]
pub static QUOTA_FORMATS: FlagNames = values! {
    QFMT_VFS_OLD = 1, QFMT_VFS_V0 = 2, QFMT_OCFS2 = 3, QFMT_VFS_V1 = 4, QFMT_SHMEM = 5,
};
