//! Files by their names. Where it works there is `file`, and nothing else.

use super::raw::{CLOSED, NOWHERE, Word, call, call_number, in_child};
use crate::guest::failure::Outcome;
use nix::libc::{self, AT_FDCWD};
use std::ffi::CStr;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const NUMBERS: Numbers = Numbers {
    fchmodat2: 452,
    setxattrat: 463,
    getxattrat: 464,
    listxattrat: 465,
    removexattrat: 466,
    file_getattr: 468,
    file_setattr: 469,
};

struct Numbers {
    fchmodat2: i64,
    setxattrat: i64,
    getxattrat: i64,
    listxattrat: i64,
    removexattrat: i64,
    file_getattr: i64,
    file_setattr: i64,
}

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    begin();
    opens();
    names();
    nodes();
    places();
    modes_and_owners();
    questions();
    lengths();
    times();
    attributes();
    watches();
    Ok(())
}

/// open, with a mode: the kernel records one even where it means nothing.
fn open(path: &CStr, flags: libc::c_int) -> i64 {
    call!(SYS_open, path.as_ptr(), flags, 0)
}

fn opens() {
    open(c"file", libc::O_RDONLY);
    open(c"/tmp/calls/missing", libc::O_WRONLY | libc::O_APPEND);
    call!(SYS_openat, AT_FDCWD, c"made".as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC, 0o640);
    let folder = call!(SYS_openat, AT_FDCWD, c"/tmp/calls".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY, 0);
    call!(SYS_openat, folder, c"../calls/./file".as_ptr(), libc::O_RDONLY, 0);
    call!(SYS_openat, folder, c"file/under".as_ptr(), libc::O_RDONLY | libc::O_NOFOLLOW, 0);
    // struct open_how: flags, mode, resolve
    let how: [u64; 3] = [libc::O_RDONLY as u64 | libc::O_CLOEXEC as u64, 0, libc::RESOLVE_NO_SYMLINKS];
    call!(SYS_openat2, folder, c"file".as_ptr(), how.as_ptr(), size_of_val(&how));
    let beneath: [u64; 3] = [libc::O_CREAT as u64 | libc::O_WRONLY as u64, 0o600, libc::RESOLVE_BENEATH];
    call!(SYS_openat2, folder, c"/etc/hostname".as_ptr(), beneath.as_ptr(), size_of_val(&beneath));
    call!(SYS_creat, c"/tmp/calls/created".as_ptr(), 0o600);
    call!(SYS_creat, c"no/folder".as_ptr(), 0o644);
    // struct file_handle: room for the handle, its type, the handle
    let mut handle = [0_u32; 34];
    handle[0] = 128;
    let mut mount = 0_i32;
    call!(SYS_name_to_handle_at, AT_FDCWD, c"file".as_ptr(), handle.as_mut_ptr(), &raw mut mount, 0);
    call!(
        SYS_name_to_handle_at,
        folder,
        c"gone".as_ptr(),
        handle.as_mut_ptr(),
        &raw mut mount,
        libc::AT_SYMLINK_FOLLOW
    );
    call!(SYS_open_by_handle_at, folder, handle.as_ptr(), libc::O_RDONLY);
    let none = [8_u32, 77, 0, 0];
    call!(SYS_open_by_handle_at, CLOSED, none.as_ptr(), libc::O_RDWR);
}

