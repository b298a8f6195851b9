//! Reading small files that others wrote, without being held up or led astray by them.
//!
//! Only regular files on file systems of this machine are read, only so many bytes of each, and links at the end of a path are
//! not followed. In the root of a container, where everything may be the work of an intruder, no link leads out, and no mount is
//! crossed: one with a server behind it could let a reader wait for ever.

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Bytes of a list of mounts that are looked at (proc_pid_mountinfo(5)).
const MOUNTS_BYTES: u64 = 1 << 20;

/// Names in a folder that are looked at.
const MOST_NAMES: usize = 4096;

/// File systems whose files are there without anybody being asked.
const LOCAL: [&[u8]; 16] = [
    b"bcachefs",
    b"btrfs",
    b"erofs",
    b"ext2",
    b"ext3",
    b"ext4",
    b"f2fs",
    b"iso9660",
    b"overlay",
    b"ramfs",
    b"rootfs",
    b"squashfs",
    b"tmpfs",
    b"vfat",
    b"xfs",
    b"zfs",
];

/// The bytes of a file; `None` if it is not there, is no regular file, or is longer than that: half of it would be another one.
pub(super) fn read(path: &Path, limit: usize) -> Option<Vec<u8>> {
    whole(open_regular(path)?, limit)
}

/// A regular file, opened as [`read`] does it.
pub(super) fn open_regular(path: &Path) -> Option<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = File::from(open(path, flags, Mode::empty()).ok()?);
    file.metadata().ok()?.is_file().then_some(file)
}

/// The names in a folder, sorted; of very many, some.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.take(MOST_NAMES).flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

/// A file of /proc, as far as the limit.
pub(super) fn read_proc(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn whole(file: File, limit: usize) -> Option<Vec<u8>> {
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > limit as u64 {
        return None;
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    file.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= limit).then_some(bytes)
}

/// The root folder of a container.
#[derive(Debug)]
pub(super) struct Root(OwnedFd);

impl Root {
    /// The folder at this path; `None` if it cannot be opened, or is on a file system that somebody answers for.
    /// `mountinfo` is the list of mounts that the path goes through, and `place` the path in that list.
    pub(super) fn open(path: &Path, mountinfo: &Path, place: &Path) -> Option<Root> {
        if !is_local(&read_proc(mountinfo, MOUNTS_BYTES)?, place) {
            return None;
        }
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        open(path, flags, Mode::empty()).ok().map(Root)
    }

    /// The bytes of a file in it, as in [`read`].
    pub(super) fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        let how = OpenHow::new()
            .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS | ResolveFlag::RESOLVE_NO_XDEV);
        whole(File::from(openat2(&self.0, path, how).ok()?), limit)
    }
}

/// Whether the file system that this path is on, for this program, is one of the machine's own.
pub(super) fn is_local_to_us(path: &Path) -> bool {
    read_proc(Path::new("/proc/self/mountinfo"), MOUNTS_BYTES).is_some_and(|mounts| is_local(&mounts, path))
}

/// Whether the file system that this path is on, by a list of mounts, is one of the machine's own. What is not known is none.
pub(super) fn is_local(mountinfo: &[u8], path: &Path) -> bool {
    let mut best: Option<(usize, bool)> = None;
    for line in mountinfo.split(|&b| b == b'\n') {
        let mut fields = line.split(|&b| b == b' ');
        let Some(point) = fields.nth(4) else { continue };
        let Ok(point) = std::str::from_utf8(point) else { continue };
        if !path.starts_with(point) {
            continue;
        }
        let Some(kind) = fields.skip_while(|field| *field != b"-").nth(1) else { continue };
        // Of two mounts at one place the later one lies above.
        if best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), LOCAL.contains(&kind)));
        }
    }
    best.is_some_and(|(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_no_small_regular_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        nix::unistd::mkfifo(&path("fifo"), Mode::S_IRWXU).unwrap();
        assert_eq!(read(&path("file"), 4).as_deref(), Some(&b"text"[..]));
        assert_eq!(read(&path("file"), 3), None);
        for name in ["link", "fifo", ".", "gone"] {
            assert_eq!(read(&path(name), 4096), None, "{name}");
        }
    }

    #[test]
    fn no_link_leads_out_of_a_root() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("secret");
        std::fs::write(&outside, "secret").unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("usr/etc")).unwrap();
        std::fs::write(root.join("usr/etc/passwd"), "mine").unwrap();
        symlink("/usr/etc", root.join("etc")).unwrap();
        symlink("../../../secret", root.join("usr/etc/up")).unwrap();
        symlink(&outside, root.join("usr/etc/out")).unwrap();
        symlink("/proc/self/root", root.join("usr/etc/magic")).unwrap();
        nix::unistd::mkfifo(&root.join("usr/etc/fifo"), Mode::S_IRWXU).unwrap();
        let mounts = dir.path().join("mountinfo");
        std::fs::write(&mounts, "1 0 0:1 / / rw - ext4 /dev/x rw\n").unwrap();
        let opened = Root::open(&root, &mounts, &root).unwrap();
        assert_eq!(opened.read("etc/passwd", 100).as_deref(), Some(&b"mine"[..]));
        for name in ["etc/up", "etc/out", "etc/magic", "etc/fifo", "etc/gone"] {
            assert_eq!(opened.read(name, 100), None, "{name}");
        }
        std::fs::write(&mounts, "1 0 0:1 / / rw - fuse.sshfs x rw\n").unwrap();
        assert!(Root::open(&root, &mounts, &root).is_none());
    }

    #[test]
    fn the_nearest_and_uppermost_mount_says_whose_a_path_is() {
        let mounts = b"1 0 0:1 / / rw shared:1 - ext4 a rw\n2 1 0:2 / /srv rw - nfs4 b rw\n3 1 0:3 / /srv/x rw - xfs c rw\nbad\n\
            4 1 0:4 / /over rw - xfs c rw\n5 4 0:5 / /over rw master:1 - fuse d rw\n";
        let local = |path: &str| is_local(mounts, Path::new(path));
        assert!(local("/etc") && local("/srv/x/y") && local("/srvx"));
        assert!(!local("/srv") && !local("/srv/xy") && !local("/over/a"));
        assert!(!is_local(b"", Path::new("/")));
    }
}
