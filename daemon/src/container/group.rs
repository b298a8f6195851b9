//! Control groups and containers, bounded.
//!
//! A process holds its group, and the group its container, so that a field of an event is two pointers away. The tables here only
//! serve to find a group again by its number, and a container by its id.

use super::ask::{Asker, Question};
use super::{Accounts, Asked, Container, Details, Identity, Reader, Runtime, accounts, network};
use crate::state::Users;
use hashbrown::HashMap;
use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Groups and containers that are kept at most; those that no process is in go first.
const MOST_GROUPS: usize = 16_384;
const MOST_CONTAINERS: usize = 4096;

/// Bytes of what somebody else told of containers that are kept at most: who tells may mean harm.
const MOST_TOLD_BYTES: usize = 64 << 20;

/// Containers whose turn it is without room being looked for, after there was none: looking goes through all that is known.
const TURNS_WITHOUT_ROOM: u32 = 64;

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

/// What somebody else knows of a container: a recording, or a test.
#[derive(Debug, Default)]
pub struct Told {
    /// Its id.
    pub id: Box<[u8]>,
    /// The user in whose part of the hierarchy it is; `None` for root's.
    pub owner: Option<u32>,
    /// Its control group, where the path alone does not tell that it is one.
    pub place: Box<[u8]>,
    /// What runs it.
    pub runtime: Option<Runtime>,
    /// What its runtime wrote down.
    pub details: Option<Details>,
    /// Its users and groups.
    pub accounts: Option<Accounts>,
    /// Its address.
    pub ip: Option<Ipv4Addr>,
    /// Bytes of memory that all of it takes, about.
    pub bytes: usize,
}