fn names() {
    call!(SYS_link, c"file".as_ptr(), c"link".as_ptr());
    call!(SYS_link, c"file".as_ptr(), c"link".as_ptr());
    call!(SYS_linkat, AT_FDCWD, c"file".as_ptr(), AT_FDCWD, c"link-at".as_ptr(), 0);
    call!(SYS_linkat, CLOSED, c"file".as_ptr(), AT_FDCWD, c"link-at".as_ptr(), libc::AT_SYMLINK_FOLLOW);
    call!(SYS_symlink, c"/etc/hostname".as_ptr(), c"symlink".as_ptr());
    call!(SYS_symlink, c"".as_ptr(), c"nothing".as_ptr());
    call!(SYS_symlinkat, c"file".as_ptr(), AT_FDCWD, c"symlink-at".as_ptr());
    call!(SYS_symlinkat, c"file".as_ptr(), CLOSED, c"symlink-at".as_ptr());
    let mut target = [0_u8; 64];
    call!(SYS_readlink, c"symlink".as_ptr(), target.as_mut_ptr(), target.len());
    call!(SYS_readlink, c"file".as_ptr(), target.as_mut_ptr(), target.len());
    call!(SYS_readlinkat, AT_FDCWD, c"symlink-at".as_ptr(), target.as_mut_ptr(), target.len());
    call!(SYS_readlinkat, AT_FDCWD, c"symlink-at".as_ptr(), target.as_mut_ptr(), 0);
    call!(SYS_rename, c"link".as_ptr(), c"renamed".as_ptr());
    call!(SYS_rename, c"link".as_ptr(), c"renamed".as_ptr());
    call!(SYS_renameat, AT_FDCWD, c"renamed".as_ptr(), AT_FDCWD, c"renamed-at".as_ptr());
    call!(SYS_renameat, AT_FDCWD, c"renamed".as_ptr(), CLOSED, c"renamed-at".as_ptr());
    let place = c"/tmp/calls/renamed-at-2";
    call!(SYS_renameat2, AT_FDCWD, c"renamed-at".as_ptr(), AT_FDCWD, place.as_ptr(), libc::RENAME_NOREPLACE);
    call!(SYS_renameat2, AT_FDCWD, c"file".as_ptr(), AT_FDCWD, place.as_ptr(), libc::RENAME_NOREPLACE);
    call!(SYS_mkdir, c"folder".as_ptr(), 0o755);
    call!(SYS_mkdir, c"folder".as_ptr(), 0o1777);
    call!(SYS_mkdirat, AT_FDCWD, c"folder/inner".as_ptr(), 0o700);
    call!(SYS_mkdirat, CLOSED, c"inner".as_ptr(), 0o700);
    call!(SYS_rmdir, c"folder/inner".as_ptr());
    call!(SYS_rmdir, c"file".as_ptr());
    call!(SYS_unlink, c"renamed-at-2".as_ptr());
    call!(SYS_unlink, c"no\nsuch".as_ptr());
    call!(SYS_unlinkat, AT_FDCWD, c"folder".as_ptr(), libc::AT_REMOVEDIR);
    call!(SYS_unlinkat, AT_FDCWD, c"folder".as_ptr(), 0);
    call!(SYS_unlink, NOWHERE);
}

fn nodes() {
    // struct dev_t of the null device, as mknod takes it: 1, 3
    call!(SYS_mknod, c"null".as_ptr(), libc::S_IFCHR | 0o666, 0x103);
    call!(SYS_mknod, c"null".as_ptr(), libc::S_IFIFO | 0o600, 0);
    call!(SYS_mknodat, AT_FDCWD, c"pipe".as_ptr(), libc::S_IFIFO | 0o620, 0);
    call!(SYS_mknodat, AT_FDCWD, c"block/device".as_ptr(), libc::S_IFBLK | 0o600, 0x801);
}

fn places() {
    call!(SYS_mkdir, c"place".as_ptr(), 0o755);
    call!(SYS_symlink, c"place".as_ptr(), c"way".as_ptr());
    call!(SYS_chdir, c"way".as_ptr());
    call!(SYS_chdir, c"../nowhere".as_ptr());
    let mut path = [0_u8; 64];
    call!(SYS_getcwd, path.as_mut_ptr(), path.len());
    call!(SYS_getcwd, path.as_mut_ptr(), 4);
    let folder = open(c"/tmp/calls", libc::O_RDONLY | libc::O_DIRECTORY);
    call!(SYS_fchdir, folder);
    call!(SYS_fchdir, CLOSED);
    call!(SYS_chroot, c"file".as_ptr());
    in_child(|| {
        call!(SYS_chroot, c"/srv".as_ptr());
        // Outside its root now, and told so.
        call!(SYS_getcwd, path.as_mut_ptr(), path.len());
        open(c"/missing", libc::O_RDONLY);
        open(c"file", libc::O_RDONLY);
    });
}

