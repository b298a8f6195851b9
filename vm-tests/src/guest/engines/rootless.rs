//! Podman of an ordinary user: in a user namespace of the user's own, with its files in the user's home, and in the control groups
//! that systemd would have given to a login.

use super::super::failure::{Doing, Failure, Outcome};
use super::client::{self, Client};
use super::{How, Ran, image, must};
use nix::unistd::{Gid, Uid, chown};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;

const UID: u32 = 1000;
const HOME: &str = "/home/user";
const RUNTIME: &str = "/run/user/1000";

/// What systemd hands over to the user's own instance of it.
const DELEGATED: &str = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";

/// The group that the user's programs begin in, below that.
const SESSION: &str = "session.scope";

/// Where containers go, as Podman is told: without systemd it makes no groups of its own accord, and takes none of its slices.
const PARENT: &str = "/user.slice/user-1000.slice/user@1000.service/containers";

/// What differs from a machine with systemd, with overlayfs for users, and with a network.
const FILES: [(&str, &str); 4] = [
    ("/etc/subuid", "user:100000:65536\n"),
    ("/etc/subgid", "user:100000:65536\n"),
    (
        "/home/user/.config/containers/containers.conf",
        "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n[containers]\nlog_driver = \"k8s-file\"\n",
    ),
    (
        "/home/user/.config/containers/storage.conf",
        "[storage]\ndriver = \"vfs\"\nrunroot = \"/run/user/1000/containers\"\n\
         graphroot = \"/home/user/.local/share/containers/storage\"\n",
    ),
];

/// Becomes the user, in the user's part of the hierarchy, and runs a program.
///
/// # Errors
/// What the system said.
pub fn act(words: &[&str]) -> Outcome {
    let place = format!("{DELEGATED}/{SESSION}/cgroup.procs");
    std::fs::write(&place, "0").doing(place)?;
    std::fs::write("/proc/self/loginuid", UID.to_string()).doing("loginuid")?;
    let Some((program, args)) = words.split_first() else { return Err("no program to start".into()) };
    let mut command = Command::new(program);
    command.args(args).uid(UID).gid(UID).current_dir(HOME).env("HOME", HOME).env("XDG_RUNTIME_DIR", RUNTIME);
    Err(Failure::from(command.exec()))
}

/// Makes what systemd and an administrator would have made, and gives the user's Podman the image.
fn prepare() -> Outcome {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_some() {
        return Ok(());
    }
    for folder in ["/home/user/.config/containers", RUNTIME] {
        std::fs::create_dir_all(folder).doing(folder)?;
    }
    for (path, text) in FILES {
        std::fs::write(path, text).doing(path)?;
    }
    // As on every machine.
    for folder in ["/tmp", "/var/tmp"] {
        std::fs::set_permissions(folder, Permissions::from_mode(0o1777)).doing(folder)?;
    }
    // As the package gives them their powers when it is installed.
    for program in ["/usr/bin/newuidmap", "/usr/bin/newgidmap"] {
        std::fs::set_permissions(program, Permissions::from_mode(0o4755)).doing(program)?;
    }
    for folder in [HOME, "/home/user/.config", "/home/user/.config/containers", RUNTIME] {
        give(folder)?;
    }
    delegate()?;
    let words = ["/usr/bin/agent", "rootless", "/usr/bin/podman", "load", "--quiet", "--input", image::ARCHIVE];
    must(&words)?;
    DONE.get_or_init(|| ());
    Ok(())
}

fn delegate() -> Outcome {
    std::fs::create_dir_all(format!("{DELEGATED}/{SESSION}")).doing(DELEGATED)?;
    for part in ["", "/user.slice", "/user.slice/user-1000.slice"] {
        let file = format!("/sys/fs/cgroup{part}/cgroup.subtree_control");
        std::fs::write(&file, "+pids").doing(file)?;
    }
    for folder in [DELEGATED.to_owned(), format!("{DELEGATED}/{SESSION}")] {
        give(&folder)?;
        for file in ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
            give(&format!("{folder}/{file}"))?;
        }
    }
    Ok(())
}

fn give(path: &str) -> Outcome {
    chown(path, Some(Uid::from_raw(UID)), Some(Gid::from_raw(UID))).doing(path)
}

/// Runs a container.
pub fn run(name: &str, how: &How, words: &[&str]) -> Outcome<Ran> {
    prepare()?;
    let client = Client {
        words: &["/usr/bin/agent", "rootless", "/usr/bin/podman"],
        complaint: "Error: ",
        folder: RUNTIME,
        more: &["--cgroup-parent", PARENT],
    };
    client::run(&client, name, how, words)
}
