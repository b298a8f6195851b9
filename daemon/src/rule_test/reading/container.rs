//! The container of a process: whether it is in one, which, and what its runtime would have written down.

use super::keys::{Keys, text};
use super::process::Process;
use crate::container::{Details, ImageName, Labels, Mount, Pod, Runtime};
use crate::document::{Content, Node};
use crate::rule_test::ContainerFacts;
use crate::rule_test::problem::Problems;

/// Keys of a container.
#[rustfmt::skip]
pub const KEYS: [&str; 13] = [
    "id", "type", "name", "image", "image_id", "labels", "mounts", "privileged", "host_pid", "host_network", "host_ipc", "ip",
    "pod",
];

/// Keys of a pod.
pub const POD_KEYS: [&str; 5] = ["name", "namespace", "uid", "sandbox_id", "labels"];

/// Runtimes whose containers a test can have.
const TYPES: [Runtime; 4] = [Runtime::Docker, Runtime::Podman, Runtime::Containerd, Runtime::CriO];

/// What stands for the machine itself, where an id of a container could.
const HOST: &str = "host";

/// The container that a process is in: its own, or its parent's. `None` inside for the machine, outside if something is wrong.
pub fn read(node: Option<&Node>, parent: &Process, problems: &mut Problems) -> Option<Option<ContainerFacts>> {
    let Some(node) = node else { return Some(parent.container.clone()) };
    let plain = |id: String| ContainerFacts { id, details: Details::default() };
    match &node.value {
        Content::Bool(false) => Some(None),
        Content::Text(word) if word == HOST => Some(None),
        Content::Bool(true) => Some(Some(plain(usual_id()))),
        Content::Text(word) if id(word).is_some() => Some(id(word).map(plain)),
        Content::Map(_) => with_keys(node, problems).map(Some),
        other => {
            let message = "container is true, false, an id of 12 to 64 hexadecimal digits, or what is known of one";
            problems.add(&node.referenced, message, format!("this is {}", other.describe()));
            None
        }
    }
}

fn usual_id() -> String {
    "c0ffee".repeat(11)[..64].to_owned()
}

/// An id of which not all digits are said.
fn id(word: &str) -> Option<String> {
    ((12..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())).then(|| format!("{word:0<64}"))
}

fn with_keys(node: &Node, problems: &mut Problems) -> Option<ContainerFacts> {
    let keys = Keys::of(node, "a container", &KEYS, problems)?;
    let word = |key: &str, problems: &mut Problems| {
        keys.get(key).map_or(Some(String::new()), |node| text(node, key, problems))
    };
    let truth = |key: &str, problems: &mut Problems| match keys.get(key).map(|node| (node, &node.value)) {
        None => Some(None),
        Some((_, Content::Bool(truth))) => Some(Some(*truth)),
        Some((node, other)) => {
            problems.add(&node.referenced, format!("{key} is true or false"), format!("this is {}", other.describe()));
            None
        }
    };
    let of_id = match keys.get("id").map(|node| (node, text(node, "id", problems))) {
        None => Some(usual_id()),
        Some((node, said)) => said.and_then(|said| {
            let found = id(&said);
            if found.is_none() {
                problems.add(&node.referenced, "an id has 12 to 64 hexadecimal digits", "this is none");
            }
            found
        }),
    };
    let runtime = match keys.get("type").map(|node| (node, text(node, "type", problems))) {
        None => Some(None),
        Some((node, said)) => said.and_then(|said| {
            let found = Runtime::by_name(&said).filter(|runtime| TYPES.contains(runtime));
            if found.is_none() {
                let names: Vec<&str> = TYPES.iter().map(|runtime| runtime.name()).collect();
                problems.add(
                    &node.referenced,
                    format!("there is no type {said}"),
                    format!("it is one of {}", names.join(", ")),
                );
            }
            found.map(Some)
        }),
    };
    let ip = match keys.get("ip").map(|node| (node, text(node, "ip", problems))) {
        None => Some(None),
        Some((node, said)) => said.and_then(|said| {
            let found = said.parse().ok();
            if found.is_none() {
                problems.add(&node.referenced, "ip is an IPv4 address", "this is none");
            }
            found.map(Some)
        }),
    };
    let details = Details {
        runtime: runtime?,
        name: word("name", problems)?,
        image: ImageName::parse(&word("image", problems)?),
        image_id: word("image_id", problems)?,
        labels: labels(keys.get("labels"), problems)?,
        mounts: mounts(keys.get("mounts"), problems)?,
        privileged: truth("privileged", problems)?,
        host_pid: truth("host_pid", problems)?,
        host_network: truth("host_network", problems)?,
        host_ipc: truth("host_ipc", problems)?,
        ip: ip?,
        pod: match keys.get("pod") {
            Some(node) => Some(pod(node, problems)?),
            None => None,
        },
        ..Details::default()
    };
    Some(ContainerFacts { id: of_id?, details })
}

fn pod(node: &Node, problems: &mut Problems) -> Option<Pod> {
    let keys = Keys::of(node, "a pod", &POD_KEYS, problems)?;
    let mut word = |key: &str| keys.get(key).map_or(Some(String::new()), |node| text(node, key, problems));
    let [name, namespace, uid, sandbox_id] = ["name", "namespace", "uid", "sandbox_id"].map(&mut word);
    let labels = labels(keys.get("labels"), problems);
    Some(Pod { name: name?, namespace: namespace?, uid: uid?, sandbox_id: sandbox_id?, labels: labels? })
}

fn labels(node: Option<&Node>, problems: &mut Problems) -> Option<Labels> {
    let Some(node) = node else { return Some(Labels::new()) };
    let Content::Map(entries) = &node.value else {
        problems.add(&node.referenced, "labels have names and values", format!("this is {}", node.value.describe()));
        return None;
    };
    entries.iter().map(|(name, node)| Some((name.value.clone(), text(node, &name.value, problems)?))).collect()
}

/// Mounts: `SOURCE:DEST`, or `SOURCE:DEST:ro`.
fn mounts(node: Option<&Node>, problems: &mut Problems) -> Option<Vec<Mount>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let Content::List(nodes) = &node.value else {
        problems.add(&node.referenced, "mounts are a list", format!("this is {}", node.value.describe()));
        return None;
    };
    let mut mount = |node: &Node| {
        let said = text(node, "a mount", problems)?;
        let parts: Vec<&str> = said.split(':').collect();
        let (source, dest, writable) = match parts[..] {
            [source, dest] => (source, dest, true),
            [source, dest, "ro"] => (source, dest, false),
            _ => {
                problems.add(&node.referenced, "a mount is SOURCE:DEST, or SOURCE:DEST:ro", "this is neither");
                return None;
            }
        };
        Some(Mount { source: source.to_owned(), dest: dest.to_owned(), writable, ..Mount::default() })
    };
    nodes.iter().map(&mut mount).collect()
}
