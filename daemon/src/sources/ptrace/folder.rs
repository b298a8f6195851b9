//! `/proc/TID` of one task, held open: what is asked of it later is asked of this task, whatever task has its number then.

use super::limits;
use crate::state::proc_text::number;
use nix::fcntl::{AtFlags, OFlag, open, openat, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

/// What the kernel says behind the name of a file that is gone.
pub const DELETED: &[u8] = b" (deleted)";

/// How much memory a process has, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// All that it could use.
    pub whole: u64,
    /// What of that is in the machine's memory.
    pub resident: u64,
}

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

    /// How much memory the process has: the same as its status says, which is a longer text. What its `stat` says of it is less
    /// exact.
    pub fn sizes(&self) -> Option<Sizes> {
        let mut text = [0; 256];
        let len = self.shown("statm", &mut text)?;
        let mut kib = text[..len].split(|&b| b == b' ').map(|pages| Some(number(pages)? * limits::page_size() / 1024));
        Some(Sizes { whole: kib.next()??, resident: kib.next()?? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::proc_text::find;

    #[test]
    fn the_sizes_are_those_of_the_status() {
        let folder = Folder::open(1).unwrap();
        // They may change while we look.
        let same = (0..1000).any(|_| {
            let sizes = folder.sizes().unwrap();
            let status = std::fs::read("/proc/1/status").unwrap();
            let kib = |name: &[u8]| find(&status, name).and_then(|line| line.strip_suffix(b"kB")).and_then(number);
            (Some(sizes.whole), Some(sizes.resident)) == (kib(b"VmSize:"), kib(b"VmRSS:")) && sizes.resident > 0
        });
        assert!(same);
    }
}