fn modes_and_owners() {
    let file = open(c"file", libc::O_RDWR);
    call!(SYS_chmod, c"file".as_ptr(), 0o4755);
    call!(SYS_chmod, c"gone".as_ptr(), 0o600);
    call!(SYS_fchmod, file, 0o640);
    call!(SYS_fchmod, CLOSED, 0o640);
    call!(SYS_fchmodat, AT_FDCWD, c"symlink-at".as_ptr(), 0o600);
    call!(SYS_fchmodat, AT_FDCWD, c"file/under".as_ptr(), 0o600);
    call_number!(NUMBERS.fchmodat2, AT_FDCWD, c"symlink".as_ptr(), 0o700, libc::AT_SYMLINK_NOFOLLOW);
    call!(SYS_chown, c"file".as_ptr(), 1000, 1001);
    call!(SYS_chown, c"gone".as_ptr(), -1, 1001);
    call!(SYS_lchown, c"symlink".as_ptr(), 1000, -1);
    call!(SYS_lchown, c"gone".as_ptr(), 1000, -1);
    call!(SYS_fchown, file, 0, 0);
    call!(SYS_fchown, CLOSED, 1, 2);
    call!(SYS_fchownat, AT_FDCWD, c"symlink".as_ptr(), 0, 0, libc::AT_SYMLINK_NOFOLLOW);
    call!(SYS_fchownat, file, c"".as_ptr(), 3, 4, libc::AT_EMPTY_PATH);
    call!(SYS_fchownat, AT_FDCWD, c"gone".as_ptr(), 5, 6, 0);
    call!(SYS_umask, 0o027);
    call!(SYS_umask, 0o022);
}

fn questions() {
    let file = open(c"file", libc::O_RDONLY);
    call!(SYS_access, c"file".as_ptr(), libc::R_OK | libc::W_OK);
    call!(SYS_access, c"gone".as_ptr(), libc::F_OK);
    call!(SYS_faccessat, AT_FDCWD, c"file".as_ptr(), libc::R_OK);
    call!(SYS_faccessat, AT_FDCWD, c"gone".as_ptr(), libc::X_OK);
    call!(SYS_faccessat2, AT_FDCWD, c"symlink-at".as_ptr(), libc::R_OK, libc::AT_SYMLINK_NOFOLLOW | libc::AT_EACCESS);
    call!(SYS_faccessat2, AT_FDCWD, c"file".as_ptr(), libc::R_OK, 1);
    // Room for any answer: struct stat, statx, statfs.
    let mut answer = [0_u64; 64];
    let room = answer.as_mut_ptr();
    call!(SYS_stat, c"symlink-at".as_ptr(), room);
    call!(SYS_stat, c"gone".as_ptr(), room);
    call!(SYS_lstat, c"symlink-at".as_ptr(), room);
    call!(SYS_lstat, c"gone".as_ptr(), room);
    call!(SYS_fstat, file, room);
    call!(SYS_fstat, CLOSED, room);
    call!(SYS_newfstatat, AT_FDCWD, c"symlink".as_ptr(), room, libc::AT_SYMLINK_NOFOLLOW);
    call!(SYS_newfstatat, AT_FDCWD, c"gone".as_ptr(), room, libc::AT_NO_AUTOMOUNT);
    call!(SYS_newfstatat, file, c"".as_ptr(), room, libc::AT_EMPTY_PATH);
    call!(SYS_statx, AT_FDCWD, c"file".as_ptr(), libc::AT_SYMLINK_NOFOLLOW, libc::STATX_BASIC_STATS, room);
    call!(SYS_statx, AT_FDCWD, c"gone".as_ptr(), 0, libc::STATX_BTIME, room);
    call!(SYS_statfs, c"/proc".as_ptr(), room);
    call!(SYS_statfs, c"gone".as_ptr(), room);
    call!(SYS_fstatfs, file, room);
    call!(SYS_fstatfs, CLOSED, room);
    call!(SYS_lookup_dcookie, 7, room, 64);
    call!(SYS_uselib, c"/tmp/calls/file".as_ptr());
}

