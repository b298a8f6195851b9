//! The names that Podman and CRI-O give containers and images: `overlay-containers/containers.json` and
//! `overlay-images/images.json`, or the same with the name of another driver (<https://github.com/containers/storage>).

use super::super::details::Details;
use super::super::image::{self, ImageName};
use super::{LIST_BYTES, json, list, text};
use crate::container::files;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What keeps the layers of images, with whose names those of folders begin; the usual one first.
pub(super) const DRIVERS: [&str; 4] = ["overlay", "vfs", "btrfs", "zfs"];

/// Where the bundle of a container is.
pub(super) fn place(folder: &Path, driver: &str, id: &str) -> PathBuf {
    folder.join(format!("{driver}-containers")).join(id).join("userdata")
}

/// Leaves out what the engine itself puts into every container: files that it wrote for this one, such as its `/etc/hosts`.
pub(super) fn leave_out_own_mounts(id: &str, details: &mut Details) {
    let own = format!("-containers/{id}/userdata/");
    details.mounts.retain(|mount| !mount.source.contains(&own));
}

/// Takes in what the storage in this folder knows of a container and its image.
pub(super) fn add(folder: &Path, driver: &str, id: &str, details: &mut Details) {
    for name in ["containers.json", "volatile-containers.json"] {
        if let Some(text) = files::read(&folder.join(format!("{driver}-containers")).join(name), LIST_BYTES) {
            add_container(&text, id, details);
        }
    }
    if details.image_id.is_empty() || (!details.image.digest.is_empty() && !details.image.repository.is_empty()) {
        return;
    }
    if let Some(text) = files::read(&folder.join(format!("{driver}-images")).join("images.json"), LIST_BYTES) {
        add_image(&text, details);
    }
}

/// Takes in what a list of containers says of one.
pub(super) fn add_container(containers: &[u8], id: &str, details: &mut Details) {
    let Some(containers) = json(containers) else { return };
    let Some(found) = list(&containers, &[]).iter().find(|container| text(container, &["id"]) == id) else { return };
    if details.image_id.is_empty() {
        details.image_id = image::id(text(found, &["image"])).unwrap_or("").to_owned();
    }
    // What the engine keeps with it is JSON in a text.
    let metadata = json(text(found, &["metadata"]).as_bytes()).unwrap_or_default();
    if details.image.repository.is_empty() {
        let digest = std::mem::take(&mut details.image.digest);
        details.image = ImageName::parse(text(&metadata, &["image-name"]));
        if details.image.digest.is_empty() {
            details.image.digest = digest;
        }
    }
    if details.name.is_empty() {
        let name = list(found, &["names"]).first().and_then(Value::as_str).unwrap_or("");
        details.name = if name.is_empty() { text(&metadata, &["name"]) } else { name }.to_owned();
    }
}

/// Takes in what a list of images says of the container's.
pub(super) fn add_image(images: &[u8], details: &mut Details) {
    let Some(images) = json(images) else { return };
    let Some(found) = list(&images, &[]).iter().find(|image| text(image, &["id"]) == details.image_id) else { return };
    if details.image.digest.is_empty() {
        details.image.digest = text(found, &["digest"]).to_owned();
    }
    if details.image.repository.is_empty()
        && let Some(name) = list(found, &["names"]).first().and_then(Value::as_str)
    {
        let name = ImageName::parse(name);
        details.image.repository = name.repository;
        details.image.tag = name.tag;
    }
}
