//! Docker: its daemon with the containerd that it starts itself, the kernel's overlayfs, and without systemd and firewall.

use super::super::failure::{Doing, Outcome};
use super::{How, Ran, image, must, output, said, serve};
use std::os::unix::fs::symlink;
use std::path::Path;

const SOCKET: &str = "/run/docker.sock";
const LOG: &str = "/run/dockerd.log";

/// Starts its daemon and gives it the image.
pub fn prepare() -> Outcome {
    // As on every machine of Debian's.
    if !Path::new("/var/run").exists() {
        symlink("/run", "/var/run").doing("/var/run")?;
    }
    let words = [
        "/usr/sbin/dockerd",
        "--iptables=false",
        "--ip6tables=false",
        "--bridge=none",
        "--storage-driver=overlay2",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--userland-proxy=false",
    ];
    serve(&words, SOCKET, LOG)?;
    must(&["/usr/bin/docker", "load", "--quiet", "--input", image::ARCHIVE]).map(drop)
}

/// Runs a container.
pub fn run(name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    let file = format!("/run/{name}.id");
    let network = if how.host_network { "host" } else { "none" };
    let user = how.uid.to_string();
    let mut all = vec!["/usr/bin/docker", "run", "--rm", "--name", name, "--network", network, "--cidfile", &file];
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
    if output.status.code().is_none() || String::from_utf8_lossy(&output.stderr).contains("docker: ") {
        return Err(said(&all, &output));
    }
    let id = std::fs::read_to_string(&file).doing(&file)?;
    Ok(Ran::new(id.trim(), name, &output))
}
