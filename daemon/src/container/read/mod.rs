//! What the runtimes' own files say about a container, without a word to their daemons.
//!
//! A runtime writes down what it is about to start before it starts it, so that this is there when the first program of a
//! container runs. Nothing here waits for anybody: files are small, on file systems of this machine, and read once.
//!
//! | file | reads |
//! |---|---|
//! | `oci.rs` | the `config.json` of a bundle: what containerd, CRI-O, Podman and runc start |
//! | `annotations.rs` | what CRI plugins note in it: pods, images, names |
//! | `bolt.rs` | looking something up in the kind of database that containerd and Podman have |
//! | `sqlite.rs` | looking something up in the kind of database that newer Podmans have |
//! | `containerd.rs` | containerd's database: images and labels |
//! | `libpod.rs` | Podman's database: labels |
//! | `docker.rs` | Docker's containers and images |
//! | `inspect.rs` | what Docker and Podman answer when they are asked |
//! | `storage.rs` | the names that Podman and CRI-O give containers and images |
//! | `lxc.rs` | the configuration of LXC's containers |
//! | `nspawn.rs` | what systemd-machined knows of systemd-nspawn's |
//! | `runc.rs` | the state of containers that runc or crun was told to start by hand |
//! | `cni.rs` | what network plugins answered |

mod annotations;
mod bolt;
mod cni;
mod containerd;
mod docker;
mod inspect;
mod libpod;
mod lxc;
mod nspawn;
mod oci;
mod runc;
mod sqlite;
mod storage;

pub(super) use inspect::{inspect, inspect_image};

use super::{Details, Identity, Runtime, files};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Bytes that a runtime's file about one container may have.
const CONTAINER_BYTES: usize = 1 << 20;

/// Bytes that a runtime's file about all its containers or images may have.
const LIST_BYTES: usize = 4 << 20;

/// Namespaces of one containerd that are looked through.
const MOST_NAMESPACES: usize = 32;

/// Where containerd keeps the bundles of what runs, and what stays, for each distribution of it that moves them.
const CONTAINERD: [(&str, &[&str]); 6] = [
    ("run/containerd", &["var/lib/containerd"]),
    ("run/docker/containerd/daemon", &["var/lib/docker/containerd/daemon"]),
    ("run/k3s/containerd", &["var/lib/rancher/k3s/agent/containerd", "var/lib/rancher/rke2/agent/containerd"]),
    ("run/k0s/containerd", &["var/lib/k0s/containerd"]),
    ("var/snap/microk8s/common/run/containerd", &["var/snap/microk8s/common/var/lib/containerd"]),
    (
        "var/snap/docker/current/run/docker/containerd/daemon",
        &["var/snap/docker/common/var-lib-docker/containerd/daemon"],
    ),
];

/// Its folder of bundles there.
const BUNDLES: &str = "io.containerd.runtime.v2.task";

/// Where Docker keeps its own files.
const DOCKER: [&str; 2] = ["var/lib/docker", "var/snap/docker/common/var-lib-docker"];

/// Where Podman and CRI-O keep theirs: what runs, and what stays.
const STORAGE: [&str; 2] = ["run/containers/storage", "var/lib/containers/storage"];

/// Reads them.
#[derive(Debug)]
pub struct Reader {
    root: PathBuf,
}

/// The container that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who runs it, if that is known.
    pub runtime: Option<Runtime>,
    /// The home of the user who runs it, if it is not root. Only there is looked then: any user can give a control group of his own
    /// the name of somebody else's container.
    pub home: Option<&'a Path>,
}

impl Reader {
    /// A reader of the files below this folder: `/`.
    pub fn new(root: impl Into<PathBuf>) -> Reader {
        Reader { root: root.into() }
    }

    /// What is written about a container and its pod; `None` if there is nothing (yet, or any more).
    pub fn details(&self, asked: Asked<'_>) -> Option<Details> {
        let mut details = self.of_container(asked)?;
        let sandbox = details.pod.as_ref().map_or("", |pod| &pod.sandbox_id).to_owned();
        if !sandbox.is_empty() {
            if sandbox != asked.id
                && is_plain(&sandbox)
                && let Some(sandbox) = self.of_container(Asked { id: &sandbox, ..asked })
            {
                details.complete_from_sandbox(sandbox);
            }
            if details.cni.is_empty() {
                self.add_network(&sandbox, &mut details);
            }
        }
        Some(details)
    }

