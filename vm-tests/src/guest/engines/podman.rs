//! Podman of root, with the kernel's overlayfs, and without systemd.

use super::super::failure::{Doing, Outcome};
use super::client::{self, Client};
use super::{How, Ran, image, must};

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
    let client = Client { words: &["/usr/bin/podman"], complaint: "Error: ", folder: "/run", more: &[] };
    client::run(&client, name, how, words)
}
