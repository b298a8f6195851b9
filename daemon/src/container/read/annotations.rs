//! What container engines note in the annotations of a bundle.
//!
//! Sources of the names: containerd `internal/cri/annotations`, CRI-O `pkg/annotations`, Podman `libpod/define`, nerdctl
//! `pkg/labels`.

use super::super::details::{Details, Pod, bounded};
use super::super::image::{self, ImageName};
use super::{json, text, texts};
use crate::container::Runtime;
use serde_json::Value;

/// Takes in what annotations say.
pub(super) fn add(annotations: Option<&Value>, details: &mut Details) {
    let Some(all) = annotations else { return };
    let of = |key: &str| text(all, &[key]).to_owned();
    if all.get("io.kubernetes.cri.container-type").is_some() {
        of_containerd(&of, details);
    } else if all.get("io.kubernetes.cri-o.ContainerType").is_some()
        || all.get("io.kubernetes.cri-o.SandboxID").is_some()
    {
        of_crio(&of, details);
    } else if all.get("io.container.manager").and_then(Value::as_str) == Some("libpod") {
        details.runtime = Some(Runtime::Podman);
        // Podman notes it only where it is so.
        details.privileged = Some(of("io.podman.annotations.privileged").eq_ignore_ascii_case("true"));
    } else {
        details.name = of("nerdctl/name");
    }
    // What is neither of these was given by somebody.
    if details.labels.is_empty() {
        details.set_labels(texts(annotations).filter(|(name, _)| !is_internal(name)));
    }
}

/// Whether they are of a container in a pod, which has namespaces of its sandbox.
pub(super) fn joins_a_sandbox(annotations: Option<&Value>) -> bool {
    let kinds = ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"];
    annotations.is_some_and(|all| kinds.iter().any(|kind| text(all, &[kind]) == "container"))
}

fn is_internal(name: &str) -> bool {
    let starts = [
        "io.kubernetes.cri",
        "io.container.manager",
        "io.podman.",
        "io.containers.",
        "nerdctl/",
        "org.opencontainers.image.stopSignal",
        "org.systemd.",
    ];
    starts.iter().any(|start| name.starts_with(start))
}

/// containerd's CRI plugin.
fn of_containerd(of: &impl Fn(&str) -> String, details: &mut Details) {
    details.runtime = Some(Runtime::Containerd);
    let pod = Pod {
        name: of("io.kubernetes.cri.sandbox-name"),
        namespace: of("io.kubernetes.cri.sandbox-namespace"),
        uid: of("io.kubernetes.cri.sandbox-uid"),
        sandbox_id: of("io.kubernetes.cri.sandbox-id"),
        ..Pod::default()
    };
    let is_sandbox = of("io.kubernetes.cri.container-type") == "sandbox";
    details.name = if is_sandbox { pod.name.clone() } else { of("io.kubernetes.cri.container-name") };
    set_image(&of("io.kubernetes.cri.image-name"), details);
    details.set_labels(kubernetes(&pod, &details.name, is_sandbox));
    details.pod = Some(pod);
}

/// CRI-O. Labels are JSON in an annotation; those of the sandbox are the pod's.
fn of_crio(of: &impl Fn(&str) -> String, details: &mut Details) {
    details.runtime = Some(Runtime::CriO);
    let labels = bounded(texts(json(of("io.kubernetes.cri-o.Labels").as_bytes()).as_ref()));
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let or = |first: String, second: String| if first.is_empty() { second } else { first };
    let is_sandbox = of("io.kubernetes.cri-o.ContainerType") == "sandbox";
    let mut pod = Pod {
        name: or(of("io.kubernetes.cri-o.KubeName"), or(label("io.kubernetes.pod.name"), of("io.kubernetes.pod.name"))),
        namespace: or(
            of("io.kubernetes.cri-o.Namespace"),
            or(label("io.kubernetes.pod.namespace"), of("io.kubernetes.pod.namespace")),
        ),
        uid: or(label("io.kubernetes.pod.uid"), of("io.kubernetes.pod.uid")),
        sandbox_id: of("io.kubernetes.cri-o.SandboxID"),
        ..Pod::default()
    };
    if is_sandbox {
        pod.labels = labels.clone();
    }
    let name = or(label("io.kubernetes.container.name"), of("io.kubernetes.container.name"));
    details.name = or(if is_sandbox { pod.name.clone() } else { name }, of("io.kubernetes.cri-o.Name"));
    // What the pod asked for; ImageName and Image may be the id.
    let asked = or(of("io.kubernetes.cri-o.UserRequestedImage"), of("io.kubernetes.cri-o.ImageName"));
    set_image(&or(asked, of("io.kubernetes.cri-o.Image")), details);
    for reference in ["io.kubernetes.cri-o.ImageRef", "io.kubernetes.cri-o.Image"].map(of) {
        match image::id(&reference) {
            Some(id) if details.image_id.is_empty() => details.image_id = id.to_owned(),
            None if details.image.digest.is_empty() => details.image.digest = ImageName::parse(&reference).digest,
            _ => {}
        }
    }
    let mut all = labels;
    all.extend(kubernetes(&pod, &details.name, is_sandbox));
    details.labels = all;
    details.privileged = Some(of("io.kubernetes.cri-o.PrivilegedRuntime") == "true").filter(|privileged| *privileged);
    details.ip = ["io.kubernetes.cri-o.IP.0", "io.kubernetes.cri-o.IP"].map(of).iter().find_map(|ip| ip.parse().ok());
    details.set_cni(of("io.kubernetes.cri-o.CNIResult"));
    details.pod = Some(pod);
}

/// The labels by which every CRI runtime tells a container's place in its cluster.
fn kubernetes(pod: &Pod, name: &str, is_sandbox: bool) -> Vec<(String, String)> {
    let label = |key: &str, value: &str| (format!("io.kubernetes.{key}"), value.to_owned());
    let mut labels = vec![
        label("pod.name", &pod.name),
        label("pod.namespace", &pod.namespace),
        label("pod.uid", &pod.uid),
        label("sandbox.id", &pod.sandbox_id),
    ];
    if !is_sandbox {
        labels.push(label("container.name", name));
    }
    labels.retain(|(_, value)| !value.is_empty());
    labels
}

/// Takes in an image: its name, or its id where it has none.
fn set_image(reference: &str, details: &mut Details) {
    details.image = ImageName::parse(reference);
    if let Some(id) = image::id(reference) {
        details.image_id = id.to_owned();
    }
}
