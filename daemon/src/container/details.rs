//! What is known of a container beyond its id: what its runtime wrote down.

use super::{ImageName, Runtime};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Labels of a container or a pod that are kept.
const MOST_LABELS: usize = 256;

/// Bytes of the name and of the value of a label that are kept; longer ones are left out, for half a value is another one.
const LABEL_BYTES: usize = 4096;

/// Mounts of a container that are kept.
const MOST_MOUNTS: usize = 256;

/// Bytes that a network plugin's answer may have: Falco's bound. What is beyond is cut.
const CNI_BYTES: usize = 4096;

/// What begins the names of labels that runtimes and kubelet keep for themselves.
const INTERNAL: [&str; 2] = ["io.kubernetes.", "annotation."];

/// Labels: names and values, in the order of their names.
pub type Labels = BTreeMap<String, String>;

/// What is known of a container. Nothing of it is made up: what its runtime does not say is empty or `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Who runs it, where its control group does not tell.
    pub runtime: Option<Runtime>,
    /// Its name.
    pub name: String,
    /// The image that it was made from.
    pub image: ImageName,
    /// Id of the image, without `sha256:`.
    pub image_id: String,
    /// Its labels.
    pub labels: Labels,
    /// What of the machine is mounted in it.
    pub mounts: Vec<Mount>,
    /// Whether it is privileged.
    pub privileged: Option<bool>,
    /// Whether it is in the machine's own pid namespace.
    pub host_pid: Option<bool>,
    /// Whether it is in the machine's own network namespace.
    pub host_network: Option<bool>,
    /// Whether it is in the machine's own IPC namespace.
    pub host_ipc: Option<bool>,
    /// Its first IPv4 address.
    pub ip: Option<Ipv4Addr>,
    /// What the network plugin answered, as JSON.
    pub cni: String,
    /// The pod that it belongs to.
    pub pod: Option<Pod>,
    /// Its root folder, as the machine sees it.
    pub root: Option<PathBuf>,
}

/// A pod of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its unique id.
    pub uid: String,
    /// Id of the container that holds its namespaces.
    pub sandbox_id: String,
    /// Its labels.
    pub labels: Labels,
}

/// A mount of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub source: String,
    /// Where, in the container.
    pub dest: String,
    /// How, in the runtime's own words.
    pub mode: String,
    /// Whether it can be written.
    pub writable: bool,
    /// How mounts below it spread (mount_namespaces(7)).
    pub propagation: String,
}

impl Details {
    /// Takes in labels, as many as are kept.
    pub(super) fn set_labels(&mut self, labels: impl IntoIterator<Item = (String, String)>) {
        self.labels = bounded(labels);
    }

    /// Takes in mounts, as many as are kept.
    pub(super) fn set_mounts(&mut self, mounts: impl IntoIterator<Item = Mount>) {
        self.mounts = mounts.into_iter().take(MOST_MOUNTS).collect();
    }

    /// Takes in what the network plugin answered, as much as is kept.
    pub(super) fn set_cni(&mut self, mut json: String) {
        json.truncate(json.floor_char_boundary(CNI_BYTES));
        self.cni = json;
    }

    /// Takes in what the sandbox of its pod is known by: what all containers of the pod share.
    pub(super) fn complete_from_sandbox(&mut self, sandbox: Details) {
        let Some(pod) = &mut self.pod else { return };
        let Details { pod: of_sandbox, host_pid, host_network, host_ipc, ip, cni, .. } = sandbox;
        if let Some(of_sandbox) = of_sandbox {
            pod.labels = of_sandbox.labels;
            for (mine, theirs) in [
                (&mut pod.name, of_sandbox.name),
                (&mut pod.namespace, of_sandbox.namespace),
                (&mut pod.uid, of_sandbox.uid),
            ] {
                if mine.is_empty() {
                    *mine = theirs;
                }
            }
        }
        self.host_pid = self.host_pid.or(host_pid);
        self.host_network = self.host_network.or(host_network);
        self.host_ipc = self.host_ipc.or(host_ipc);
        self.ip = self.ip.or(ip);
        if self.cni.is_empty() {
            self.cni = cni;
        }
    }
}

/// Labels, as many and as long as are kept.
pub(super) fn bounded(labels: impl IntoIterator<Item = (String, String)>) -> Labels {
    let fits = |(name, value): &(String, String)| name.len() <= LABEL_BYTES && value.len() <= LABEL_BYTES;
    labels.into_iter().filter(fits).take(MOST_LABELS).collect()
}

/// The labels that somebody gave, without those that runtimes and kubelet keep for themselves.
pub fn given(labels: &Labels) -> impl Iterator<Item = (&str, &str)> {
    let internal = |name: &str| INTERNAL.iter().any(|start| name.starts_with(start));
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(move |(name, _)| !internal(name))
}
