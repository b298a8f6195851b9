//! The probe outlives its daemon: maps and links are pinned in a folder of a BPF file system, and the next daemon goes on with them.
//!
//! A map says whose probe it is ([`About`]): what does not fit this daemon is taken away, and the probe is loaded anew.

use super::error::ProbeError;
use super::mapped::Mapped;
use crate::sources::holder::holder;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The map that says whose probe it is.
pub const ABOUT: &str = "ABOUT";

/// Numbers that it holds.
pub const ABOUT_WORDS: usize = 8;

/// What a probe is told apart by, for people: in the order of the numbers that stand for it.
const IDENTITY: [&str; 4] = ["its programs", "its table of events", "its ring's size", "its number of CPUs"];

/// The folder of the pins, which is ours alone.
#[derive(Debug)]
pub struct Pins {
    folder: PathBuf,
    _lock: Flock<File>,
}

impl Pins {
    /// Makes the folder, and keeps other daemons out.
    ///
    /// # Errors
    /// [`ProbeError`] if there is no BPF file system, or another daemon uses the folder.
    pub fn open(folder: &Path) -> Result<Pins, ProbeError> {
        let failed = |error: String| ProbeError::Pins { folder: folder.to_owned(), error };
        let parent = folder.parent().unwrap_or(folder);
        let found = statfs(parent).map_err(|error| failed(format!("{}: {error}", parent.display())))?;
        if found.filesystem_type() != BPF_FS_MAGIC {
            return Err(failed(format!("no BPF file system is mounted at {}", parent.display())));
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error.to_string())),
            _ => {}
        }
        let file = File::open(folder).map_err(|error| failed(error.to_string()))?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            nix::errno::Errno::EWOULDBLOCK => {
                ProbeError::Busy { folder: folder.to_owned(), holder: holder(&folder.to_string_lossy()) }
            }
            errno => failed(errno.to_string()),
        })?;
        Ok(Pins { folder: folder.to_owned(), _lock: lock })
    }

    /// Where something is pinned, or will be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// True if somebody pinned something.
    pub fn is_used(&self) -> bool {
        fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Takes everything away: what is pinned nowhere else is detached and gone.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if let Err(error) = fs::remove_file(entry.path()) {
                log::warn!("{}: cannot be removed: {error}", entry.path().display());
            }
        }
    }

    /// Takes everything away, and the folder.
    pub fn remove(self) {
        self.clear();
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Whose probe it is, and how far it is.
#[derive(Debug)]
pub struct About(pub Mapped);

/// How far a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stage {
    /// It is loaded and attached.
    Records = 1,
    /// It was told to record no more.
    Stopped = 2,
}

impl About {
    const STAGE: usize = 4;
    const GENERATION: usize = 5;

    fn get(&self, at: usize) -> u64 {
        self.0.words().get(at).map_or(0, |word| word.load(Ordering::Acquire))
    }

    fn set(&self, at: usize, to: u64) {
        if let Some(word) = self.0.words().get(at) {
            word.store(to, Ordering::Release);
        }
    }

    /// What of it keeps who knows it by these numbers from going on with it; nothing, if it fits.
    pub fn differences(&self, identity: &[u64; 4]) -> Vec<&'static str> {
        let parts = identity.iter().zip(IDENTITY).enumerate();
        parts.filter(|(at, (number, _))| self.get(*at) != **number).map(|(_, (_, what))| what).collect()
    }

    /// Does it record?
    pub fn records(&self) -> bool {
        self.get(About::STAGE) == Stage::Records as u64
    }

    /// It is told apart by these numbers.
    pub fn identify(&self, identity: &[u64; 4]) {
        identity.iter().enumerate().for_each(|(at, number)| self.set(at, *number));
    }

    /// How far it is now.
    pub fn reach(&self, stage: Stage) {
        self.set(About::STAGE, stage as u64);
    }

    /// How many programs were handed over.
    pub fn generation(&self) -> u32 {
        u32::try_from(self.get(About::GENERATION)).unwrap_or(0)
    }

    /// So many programs were handed over.
    pub fn set_generation(&self, generation: u32) {
        self.set(About::GENERATION, generation.into());
    }
}
