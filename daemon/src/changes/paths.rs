//! Which entries of which folders a path goes through, and what a file is known by.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Links that a path can go through, as in the kernel (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// An entry of a folder; without a name: all that are rule or configuration files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub folder: PathBuf,
    pub name: Option<OsString>,
}

/// True for a name that a file of rules or configuration in a folder has.
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The entries whose change can make the path lead to something else: each link on the way, and its end. For a folder besides
/// all of its files.
pub fn entries(path: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    let Some(end) = follow(path, &mut found) else { return found };
    if end.is_dir() {
        found.push(Entry { folder: end, name: None });
        for file in files_of(path) {
            follow(&file, &mut found);
        }
    }
    found
}

/// Follows a path link by link. Gives where it ends, if there is something.
fn follow(path: &Path, found: &mut Vec<Entry>) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let mut left: VecDeque<OsString> = names(&absolute);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        let here = at.join(&name);
        let entry = || Entry { folder: at.clone(), name: Some(name.clone()) };
        match std::fs::read_link(&here) {
            Ok(target) => {
                found.push(entry());
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                for name in names(&target).into_iter().rev() {
                    left.push_front(name);
                }
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
            }
            Err(_) if !here.exists() => {
                // The first name that is not there: once it is, it is looked further.
                found.push(entry());
                return None;
            }
            Err(_) => {
                if left.is_empty() {
                    found.push(entry());
                }
                at = here;
            }
        }
    }
    Some(at)
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            _ => None,
        })
        .collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    crate::config::rule_files::yaml_files(folder).unwrap_or_default()
}

/// Device, inode, size and the time of the last change (stat(2)), which nobody can set back.
type Identity = (u64, u64, u64, i64, i64);

/// What files are known by; nothing for one that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(BTreeMap<PathBuf, Option<Identity>>);

/// Looks at files, and at those in folders.
pub fn fingerprint(paths: &[PathBuf]) -> Fingerprint {
    let mut known = BTreeMap::new();
    let mut add = |path: &Path| {
        let file = std::fs::metadata(path).ok().filter(|file| !file.is_dir());
        let identity = file.map(|file| (file.dev(), file.ino(), file.size(), file.ctime(), file.ctime_nsec()));
        known.insert(path.to_owned(), identity);
    };
    for path in paths {
        match path.is_dir() {
            true => files_of(path).iter().for_each(|file| add(file)),
            false => add(path),
        }
    }
    Fingerprint(known)
}
