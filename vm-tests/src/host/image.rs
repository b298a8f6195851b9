//! The initramfs: everything that is in the guest.

use super::archive::Archive;
use super::kernel::Kernel;
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

const FOLDERS: [&str; 29] = [
    "bin",
    "dev",
    "etc",
    "etc/kestrel",
    "etc/ssl",
    "etc/ssl/private",
    "home",
    "home/user",
    "lib",
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

/// What is in the image only if it was built: path in it, path below the target folder, how to build it.
const BUILT: [(&str, &str, u32); 4] = [
    ("sbin/kestrel", "static/kestrel", 0o755),
    ("init", "static/vm-guest", 0o755),
    ("bin/open32", "static/open32", 0o755),
    ("bin/calls32", "static/calls32", 0o755),
];

/// runc, which starts containers, and the libraries that it needs: path in the image, where it is, how to get it.
const RUNC: [(&str, &str); 4] = [
    ("usr/sbin/runc", "runc/root/usr/sbin/runc"),
    ("lib/x86_64-linux-gnu/libseccomp.so.2", "runc/root/usr/lib/x86_64-linux-gnu/libseccomp.so.2"),
    ("lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"),
    ("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
];

impl Image {
    /// Builds the image for a kernel. What goes into it must have been built.
    ///
    /// # Errors
    /// A message that names what is missing, and how to build it.
    pub fn build(target: &Path, kernel: &Kernel) -> Result<Image, String> {
        let folder = target.join("vm");
        let path = folder.join(format!("{}.cpio", kernel.name));
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
        for (name, from, permissions) in BUILT {
            let data = read(&target.join(from), "ci/build-static.sh builds it")?;
            archive.file(name, permissions, &data).map_err(place)?;
        }
        for (name, from) in RUNC {
            archive.file(name, 0o755, &read(&target.join(from), "ci/setup.sh vm brings it")?).map_err(place)?;
        }
        let busybox = read(Path::new("/bin/busybox"), "apt-get install busybox-static")?;
        archive.file("bin/busybox", 0o755, &busybox).map_err(place)?;
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
