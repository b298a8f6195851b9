//! The configuration of a container of LXC's: `NAME = VALUE`, a line each (lxc.container.conf(5)).

use super::super::details::{Details, Mount};
use std::path::PathBuf;

/// What it says of the container of this name. An empty one says nothing.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Details {
    let mut details = Details { name: name.to_owned(), ..Details::default() };
    let text = String::from_utf8_lossy(bytes);
    let mut mounts = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        match key.trim() {
            "lxc.rootfs.path" | "lxc.rootfs" => {
                // Some kinds of storage are no folder.
                let path = value.strip_prefix("dir:").unwrap_or(value);
                details.root = path.starts_with('/').then(|| PathBuf::from(path));
            }
            "lxc.mount.entry" => mounts.extend(mount(value)),
            "lxc.net.0.type" => details.host_network = Some(value == "none"),
            "lxc.net.0.ipv4.address" | "lxc.network.ipv4" => {
                details.ip = value.split(['/', ' ']).next().and_then(|address| address.parse().ok());
            }
            _ => {}
        }
    }
    details.set_mounts(mounts);
    details
}

/// A line as of fstab(5): source, place, kind, options. Only what of the machine is mounted counts.
fn mount(entry: &str) -> Option<Mount> {
    let mut words = entry.split_ascii_whitespace();
    let (source, dest, _, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let has = |wanted: &str| options.split(',').any(|option| option == wanted);
    (has("bind") || has("rbind")).then(|| Mount {
        source: source.to_owned(),
        dest: if dest.starts_with('/') { dest.to_owned() } else { format!("/{dest}") },
        mode: String::new(),
        writable: !has("ro"),
        propagation: String::new(),
    })
}
