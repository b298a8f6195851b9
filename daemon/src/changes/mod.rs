//! Changes of files that were read, by inotify(7).
//!
//! Folders are watched, not files: an editor that writes a new file and renames it over the old one, and a link that is turned
//! to another folder (as Kubernetes does with `..data`), change an entry of a folder. Whatever happens to a name that a path goes
//! through is a change; it counts once nothing more happened for [`DEBOUNCE`], and only if a file is another one than it was
//! when it was read.

mod paths;

pub use paths::{Fingerprint, fingerprint};

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use paths::entries;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long nothing must happen before a change counts: whoever changes several files is done by then. As in Falco.
pub const DEBOUNCE: Duration = Duration::from_millis(100);

/// How long a change is put off at most while more and more happens.
const LONGEST: Duration = Duration::from_secs(2);

/// A folder that is watched, and the names in it that count; all that are rule or configuration files, if `any`.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    names: BTreeSet<OsString>,
    any: bool,
}

/// Files whose changes are waited for.
#[derive(Debug)]
pub struct Changes {
    inotify: Inotify,
    folders: HashMap<WatchDescriptor, Folder>,
    paths: Vec<PathBuf>,
    read: Fingerprint,
    /// When the first and the last thing happened that was not looked at yet.
    happened: Option<(Instant, Instant)>,
    complained: bool,
}

impl Changes {
    /// Waits for changes of files and folders; nothing is waited for yet.
    ///
    /// # Errors
    /// What the system said.
    pub fn new() -> io::Result<Changes> {
        Ok(Changes {
            inotify: Inotify::init()?,
            folders: HashMap::new(),
            paths: Vec::new(),
            read: Fingerprint::default(),
            happened: None,
            complained: false,
        })
    }

    /// Registers it with the loop.
    ///
    /// # Errors
    /// What the system said.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.inotify.as_raw_fd()), token, Interest::READABLE)
    }

    /// Files are about to be read: these, and whatever is in these folders. Watches are set before the files are looked at, so
    /// that what happens from now on is seen.
    pub fn reading(&mut self, paths: &[PathBuf]) {
        self.paths = paths.to_vec();
        self.reading_again();
    }

    /// The same files are about to be read again.
    pub fn reading_again(&mut self) {
        self.watch();
        self.read = fingerprint(&self.paths);
    }

    /// The files were read, and perhaps they name others: from now on these are waited for. What happened to them since
    /// [`Changes::reading`] counts.
    pub fn were_read(&mut self, paths: &[PathBuf], now: Instant) {
        let before = std::mem::replace(&mut self.paths, paths.to_vec());
        self.watch();
        let fresh = fingerprint(&self.paths);
        if self.read != fingerprint(&before) {
            self.happened = Some((now, now));
        } else {
            self.read = fresh;
        }
    }

    /// Something may have happened.
    pub fn ready(&mut self, now: Instant) {
        let mut buffer = [0; 8192];
        let mut counts = false;
        loop {
            let events = match self.inotify.read_events(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    log::error!("cannot learn of changed files: {error}; SIGHUP reads them again");
                    break;
                }
                Ok(events) => events,
            };
            for event in events {
                if event.mask.contains(EventMask::Q_OVERFLOW) {
                    counts = true;
                    continue;
                }
                let Some(folder) = self.folders.get(&event.wd) else { continue };
                if event.mask.contains(EventMask::IGNORED) {
                    self.folders.remove(&event.wd);
                    counts = true;
                    continue;
                }
                counts |= match event.name {
                    // The folder itself.
                    None => true,
                    Some(name) => {
                        let counts = folder.names.contains(name) || (folder.any && paths::is_yaml(Path::new(name)));
                        // A file that was only just begun is not looked at before it is closed.
                        counts && !(event.mask.contains(EventMask::CREATE) && is_new_file(&folder.path.join(name)))
                    }
                };
            }
        }
        if counts {
            self.happened = Some((self.happened.map_or(now, |(first, _)| first), now));
        }
    }

    /// When [`Changes::changed`] is to be asked, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.happened.map(|(first, last)| (last + DEBOUNCE).min(first + LONGEST))
    }

    /// True if files are others than those that were read, and it is time to read them again.
    pub fn changed(&mut self, now: Instant) -> bool {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return false;
        }
        self.happened = None;
        // Links may lead elsewhere now.
        self.watch();
        self.read != fingerprint(&self.paths)
    }

    /// Watches the folders that the paths go through, and no others.
    fn watch(&mut self) {
        let mut wanted: BTreeMap<PathBuf, (BTreeSet<OsString>, bool)> = BTreeMap::new();
        for entry in self.paths.iter().flat_map(|path| entries(path)) {
            let (names, any) = wanted.entry(entry.folder).or_default();
            match entry.name {
                Some(name) => drop(names.insert(name)),
                None => *any = true,
            }
        }
        let mask = WatchMask::CLOSE_WRITE
            | WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVE
            | WatchMask::DELETE_SELF
            | WatchMask::MOVE_SELF
            | WatchMask::ONLYDIR;
        let mut folders = HashMap::new();
        for (path, (names, any)) in wanted {
            // The same folder again is the same watch: the kernel knows it by its inode.
            match self.inotify.watches().add(&path, mask) {
                Ok(watch) => {
                    let folder = folders.entry(watch).or_insert(Folder { path, names: BTreeSet::new(), any: false });
                    folder.names.extend(names);
                    folder.any |= any;
                }
                // It was there a moment ago; what removed it is an event of the folder that it was in.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.complained, true) {
                        let path = path.display();
                        log::warn!("{path}: cannot learn of changes in it: {error}; SIGHUP reads the files again");
                    }
                }
            }
        }
        let old = std::mem::replace(&mut self.folders, folders);
        for watch in old.into_keys().filter(|watch| !self.folders.contains_key(watch)) {
            // It may be gone by itself.
            let _ = self.inotify.watches().remove(watch);
        }
    }
}

/// True for a file that has this one name and is no link: who made it has still to write and close it.
fn is_new_file(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.nlink() == 1)
}

#[cfg(test)]
mod tests;
