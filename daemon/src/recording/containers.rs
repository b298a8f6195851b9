//! Containers, to and from what is known of them.
//!
//! A container's labels and users are what somebody wrote who may mean harm: an entry has a bound, and what is beyond it is left
//! out, so that whatever a container is, it fits in a block.

use super::{AccountsEntry, ContainerEntry, DetailsEntry, GroupEntry, MountEntry, PodEntry, UserEntry};
use crate::container::{Accounts, Container, Containers, Details, IdMap, ImageName, Mount, Pod, Runtime, Told};
use crate::state::{Group, User, Users};
use hashbrown::{Equivalent, HashMap};

/// Bytes of texts in an entry, about.
const ENTRY_BYTES: usize = 512 << 10;

/// Bytes of one text: longer ones are left out, for half of one is another one.
const TEXT_BYTES: usize = 64 << 10;

/// Containers of which it is known what was told of them: with more, all are told of again when they are met.
const MOST_TOLD: usize = 4096;

/// Which containers somebody was told of, and how much was known of each then.
#[derive(Debug, Default)]
pub struct ToldContainers(HashMap<Name, u8>);

/// By what a container is known.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Name {
    id: Box<[u8]>,
    owner: Option<u32>,
}

/// The same, to look it up.
#[derive(Hash)]
struct NameOf<'a> {
    id: &'a [u8],
    owner: Option<u32>,
}

impl Equivalent<Name> for NameOf<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        (self.id, self.owner) == (&*name.id, name.owner)
    }
}

impl ToldContainers {
    /// Whether there is something to tell of a container.
    pub fn lacks(&self, container: &Container) -> bool {
        let name = NameOf { id: container.id(), owner: container.owner() };
        container.revision() > self.0.get(&name).copied().unwrap_or(0)
    }

    /// It was told of as it is known now.
    pub fn insert(&mut self, container: &Container) {
        if self.0.len() >= MOST_TOLD {
            self.0.clear();
        }
        self.0.insert(Name { id: container.id().into(), owner: container.owner() }, container.revision());
    }

    /// Whoever was told has forgotten everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Bytes that an entry may still take.
struct Room(usize);

impl Room {
    /// Whether these texts have room together, which is taken then.
    fn has(&mut self, texts: &[&str]) -> bool {
        // Each with its length before it, and numbers beside it.
        let bytes: usize = texts.iter().map(|text| text.len() + 16).sum();
        let fits = bytes <= self.0 && texts.iter().all(|text| text.len() <= TEXT_BYTES);
        if fits {
            self.0 -= bytes;
        }
        fits
    }

    fn text(&mut self, text: &str) -> String {
        if self.has(&[text]) { text.to_owned() } else { String::new() }
    }

