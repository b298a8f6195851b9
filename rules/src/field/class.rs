//! Groups of fields, and the sources whose events have them.

/// A source of events, as a rule's `source` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldSource {
    /// Every source.
    Any,
    /// The kernel: system calls and what happens to processes.
    Syscall,
    /// The audit log of Kubernetes.
    K8sAudit,
}

impl FieldSource {
    /// Every one.
    pub const ALL: [FieldSource; 3] = [FieldSource::Any, FieldSource::Syscall, FieldSource::K8sAudit];

    /// Its name; `None` for every source.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            FieldSource::Any => None,
            FieldSource::Syscall => Some("syscall"),
            FieldSource::K8sAudit => Some("k8s_audit"),
        }
    }

    /// The source of this name.
    pub fn by_name(name: &str) -> Option<FieldSource> {
        FieldSource::ALL.into_iter().find(|source| source.name() == Some(name))
    }

    /// True if events of the other source have the fields of this one.
    pub fn covers(self, other: FieldSource) -> bool {
        self == FieldSource::Any || other == FieldSource::Any || self == other
    }
}

/// A group of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldClass {
    /// `evt.*` that events of every source have.
    Generic,
    /// `evt.*` and `syscall.*` of events of the kernel.
    Evt,
    /// `fd.*`.
    Fd,
    /// `fdlist.*`.
    FdList,
    /// `fs.path.*`.
    FsPath,
    /// `proc.*` and `thread.*`.
    Process,
    /// `user.*`.
    User,
    /// `group.*`.
    Group,
    /// `container.*` and `k8s.*`.
    Container,
    /// `k8smeta.*`.
    K8sMeta,
    /// `ka.*`.
    K8sAudit,
    /// `json.*` and `jevt.*`.
    Json,
    /// `util.*`.
    Util,
}

impl FieldClass {
    /// Every group, in the order of the table.
    pub const ALL: [FieldClass; 13] = [
        FieldClass::Generic,
        FieldClass::Evt,
        FieldClass::Fd,
        FieldClass::FdList,
        FieldClass::FsPath,
        FieldClass::Process,
        FieldClass::User,
        FieldClass::Group,
        FieldClass::Container,
        FieldClass::K8sMeta,
        FieldClass::K8sAudit,
        FieldClass::Json,
        FieldClass::Util,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            FieldClass::Generic => "event",
            FieldClass::Evt => "system call",
            FieldClass::Fd => "fd",
            FieldClass::FdList => "fdlist",
            FieldClass::FsPath => "fs.path",
            FieldClass::Process => "process",
            FieldClass::User => "user",
            FieldClass::Group => "group",
            FieldClass::Container => "container",
            FieldClass::K8sMeta => "k8smeta",
            FieldClass::K8sAudit => "k8s_audit",
            FieldClass::Json => "json",
            FieldClass::Util => "util",
        }
    }

    /// What its fields are about.
    pub const fn description(self) -> &'static str {
        match self {
            FieldClass::Generic => "The event itself, whatever its source: number, time, machine.",
            FieldClass::Evt => "The event as the kernel saw it: type, parameters, result.",
            FieldClass::Fd => "What the event's file descriptor stands for: a file, a socket, a pipe.",
            FieldClass::FdList => "The file descriptors of calls that wait for several, such as poll.",
            FieldClass::FsPath => "The paths that a call on the file system names.",
            FieldClass::Process => "The process and the thread that did it, their ancestors, and what they run.",
            FieldClass::User => "The user that the process acts for.",
            FieldClass::Group => "The group that the process acts for.",
            FieldClass::Container => "The container and the Kubernetes pod that the process belongs to.",
            FieldClass::K8sMeta => "Kubernetes objects around the process's pod, as the cluster describes them.",
            FieldClass::K8sAudit => "An event of the audit log of Kubernetes.",
            FieldClass::Json => "Events whose content is JSON, whatever their source.",
            FieldClass::Util => "Helpers that say nothing about the event.",
        }
    }

    /// The source whose events have its fields.
    pub const fn source(self) -> FieldSource {
        match self {
            FieldClass::Generic | FieldClass::Json | FieldClass::Util => FieldSource::Any,
            FieldClass::K8sAudit => FieldSource::K8sAudit,
            FieldClass::Evt
            | FieldClass::Fd
            | FieldClass::FdList
            | FieldClass::FsPath
            | FieldClass::Process
            | FieldClass::User
            | FieldClass::Group
            | FieldClass::Container
            | FieldClass::K8sMeta => FieldSource::Syscall,
        }
    }
}
