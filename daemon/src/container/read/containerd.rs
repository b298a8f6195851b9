//! What containerd keeps in its database, and in no file: images and labels of containers (containerd: `core/metadata`, which has the
//! layout at its head). With it goes the store of contents, where the manifest of an image says what its id is.

use super::super::details::{Details, bounded};
use super::super::image::{self, ImageName};
use super::{CONTAINER_BYTES, at, bolt, is_plain, json, list, text};
use crate::container::files;
use serde_json::Value;
use std::path::Path;

/// Labels that containerd and what stands before it keep for themselves.
const INTERNAL: [&str; 3] = ["io.cri-containerd.", "io.containerd.", "containerd.io/"];

/// What the database says of a container.
#[derive(Debug, Default)]
struct Known {
    image: String,
    /// Of the image's manifest, or of the list of those for several machines.
    digest: String,
    labels: Vec<(String, String)>,
}

/// Takes in what the containerd whose data are in this folder knows of a container.
pub(super) fn add(folder: &Path, namespace: &str, id: &str, details: &mut Details) {
    let database = folder.join("io.containerd.metadata.v1.bolt").join("meta.db");
    let Some(known) = bolt::ask(&database, |view| known(view, namespace, id)) else { return };
    add_known(known, id, details);
    let contents = folder.join("io.containerd.content.v1.content").join("blobs").join("sha256");
    if details.image_id.is_empty()
        && let Some(id) = image_id(&contents, &details.image.digest)
    {
        details.image_id = id;
    }
}

/// What the bytes of a database say of a container.
pub(super) fn parse(database: &[u8], namespace: &str, id: &str, details: &mut Details) {
    if let Some(known) = bolt::ask_source(&database, |view| known(view, namespace, id)) {
        add_known(known, id, details);
    }
}

fn known(view: &bolt::View<'_>, namespace: &str, id: &str) -> Option<Known> {
    let container = ["v1", namespace, "containers", id];
    let image = String::from_utf8(view.value(&container, "image")?).ok()?;
    let digest = view.text(&["v1", namespace, "images", &image, "target"], "digest");
    let labels = view.texts(&["v1", namespace, "containers", id, "labels"]);
    Some(Known { image, digest, labels })
}

fn add_known(known: Known, id: &str, details: &mut Details) {
    let Known { image, digest, labels } = known;
    if details.image.repository.is_empty() && image::id(&image).is_none() {
        details.image = ImageName::parse(&image);
    }
    if details.image.digest.is_empty() {
        details.image.digest = digest;
    }
    let given = bounded(labels.into_iter().filter(|(name, _)| !INTERNAL.iter().any(|start| name.starts_with(start))));
    // Those of the container that holds the pod's namespaces are the pod's.
    if let Some(pod) = details.pod.as_mut().filter(|pod| pod.sandbox_id == id) {
        pod.labels.clone_from(&given);
    }
    let known = std::mem::take(&mut details.labels);
    let more: Vec<_> = given.into_iter().filter(|(name, _)| !known.contains_key(name)).collect();
    details.set_labels(known.into_iter().chain(more));
}

/// The id of an image by the digest of its manifest. Of a list for several machines, the first that is here.
fn image_id(contents: &Path, digest: &str) -> Option<String> {
    let read = |digest: &str| {
        let digits = image::id(digest).filter(|digits| is_plain(digits))?;
        json(&files::read(&contents.join(digits), CONTAINER_BYTES)?)
    };
    let id = |manifest: &Value| image::id(text(manifest, &["config", "digest"])).map(str::to_owned);
    let first = read(digest)?;
    if at(&first, &["config"]).is_some() {
        return id(&first);
    }
    let manifests = list(&first, &["manifests"]).iter().take(64);
    manifests.filter_map(|manifest| read(text(manifest, &["digest"]))).find_map(|manifest| id(&manifest))
}
