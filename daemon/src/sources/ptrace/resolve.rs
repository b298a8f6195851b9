//! What a name leads to, before the call that opens it: asked of what the kernel has in memory alone (`RESOLVE_CACHED` of
//! openat2(2), Linux 5.12), for a file system may be a program's, and that program a tracee that waits for us.

use super::folder::{DELETED, Folder};
use kestrel_core::fill::AT_FDCWD;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::libc;
use std::os::fd::AsRawFd;

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To this path, as the kernel names it.
    To(Vec<u8>),
    /// To nothing: the call will fail.
    Nowhere,
    /// That is not known.
    Unknown,
}

/// Where what each process has of its own lies: there a name leads elsewhere for us.
const OF_PROCESSES: &[u8] = b"/proc";

/// Where `name` leads for a task whose root is ours, if it is opened with these flags relative to this directory. `own` is our
/// own folder in /proc.
pub fn resolve(own: &Folder, folder: &Folder, dir: i32, name: &[u8], flags: i32) -> Leads {
    let creates = flags & libc::O_CREAT != 0;
    let mut path = Vec::new();
    if name.first() != Some(&b'/') {
        let base = if dir == AT_FDCWD { folder.link("cwd") } else { folder.link(&format!("fd/{dir}")) };
        match base {
            Some(base) if base.first() == Some(&b'/') && !base.ends_with(DELETED) => path = base,
            _ => return Leads::Unknown,
        }
        path.push(b'/');
    }
    path.extend_from_slice(name);
    if name.is_empty() || path.starts_with(OF_PROCESSES) || flags & libc::O_TMPFILE == libc::O_TMPFILE {
        return Leads::Unknown;
    }
    let kept = OFlag::from_bits_retain(flags & libc::O_NOFOLLOW) | OFlag::O_PATH | OFlag::O_CLOEXEC;
    let open = |resolve: ResolveFlag| {
        let how = OpenHow::new().flags(kept).resolve(resolve | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        openat2(nix::fcntl::AT_FDCWD, path.as_slice(), how)
    };
    let cached = ResolveFlag::from_bits_retain(RESOLVE_CACHED);
    let opened = match open(cached | ResolveFlag::RESOLVE_NO_SYMLINKS) {
        // NOTE: only where no link was followed. A link into /proc leads elsewhere for us, and what a link that leads nowhere
        // names may be made by the call.
        Err(Errno::ENOENT) if !creates => return Leads::Nowhere,
        Err(Errno::ELOOP) => open(cached),
        opened => opened,
    };
    let Ok(file) = opened else { return Leads::Unknown };
    match own.link(&format!("fd/{}", file.as_raw_fd())) {
        Some(named)
            if named.first() == Some(&b'/') && !named.starts_with(OF_PROCESSES) && !named.ends_with(DELETED) =>
        {
            Leads::To(named)
        }
        _ => Leads::Unknown,
    }
}

/// Only what is in memory (`linux/openat2.h`).
const RESOLVE_CACHED: u64 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_name_leads_where_links_lead_and_what_is_not_sure_is_not_said() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        std::fs::write(place.join("file"), "x").unwrap();
        symlink("file", place.join("link")).unwrap();
        symlink("nothing", place.join("dangling")).unwrap();
        symlink("/proc/self/nothing", place.join("into")).unwrap();
        let me = Folder::open(std::process::id().cast_signed()).unwrap();
        let of = |name: &str, flags| {
            let path = place.join(name);
            // The second time it is in memory, whether it is there or not.
            let _ = std::fs::metadata(&path);
            resolve(&me, &me, AT_FDCWD, path.as_os_str().as_bytes(), flags)
        };
        let file = Leads::To(place.join("file").into_os_string().into_vec());
        let link = Leads::To(place.join("link").into_os_string().into_vec());
        for (name, flags, expected) in [
            ("file", 0, file.clone()),
            ("./x/../file", 0, Leads::Nowhere),
            ("file", libc::O_CREAT, file.clone()),
            ("link", 0, file),
            ("link", libc::O_NOFOLLOW, link),
            ("no", 0, Leads::Nowhere),
            ("no", libc::O_CREAT, Leads::Unknown),
            ("dangling", 0, Leads::Unknown),
            ("dangling", libc::O_CREAT, Leads::Unknown),
            ("into", 0, Leads::Unknown),
            ("", libc::O_TMPFILE, Leads::Unknown),
        ] {
            assert_eq!(of(name, flags), expected, "{name} {flags:#o}");
        }
        for own in [&b"/proc/self/maps"[..], b"/dev/stdin", b""] {
            assert_eq!(resolve(&me, &me, AT_FDCWD, own, 0), Leads::Unknown);
        }
        let cwd = std::env::current_dir().unwrap().join("Cargo.toml").into_os_string().into_vec();
        assert_eq!(resolve(&me, &me, AT_FDCWD, b"Cargo.toml", 0), Leads::To(cwd));
    }

    #[test]
    fn a_relative_name_leads_on_from_the_descriptor() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("file"), "x").unwrap();
        let dir = std::fs::File::open(place.path()).unwrap();
        let me = Folder::open(std::process::id().cast_signed()).unwrap();
        let file = place.path().canonicalize().unwrap().join("file").into_os_string().into_vec();
        assert_eq!(resolve(&me, &me, dir.as_raw_fd(), b"file", 0), Leads::To(file));
        assert_eq!(resolve(&me, &me, -1, b"file", 0), Leads::Unknown);
    }
}
