//! Podman of root, with the kernel's overlayfs, and without systemd.

use super::super::failure::{Doing, Outcome};
use super::{How, Ran, image, must, output, said};

/// What differs from a machine with systemd and a network.
const FILES: [(&str, &str); 2] = [
    (
        "/etc/containers/containers.conf",
        "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n[containers]\nlog_driver = \"k8s-file\"\n",
    ),
    (
        "/etc/containers/storage.conf",
        "[storage]\ndriver = \"overlay\"\nrunroot = \"/run/containers/storage\"\ngraphroot = \"/var/lib/containers/storage\"\n",
    ),
];

/// Writes its configuration and gives it the image.
pub fn prepare() -> Outcome {
    for (path, text) in FILES {
        std::fs::write(path, text).doing(path)?;
    }
    must(&["/usr/bin/podman", "load", "--quiet", "--input", image::ARCHIVE]).map(drop)
}

/// Runs a container.
pub fn run(name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    let file = format!("/run/{name}.id");
    let network = if how.host_network { "host" } else { "none" };
    let user = how.uid.to_string();
    let mut all = vec!["/usr/bin/podman", "run", "--rm", "--name", name, "--network", network, "--cidfile", &file];
    all.extend(["--pull", "never", "--user", &user]);
    let volume = how.mount.map(|(source, dest)| format!("{source}:{dest}"));
    if let Some(volume) = &volume {
        all.extend(["--volume", volume]);
    }
    if how.terminal {
        all.push("--tty");
    }
    if how.privileged {
        all.push("--privileged");
    }
    all.push(image::NAME);
    all.extend(words);
    let output = output(&all)?;
    // Its own words, where it or the program cannot be started, begin so; the status may be the program's as well.
    if output.status.code().is_none() || String::from_utf8_lossy(&output.stderr).contains("Error: ") {
        return Err(said(&all, &output));
    }
    let id = std::fs::read_to_string(&file).doing(&file)?;
    Ok(Ran::new(id.trim(), name, &output))
}
