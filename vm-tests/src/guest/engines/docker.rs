//! Docker: its daemon with the containerd that it starts itself, the kernel's overlayfs, and without systemd and firewall.

use super::super::failure::{Doing, Failure, Outcome};
use super::client::{self, Client};
use super::{How, Ran, image, must, serve};
use std::os::unix::fs::symlink;
use std::path::Path;

const SOCKET: &str = "/run/docker.sock";
const LOG: &str = "/run/dockerd.log";

/// How often it is started: it gives its containerd 15 seconds, which an emulated one on a busy machine may not have.
const TRIES: u32 = 3;

/// Where its daemon keeps everything, if nothing else is said, and another place.
pub const USUAL: &str = "/var/lib/docker";
/// Where nobody looks.
pub const ELSEWHERE: &str = "/opt/docker";

/// Starts its daemon, which keeps everything in this folder, and gives it the image.
pub fn prepare(folder: &str) -> Outcome {
    // As on every machine of Debian's.
    if !Path::new("/var/run").exists() {
        symlink("/run", "/var/run").doing("/var/run")?;
    }
    let words = [
        "/usr/sbin/dockerd",
        "--data-root",
        folder,
        "--iptables=false",
        "--ip6tables=false",
        "--bridge=none",
        "--storage-driver=overlay2",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--userland-proxy=false",
    ];
    let load = ["/usr/bin/docker", "load", "--quiet", "--input", image::ARCHIVE];
    let mut tries = 0;
    loop {
        tries += 1;
        let Err(failure) = serve(&words, SOCKET, LOG).and_then(|()| must(&load)) else { return Ok(()) };
        if tries == TRIES {
            let log = std::fs::read_to_string(LOG).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            return Err(Failure(format!("{failure}; its daemon says: {last:#?}")));
        }
        let _ = std::fs::remove_file(SOCKET);
    }
}

/// Runs a container.
pub fn run(name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    let client = Client { words: &["/usr/bin/docker"], complaint: "docker: ", folder: "/run", more: &[] };
    client::run(&client, name, how, words)
}
