//! The files of container engines, which ci/setup.sh unpacks in `target/runtimes`: what of them goes into a machine.

use super::archive::Archive;
use crate::engine::{ENGINE_FILE, Engine};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Folders that are taken, with everything in them.
const TAKEN: [&str; 9] = [
    "etc/containers",
    "lib/x86_64-linux-gnu",
    "lib64",
    "sbin",
    "usr/bin",
    "usr/lib/podman",
    "usr/lib/x86_64-linux-gnu",
    "usr/sbin",
    "usr/share/containers",
];

/// What of that nobody starts: every byte is memory of the machine, twice while it boots.
const LEFT: [&str; 8] = [
    "sbin/ldconfig",
    "usr/bin/containerd-shim",
    "usr/bin/containerd-shim-runc-v1",
    "usr/bin/dnet",
    "usr/lib/podman/rootlessport",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/sbin/docker-proxy",
    "usr/sbin/ovrouter",
];

/// Adds an engine to an archive.
///
/// # Errors
/// A message that names what is missing.
pub fn add<W: Write>(archive: &mut Archive<W>, target: &Path, engine: Engine) -> Result<(), String> {
    let file = ENGINE_FILE.trim_start_matches('/');
    archive.file(file, 0o644, engine.name().as_bytes()).map_err(|error| format!("{file}: {error}"))?;
    let mut folders = BTreeSet::new();
    for tree in engine.trees() {
        let tree = target.join("runtimes").join(tree);
        if !tree.join("done").exists() {
            return Err(format!("{} is not there: `ci/setup.sh runtimes` brings it", tree.display()));
        }
        let root = tree.join("root");
        for taken in TAKEN {
            if root.join(taken).is_dir() {
                for (at, _) in taken.match_indices('/').chain([(taken.len(), "")]) {
                    enter(archive, &taken[..at], &mut folders).map_err(|error| format!("{taken}: {error}"))?;
                }
                add_folder(archive, &root, taken, &mut folders).map_err(|error| format!("{taken}: {error}"))?;
            }
        }
    }
    Ok(())
}

fn enter<W: Write>(archive: &mut Archive<W>, name: &str, folders: &mut BTreeSet<String>) -> io::Result<()> {
    if folders.insert(name.to_owned()) { archive.directory(name, 0o755) } else { Ok(()) }
}

fn add_folder<W: Write>(
    archive: &mut Archive<W>,
    root: &Path,
    folder: &str,
    folders: &mut BTreeSet<String>,
) -> io::Result<()> {
    let mut names: Vec<_> = std::fs::read_dir(root.join(folder))?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.to_str()) {
        let name = format!("{folder}/{name}");
        if LEFT.contains(&name.as_str()) {
            continue;
        }
        let path = root.join(&name);
        let meta = path.symlink_metadata()?;
        if meta.is_symlink() {
            archive.symlink(&name, &path.read_link()?.to_string_lossy())?;
        } else if meta.is_dir() {
            enter(archive, &name, folders)?;
            add_folder(archive, root, &name, folders)?;
        } else {
            // With the bits of those that run for their owner.
            archive.file(&name, meta.permissions().mode() & 0o7777, &std::fs::read(&path)?)?;
        }
    }
    Ok(())
}
