//! What Podman keeps in its database, and in no other file: labels. Older ones have one of bbolt's (Podman: `libpod/boltdb_state.go`),
//! those since 4.8 one of SQLite's (`libpod/sqlite_state_internal.go`), where a machine was not upgraded.

use super::super::details::Details;
use super::super::image::ImageName;
use super::sqlite::{self, Column};
use super::{at, bolt, json, text, texts};
use std::path::Path;

/// Takes in what the Podman whose storage is in this folder knows of a container.
pub(super) fn add(folder: &Path, id: &str, details: &mut Details) {
    let older = || bolt::ask(&folder.join("libpod").join("bolt_state.db"), |view| view.value(&["ctr", id], "config"));
    let newer =
        || sqlite::ask(&folder.join("db.sql"), TABLE, id, |row| config(row).filter(|config| json(config).is_some()));
    if let Some(config) = newer().or_else(older) {
        add_config(&config, details);
    }
}

/// The table of SQLite's that holds containers: id, name, pod, and the configuration as JSON.
const TABLE: &str = "ContainerConfig";

fn config(row: &[Column]) -> Option<Vec<u8>> {
    match row {
        [_, _, _, Column::Bytes(config), ..] => Some(config.clone()),
        _ => None,
    }
}

/// Takes in what a database of SQLite's with these bytes says of a container.
pub(super) fn add_row(database: &[u8], id: &str, details: &mut Details) {
    if let Some(config) = sqlite::row(&database, TABLE, id).as_deref().and_then(config) {
        add_config(&config, details);
    }
}

/// Takes in the configuration of a container, as it is kept there.
pub(super) fn add_config(config: &[u8], details: &mut Details) {
    let Some(config) = json(config) else { return };
    if details.labels.is_empty() {
        details.set_labels(texts(at(&config, &["labels"])));
    }
    if details.name.is_empty() {
        details.name = text(&config, &["name"]).to_owned();
    }
    if details.image.repository.is_empty() {
        let digest = std::mem::take(&mut details.image.digest);
        details.image = ImageName { digest, ..ImageName::parse(text(&config, &["rootfsImageName"])) };
    }
}