    /// What is written about this one alone.
    fn of_container(&self, asked: Asked<'_>) -> Option<Details> {
        if !is_plain(asked.id) {
            return None;
        }
        match asked.runtime {
            Some(Runtime::Docker) => self.docker(asked),
            Some(Runtime::Containerd) => self.containerd(asked),
            Some(runtime @ (Runtime::Podman | Runtime::CriO)) => self.storage(asked, Some(runtime)),
            Some(Runtime::Lxc) => self.lxc(asked),
            Some(Runtime::Nspawn) => self.nspawn(asked),
            Some(Runtime::Runc) => self.runc(asked),
            // It is its name, and no more is written down.
            Some(Runtime::LibvirtLxc) => Some(Details { name: asked.id.to_owned(), ..Details::default() }),
            Some(Runtime::Buildkit) => None,
            None => self
                .containerd(asked)
                .or_else(|| self.storage(asked, None))
                .or_else(|| self.docker(asked))
                .or_else(|| self.runc(asked)),
        }
    }

    /// A bundle of containerd's, of whatever namespace, but not of Docker's.
    fn containerd(&self, asked: Asked<'_>) -> Option<Details> {
        if asked.home.is_some() {
            return None;
        }
        for (place, data) in CONTAINERD {
            let folder = self.root.join(place).join(BUNDLES);
            for namespace in files::names(&folder).into_iter().take(MOST_NAMESPACES) {
                let bundle = folder.join(&namespace).join(asked.id);
                if namespace != docker::NAMESPACE
                    && let Some(mut details) = oci::bundle(&bundle)
                {
                    details.runtime = Some(Runtime::Containerd);
                    if details.name.is_empty() {
                        // Whoever starts one by containerd's own client names it so.
                        details.name = asked.id.to_owned();
                    }
                    for data in data {
                        containerd::add(&self.root.join(data), &namespace, asked.id, &mut details);
                    }
                    return Some(details);
                }
            }
        }
        None
    }

    /// The container that a control group belongs to which containerd named after it, in whatever namespace of containerd's:
    /// `/NAMESPACE/ID`. Only its bundle tells such a group from any other.
    pub fn of_group<'a>(&self, path: &'a [u8]) -> Option<Identity<'a>> {
        let mut parts = std::str::from_utf8(path).ok()?.strip_prefix('/')?.split('/');
        let (namespace, id) = (parts.next()?, parts.next()?);
        let has_bundle = |place: &str| {
            let bundle = self.root.join(place).join(BUNDLES).join(namespace).join(id);
            bundle.join("config.json").is_file()
        };
        let is_dockers = namespace == docker::NAMESPACE;
        let known =
            !is_dockers && is_plain(namespace) && is_plain(id) && CONTAINERD.iter().any(|(place, _)| has_bundle(place));
        known.then(|| Identity { id: id.as_bytes().into(), runtime: Some(Runtime::Containerd) })
    }

    /// Docker's files, and for the root folder the bundle that it had containerd start.
    fn docker(&self, asked: Asked<'_>) -> Option<Details> {
        let folders = self.folders(&DOCKER, ".local/share/docker", asked);
        let mut details = folders.iter().find_map(|folder| docker::read(folder, asked.id))?;
        details.runtime = Some(Runtime::Docker);
        if asked.home.is_some() {
            return Some(details);
        }
        for (place, _) in CONTAINERD {
            let bundle = self.root.join(place).join(BUNDLES).join(docker::NAMESPACE).join(asked.id);
            if let Some(bundle) = oci::bundle(&bundle) {
                details.root = bundle.root;
                break;
            }
        }
        Some(details)
    }

    /// The files of containers/storage, which Podman and CRI-O share.
    fn storage(&self, asked: Asked<'_>, runtime: Option<Runtime>) -> Option<Details> {
        let folders = self.folders(&STORAGE, ".local/share/containers/storage", asked);
        let places = storage::DRIVERS.iter().flat_map(|driver| folders.iter().map(move |folder| (*driver, folder)));
        let (driver, mut details) = places
            .into_iter()
            .find_map(|(driver, folder)| Some((driver, oci::bundle(&storage::place(folder, driver, asked.id))?)))?;
        details.runtime = runtime.or(details.runtime);
        storage::leave_out_own_mounts(asked.id, &mut details);
        if details.name.is_empty() || details.image_id.is_empty() || details.image.digest.is_empty() {
            for folder in &folders {
                storage::add(folder, driver, asked.id, &mut details);
            }
        }
        if details.runtime != Some(Runtime::CriO) && details.labels.is_empty() {
            for folder in &folders {
                libpod::add(folder, asked.id, &mut details);
            }
        }
        Some(details)
    }

    fn lxc(&self, asked: Asked<'_>) -> Option<Details> {
        let folders = self.folders(&["var/lib/lxc"], ".local/share/lxc", asked);
        let text =
            folders.into_iter().find_map(|folder| files::read(&folder.join(asked.id).join("config"), CONTAINER_BYTES));
        // LXD and Incus write no such file.
        Some(lxc::parse(asked.id, &text.unwrap_or_default()))
    }

    /// The machine's folders, or that of the user who runs a container.
    fn folders(&self, of_machine: &[&str], of_user: &str, asked: Asked<'_>) -> Vec<PathBuf> {
        match asked.home {
            Some(home) => vec![home.join(of_user)].into_iter().filter(|folder| files::is_local_to_us(folder)).collect(),
            None => of_machine.iter().map(|place| self.root.join(place)).collect(),
        }
    }

    fn nspawn(&self, asked: Asked<'_>) -> Option<Details> {
        if asked.home.is_some() {
            return None;
        }
        let text = files::read(&self.root.join("run/systemd/machines").join(asked.id), CONTAINER_BYTES)?;
        nspawn::parse(asked.id, &text)
    }

    fn runc(&self, asked: Asked<'_>) -> Option<Details> {
        if asked.home.is_some() {
            return None;
        }
        let state =
            |folder: &str, name: &str| files::read(&self.root.join(folder).join(asked.id).join(name), CONTAINER_BYTES);
        let bundle = state("run/runc", "state.json")
            .and_then(|text| runc::bundle_of_runc(&text))
            .or_else(|| state("run/crun", "status").and_then(|text| runc::bundle_of_crun(&text)))?;
        let relative = bundle.strip_prefix("/").unwrap_or(&bundle);
        let mut details = oci::bundle(&self.root.join(relative))?;
        details.runtime = Some(Runtime::Runc);
        if details.name.is_empty() {
            details.name = asked.id.to_owned();
        }
        Some(details)
    }

    /// What the network plugin answered for this sandbox.
    fn add_network(&self, sandbox: &str, details: &mut Details) {
        for place in ["var/lib/cni/results", "var/lib/cni/cache/results"] {
            let folder = self.root.join(place);
            // NETWORK-SANDBOX-INTERFACE
            let Some(name) = files::names(&folder).into_iter().find(|name| name.contains(sandbox)) else { continue };
            if let Some(text) = files::read(&folder.join(name), CONTAINER_BYTES)
                && let Some(answer) = cni::parse(&text)
            {
                details.ip = details.ip.or(answer.ip);
                details.set_cni(answer.json);
                return;
            }
        }
    }
}

