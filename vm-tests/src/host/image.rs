//! The initramfs: everything that is in the guest.

use super::arch::{Arch, Root};
use super::archive::Archive;
use super::engines;
use super::kernel::Kernel;
use crate::engine::Engine;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An image on disk.
#[derive(Clone, Debug)]
pub struct Image {
    path: PathBuf,
}

/// Links to busybox: the programs that acts are done with.
const BUSYBOX: [&str; 40] = [
    "ash", "cat", "chmod", "chown", "cp", "cttyhack", "dmesg", "echo", "env", "find", "grep", "head", "id", "ifconfig",
    "insmod", "kill", "ln", "ls", "mkdir", "mount", "mv", "nc", "poweroff", "ps", "rm", "rmdir", "rmmod", "setsid",
    "sh", "sleep", "sort", "syslogd", "tail", "tar", "touch", "true", "umount", "uname", "vi", "wget",
];

/// Names under which the guest's own program is started: what scenarios want to have happened in a program of that name.
const OURS: [&str; 18] = [
    "usr/sbin/nginx",
    "usr/sbin/sshd",
    "usr/bin/apt-get",
    "usr/bin/apt-file",
    "usr/bin/strace",
    "usr/bin/tracee",
    "usr/bin/attacher",
    "usr/bin/agent",
    "usr/bin/load",
    "usr/bin/storm",
    "usr/bin/calls",
    "usr/bin/ringer",
    "usr/bin/rshell",
    "usr/bin/jail",
    "usr/bin/make",
    "usr/bin/cc",
    "usr/bin/ld",
    "usr/bin/dpkg",
];

const FOLDERS: [&str; 30] = [
    "bin",
    "dev",
    "etc",
    "etc/kestrel",
    "etc/ssl",
    "etc/ssl/private",
    "home",
    "home/user",
    "lib",
    "lib/aarch64-linux-gnu",
    "lib/x86_64-linux-gnu",
    "lib64",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "srv/lib",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/local",
    "usr/local/bin",
    "usr/sbin",
    "var",
    "var/log",
    "var/tmp",
    "lib/modules",
];

/// Small files: name, permissions, content.
const FILES: [(&str, u32, &str); 10] = [
    ("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"),
    ("etc/group", 0o644, "root:x:0:\nuser:x:1000:\n"),
    ("etc/shadow", 0o600, "root:*:19000:0:99999:7:::\nuser:*:19000:0:99999:7:::\n"),
    ("etc/gshadow", 0o600, "root:*::\nuser:!::\n"),
    ("etc/hostname", 0o644, "guest\n"),
    ("etc/ssl/private/server.key", 0o600, "not a real key\n"),
    ("etc/profile", 0o644, "PS1='guest:\\w# '\nexport PS1\n"),
    ("var/log/auth.log", 0o640, "somebody logged in\n"),
    ("var/log/daemon.log", 0o640, "something started\n"),
    ("home/user/notes", 0o644, "nothing secret\n"),
];

/// Modules of the kernel's own, if it does not have them built in: path below `kernel`, path in the image. One for those who look
/// at what loading one causes, one for layers of files.
const OWN_MODULES: [(&str, &str); 2] =
    [("drivers/net/dummy", "lib/modules/dummy.ko"), ("fs/overlayfs/overlay", "lib/modules/overlay.ko")];

/// What is built for the image: path in it, name of the program.
const BUILT: [(&str, &str); 2] = [("sbin/kestrel", "kestrel"), ("init", "vm-guest")];

/// Programs of 32 bits, for kernels of x86.
const BUILT_32: [(&str, &str); 2] = [("bin/open32", "open32"), ("bin/calls32", "calls32")];

impl Image {
    /// Builds the image for a kernel, with a container engine or without one. What goes into it must have been built.
    ///
    /// # Errors
    /// A message that names what is missing, and how to build it.
    pub fn build(target: &Path, kernel: &Kernel, engine: Option<Engine>) -> Result<Image, String> {
        let folder = target.join("vm");
        let ending = engine.map_or_else(String::new, |engine| format!("-{}", engine.name()));
        let path = folder.join(format!("{}{ending}.cpio", kernel.name));
        let place = |error: io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&folder).map_err(place)?;

        let mut archive = Archive::new(Vec::with_capacity(16 << 20));
        for dir in FOLDERS {
            archive.directory(dir, 0o755).map_err(place)?;
        }
        archive.directory("root/.ssh", 0o700).map_err(place)?;
        archive.file("root/.ssh/id_ed25519", 0o600, b"not a real key\n").map_err(place)?;
        for (name, permissions, text) in FILES {
            archive.file(name, permissions, text.as_bytes()).map_err(place)?;
        }
        let arch = kernel.arch;
        let narrow: &[_] = if arch == Arch::X86_64 { &BUILT_32 } else { &[] };
        for (name, program) in BUILT.iter().chain(narrow) {
            let data = read(&arch.built(target).join(program), "ci/build-static.sh builds it")?;
            archive.file(name, 0o755, &data).map_err(place)?;
        }
        let (system, runc) = (arch.system(target), arch.runc(target));
        let remedy = "`ci/setup.sh vm`, or for another architecture `vm-tests --fetch`, brings it";
        for (name, root, path) in
            [("bin/busybox", Root::System, "bin/busybox"), ("usr/sbin/runc", Root::Runc, "usr/sbin/runc")]
                .iter()
                .chain(arch.libraries())
        {
            let root = if *root == Root::System { &system } else { &runc };
            archive.file(name, 0o755, &read(&root.join(path), remedy)?).map_err(place)?;
        }
        for name in BUSYBOX {
            archive.symlink(&format!("bin/{name}"), "/bin/busybox").map_err(place)?;
        }
        for name in OURS {
            archive.symlink(name, "/init").map_err(place)?;
        }
        let module = read(&kernel.module(), "ci/build-kmod.sh builds it")?;
        archive.file("lib/modules/kestrel.ko", 0o644, &module).map_err(place)?;
        for (module, name) in OWN_MODULES {
            if let Some(path) = kernel.own_module(module) {
                archive.file(name, 0o644, &unpacked(&path)?).map_err(place)?;
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        archive.file("etc/kestrel/kestrel_rules.yaml", 0o644, &default_rules(&root)?).map_err(place)?;
        archive.file("etc/kestrel/kestrel.yaml", 0o644, &read(&root.join("dist/kestrel.yaml"), "")?).map_err(place)?;
        // What is there already is written over: an engine brings the libraries that it was built with.
        if let Some(engine) = engine {
            engines::add(&mut archive, target, engine)?;
        }
        let bytes = archive.finish().map_err(place)?;
        let mut file = BufWriter::new(File::create(&path).map_err(place)?);
        file.write_all(&bytes).and_then(|()| file.flush()).map_err(place)?;
        Ok(Image { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The default rules, as they are installed.
fn default_rules(root: &Path) -> Result<Vec<u8>, String> {
    let script = root.join("ci/default-rules.sh");
    let output = Command::new(&script).output().map_err(|error| format!("{}: {error}", script.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output.stdout)
}

/// A module's bytes, which newer kernels' packages compress.
fn unpacked(path: &Path) -> Result<Vec<u8>, String> {
    if path.extension().is_none_or(|end| end != "xz") {
        return read(path, "");
    }
    let output = Command::new("xz").arg("-dc").arg(path).output();
    let output = output.map_err(|error| format!("xz: {error}: apt-get install xz-utils"))?;
    if !output.status.success() {
        return Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output.stdout)
}

fn read(path: &Path, remedy: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("{}: {error}{}{remedy}", path.display(), if remedy.is_empty() { "" } else { ": " }))
}
