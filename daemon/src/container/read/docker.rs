//! Docker's own files: `containers/ID/config.v2.json` and `hostconfig.json`, and the names of images in `image/DRIVER/repositories.json`
//! (moby: `daemon/container`, `daemon/images`).

use super::super::details::{Details, Labels, Mount, Pod, given};
use super::super::image::{self, ImageName};
use super::{CONTAINER_BYTES, LIST_BYTES, at, is_plain, json, text, texts};
use crate::container::files;
use serde_json::Value;
use std::path::Path;

/// The namespace of containerd that Docker's containers are in.
pub(super) const NAMESPACE: &str = "moby";

/// What is in Docker's folder about a container.
pub(super) fn read(folder: &Path, id: &str) -> Option<Details> {
    let place = folder.join("containers").join(id);
    let config = json(&files::read(&place.join("config.v2.json"), CONTAINER_BYTES)?)?;
    let host = files::read(&place.join("hostconfig.json"), CONTAINER_BYTES).and_then(|text| json(&text));
    let mut details = details(&config, host.as_ref());
    let driver = text(&config, &["Driver"]);
    if is_plain(driver)
        && (details.image.digest.is_empty() || details.image.repository.is_empty())
        && let Some(list) = files::read(&folder.join("image").join(driver).join("repositories.json"), LIST_BYTES)
    {
        add_names(&list, &mut details);
    }
    Some(details)
}

/// What both files say. Without the second one, what is in it stays unknown.
pub(super) fn details(config: &Value, host: Option<&Value>) -> Details {
    let mut details = Details {
        name: text(config, &["Name"]).trim_start_matches('/').to_owned(),
        image: ImageName::parse(text(config, &["Config", "Image"])),
        image_id: image::id(text(config, &["Image"])).unwrap_or("").to_owned(),
        ..Details::default()
    };
    if details.image.digest.is_empty() {
        // Images that containerd keeps are known by their manifests.
        details.image.digest = text(config, &["ImageManifest", "digest"]).to_owned();
    }
    details.set_labels(texts(at(config, &["Config", "Labels"])));
    let mounts = at(config, &["MountPoints"]).and_then(Value::as_object).into_iter().flatten();
    details.set_mounts(mounts.map(|(dest, mount)| Mount {
        source: text(mount, &["Source"]).to_owned(),
        dest: dest.clone(),
        mode: text(mount, &["Relabel"]).to_owned(),
        writable: at(mount, &["RW"]).and_then(Value::as_bool).unwrap_or(false),
        propagation: text(mount, &["Propagation"]).to_owned(),
    }));
    let networks = at(config, &["NetworkSettings", "Networks"]).and_then(Value::as_object).into_iter().flatten();
    let mut addresses = networks.map(|(_, network)| text(network, &["IPAddress"]));
    details.ip = addresses.find_map(|address| address.parse().ok());
    details.pod = pod(&details.labels);
    if let Some(host) = host {
        details.privileged = at(host, &["Privileged"]).and_then(Value::as_bool);
        let shares = |mode: &str| Some(text(host, &[mode]) == "host");
        details.host_pid = shares("PidMode");
        details.host_network = shares("NetworkMode");
        details.host_ipc = shares("IpcMode");
    }
    details
}

/// The pod that labels of cri-dockerd tell. The sandbox has the pod's own labels.
pub(super) fn pod(labels: &Labels) -> Option<Pod> {
    let of = |name: &str| labels.get(name).cloned().unwrap_or_default();
    labels.get("io.kubernetes.pod.name")?;
    let is_sandbox = of("io.kubernetes.docker.type") == "podsandbox";
    let own = given(labels).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Pod {
        name: of("io.kubernetes.pod.name"),
        namespace: of("io.kubernetes.pod.namespace"),
        uid: of("io.kubernetes.pod.uid"),
        sandbox_id: of("io.kubernetes.sandbox.id"),
        labels: if is_sandbox { own.collect() } else { Labels::new() },
    })
}

/// Takes in the names of an image that is known by its id, and its digest: `{"Repositories": {NAME: {NAME:TAG or
/// NAME@DIGEST: ID}}}`. The name that was asked for counts before others.
pub(super) fn add_names(list: &[u8], details: &mut Details) {
    let Some(list) = json(list) else { return };
    let repositories = at(&list, &["Repositories"]).and_then(Value::as_object).into_iter().flatten();
    let names = repositories.flat_map(|(_, names)| names.as_object().into_iter().flatten());
    let is_this = |id: &Value| id.as_str().and_then(image::id).is_some_and(|id| id == details.image_id);
    let names: Vec<ImageName> = names.filter(|(_, id)| is_this(id)).map(|(name, _)| ImageName::parse(name)).collect();
    if details.image.repository.is_empty()
        && let Some(name) = names.iter().find(|name| !name.tag.is_empty()).or(names.first())
    {
        details.image.repository.clone_from(&name.repository);
        details.image.tag.clone_from(&name.tag);
    }
    let digests = || names.iter().filter(|name| !name.digest.is_empty());
    let own = digests().find(|name| name.repository == details.image.repository).or_else(|| digests().next());
    if let Some(name) = own.filter(|_| details.image.digest.is_empty()) {
        details.image.digest.clone_from(&name.digest);
    }
}
