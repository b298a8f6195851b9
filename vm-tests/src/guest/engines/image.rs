//! The image: busybox with users of its own, as an archive in the form that `docker save` writes, which every engine takes in
//! without a registry and without a network.

use super::super::failure::{Doing, Outcome};
use super::super::programs::succeed;
use serde_json::json;
use std::path::Path;

/// Its name, all of it.
pub const NAME: &str = "registry.example/shop/web:1.4";
/// Its name without its tag.
pub const REPOSITORY: &str = "registry.example/shop/web";
/// Its tag.
pub const TAG: &str = "1.4";
/// The user in it that the machine does not have.
pub const USER: (&str, u32) = super::super::containers::USER;

/// Where the archive lies.
pub const ARCHIVE: &str = "/srv/image.tar";

/// The image that holds the namespaces of pods: the same files, and a program that does nothing for long.
pub const PAUSE: &str = "registry.example/pause:1";
/// Where its archive lies.
pub const PAUSE_ARCHIVE: &str = "/srv/pause.tar";

/// An image that was made.
#[derive(Debug)]
pub struct Image {
    /// Its id: the digits of the digest of its configuration.
    pub id: String,
}

/// Makes the archives.
///
/// # Errors
/// What the system said.
pub fn make() -> Outcome<Image> {
    archive(PAUSE, &["/bin/sleep", "3600"], PAUSE_ARCHIVE)?;
    archive(NAME, &["/bin/sh"], ARCHIVE)
}

fn archive(name: &str, words: &[&str], path: &str) -> Outcome<Image> {
    let folder = "/srv/image";
    std::fs::create_dir_all(folder).doing(folder)?;
    let file = |name: &str| format!("{folder}/{name}");
    succeed(&["/bin/tar", "-c", "-f", &file("layer.tar"), "-C", super::super::containers::TREE, "."])?;
    let layer = digest(&file("layer.tar"))?;
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2024-05-01T10:00:00Z",
        "config": {"Env": ["PATH=/usr/bin:/bin:/sbin"], "Cmd": words, "Labels": {"tier": "front"}},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        "history": [{"created": "2024-05-01T10:00:00Z", "created_by": "a test"}],
    });
    std::fs::write(file("config.json"), config.to_string()).doing("config.json")?;
    let id = digest(&file("config.json"))?;
    std::fs::rename(file("config.json"), file(&format!("{id}.json"))).doing("config.json")?;
    let manifest = json!([{"Config": format!("{id}.json"), "RepoTags": [name], "Layers": ["layer.tar"]}]);
    std::fs::write(file("manifest.json"), manifest.to_string()).doing("manifest.json")?;
    succeed(&["/bin/tar", "-c", "-f", path, "-C", folder, "manifest.json", &format!("{id}.json"), "layer.tar"])?;
    std::fs::remove_dir_all(Path::new(folder)).doing(folder)?;
    Ok(Image { id })
}

/// The digits of a file's SHA-256.
fn digest(path: &str) -> Outcome<String> {
    let said = succeed(&["/bin/busybox", "sha256sum", path])?;
    let digits = said.split_whitespace().next().unwrap_or_default();
    Ok(digits.to_owned())
}
