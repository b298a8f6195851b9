//! Container engines that a machine can have beside what every machine has.

/// The file that a machine with an engine has, with the engine's name.
pub const ENGINE_FILE: &str = "/etc/engine";

/// A container engine, as Debian 12 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Podman with crun.
    Podman,
    /// containerd with runc, by its own client, `ctr`.
    Containerd,
    /// Docker, with a containerd of its own.
    Docker,
}

impl Engine {
    /// Its name, with which the names of its scenarios begin.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Podman => "podman",
            Engine::Containerd => "containerd",
            Engine::Docker => "docker",
        }
    }

    /// The trees in `target/runtimes` that it consists of.
    pub const fn trees(self) -> &'static [&'static str] {
        match self {
            Engine::Podman => &["podman"],
            Engine::Containerd => &["containerd"],
            Engine::Docker => &["containerd", "docker"],
        }
    }
}
