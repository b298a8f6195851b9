//! What runs containers.

/// A container runtime, or the engine in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// Docker, and cri-dockerd in front of it.
    Docker,
    /// containerd: under Kubernetes, nerdctl or ctr.
    Containerd,
    /// CRI-O.
    CriO,
    /// Podman, of root or of a user.
    Podman,
    /// BuildKit: the steps of an image that is built.
    Buildkit,
    /// LXC, LXD, Incus.
    Lxc,
    /// LXC by libvirt.
    LibvirtLxc,
    /// systemd-nspawn.
    Nspawn,
    /// runc or crun, started by hand.
    Runc,
}

impl Runtime {
    /// Every runtime.
    pub const ALL: [Runtime; 9] = [
        Runtime::Docker,
        Runtime::Containerd,
        Runtime::CriO,
        Runtime::Podman,
        Runtime::Buildkit,
        Runtime::Lxc,
        Runtime::LibvirtLxc,
        Runtime::Nspawn,
        Runtime::Runc,
    ];

    /// Its name as `container.type` shows it: Falco's, where Falco knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Runtime::Docker => "docker",
            Runtime::Containerd => "containerd",
            Runtime::CriO => "cri-o",
            Runtime::Podman => "podman",
            Runtime::Buildkit => "buildkit",
            Runtime::Lxc => "lxc",
            Runtime::LibvirtLxc => "libvirt-lxc",
            Runtime::Nspawn => "systemd-nspawn",
            Runtime::Runc => "runc",
        }
    }

    /// The runtime of this name.
    pub fn by_name(name: &str) -> Option<Runtime> {
        Runtime::ALL.into_iter().find(|runtime| runtime.name() == name)
    }
}
