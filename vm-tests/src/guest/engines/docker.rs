//! Docker: its daemon with the containerd that it starts itself, the kernel's overlayfs, and without systemd and firewall.

use super::super::failure::{Doing, Outcome};
use super::{How, Ran, client, image, must, serve};
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
    client::run("/usr/bin/docker", "docker: ", name, how, words)
}
