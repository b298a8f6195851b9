//! Control groups and containers, bounded.
//!
//! A process holds its group, and the group its container, so that a field of an event is two pointers away. The tables here only
//! serve to find a group again by its number, and a container by its id.

use super::{Accounts, Asked, Container, Details, Identity, Reader, accounts, network};
use crate::state::Users;
use hashbrown::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Groups and containers that are kept at most; those that no process is in go first.
const MOST_GROUPS: usize = 16_384;
const MOST_CONTAINERS: usize = 4096;

/// A control group.
#[derive(Debug, Default)]
pub struct Group {
    /// Its number in the unified hierarchy; 0 if it is not known.
    pub id: u64,
    /// Its path; empty if it is not known.
    pub path: Box<[u8]>,
    /// Its container; `None` for the machine itself.
    pub container: Option<Rc<Container>>,
}

/// The id of a container, and the user in whose part of the hierarchy it is: any user can give a group of his own any name.
type Key = (Box<[u8]>, Option<u32>);

/// Groups by number, containers by id.
#[derive(Debug)]
pub struct Containers {
    groups: HashMap<u64, Rc<Group>>,
    containers: HashMap<Key, Rc<Container>>,
    /// Without it, nothing is looked for.
    reader: Option<Reader>,
    proc: PathBuf,
    /// Whether a number stands for one path: not where the old hierarchies are in use, which numbers do not tell of.
    by_number: bool,
}

impl Containers {
    /// None yet. They are looked for below `root` (`/`) and in the proc file system at `proc`, if there is a root.
    pub fn new(root: Option<&Path>, proc: &Path) -> Containers {
        Containers {
            groups: HashMap::new(),
            containers: HashMap::new(),
            reader: root.map(Reader::new),
            proc: proc.to_owned(),
            by_number: true,
        }
    }

    /// From now on, numbers of groups do not say which groups they are: the old hierarchies are in use (cgroups(7)).
    pub fn distrust_numbers(&mut self) {
        self.by_number = false;
        self.groups.clear();
    }

    /// The group of this number, if its path is known.
    pub fn known(&self, id: u64) -> Option<Rc<Group>> {
        self.groups.get(&id).cloned()
    }

    /// The group of this path and number.
    pub fn group(&mut self, id: u64, path: &[u8]) -> Rc<Group> {
        if let Some(group) = self.groups.get(&id).filter(|group| *group.path == *path) {
            return Rc::clone(group);
        }
        let told = Identity::of_cgroup(path).or_else(|| self.reader.as_ref()?.of_group(path));
        let container = told.map(|identity| self.container(&identity, path));
        let group = Rc::new(Group { id, path: path.into(), container });
        if self.by_number && id != 0 && !path.is_empty() {
            make_room(&mut self.groups, MOST_GROUPS);
            self.groups.insert(id, Rc::clone(&group));
        }
        group
    }

    fn container(&mut self, identity: &Identity<'_>, path: &[u8]) -> Rc<Container> {
        let key = (identity.id.as_ref().into(), owner(path));
        if let Some(container) = self.containers.get(&key) {
            container.set_group(identity, path);
            return Rc::clone(container);
        }
        let container = Rc::new(Container::new(&identity.id));
        container.set_group(identity, path);
        make_room(&mut self.containers, MOST_CONTAINERS);
        self.containers.insert(key, Rc::clone(&container));
        container
    }

    /// Looks for what is not known of the container of a group, if it is in one: a process of it has this pid. Its users can be
    /// seen only once it is in its root (`settled`).
    pub fn look(&self, group: &Group, pid: u32, settled: bool, machine: &Users) {
        let (Some(reader), Some(container)) = (&self.reader, &group.container) else { return };
        if !container.may_look() {
            return;
        }
        if container.details().is_none()
            && let Ok(id) = std::str::from_utf8(container.id())
        {
            // Of somebody without a home nothing is known.
            let home = |uid| machine.user(uid).map_or_else(PathBuf::new, |user| PathBuf::from(&*user.home));
            let home = owner(&group.path).map(home);
            let asked = Asked { id, runtime: container.runtime(), home: home.as_deref() };
            if let Some(details) = reader.details(asked) {
                container.set_details(details);
            }
        }
        if !settled {
            return;
        }
        if container.lacks_ip()
            && let Some(ip) = network::address(&self.proc, pid)
        {
            container.set_ip(ip);
        }
        if container.accounts().is_none() {
            let root = container.details().and_then(|details| details.root.as_deref());
            if let Some(accounts) = accounts::read(root, &self.proc, pid) {
                container.set_accounts(accounts);
            }
        }
    }

