//! What a file is, without asking its file system anew: statx(2).
#![allow(unsafe_code, reason = "statx(2)")]

use nix::fcntl::AtFlags;
use nix::libc;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd};

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Device, as the kernel numbers it for user space (`new_encode_dev`, `linux/kdev_t.h`).
    pub dev: u32,
    /// Inode number.
    pub ino: u64,
    /// Type and permissions.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Names that it has.
    pub links: u32,
    /// Last status change, ns since the epoch.
    pub ctime: u64,
    /// Last modification, ns since the epoch.
    pub mtime: u64,
}

impl Status {
    /// That of what `name`, seen from a folder, leads to; `None` if there is nothing.
    pub fn read(folder: impl AsFd, name: &str, flags: AtFlags) -> Option<Status> {
        let name = CString::new(name).ok()?;
        let mut out = std::mem::MaybeUninit::<libc::statx>::zeroed();
        let flags = flags.bits() | libc::AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT;
        let folder = folder.as_fd().as_raw_fd();
        // SAFETY: the name ends with NUL, and `out` has room for the answer.
        let error = unsafe { libc::statx(folder, name.as_ptr(), flags, libc::STATX_BASIC_STATS, out.as_mut_ptr()) };
        if error != 0 {
            return None;
        }
        // SAFETY: zeroes are a value of it, and the kernel has written it.
        let out = unsafe { out.assume_init() };
        let (major, minor) = (out.stx_dev_major, out.stx_dev_minor);
        let ns = |time: libc::statx_timestamp| {
            u64::try_from(time.tv_sec)
                .map_or(0, |s| s.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec.into()))
        };
        Some(Status {
            dev: (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12),
            ino: out.stx_ino,
            mode: out.stx_mode.into(),
            uid: out.stx_uid,
            gid: out.stx_gid,
            links: out.stx_nlink,
            ctime: ns(out.stx_ctime),
            mtime: ns(out.stx_mtime),
        })
    }

    /// The file type bits of its mode.
    pub fn kind(&self) -> u32 {
        self.mode & libc::S_IFMT
    }
}