fn lengths() {
    let file = open(c"file", libc::O_RDWR);
    call!(SYS_truncate, c"file".as_ptr(), 10_000);
    call!(SYS_truncate, c"file".as_ptr(), -1);
    call!(SYS_ftruncate, file, 20_000);
    call!(SYS_ftruncate, CLOSED, 0x1_0000_0000_i64);
    call!(SYS_fallocate, file, libc::FALLOC_FL_KEEP_SIZE, 4096, 8192);
    call!(SYS_fallocate, file, libc::FALLOC_FL_KEEP_SIZE | libc::FALLOC_FL_PUNCH_HOLE, -5, 8192);
}

fn times() {
    // struct utimbuf, struct timeval, struct timespec: last access, last change
    let seconds = [1_000_000_000_u64, 1_000_000_001];
    let micros = [1_000_000_000_u64, 5, 1_000_000_001, 6];
    let nanos = [1_000_000_000_u64, 5, 1_000_000_001, 999_999_999];
    let now = [0_u64, libc::UTIME_NOW as u64, 0, libc::UTIME_OMIT as u64];
    call!(SYS_utime, c"file".as_ptr(), seconds.as_ptr());
    call!(SYS_utime, c"gone".as_ptr(), seconds.as_ptr());
    call!(SYS_utimes, c"file".as_ptr(), micros.as_ptr());
    call!(SYS_utimes, c"gone".as_ptr(), micros.as_ptr());
    call!(SYS_futimesat, AT_FDCWD, c"file".as_ptr(), micros.as_ptr());
    call!(SYS_futimesat, CLOSED, c"file".as_ptr(), micros.as_ptr());
    call!(SYS_utimensat, AT_FDCWD, c"symlink".as_ptr(), nanos.as_ptr(), libc::AT_SYMLINK_NOFOLLOW);
    call!(SYS_utimensat, AT_FDCWD, c"file".as_ptr(), now.as_ptr(), 0);
    call!(SYS_utimensat, AT_FDCWD, c"gone".as_ptr(), null::<u8>(), 0);
    let file = open(c"file", libc::O_RDWR);
    // futimens: no path at all
    call!(SYS_utimensat, file, null::<u8>(), nanos.as_ptr(), 0);
}

fn attributes() {
    const NAME: &CStr = c"trusted.colour";
    const MISSING: &CStr = c"trusted.none";
    let value = *b"blue";
    let file = open(c"file", libc::O_RDWR);
    call!(SYS_setxattr, c"symlink-at".as_ptr(), NAME.as_ptr(), value.as_ptr(), 4, libc::XATTR_CREATE);
    call!(SYS_setxattr, c"file".as_ptr(), NAME.as_ptr(), value.as_ptr(), 4, libc::XATTR_CREATE);
    call!(SYS_lsetxattr, c"file".as_ptr(), NAME.as_ptr(), value.as_ptr(), 3, libc::XATTR_REPLACE);
    call!(SYS_lsetxattr, c"gone".as_ptr(), NAME.as_ptr(), value.as_ptr(), 3, 0);
    call!(SYS_fsetxattr, file, c"trusted.size".as_ptr(), value.as_ptr(), 1, 0);
    call!(SYS_fsetxattr, CLOSED, NAME.as_ptr(), value.as_ptr(), 2, 0);
    let mut answer = [0_u8; 128];
    let room = answer.as_mut_ptr();
    call!(SYS_getxattr, c"symlink-at".as_ptr(), NAME.as_ptr(), room, 128);
    call!(SYS_getxattr, c"file".as_ptr(), MISSING.as_ptr(), room, 128);
    call!(SYS_lgetxattr, c"file".as_ptr(), NAME.as_ptr(), room, 100);
    call!(SYS_lgetxattr, c"symlink".as_ptr(), NAME.as_ptr(), room, 100);
    call!(SYS_fgetxattr, file, c"trusted.size".as_ptr(), room, 50);
    call!(SYS_fgetxattr, CLOSED, NAME.as_ptr(), room, 50);
    call!(SYS_listxattr, c"symlink-at".as_ptr(), room, 128);
    call!(SYS_listxattr, c"gone".as_ptr(), room, 128);
    call!(SYS_llistxattr, c"file".as_ptr(), room, 128);
    call!(SYS_llistxattr, c"gone".as_ptr(), room, 128);
    call!(SYS_flistxattr, file, room, 128);
    call!(SYS_flistxattr, CLOSED, room, 128);
    // How long it would be.
    call!(SYS_getxattr, c"file".as_ptr(), NAME.as_ptr(), null::<u8>(), 0);
    call!(SYS_listxattr, c"file".as_ptr(), null::<u8>(), 0);
    call!(SYS_removexattr, c"file".as_ptr(), NAME.as_ptr());
    call!(SYS_removexattr, c"file".as_ptr(), NAME.as_ptr());
    call!(SYS_lremovexattr, c"file".as_ptr(), c"trusted.size".as_ptr());
    call!(SYS_lremovexattr, c"gone".as_ptr(), NAME.as_ptr());
    call!(SYS_fsetxattr, file, NAME.as_ptr(), value.as_ptr(), 4, 0);
    call!(SYS_fremovexattr, file, NAME.as_ptr());
    call!(SYS_fremovexattr, CLOSED, NAME.as_ptr());
    newer_attributes(room.word());
}

