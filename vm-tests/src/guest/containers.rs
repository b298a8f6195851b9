//! Real containers: runc starts them, from what Docker, containerd's CRI plugin and Podman would have written down beside them.
//!
//! The image is busybox, below an overlay, with users of its own.

use super::failure::{Doing, Failure, Outcome};
use super::programs::{run, succeed};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where everything of them lies: a file system of its own, since runc cannot leave the first one.
const PLACE: &str = "/srv/containers";

/// The tree of the image.
pub const TREE: &str = "/srv/containers/image";
/// Name of every container.
pub const NAME: &str = "web";
/// Image of every container.
pub const IMAGE: &str = "registry.example/shop/web:1.4";

/// The digits of the image's id and of its digest.
const IMAGE_ID: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// The unique id of the pod that containerd's containers are in.
pub const POD_UID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
/// The id of that pod's sandbox.
pub const SANDBOX: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// The user of the image that the machine does not have.
pub const USER: (&str, u32) = ("shopkeeper", 4711);

/// Links to busybox in the image. `apk` is none of its programs: it is there to be started.
const LINKS: [&str; 9] =
    ["bin/sh", "bin/sleep", "bin/cat", "bin/cp", "bin/chmod", "bin/true", "bin/nc", "sbin/apk", "bin/ls"];

/// Whose container it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Docker's.
    Docker,
    /// containerd's, in a pod.
    Containerd,
    /// Podman's.
    Podman,
}

/// How it is started.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whose it is.
    pub kind: Kind,
    /// With all devices and rights.
    pub privileged: bool,
    /// In the machine's own network.
    pub host_network: bool,
    /// A folder of the machine, and where it is in the container.
    pub mount: Option<(&'static str, &'static str)>,
    /// The user that it runs for.
    pub uid: u32,
}

/// An ordinary one, root's.
pub const PLAIN: Settings =
    Settings { kind: Kind::Docker, privileged: false, host_network: false, mount: None, uid: 0 };

/// A container that is to be started.
#[derive(Debug)]
pub struct Container {
    /// Its id.
    pub id: String,
    settings: Settings,
    bundle: String,
    layers: String,
    /// What its runtime writes down, removed when it is gone.
    notes: Vec<String>,
}

impl Container {
    /// Writes down what its runtime would, and mounts its root.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(settings: Settings, words: &[&str]) -> Outcome<Container> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        prepare()?;
        // The first twelve digits are what is shown.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("{number:012x}{:052x}", 0xbeef);
        let bundle = match settings.kind {
            Kind::Docker => format!("/run/containerd/io.containerd.runtime.v2.task/moby/{id}"),
            Kind::Containerd => format!("/run/containerd/io.containerd.runtime.v2.task/k8s.io/{id}"),
            Kind::Podman => format!("/var/lib/containers/storage/overlay-containers/{id}/userdata"),
        };
        let layers = format!("{PLACE}/layers/{number}");
        let mut container = Container { notes: vec![bundle.clone()], id, settings, bundle, layers };
        container.mount_root()?;
        container.note(format!("{}/config.json", container.bundle), &container.config(words))?;
        match settings.kind {
            Kind::Docker => container.as_docker()?,
            Kind::Podman => container.as_podman()?,
            // The bundle says it all.
            Kind::Containerd => {}
        }
        Ok(container)
    }

    /// Runs it to its end, as its runtime would; then nothing is left of it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(self) -> Outcome<Output> {
        let words =
            ["/usr/sbin/runc", "--root", "/run/runc-of-test", "run", "--no-pivot", "--bundle", &self.bundle, &self.id];
        let output = run(&words)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("unable to start container") || said.contains("can't") {
            return Err(Failure(said));
        }
        let _ = umount2(format!("{}/rootfs", self.bundle).as_str(), MntFlags::MNT_DETACH);
        for note in &self.notes {
            let _ = std::fs::remove_dir_all(note);
        }
        let _ = std::fs::remove_dir_all(&self.layers);
        Ok(output)
    }

    fn mount_root(&self) -> Outcome {
        let root = format!("{}/rootfs", self.bundle);
        let [upper, work] = ["upper", "work"].map(|name| format!("{}/{name}", self.layers));
        for folder in [&root, &upper, &work] {
            std::fs::create_dir_all(folder).doing(folder)?;
        }
        let options = format!("lowerdir={PLACE}/image,upperdir={upper},workdir={work}");
        mount(Some("overlay"), root.as_str(), Some("overlay"), MsFlags::empty(), Some(options.as_str()))
            .doing("overlay")
    }

    fn note(&mut self, path: String, value: &Value) -> Outcome {
        if let Some(folder) = Path::new(&path).parent() {
            std::fs::create_dir_all(folder).doing(folder.display())?;
        }
        std::fs::write(&path, value.to_string()).doing(path)
    }

    fn as_docker(&mut self) -> Outcome {
        let folder = format!("/var/lib/docker/containers/{}", self.id);
        let mounts = match self.settings.mount {
            Some((source, dest)) => {
                json!({dest: {"Source": source, "Destination": dest, "RW": true, "Propagation": "rprivate"}})
            }
            None => json!({}),
        };
        let config = json!({
            "ID": self.id, "Name": format!("/{NAME}"), "Image": format!("sha256:{IMAGE_ID}"), "Driver": "overlay2",
            "Config": {"Image": IMAGE, "Labels": {"tier": "front"}}, "MountPoints": mounts,
        });
        self.note(format!("{folder}/config.v2.json"), &config)?;
        let mode = if self.settings.host_network { "host" } else { "bridge" };
        let host =
            json!({"Privileged": self.settings.privileged, "NetworkMode": mode, "PidMode": "", "IpcMode": "private"});
        self.note(format!("{folder}/hostconfig.json"), &host)?;
        self.notes.push(folder);
        Ok(())
    }

    fn as_podman(&mut self) -> Outcome {
        let storage = "/var/lib/containers/storage";
        let metadata = json!({"image-name": IMAGE, "image-id": IMAGE_ID, "name": NAME}).to_string();
        let containers = json!([{"id": self.id, "names": [NAME], "image": IMAGE_ID, "metadata": metadata}]);
        self.note(format!("{storage}/overlay-containers/containers.json"), &containers)?;
        let images = json!([{"id": IMAGE_ID, "digest": format!("sha256:{IMAGE_ID}"), "names": [IMAGE]}]);
        self.note(format!("{storage}/overlay-images/images.json"), &images)
    }

    /// The `config.json` of its bundle.
    fn config(&self, words: &[&str]) -> Value {
        let Settings { kind, privileged, host_network, mount, uid } = self.settings;
        let group = match kind {
            Kind::Docker => format!("/docker/{}", self.id),
            Kind::Containerd => format!("/kubepods/burstable/pod{POD_UID}/{}", self.id),
            Kind::Podman => format!("/libpod_parent/libpod-{}", self.id),
        };
        let annotations = match kind {
            Kind::Docker => json!({}),
            Kind::Containerd => json!({
                "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": NAME,
                "io.kubernetes.cri.image-name": IMAGE, "io.kubernetes.cri.sandbox-id": SANDBOX,
                "io.kubernetes.cri.sandbox-name": "web-1", "io.kubernetes.cri.sandbox-namespace": "shop",
                "io.kubernetes.cri.sandbox-uid": POD_UID,
            }),
            Kind::Podman => json!({"io.container.manager": "libpod"}),
        };
        let rights: &[&str] = if privileged { &ALL_RIGHTS } else { &USUAL_RIGHTS };
        let rights = json!(rights);
        let mut mounts = vec![
            json!({"destination": "/proc", "type": "proc", "source": "proc"}),
            json!({"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}),
            json!({"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}),
        ];
        if let Some((source, dest)) = mount {
            mounts
                .push(json!({"destination": dest, "type": "bind", "source": source, "options": ["rbind", "rprivate"]}));
        }
        let mut namespaces: Vec<&str> = vec!["pid", "mount", "ipc", "uts"];
        if !host_network {
            namespaces.push("network");
        }
        let namespaces: Vec<Value> = namespaces.iter().map(|kind| json!({"type": kind})).collect();
        let masked: &[&str] = if privileged { &[] } else { &["/proc/kcore"] };
        json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": uid, "gid": uid}, "args": words, "cwd": "/", "env": ["PATH=/usr/bin:/bin:/sbin"],
                "capabilities": {"bounding": rights, "effective": rights, "permitted": rights},
            },
            "root": {"path": "rootfs"}, "hostname": "container", "mounts": mounts, "annotations": annotations,
            "linux": {
                "cgroupsPath": group, "namespaces": namespaces, "maskedPaths": masked,
                "resources": {"devices": [{"allow": privileged, "access": "rwm"}]},
            },
        })
    }
}

