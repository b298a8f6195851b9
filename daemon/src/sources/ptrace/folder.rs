//! `/proc/TID` of one task, held open: what is asked of it later is asked of this task, whatever task has its number then.

use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

/// What the kernel says behind the name of a file that is gone.
pub const DELETED: &[u8] = b" (deleted)";

/// `/proc/TID`.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// That of this task; `None` if it is gone, or there is no room for one more descriptor.
    pub fn open(tid: i32) -> Option<Folder> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        open(format!("/proc/{tid}").as_str(), flags, Mode::empty()).ok().map(Folder)
    }

    /// Reads a file whose text the kernel makes at once, such as `stat` and `status`: one that does not fill the room is whole.
    pub fn shown(&self, name: &str, to: &mut [u8]) -> Option<usize> {
        let file = openat(&self.0, name, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        read(&file, to).ok()
    }

    /// Reads a file as far as there is room; gives its length, and whether there was more.
    pub fn read(&self, name: &str, to: &mut [u8]) -> Option<(usize, bool)> {
        let file = openat(&self.0, name, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        let mut len = 0;
        loop {
            if len == to.len() {
                return Some((len, read(&file, &mut [0]).ok()? > 0));
            }
            match read(&file, &mut to[len..]).ok()? {
                0 => return Some((len, false)),
                n => len += n,
            }
        }
    }

    /// Where a link leads.
    pub fn link(&self, name: &str) -> Option<Vec<u8>> {
        readlinkat(&self.0, name).ok().map(OsString::into_vec)
    }

    /// Where a link leads, without the remark that what was there is gone.
    pub fn path(&self, name: &str) -> Option<Vec<u8>> {
        let mut path = self.link(name)?;
        if path.ends_with(DELETED) {
            path.truncate(path.len() - DELETED.len());
        }
        Some(path)
    }

    /// What lies behind a link, as far as the kernel knows without asking anybody: a file system may be a program's, and that
    /// program may be a tracee that waits for us.
    pub fn status(&self, name: &str) -> Option<super::status::Status> {
        super::status::Status::read(&self.0, name, AtFlags::empty())
    }
}
