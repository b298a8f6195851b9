//! Files by their names: opening, linking, owners and permissions, attributes.

use super::words::*;

events! {
    from 0;

    OPEN "open" File {
        "fd": Fd, ReturnFd; "name": Path, opened(0); "flags": Flags(&OPEN_FLAGS), ArgUint(1); "mode": Octal, ArgUint(2);
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    OPENAT "openat" File {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "name": Path, opened_at(0, 1);
        "flags": Flags(&OPEN_FLAGS), ArgUint(2); "mode": Octal, ArgUint(3); "dev": Hex, of_fd(0, Dev);
        "ino": Uint, of_fd(0, Ino);
    }
    OPENAT2 "openat2" File {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "name": Path, opened_at(0, 1);
        "flags": Flags(&OPEN_FLAGS), pointed(2, 0); "mode": Octal, pointed(2, 8);
        "resolve": Flags(&RESOLVE_FLAGS), pointed(2, 16); "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    CREAT "creat" File {
        "fd": Fd, ReturnFd; "name": Path, opened(0); "mode": Octal, ArgUint(1); "dev": Hex, of_fd(0, Dev);
        "ino": Uint, of_fd(0, Ino); "creat_flags": Flags(&FD_FLAGS), of_fd(0, FdField::Flags);
    }
    OPEN_BY_HANDLE_AT "open_by_handle_at" File {
        "fd": Fd, ReturnFd; "mountfd": Fd, DirFd(0); "flags": Flags(&OPEN_FLAGS), ArgUint(2); "path": Path, Special;
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    NAME_TO_HANDLE_AT "name_to_handle_at" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    UNLINK "unlink" File { "res": Errno, Return; "path": Path, path(0); }
    UNLINKAT "unlinkat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "name": Path, path_at(0, 1);
        "flags": Flags(&UNLINK_FLAGS), ArgUint(2);
    }
    RENAME "rename" File { "res": Errno, Return; "oldpath": Path, path(0); "newpath": Path, path(1); }
    RENAMEAT "renameat" File {
        "res": Errno, Return; "olddirfd": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdirfd": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3);
    }
    RENAMEAT2 "renameat2" File {
        "res": Errno, Return; "olddirfd": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdirfd": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3); "flags": Flags(&RENAME_FLAGS), ArgUint(4);
    }
    LINK "link" File { "res": Errno, Return; "oldpath": Path, path(0); "newpath": Path, path(1); }
    LINKAT "linkat" File {
        "res": Errno, Return; "olddir": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdir": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3); "flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    SYMLINK "symlink" File { "res": Errno, Return; "target": String, ArgString(0); "linkpath": Path, path(1); }
    SYMLINKAT "symlinkat" File {
        "res": Errno, Return; "target": String, ArgString(0); "linkdirfd": Fd, DirFd(1);
        "linkpath": Path, path_at(1, 2);
    }
    READLINK "readlink" File { "res": Errno, Return; "path": Path, path(0); "target": String, received(1, 2); }
    READLINKAT "readlinkat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "target": String, received(2, 3);
    }
    MKDIR "mkdir" File { "res": Errno, Return; "path": Path, path(0); "mode": Octal, ArgUint(1); }
    MKDIRAT "mkdirat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "mode": Octal, ArgUint(2);
    }
    RMDIR "rmdir" File { "res": Errno, Return; "path": Path, path(0); }
    MKNOD "mknod" File {
        "res": Errno, Return; "path": Path, path(0); "mode": Flags(&FILE_MODE_FLAGS), ArgUint(1);
        "dev": Hex, ArgUint(2);
    }
    MKNODAT "mknodat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "mode": Flags(&FILE_MODE_FLAGS), ArgUint(2); "dev": Hex, ArgUint(3);
    }
    #[lifecycle]
    CHDIR "chdir" File { "res": Errno, Return; "path": Path, Special; }
    #[lifecycle]
    FCHDIR "fchdir" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    #[lifecycle]
    CHROOT "chroot" File { "res": Errno, Return; "path": Path, path(0); }
    GETCWD "getcwd" File { "res": Errno, Return; "path": String, From::FilledString(0); }
    CHMOD "chmod" File { "res": Errno, Return; "filename": Path, path(0); "mode": Flags(&MODE_FLAGS), ArgUint(1); }
    FCHMOD "fchmod" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "mode": Flags(&MODE_FLAGS), ArgUint(1); }
    FCHMODAT "fchmodat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "filename": Path, path_at(0, 1);
        "mode": Flags(&MODE_FLAGS), ArgUint(2);
    }
    FCHMODAT2 "fchmodat2" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "filename": Path, path_at(0, 1);
        "mode": Flags(&MODE_FLAGS), ArgUint(2); "flags": Flags(&AT_FLAGS), ArgUint(3);
    }
    CHOWN "chown" File { "res": Errno, Return; "path": Path, path(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2); }
    LCHOWN "lchown" File {
        "res": Errno, Return; "path": Path, path(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2);
    }
    FCHOWN "fchown" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2); }
    FCHOWNAT "fchownat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "pathname": Path, path_at(0, 1); "uid": Uid, ArgUint(2);
        "gid": Gid, ArgUint(3); "flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    UMASK "umask" File { "res": Octal, Return; "mask": Octal, ArgUint(0); }
    ACCESS "access" File { "res": Errno, Return; "name": Path, path(0); "mode": Flags(&ACCESS_MODES), ArgUint(1); }
    FACCESSAT "faccessat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "mode": Flags(&ACCESS_MODES), ArgUint(2);
    }
    FACCESSAT2 "faccessat2" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "mode": Flags(&ACCESS_MODES), ArgUint(2); "flags": Flags(&ACCESS_AT_FLAGS), ArgUint(3);
    }
    STAT "stat" File { "res": Errno, Return; "path": Path, path(0); }
    LSTAT "lstat" File { "res": Errno, Return; "path": Path, path(0); }
    FSTAT "fstat" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    STAT64 "stat64" File { "res": Errno, Return; "path": Path, path(0); }
    LSTAT64 "lstat64" File { "res": Errno, Return; "path": Path, path(0); }
    FSTAT64 "fstat64" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    NEWFSTATAT "newfstatat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "flags": Flags(&AT_FLAGS), ArgUint(3);
    }
    STATX "statx" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "flags": Flags(&AT_FLAGS), ArgUint(2);
        "mask": Flags(&STATX_MASK), ArgUint(3);
    }
    STATFS "statfs" File { "res": Errno, Return; "path": Path, path(0); }
    FSTATFS "fstatfs" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    TRUNCATE "truncate" File { "res": Errno, Return; "path": Path, path(0); "length": Uint, offset(1, 1); }
    FTRUNCATE "ftruncate" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "length": Uint, offset(1, 1); }
    FALLOCATE "fallocate" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "mode": Flags(&FALLOCATE_MODES), ArgUint(1);
        "offset": Uint, offset(2, 2); "length": Uint, offset(3, 4);
    }
    UTIME "utime" File { "res": Errno, Return; "path": Path, path(0); }
    UTIMES "utimes" File { "res": Errno, Return; "path": Path, path(0); }
    FUTIMESAT "futimesat" File { "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); }
    UTIMENSAT "utimensat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "atime": Time, timespec(2, 0);
        "mtime": Time, timespec(2, 1); "flags": Flags(&AT_FLAGS), ArgUint(3);
    }
    SETXATTR "setxattr" File {
        "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); "value": Bytes, bytes(2, 3);
        "size": Uint, Long(3); "flags": Flags(&XATTR_FLAGS), ArgUint(4);
    }
    LSETXATTR "lsetxattr" File {
        "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); "value": Bytes, bytes(2, 3);
        "size": Uint, Long(3); "flags": Flags(&XATTR_FLAGS), ArgUint(4);
    }
    FSETXATTR "fsetxattr" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "name": String, ArgString(1); "value": Bytes, bytes(2, 3);
        "size": Uint, Long(3); "flags": Flags(&XATTR_FLAGS), ArgUint(4);
    }
    SETXATTRAT "setxattrat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(2); "name": String, ArgString(3); "size": Uint, pointed32(4, 8);
        "flags": Flags(&XATTR_FLAGS), pointed32(4, 12);
    }
    GETXATTR "getxattr" File {
        "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); "value": Bytes, received(2, 3);
        "size": Uint, Long(3);
    }
    LGETXATTR "lgetxattr" File {
        "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); "value": Bytes, received(2, 3);
        "size": Uint, Long(3);
    }
    FGETXATTR "fgetxattr" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "name": String, ArgString(1); "value": Bytes, received(2, 3);
        "size": Uint, Long(3);
    }
    GETXATTRAT "getxattrat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(2); "name": String, ArgString(3);
    }
    LISTXATTR "listxattr" File { "res": Errno, Return; "path": Path, path(0); "list": Strings, received(1, 2); }
    LLISTXATTR "llistxattr" File { "res": Errno, Return; "path": Path, path(0); "list": Strings, received(1, 2); }
    FLISTXATTR "flistxattr" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "list": Strings, received(1, 2); }
    LISTXATTRAT "listxattrat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(2); "list": Strings, received(3, 4);
    }
    REMOVEXATTR "removexattr" File { "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); }
    LREMOVEXATTR "lremovexattr" File { "res": Errno, Return; "path": Path, path(0); "name": String, ArgString(1); }
    FREMOVEXATTR "fremovexattr" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "name": String, ArgString(1); }
    REMOVEXATTRAT "removexattrat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(2); "name": String, ArgString(3);
    }
    FILE_GETATTR "file_getattr" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    FILE_SETATTR "file_setattr" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1);
        "at_flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    LOOKUP_DCOOKIE "lookup_dcookie" File { "res": Errno, Return; "path": String, received(1, 2); }
    USELIB "uselib" File { "res": Errno, Return; "path": Path, path(0); }
    INOTIFY_ADD_WATCH "inotify_add_watch" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "path": Path, path(1); "mask": Flags(&INOTIFY_MASK), ArgUint(2);
    }
    INOTIFY_RM_WATCH "inotify_rm_watch" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "wd": Int, ArgInt(1); }
    FANOTIFY_INIT "fanotify_init" File {
        "fd": Fd, ReturnFd; "flags": Flags(&FANOTIFY_INIT_FLAGS), ArgUint(0);
        "event_flags": Flags(&OPEN_FLAGS), ArgUint(1);
    }
    FANOTIFY_MARK "fanotify_mark" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "flags": Flags(&FANOTIFY_MARK_FLAGS), ArgUint(1);
        "mask": Hex, offset(2, 2); "dirfd": Fd, Special; "path": Path, Special;
    }
}
