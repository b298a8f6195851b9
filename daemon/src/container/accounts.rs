//! Users and groups as a container names them: by the files in its own root.

use super::files::{Root, read_proc};
use crate::state::Users;
use std::path::Path;

/// Bytes of a container's file of users or groups: a bound on what a container can cost.
const ACCOUNTS_BYTES: usize = 1 << 20;

/// Bytes of a map of ids that are looked at: the kernel's own bound is 340 lines (user_namespaces(7)).
const MAP_BYTES: u64 = 16 << 10;

/// The users and groups of a container.
#[derive(Debug, Default)]
pub struct Accounts {
    /// By the ids that they have in it.
    pub users: Users,
    /// From the machine's user ids to the container's.
    pub uids: IdMap,
    /// From the machine's group ids to the container's.
    pub gids: IdMap,
}

/// Ids of the machine, as ids of a user namespace: `(inside, outside, count)`. Without an entry they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMap(pub Vec<(u32, u32, u32)>);

impl IdMap {
    /// From the text of `/proc/PID/uid_map`.
    pub fn parse(text: &[u8]) -> IdMap {
        let line = |line: &[u8]| {
            let mut numbers = std::str::from_utf8(line).ok()?.split_ascii_whitespace().map_while(|n| n.parse().ok());
            Some((numbers.next()?, numbers.next()?, numbers.next()?))
        };
        IdMap(text.split(|&b| b == b'\n').filter_map(line).collect())
    }

    /// The id inside; `None` if there is none for this one.
    pub fn inside(&self, outside: u32) -> Option<u32> {
        if self.0.is_empty() {
            return Some(outside);
        }
        self.0.iter().find_map(|&(inside, first, count)| {
            let offset = outside.checked_sub(first).filter(|offset| *offset < count)?;
            inside.checked_add(offset)
        })
    }
}

/// Reads the users and groups of a container: from its root folder as the machine sees it, or as one of its processes sees it.
/// `None` if neither can be had.
pub(super) fn read(root: Option<&Path>, proc: &Path, pid: u32) -> Option<Accounts> {
    let process = proc.join(pid.to_string());
    let of_machine = || {
        let root = root?;
        Root::open(root, &proc.join("self/mountinfo"), root)
    };
    let texts = of_machine().and_then(|root| texts(&root)).or_else(|| {
        let path = process.join("root");
        // Before it was put into its root, a process sees the machine's.
        let same = same_folder(&path, Path::new("/"))?;
        let root = Root::open(&path, &process.join("mountinfo"), Path::new("/")).filter(|_| !same)?;
        texts(&root)
    });
    let (passwd, group) = texts?;
    let map =
        |name: &str| read_proc(&process.join(name), MAP_BYTES).map_or_else(IdMap::default, |text| IdMap::parse(&text));
    Some(Accounts { users: Users::from_text(&passwd, &group), uids: map("uid_map"), gids: map("gid_map") })
}

/// The texts of both files, if there is one of them.
fn texts(root: &Root) -> Option<(String, String)> {
    let text = |name: &str| root.read(name, ACCOUNTS_BYTES).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    match (text("etc/passwd"), text("etc/group")) {
        (None, None) => None,
        (passwd, group) => Some((passwd.unwrap_or_default(), group.unwrap_or_default())),
    }
}

fn same_folder(one: &Path, other: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    let of = |path: &Path| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    Some(of(one)? == of(other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_as_the_container_knows_them() {
        let map = IdMap::parse(b"         0       1000          1\n         1     100000      65536\n");
        assert_eq!(map.inside(1000), Some(0));
        assert_eq!(map.inside(100_032), Some(33));
        for stranger in [0, 999, 1001, 165_536] {
            assert_eq!(map.inside(stranger), None, "{stranger}");
        }
        assert_eq!(IdMap::parse(b"0 0 4294967295\n").inside(7), Some(7));
        assert_eq!(IdMap::parse(b"").inside(7), Some(7));
        assert_eq!(IdMap::parse(b"4294967295 5 9\nx\n1 2\n").inside(6), None);
    }

    #[test]
    fn the_users_are_those_in_the_containers_root() {
        let dir = tempfile::tempdir().unwrap();
        let etc = dir.path().join("root/etc");
        std::fs::create_dir_all(&etc).unwrap();
        std::fs::write(etc.join("passwd"), "web:x:33:33::/srv:/bin/false\n").unwrap();
        let proc = dir.path().join("proc");
        std::fs::create_dir_all(proc.join("self")).unwrap();
        std::fs::create_dir_all(proc.join("7")).unwrap();
        std::fs::write(proc.join("self/mountinfo"), "1 0 0:1 / / rw - ext4 /dev/x rw\n").unwrap();
        std::fs::write(proc.join("7/uid_map"), "0 1000 100\n").unwrap();
        let accounts = read(Some(&dir.path().join("root")), &proc, 7).unwrap();
        assert_eq!(&*accounts.users.user(accounts.uids.inside(1033).unwrap()).unwrap().name, "web");
        assert!(read(Some(&dir.path().join("gone")), &proc, 7).is_none());
    }

    #[test]
    fn the_machines_own_root_is_not_taken_for_a_containers() {
        assert!(read(None, Path::new("/proc"), std::process::id()).is_none());
    }
}
