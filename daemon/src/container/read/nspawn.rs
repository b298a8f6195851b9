//! What systemd-machined writes down about a machine, `/run/systemd/machines/NAME`: `NAME=VALUE`, a line each (systemd:
//! `src/machine/machine.c`). It is its private note, of which only what has been there for long is read.

use super::super::details::Details;
use std::path::PathBuf;

/// What it says; `None` if the machine is no container.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Option<Details> {
    let mut details = Details { name: name.to_owned(), ..Details::default() };
    for line in String::from_utf8_lossy(bytes).lines() {
        match line.split_once('=') {
            Some(("CLASS", class)) if class != "container" => return None,
            Some(("ROOT", root)) if root.starts_with('/') => details.root = Some(PathBuf::from(root)),
            _ => {}
        }
    }
    Some(details)
}
