//! containerd, by its own client. Its part for Kubernetes is there for pods (`pod.rs`).

use super::super::failure::{Doing, Outcome};
use super::{How, Ran, image, must, output, said, serve};

/// Where it listens.
pub const SOCKET: &str = "/run/containerd/containerd.sock";
/// What it says.
pub const LOG: &str = "/run/containerd.log";

/// Not the usual one, whose containers are told by the path of their control group alone.
const NAMESPACE: &str = "shop";

const CONFIG: &str = "/etc/containerd/config.toml";

/// The image of the containers that hold the namespaces of pods is one that is here.
fn config() -> String {
    format!("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"{}\"\n", image::PAUSE)
}

/// Starts it and gives it the image.
pub fn prepare() -> Outcome {
    std::fs::create_dir_all("/etc/containerd").doing("/etc/containerd")?;
    std::fs::write(CONFIG, config()).doing(CONFIG)?;
    serve(&["/usr/bin/containerd"], SOCKET, LOG)?;
    must(&["/usr/bin/ctr", "--namespace", NAMESPACE, "images", "import", image::ARCHIVE]).map(drop)
}

/// Runs a container, whose id is its name. Who it runs for is what the image says.
pub fn run(name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    let mut all = Vec::new();
    if how.terminal {
        // Its client does not give a container a terminal without having one.
        all.extend(["/usr/bin/agent", "terminal"]);
    }
    all.extend(["/usr/bin/ctr", "--namespace", NAMESPACE, "run", "--rm"]);
    let mount = how.mount.map(|(source, dest)| format!("type=bind,src={source},dst={dest},options=rbind:rprivate:rw"));
    if let Some(mount) = &mount {
        all.extend(["--mount", mount]);
    }
    if how.terminal {
        all.push("--tty");
    }
    if how.privileged {
        all.push("--privileged");
    }
    if how.host_network {
        all.push("--net-host");
    }
    all.extend([image::NAME, name]);
    all.extend(words);
    let output = output(&all)?;
    if output.status.code().is_none() || String::from_utf8_lossy(&output.stderr).contains("ctr: ") {
        return Err(said(&all, &output));
    }
    Ok(Ran::new(name, name, &output))
}