/// Groups by number, containers by id.
#[derive(Debug)]
pub struct Containers {
    groups: HashMap<u64, Rc<Group>>,
    containers: HashMap<Key, Rc<Container>>,
    /// Containers by their control groups, where somebody told of one whose path does not tell that it is one.
    places: HashMap<Box<[u8]>, Rc<Container>>,
    /// Bytes of what was told.
    told_bytes: Rc<Cell<usize>>,
    /// How many of those that there is no room for are left before room is looked for again.
    crowded: u32,
    /// Without it, nothing is looked for.
    reader: Option<Reader>,
    /// Without it, nobody is asked.
    asker: RefCell<Option<Asker>>,
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
            places: HashMap::new(),
            told_bytes: Rc::default(),
            crowded: 0,
            reader: root.map(Reader::new),
            asker: RefCell::new(None),
            proc: proc.to_owned(),
            by_number: true,
        }
    }

    /// From now on, runtimes below this folder (`/`) are asked for what no file tells.
    pub fn ask_runtimes(&mut self, root: &Path) {
        self.asker = RefCell::new(Some(Asker::new(root)));
    }

    /// Takes in what runtimes answered meanwhile. It costs nothing as long as none was asked.
    pub fn take_answers(&mut self) {
        while let Some((question, details)) = self.asker.get_mut().as_mut().and_then(Asker::answer) {
            let key: Key = (question.id.into_bytes().into(), None);
            let Some(container) = self.containers.get(&key) else { continue };
            match details {
                Some(details) => container.set_details(details),
                None => container.set_asked(false),
            }
        }
    }

    /// Asks for what no file tells of a container of root's, unless that was done.
    fn ask(&self, container: &Container, id: &str) {
        if container.owner().is_some() || container.was_asked() {
            return;
        }
        let question = Question { id: id.to_owned(), runtime: container.runtime() };
        let asked = self.asker.borrow_mut().as_mut().is_some_and(|asker| asker.ask(question));
        container.set_asked(asked);
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
        let container = match Identity::of_cgroup(path) {
            Some(identity) => Some(self.container(&identity, owner(path), path)),
            None => self.by_place(path),
        };
        let group = Rc::new(Group { id, path: path.into(), container });
        if self.by_number && id != 0 && !path.is_empty() {
            make_room(&mut self.groups, MOST_GROUPS);
            self.groups.insert(id, Rc::clone(&group));
        }
        group
    }

    /// The container of a group whose path does not tell that it is one's: files do, or somebody did.
    fn by_place(&mut self, path: &[u8]) -> Option<Rc<Container>> {
        let place = place(path)?;
        if let Some(container) = self.places.get(place) {
            return Some(Rc::clone(container));
        }
        let identity = self.reader.as_ref()?.of_group(path)?;
        let container = self.container(&identity, None, path);
        container.set_place(place);
        Some(container)
    }

    fn container(&mut self, identity: &Identity<'_>, owner: Option<u32>, path: &[u8]) -> Rc<Container> {
        let key = (identity.id.as_ref().into(), owner);
        if let Some(container) = self.containers.get(&key) {
            container.set_group(identity, path);
            return Rc::clone(container);
        }
        let container = Rc::new(Container::new(&identity.id, owner));
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
            match reader.details(asked) {
                Some(details) => container.set_details(details),
                // What is not there at the first program's start will not be there later.
                None if settled => self.ask(container, id),
                None => {}
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

    /// Takes in what somebody else knows of a container; what is known already stays. Of more than can be kept, only that there
    /// is such a container.
    pub fn tell(&mut self, mut told: Told) {
        if !self.has_room_for(told.bytes) {
            told = Told { id: told.id, owner: told.owner, runtime: told.runtime, ..Told::default() };
        }
        let Told { id, owner, place, runtime, details, accounts, ip, bytes } = told;
        let runtime = runtime.or_else(|| details.as_ref().and_then(|details| details.runtime));
        let container = self.container(&Identity { id: (&*id).into(), runtime }, owner, b"");
        container.hold(bytes, &self.told_bytes);
        if let Some(details) = details {
            container.set_details(details);
        }
        if let Some(accounts) = accounts {
            container.set_accounts(accounts);
        }
        if let Some(ip) = ip {
            container.set_ip(ip);
        }
        if !place.is_empty() {
            container.set_place(&place);
            make_room(&mut self.places, MOST_CONTAINERS);
            self.places.insert(place, container);
        }
    }

    /// Whether so many bytes more can be kept; what no process is in makes room for them, now and then.
    fn has_room_for(&mut self, bytes: usize) -> bool {
        let fits = |told: &Cell<usize>| told.get().saturating_add(bytes) <= MOST_TOLD_BYTES;
        if fits(&self.told_bytes) {
            return true;
        }
        if self.crowded > 0 {
            self.crowded -= 1;
            return false;
        }
        self.groups.retain(|_, group| Rc::strong_count(group) > 1);
        // One stands for itself, and one for its place.
        self.places.retain(|_, container| Rc::strong_count(container) > 2);
        self.containers.retain(|_, container| Rc::strong_count(container) > 1);
        let found = fits(&self.told_bytes);
        self.crowded = if found { 0 } else { TURNS_WITHOUT_ROOM };
        found
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

/// The two uppermost parts of a group's path, where containerd names groups after its containers: `/NAMESPACE/ID`.
fn place(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path.strip_prefix(b"/")?.split(|&b| b == b'/');
    let (namespace, id) = (parts.next()?, parts.next()?);
    path.get(..namespace.len() + id.len() + 2)
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
    fn a_container_whose_path_tells_nothing_is_known_by_its_place_once_somebody_told() {
        let mut containers = Containers::new(None, Path::new("/proc"));
        assert!(containers.group(7, b"/shop/web-1").container.is_none());
        let name = |name: &str| Some(Details { name: name.to_owned(), ..Details::default() });
        let told = |id: &[u8], place: &[u8], name| Told {
            id: id.into(),
            place: place.into(),
            details: name,
            ..Told::default()
        };
        containers.tell(told(b"web-1", b"/shop/web-1", name("web")));
        containers.tell(told(b"web-1", b"", name("later")));
        for path in [&b"/shop/web-1"[..], b"/shop/web-1/init"] {
            let group = containers.group(8, path);
            assert_eq!(group.container.as_ref().unwrap().details().unwrap().name, "web");
        }
        assert!(containers.group(9, b"/shop/web-10").container.is_none());
        for path in [&b""[..], b"/", b"/shop"] {
            assert!(place(path).is_none());
        }
    }

    #[test]
    fn the_user_is_told_by_the_slice() {
        assert_eq!(owner(b"/user.slice/user-1000.slice/user@1000.service/user.slice/x.scope"), Some(1000));
        for path in [&b"/user.slice/user-0.slice/x"[..], b"/system.slice/x", b"/user-x.slice", b""] {
            assert_eq!(owner(path), None);
        }
    }
}