    fn labels<'a>(&mut self, labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<(String, String)> {
        let labels = labels.into_iter().filter(|(name, value)| self.has(&[name, value]));
        labels.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// What is known of a container.
pub fn entry(container: &Container) -> ContainerEntry {
    let mut room = Room(ENTRY_BYTES);
    ContainerEntry {
        id: container.id().to_vec(),
        owner: container.owner(),
        place: container.place().to_vec(),
        runtime: container.runtime().map_or_else(String::new, |runtime| runtime.name().to_owned()),
        details: container.details().map(|details| of_details(details, &mut room)),
        ip: container.ip().map(|ip| ip.octets()),
        accounts: container.accounts().map(|accounts| of_accounts(accounts, &mut room)),
    }
}

fn of_details(details: &Details, room: &mut Room) -> DetailsEntry {
    let ImageName { reference, repository, tag, digest } = &details.image;
    let mounts = details.mounts.iter().filter(|mount| {
        let Mount { source, dest, mode, propagation, .. } = mount;
        room.has(&[source, dest, mode, propagation])
    });
    let mounts = mounts.map(|mount| MountEntry {
        source: mount.source.clone(),
        dest: mount.dest.clone(),
        mode: mount.mode.clone(),
        writable: mount.writable,
        propagation: mount.propagation.clone(),
    });
    let mounts = mounts.collect();
    DetailsEntry {
        name: room.text(&details.name),
        image: [reference, repository, tag, digest].map(|text| room.text(text)),
        image_id: room.text(&details.image_id),
        mounts,
        shares: [details.privileged, details.host_pid, details.host_network, details.host_ipc],
        ip: details.ip.map(|ip| ip.octets()),
        cni: room.text(&details.cni),
        pod: details.pod.as_ref().map(|pod| PodEntry {
            name: room.text(&pod.name),
            namespace: room.text(&pod.namespace),
            uid: room.text(&pod.uid),
            sandbox_id: room.text(&pod.sandbox_id),
            labels: room.labels(&pod.labels),
        }),
        labels: room.labels(&details.labels),
    }
}

fn of_accounts(accounts: &Accounts, room: &mut Room) -> AccountsEntry {
    let mut users: Vec<(u32, &User)> = accounts.users.users().collect();
    let mut groups: Vec<(u32, &Group)> = accounts.users.groups().collect();
    users.sort_unstable_by_key(|(uid, _)| *uid);
    groups.sort_unstable_by_key(|(gid, _)| *gid);
    let users = users.into_iter().filter(|(_, user)| room.has(&[&user.name, &user.home, &user.shell]));
    let users = users.map(|(uid, user)| UserEntry {
        uid,
        name: user.name.to_string(),
        home: user.home.to_string(),
        shell: user.shell.to_string(),
    });
    let users = users.collect();
    let groups = groups.into_iter().filter(|(_, group)| room.has(&[&group.name]));
    let groups = groups.map(|(gid, group)| GroupEntry { gid, name: group.name.to_string() }).collect();
    AccountsEntry { users, groups, uids: accounts.uids.0.clone(), gids: accounts.gids.0.clone() }
}

/// Takes in what is said of containers; what is known already stays.
pub fn restore(containers: &mut Containers, entries: Vec<ContainerEntry>) {
    for entry in entries {
        let bytes = memory(&entry);
        containers.tell(Told {
            bytes,
            id: entry.id.into(),
            owner: entry.owner,
            place: entry.place.into(),
            runtime: Runtime::by_name(&entry.runtime),
            details: entry.details.map(details),
            accounts: entry.accounts.map(accounts),
            ip: entry.ip.map(Into::into),
        });
    }
}

/// Bytes of memory that what an entry says takes, about.
fn memory(entry: &ContainerEntry) -> usize {
    /// One of many texts, numbers or structures, with its place in a table.
    const EACH: usize = 128;
    let details = entry.details.as_ref().map_or(0, |details| {
        let labels = details.labels.len() + details.pod.as_ref().map_or(0, |pod| pod.labels.len());
        labels + details.mounts.len()
    });
    let accounts = entry
        .accounts
        .as_ref()
        .map_or(0, |accounts| accounts.users.len() + accounts.groups.len() + accounts.uids.len() + accounts.gids.len());
    let texts = postcard::serialize_with_flavor(entry, postcard::ser_flavors::Size::default());
    size_of::<Container>() + EACH * (details + accounts) + texts.unwrap_or(usize::MAX / 2)
}

fn details(entry: DetailsEntry) -> Details {
    let [reference, repository, tag, digest] = entry.image;
    let [privileged, host_pid, host_network, host_ipc] = entry.shares;
    let mount = |mount: MountEntry| {
        let MountEntry { source, dest, mode, writable, propagation } = mount;
        Mount { source, dest, mode, writable, propagation }
    };
    let pod = |pod: PodEntry| {
        let PodEntry { name, namespace, uid, sandbox_id, labels } = pod;
        Pod { name, namespace, uid, sandbox_id, labels: labels.into_iter().collect() }
    };
    Details {
        name: entry.name,
        image: ImageName { reference, repository, tag, digest },
        image_id: entry.image_id,
        labels: entry.labels.into_iter().collect(),
        mounts: entry.mounts.into_iter().map(mount).collect(),
        privileged,
        host_pid,
        host_network,
        host_ipc,
        ip: entry.ip.map(Into::into),
        cni: entry.cni,
        pod: entry.pod.map(pod),
        ..Details::default()
    }
}

fn accounts(entry: AccountsEntry) -> Accounts {
    let user = |entry: UserEntry| {
        let user = User { name: entry.name.into(), home: entry.home.into(), shell: entry.shell.into() };
        (entry.uid, user)
    };
    let mut users = Users::default();
    let groups = entry.groups.into_iter().map(|entry| (entry.gid, Group { name: entry.name.into() }));
    users.extend(entry.users.into_iter().map(user), groups);
    Accounts { users, uids: IdMap(entry.uids), gids: IdMap(entry.gids) }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_BLOCK;
    use super::*;
    use std::path::Path;

    fn containers() -> Containers {
        Containers::new(None, Path::new("/proc"))
    }

    fn told(details: Details, accounts: Accounts) -> Told {
        Told {
            id: b"web-1"[..].into(),
            owner: Some(1000),
            place: b"/shop/web-1"[..].into(),
            runtime: Some(Runtime::Containerd),
            details: Some(details),
            accounts: Some(accounts),
            ip: Some([10, 0, 0, 7].into()),
            bytes: 0,
        }
    }

    #[test]
    fn a_container_survives_its_entry() {
        let text = |text: &str| text.to_owned();
        let mount = Mount {
            source: text("/etc"),
            dest: text("/host"),
            mode: text("z"),
            writable: true,
            propagation: text("rslave"),
        };
        let pod = Pod {
            name: text("web-1"),
            namespace: text("shop"),
            uid: text("u-1"),
            sandbox_id: text("5a"),
            labels: [(text("app"), text("web"))].into(),
        };
        let details = Details {
            name: text("web"),
            image: ImageName::parse("registry.example/shop/web:1.4@sha256:00ff"),
            image_id: text("11"),
            labels: [(text("tier"), text("front"))].into(),
            mounts: vec![mount],
            privileged: Some(true),
            host_network: Some(false),
            cni: text("{}"),
            pod: Some(pod),
            ..Details::default()
        };
        let users = Users::from_text("web:x:33:33::/srv:/bin/false\n", "web:x:33:\n");
        let accounts = Accounts { users, uids: IdMap(vec![(0, 1000, 100)]), gids: IdMap(vec![(0, 2000, 100)]) };
        let mut before = containers();
        before.tell(told(details, accounts));
        let bytes = postcard::to_stdvec(&entry(before.iter().next().unwrap())).unwrap();
        let mut after = containers();
        restore(&mut after, vec![postcard::from_bytes(&bytes).unwrap()]);
        let seen = |containers: &mut Containers| {
            let container = containers.group(7, b"/shop/web-1").container.clone().unwrap();
            format!("{:?} {:?} {:?} {:?}", container.details(), container.ip(), container.runtime(), container.owner())
        };
        assert_eq!(seen(&mut before), seen(&mut after));
        let group = after.group(7, b"/shop/web-1");
        let accounts = group.container.as_ref().unwrap().accounts().unwrap();
        assert_eq!(&*accounts.users.user(33).unwrap().name, "web");
        assert_eq!((accounts.uids.inside(1033), accounts.gids.inside(2033)), (Some(33), Some(33)));
    }

    #[test]
    fn what_is_told_of_containers_takes_no_more_than_has_room() {
        const LABELS: usize = 64;
        let mut known = containers();
        let entry = |n: usize| ContainerEntry {
            id: format!("{n:064x}").into_bytes(),
            details: Some(DetailsEntry {
                name: format!("web-{n}"),
                labels: (0..LABELS).map(|label| (label.to_string(), "x".repeat(8 << 10))).collect(),
                ..DetailsEntry::default()
            }),
            ..ContainerEntry::default()
        };
        let group = |known: &mut Containers, n: usize| known.group(n as u64, format!("/docker/{n:064x}").as_bytes());
        // Somebody is in each of them.
        let groups: Vec<_> = (0..256)
            .map(|n| {
                restore(&mut known, vec![entry(n)]);
                restore(&mut known, vec![entry(n)]);
                group(&mut known, n)
            })
            .collect();
        let named = groups.iter().filter(|group| group.container.as_ref().unwrap().details().is_some()).count();
        let bytes = named * LABELS * (8 << 10);
        assert!((32 << 20..=64 << 20).contains(&bytes), "{named} of {} are known", groups.len());
        // Those that nobody is in make room, soon.
        drop(groups);
        (1000..=1100).for_each(|n| restore(&mut known, vec![entry(n)]));
        assert_eq!(group(&mut known, 1100).container.as_ref().unwrap().details().unwrap().name, "web-1100");
    }

    #[test]
    fn whatever_a_container_is_it_fits_in_a_block() {
        let labels = (0..256).map(|n| (format!("{n}{}", "x".repeat(4000)), "y".repeat(4000)));
        let details = Details {
            name: "n".repeat(1 << 20),
            labels: labels.collect(),
            mounts: vec![Mount { source: "/s".repeat(1000), ..Mount::default() }; 256],
            ..Details::default()
        };
        let passwd: String =
            (0..9000).map(|n| format!("{}{n}:x:{n}:{n}::/{}:/\n", "u".repeat(60), "h".repeat(60))).collect();
        let accounts = Accounts { users: Users::from_text(&passwd, ""), ..Accounts::default() };
        let mut known = containers();
        known.tell(told(details, accounts));
        let entry = entry(known.iter().next().unwrap());
        let bytes = postcard::to_stdvec(&entry).unwrap().len();
        assert!((ENTRY_BYTES / 2..MAX_BLOCK - super::super::BLOCK_BYTES).contains(&bytes), "{bytes}");
        assert_eq!(entry.details.unwrap().name, "");
    }
}