/// Starts one, runs it to its end.
///
/// # Errors
/// If it cannot be started.
pub fn run_one(settings: Settings, words: &[&str]) -> Outcome<String> {
    let container = Container::new(settings, words)?;
    let id = container.id.clone();
    container.run()?;
    Ok(id)
}

const USUAL_RIGHTS: [&str; 6] =
    ["CAP_CHOWN", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"];

const ALL_RIGHTS: [&str; 10] = [
    "CAP_CHOWN",
    "CAP_FOWNER",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_ADMIN",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_PTRACE",
];

/// Makes what containers are made of, an image and the kernel's overlayfs, if they are not there yet.
///
/// # Errors
/// What the system said, or that this kernel has no overlayfs.
pub fn prepare() -> Outcome {
    let image = TREE;
    if Path::new(image).exists() {
        return Ok(());
    }
    std::fs::create_dir_all(PLACE).doing(PLACE)?;
    mount(Some("tmpfs"), PLACE, Some("tmpfs"), MsFlags::empty(), Some("mode=755")).doing(PLACE)?;
    let known = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if !known.lines().any(|line| line.ends_with("\toverlay")) {
        let module =
            ["/lib/modules/overlay.ko", "/lib/modules/overlay.ko.xz"].into_iter().find(|path| Path::new(path).exists());
        succeed(&["/bin/insmod", module.ok_or("this kernel has no overlayfs")?])?;
    }
    for folder in ["bin", "sbin", "etc", "proc", "dev", "sys", "tmp", "usr/bin", "host", "data"] {
        std::fs::create_dir_all(format!("{image}/{folder}")).doing(folder)?;
    }
    std::fs::set_permissions(format!("{image}/tmp"), Permissions::from_mode(0o1777)).doing("tmp")?;
    std::fs::copy("/bin/busybox", format!("{image}/bin/busybox")).doing("busybox")?;
    std::fs::copy("/init", format!("{image}/usr/bin/agent")).doing("agent")?;
    for link in LINKS {
        symlink("/bin/busybox", format!("{image}/{link}")).doing(link)?;
    }
    std::fs::write(format!("{image}/etc/greet"), "echo hello\n").doing("greet")?;
    let (name, uid) = USER;
    let passwd = format!("root:x:0:0::/root:/bin/sh\n{name}:x:{uid}:{uid}::/srv:/bin/false\n");
    std::fs::write(format!("{image}/etc/passwd"), passwd).doing("passwd")?;
    std::fs::write(format!("{image}/etc/group"), format!("root:x:0:\n{name}:x:{uid}:\n")).doing("group")
}
