//! What Podman keeps in its database, and in no other file: labels (Podman: `libpod/boltdb_state.go`). Since Podman 5 it is another
//! kind of database, which is not read.

use super::super::details::Details;
use super::super::image::ImageName;
use super::{at, bolt, json, text, texts};
use std::path::Path;

/// Takes in what the Podman whose storage is in this folder knows of a container.
pub(super) fn add(folder: &Path, id: &str, details: &mut Details) {
    let database = folder.join("libpod").join("bolt_state.db");
    if let Some(config) = bolt::ask(&database, |view| view.value(&["ctr", id], "config")) {
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
