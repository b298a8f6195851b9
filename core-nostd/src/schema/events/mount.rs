//! Mounts, quotas, swap.

use super::words::*;

events! {
    from super::memory::END;

    MOUNT "mount" System {
        "res": Errno, Return; "dev": String, ArgString(0); "dir": Path, path(1); "type": String, ArgString(2);
        "flags": Flags(&MOUNT_FLAGS), Long(3);
    }
    UMOUNT "umount" System { "res": Errno, Return; "name": Path, path(0); }
    UMOUNT2 "umount2" System { "res": Errno, Return; "name": Path, path(0); "flags": Flags(&UMOUNT_FLAGS), ArgUint(1); }
    PIVOT_ROOT "pivot_root" System { "res": Errno, Return; "new_root": Path, path(0); "put_old": Path, path(1); }
    FSOPEN "fsopen" System {
        "fd": Fd, ReturnFd; "fsname": String, ArgString(0); "flags": Flags(&FSOPEN_FLAGS), ArgUint(1);
    }
    FSPICK "fspick" System {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "flags": Flags(&FSPICK_FLAGS), ArgUint(2);
    }
    FSCONFIG "fsconfig" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "cmd": Enum(&FSCONFIG_COMMANDS), ArgUint(1);
        "key": String, ArgString(2); "value_bytebuf": Bytes, Special; "value_charbuf": String, Special;
        "aux": Int, ArgInt(4);
    }
    FSMOUNT "fsmount" System {
        "fd": Fd, ReturnFd; "fs_fd": Fd, ArgFd(0); "flags": Flags(&FSMOUNT_FLAGS), ArgUint(1);
        "attr_flags": Flags(&MOUNT_ATTRIBUTES), ArgUint(2);
    }
    MOVE_MOUNT "move_mount" System {
        "res": Errno, Return; "from_dirfd": Fd, DirFd(0); "from_path": Path, path_at(0, 1); "to_dirfd": Fd, DirFd(2);
        "to_path": Path, path_at(2, 3); "flags": Flags(&MOVE_MOUNT_FLAGS), ArgUint(4);
    }
    OPEN_TREE "open_tree" System {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "flags": Flags(&OPEN_TREE_FLAGS), ArgUint(2);
    }
    OPEN_TREE_ATTR "open_tree_attr" System {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "flags": Flags(&OPEN_TREE_FLAGS), ArgUint(2); "attr_set": Flags(&MOUNT_ATTRIBUTES), pointed(3, 0);
        "attr_clr": Flags(&MOUNT_ATTRIBUTES), pointed(3, 8);
    }
    MOUNT_SETATTR "mount_setattr" System {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "flags": Flags(&OPEN_TREE_FLAGS), ArgUint(2); "attr_set": Flags(&MOUNT_ATTRIBUTES), pointed(3, 0);
        "attr_clr": Flags(&MOUNT_ATTRIBUTES), pointed(3, 8); "propagation": Flags(&MOUNT_FLAGS), pointed(3, 16);
        "userns_fd": Uint, pointed(3, 24);
    }
    STATMOUNT "statmount" System { "res": Errno, Return; "mnt_id": Uint, pointed(0, 8); }
    LISTMOUNT "listmount" System { "res": Errno, Return; "mnt_id": Uint, pointed(0, 8); }
    LISTNS "listns" System { "res": Errno, Return; }
    SWAPON "swapon" System { "res": Errno, Return; "path": Path, path(0); "flags": Flags(&SWAP_FLAGS), ArgUint(1); }
    SWAPOFF "swapoff" System { "res": Errno, Return; "path": Path, path(0); }
    QUOTACTL "quotactl" System {
        "res": Errno, Return; "special": String, ArgString(1); "quotafilepath": String, Special;
        "dqb_bhardlimit": Uint, Special; "dqb_bsoftlimit": Uint, Special; "dqb_curspace": Uint, Special;
        "dqb_ihardlimit": Uint, Special; "dqb_isoftlimit": Uint, Special; "dqb_btime": Span, Special;
        "dqb_itime": Span, Special; "dqi_bgrace": Span, Special; "dqi_igrace": Span, Special; "dqi_flags": Hex, Special;
        "quota_fmt_out": Enum(&QUOTA_FORMATS), Special; "cmd": Enum(&QUOTA_COMMANDS), Special;
        "type": Enum(&QUOTA_TYPES), Special; "id": Uint, ArgUint(2); "quota_fmt": Enum(&QUOTA_FORMATS), Special;
    }
    QUOTACTL_FD "quotactl_fd" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "cmd": Enum(&QUOTA_COMMANDS), Special;
        "type": Enum(&QUOTA_TYPES), Special; "id": Uint, ArgUint(2);
    }
    SYSFS "sysfs" System { "res": Errno, Return; "option": Int, ArgInt(0); }
    USTAT "ustat" System { "res": Errno, Return; "dev": Hex, ArgUint(0); }
    NFSSERVCTL "nfsservctl" System { "res": Errno, Return; }
}