fn newer_attributes(room: usize) {
    const NAME: &CStr = c"trusted.colour";
    // struct xattr_args: where the value is, its size, flags
    let args = [room as u64, 4 | (libc::XATTR_CREATE as u64) << 32];
    let at = libc::AT_SYMLINK_NOFOLLOW;
    let size = size_of_val(&args);
    call_number!(NUMBERS.setxattrat, AT_FDCWD, c"file".as_ptr(), at, NAME.as_ptr(), args.as_ptr(), size);
    call_number!(NUMBERS.getxattrat, AT_FDCWD, c"file".as_ptr(), at, NAME.as_ptr(), args.as_ptr(), size);
    call_number!(NUMBERS.listxattrat, AT_FDCWD, c"file".as_ptr(), at, room, 128);
    call_number!(NUMBERS.removexattrat, AT_FDCWD, c"file".as_ptr(), at, NAME.as_ptr());
    // struct file_attr: 24 bytes
    let attr = [0_u64; 3];
    call_number!(NUMBERS.file_getattr, AT_FDCWD, c"file".as_ptr(), attr.as_ptr(), size_of_val(&attr), at);
    call_number!(NUMBERS.file_setattr, AT_FDCWD, c"file".as_ptr(), attr.as_ptr(), size_of_val(&attr), at);
}

fn watches() {
    let inotify = call!(SYS_inotify_init1, libc::IN_CLOEXEC);
    call!(SYS_inotify_add_watch, inotify, c"file".as_ptr(), libc::IN_MODIFY | libc::IN_ONESHOT);
    call!(SYS_inotify_add_watch, inotify, c"gone".as_ptr(), libc::IN_DELETE);
    call!(SYS_inotify_rm_watch, inotify, 1);
    call!(SYS_inotify_rm_watch, inotify, 77);
    let flags = libc::FAN_CLASS_NOTIF | libc::FAN_CLOEXEC;
    let fanotify = call!(SYS_fanotify_init, flags, libc::O_RDONLY);
    call!(SYS_fanotify_init, 0x8000_0000_u32, libc::O_RDWR);
    let mask = libc::FAN_OPEN | libc::FAN_CLOSE_WRITE;
    call!(SYS_fanotify_mark, fanotify, libc::FAN_MARK_ADD, mask, AT_FDCWD, c"file".as_ptr());
    call!(SYS_fanotify_mark, fanotify, libc::FAN_MARK_REMOVE, mask, AT_FDCWD, c"gone".as_ptr());
    call!(SYS_fanotify_mark, fanotify, libc::FAN_MARK_FLUSH, 0, AT_FDCWD, null::<u8>());
}
