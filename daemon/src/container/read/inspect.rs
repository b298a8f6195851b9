//! What Docker's interface says of a container and of an image, and Podman's in Docker's language
//! (<https://docs.docker.com/reference/api/engine/>: `/containers/ID/json`, `/images/ID/json`).

use super::super::details::{Details, Mount};
use super::super::image::{self, ImageName};
use super::{at, docker, json, list, text, texts};
use serde_json::Value;

/// What is said of a container; `None` if this is no such answer.
pub(crate) fn inspect(answer: &[u8]) -> Option<Details> {
    let answer = json(answer)?;
    let name = at(&answer, &["Name"])?.as_str()?;
    let mut details = Details {
        name: name.trim_start_matches('/').to_owned(),
        image: ImageName::parse(text(&answer, &["Config", "Image"])),
        image_id: image::id(text(&answer, &["Image"])).unwrap_or("").to_owned(),
        privileged: at(&answer, &["HostConfig", "Privileged"]).and_then(Value::as_bool),
        ..Details::default()
    };
    if details.image.digest.is_empty() {
        // Images that containerd keeps are known by their manifests.
        details.image.digest = text(&answer, &["ImageManifestDescriptor", "digest"]).to_owned();
    }
    details.set_labels(texts(at(&answer, &["Config", "Labels"])));
    details.set_mounts(list(&answer, &["Mounts"]).iter().map(|mount| Mount {
        source: text(mount, &["Source"]).to_owned(),
        dest: text(mount, &["Destination"]).to_owned(),
        mode: text(mount, &["Mode"]).to_owned(),
        writable: at(mount, &["RW"]).and_then(Value::as_bool).unwrap_or(false),
        propagation: text(mount, &["Propagation"]).to_owned(),
    }));
    let shares = |mode: &str| at(&answer, &["HostConfig", mode]).and_then(Value::as_str).map(|mode| mode == "host");
    (details.host_pid, details.host_network, details.host_ipc) =
        (shares("PidMode"), shares("NetworkMode"), shares("IpcMode"));
    let networks = at(&answer, &["NetworkSettings", "Networks"]).and_then(Value::as_object).into_iter().flatten();
    let mut addresses = networks.map(|(_, network)| text(network, &["IPAddress"]));
    details.ip = addresses.find_map(|address| address.parse().ok());
    details.pod = docker::pod(&details.labels);
    let root = text(&answer, &["GraphDriver", "Data", "MergedDir"]);
    details.root = root.starts_with('/').then(|| root.into());
    Some(details)
}

/// Takes in what is said of the image of a container: its digest, and its name where the container was given its id.
pub(crate) fn inspect_image(answer: &[u8], details: &mut Details) {
    let Some(answer) = json(answer) else { return };
    let names = |key: &str| {
        let names = list(&answer, &[key]).iter().filter_map(Value::as_str).map(ImageName::parse);
        names.collect::<Vec<_>>()
    };
    if details.image.repository.is_empty()
        && let Some(name) = names("RepoTags").into_iter().next()
    {
        (details.image.repository, details.image.tag) = (name.repository, name.tag);
    }
    let digests = names("RepoDigests");
    let own = digests.iter().find(|name| name.repository == details.image.repository).or(digests.first());
    if let Some(name) = own.filter(|_| details.image.digest.is_empty()) {
        details.image.digest.clone_from(&name.digest);
    }
}