/// What one file of a runtime says by itself: its main one, or the one that other things are looked up in. This is how a reader takes
/// its text, without a disk.
pub fn parse(runtime: Runtime, id: &str, text: &[u8]) -> Option<Details> {
    match runtime {
        Runtime::Docker => {
            let config = json(text)?;
            let mut details = docker::details(&config, Some(&config));
            docker::add_names(text, &mut details);
            if let Some(answered) = inspect(text) {
                details.set_labels(answered.labels);
            }
            inspect_image(text, &mut details);
            Some(details)
        }
        Runtime::CriO => oci::parse(text),
        Runtime::Containerd => {
            let mut details = oci::parse(text).unwrap_or_default();
            containerd::parse(text, "default", id, &mut details);
            Some(details)
        }
        Runtime::Podman => {
            let mut details = Details::default();
            storage::add_container(text, id, &mut details);
            storage::add_image(text, &mut details);
            libpod::add_config(text, &mut details);
            libpod::add_row(text, id, &mut details);
            Some(details)
        }
        Runtime::Lxc => Some(lxc::parse(id, text)),
        Runtime::Nspawn => nspawn::parse(id, text),
        Runtime::Runc => {
            let root = runc::bundle_of_runc(text).or_else(|| runc::bundle_of_crun(text))?;
            Some(Details { root: Some(root), ..Details::default() })
        }
        Runtime::LibvirtLxc | Runtime::Buildkit => None,
    }
}

/// What a file of a network plugin's answers says.
pub fn parse_network(text: &[u8]) -> Option<Details> {
    let answer = cni::parse(text)?;
    let mut details = Details { ip: answer.ip, ..Details::default() };
    details.set_cni(answer.json);
    Some(details)
}

/// Whether a name is one of a file, and not a way to another one.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !matches!(name, "." | "..") && !name.contains(['/', '\0'])
}

/// JSON; `None` if it is none.
fn json(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

/// The text under these keys; empty if there is none.
fn text<'a>(value: &'a Value, keys: &[&str]) -> &'a str {
    at(value, keys).and_then(Value::as_str).unwrap_or("")
}

/// What is under these keys.
fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// The texts of a mapping.
fn texts(value: Option<&Value>) -> impl Iterator<Item = (String, String)> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
}

/// The elements of a list.
fn list<'a>(value: &'a Value, keys: &[&str]) -> &'a [Value] {
    at(value, keys).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