    /// Takes in what somebody else knows of a container: a recording, or a test.
    pub fn tell(&mut self, id: &[u8], details: Option<Details>, accounts: Option<Accounts>) {
        let runtime = details.as_ref().and_then(|details| details.runtime);
        let identity = Identity { id: id.into(), runtime };
        let container = self.container(&identity, b"");
        if let Some(details) = details {
            container.set_details(details);
        }
        if let Some(accounts) = accounts {
            container.set_accounts(accounts);
        }
    }

    /// Every container that is known, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Container> {
        self.containers.values().map(Rc::as_ref)
    }
}

/// Makes room for one more: those that nobody else holds go, and if all are held, all are forgotten here. Whoever holds one
/// keeps it.
fn make_room<K, V>(table: &mut HashMap<K, Rc<V>>, most: usize) {
    if table.len() < most {
        return;
    }
    table.retain(|_, value| Rc::strong_count(value) > 1);
    if table.len() >= most {
        table.clear();
    }
}

/// The user in whose part of the hierarchy a group is: `user-UID.slice`, as systemd-logind makes it. 0 is the machine's own.
fn owner(path: &[u8]) -> Option<u32> {
    let mut parts = path.split(|&b| b == b'/');
    let uid = parts.find_map(|part| part.strip_prefix(b"user-")?.strip_suffix(b".slice"))?;
    std::str::from_utf8(uid).ok()?.parse().ok().filter(|uid| *uid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(n: usize) -> String {
        format!("/system.slice/docker-{n:064x}.scope")
    }

    #[test]
    fn groups_of_one_container_share_it() {
        let mut containers = Containers::new(None, Path::new("/proc"));
        let outer = containers.group(7, path(1).as_bytes());
        let inner = containers.group(8, format!("{}/init.scope", path(1)).as_bytes());
        assert!(Rc::ptr_eq(outer.container.as_ref().unwrap(), inner.container.as_ref().unwrap()));
        assert!(Rc::ptr_eq(&containers.known(8).unwrap(), &inner));
        // A path that is said later counts more than one that was there before.
        assert!(containers.group(7, b"/system.slice/x.service").container.is_none());
    }

    #[test]
    fn a_group_that_a_user_named_after_a_container_is_another_container() {
        let mut containers = Containers::new(None, Path::new("/proc"));
        let real = containers.group(7, path(1).as_bytes());
        let users = path(1).replace("/system.slice", "/user.slice/user-1000.slice/user@1000.service");
        let other = containers.group(8, users.as_bytes());
        assert!(!Rc::ptr_eq(real.container.as_ref().unwrap(), other.container.as_ref().unwrap()));
    }

    #[test]
    fn a_flood_of_containers_is_bounded_and_forgets_nobody_who_lives() {
        let mut containers = Containers::new(None, Path::new("/proc"));
        let kept = containers.group(1, path(1).as_bytes());
        for n in 2..40_000 {
            containers.group(n as u64, path(n).as_bytes());
            assert!(containers.groups.len() <= MOST_GROUPS && containers.containers.len() <= MOST_CONTAINERS);
        }
        assert!(Rc::ptr_eq(&containers.known(1).unwrap(), &kept));
        assert_eq!(kept.container.as_ref().unwrap().short_id(), b"000000000000");
    }

    #[test]
    fn the_user_is_told_by_the_slice() {
        assert_eq!(owner(b"/user.slice/user-1000.slice/user@1000.service/user.slice/x.scope"), Some(1000));
        for path in [&b"/user.slice/user-0.slice/x"[..], b"/system.slice/x", b"/user-x.slice", b""] {
            assert_eq!(owner(path), None);
        }
    }
}
