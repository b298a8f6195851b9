//! Names of users and groups, from the files themselves: name services can block, and an appliance has none.

use hashbrown::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of a file that are read, and entries that are kept: a bound on what a broken file can cost.
const MAX_BYTES: u64 = 4 << 20;
const MAX_ENTRIES: usize = 65_536;

/// An entry of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: Box<str>,
    /// Home directory.
    pub home: Box<str>,
    /// Login shell.
    pub shell: Box<str>,
}

/// An entry of /etc/group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Box<str>,
}

/// The user and group tables.
#[derive(Debug, Default)]
pub struct Users {
    etc: PathBuf,
    users: HashMap<u32, User>,
    groups: HashMap<u32, Group>,
    read: [Option<SystemTime>; 2],
}

impl Users {
    /// The tables in this directory (`/etc`).
    pub fn read_from(etc: impl Into<PathBuf>) -> Users {
        let mut users = Users { etc: etc.into(), ..Users::default() };
        users.refresh();
        users
    }

    /// The tables of these texts, which no file stands behind: [`Users::refresh`] changes nothing.
    pub fn from_text(passwd: &str, group: &str) -> Users {
        Users { users: parse(passwd, user), groups: parse(group, group_entry), ..Users::default() }
    }

    /// Adds entries, which no file stands behind. Of several with one id the first counts.
    pub fn extend(
        &mut self,
        users: impl IntoIterator<Item = (u32, User)>,
        groups: impl IntoIterator<Item = (u32, Group)>,
    ) {
        extend(&mut self.users, users);
        extend(&mut self.groups, groups);
    }

    /// Every user, with its id, in no order.
    pub fn users(&self) -> impl Iterator<Item = (u32, &User)> {
        self.users.iter().map(|(&uid, user)| (uid, user))
    }

    /// Every group, with its id, in no order.
    pub fn groups(&self) -> impl Iterator<Item = (u32, &Group)> {
        self.groups.iter().map(|(&gid, group)| (gid, group))
    }

    /// Reads the files again if they changed; true if they did.
    pub fn refresh(&mut self) -> bool {
        if self.etc.as_os_str().is_empty() {
            return false;
        }
        let mut any = false;
        let passwd = self.etc.join("passwd");
        if changed(&passwd, &mut self.read[0])
            && let Some(text) = read(&passwd)
        {
            self.users = parse(&text, user);
            any = true;
        }
        let group = self.etc.join("group");
        if changed(&group, &mut self.read[1])
            && let Some(text) = read(&group)
        {
            self.groups = parse(&text, group_entry);
            any = true;
        }
        any
    }

    /// The user with this id.
    pub fn user(&self, uid: u32) -> Option<&User> {
        self.users.get(&uid)
    }

    /// The group with this id.
    pub fn group(&self, gid: u32) -> Option<&Group> {
        self.groups.get(&gid)
    }
}

fn extend<T>(table: &mut HashMap<u32, T>, entries: impl IntoIterator<Item = (u32, T)>) {
    for (id, entry) in entries {
        if table.len() >= MAX_ENTRIES {
            return;
        }
        table.entry(id).or_insert(entry);
    }
}

fn changed(path: &Path, last: &mut Option<SystemTime>) -> bool {
    let now = std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let changed = now.is_some() && *last != now;
    *last = now;
    changed
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line of /etc/passwd.
fn user(fields: &[&str]) -> Option<(u32, User)> {
    let [name, _, uid, _, _, home, shell, ..] = fields else { return None };
    Some((uid.parse().ok()?, User { name: (*name).into(), home: (*home).into(), shell: (*shell).into() }))
}

/// A line of /etc/group.
fn group_entry(fields: &[&str]) -> Option<(u32, Group)> {
    let [name, _, gid, ..] = fields else { return None };
    Some((gid.parse().ok()?, Group { name: (*name).into() }))
}

/// Of several lines with one id the first counts, as for getpwuid(3).
fn parse<T>(text: &str, entry: impl Fn(&[&str]) -> Option<(u32, T)>) -> HashMap<u32, T> {
    let mut entries = HashMap::new();
    for line in text.lines().take(MAX_ENTRIES) {
        let fields: Vec<&str> = line.split(':').collect();
        if let Some((id, value)) = entry(&fields) {
            entries.entry(id).or_insert(value);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_again_when_their_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("passwd"),
            "root:x:0:0:r:/root:/bin/sh\nalias:x:0:0::/:/\nbroken\nx:y:z:0::/:/\n",
        )
        .unwrap();
        std::fs::write(dir.path().join("group"), "wheel:x:10:\n").unwrap();
        let mut users = Users::read_from(dir.path());
        assert_eq!(&*users.user(0).unwrap().name, "root");
        assert_eq!(&*users.group(10).unwrap().name, "wheel");
        assert_eq!(users.user(7), None);
        std::fs::write(dir.path().join("passwd"), "eve:x:7:7::/home/eve:/bin/sh\n").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        File::open(dir.path().join("passwd")).unwrap().set_modified(later).unwrap();
        users.refresh();
        assert_eq!(&*users.user(7).unwrap().home, "/home/eve");
        assert_eq!(users.user(0), None);
    }
}
