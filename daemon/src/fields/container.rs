//! `container.*`, `k8s.*`: the container of a process and its pod: by its control group, and by what its runtime wrote down.
//! What is given of each field, and what of none, is in `docs/CONTAINERS.md`.

use super::EventFacts;
use super::given::Given;
use crate::container::{Container, Details, Labels, Mount, Pod, given as given_labels, short};
use kestrel_rules::{Field, FieldArg, Glob, Value};
use std::fmt::Write;

/// What stands for a container where there is none.
const HOST: &[u8] = b"host";

pub(super) const GIVEN: &[Given] = &[
    (Field::ContainerId, |facts, _| facts.container_id().map_or(Value::Missing, Value::Str)),
    (Field::ContainerFullId, |facts, _| facts.of_container_or_host(|container| Value::Str(container.id()))),
    (Field::ContainerName, |facts, _| {
        facts.of_container_or_host(|container| {
            container.details().map_or(Value::Missing, |details| known(&details.name))
        })
    }),
    (Field::ContainerType, |facts, _| {
        facts.of_container_or_host(|container| {
            container.runtime().map_or(Value::Missing, |runtime| Value::Str(runtime.name().as_bytes()))
        })
    }),
    (Field::ContainerImage, |facts, _| facts.of_details(|details| known(&details.image.reference))),
    (Field::ContainerImageId, |facts, _| facts.of_details(|details| known(&details.image_id))),
    (Field::ContainerImageRepository, |facts, _| facts.of_details(|details| known(&details.image.repository))),
    (Field::ContainerImageTag, |facts, _| facts.of_details(|details| known(&details.image.tag))),
    (Field::ContainerImageDigest, |facts, _| facts.of_details(|details| known(&details.image.digest))),
    (Field::ContainerPrivileged, |facts, _| facts.of_details(|details| truth(details.privileged))),
    (Field::ContainerHostPid, |facts, _| facts.of_details(|details| truth(details.host_pid))),
    (Field::ContainerHostNetwork, |facts, _| facts.of_details(|details| truth(details.host_network))),
    (Field::ContainerHostIpc, |facts, _| facts.of_details(|details| truth(details.host_ipc))),
    (Field::ContainerMounts, |facts, _| {
        facts.of_details(|details| {
            let mut text = bumpalo::collections::String::new_in(facts.arena);
            for mount in &details.mounts {
                if !text.is_empty() {
                    text.push(',');
                }
                write_mount(&mut text, mount);
            }
            known(text.into_bump_str())
        })
    }),
    (Field::ContainerMount, |facts, arg| {
        facts.of_mount(by_source(arg), |mount| {
            let mut text = bumpalo::collections::String::new_in(facts.arena);
            write_mount(&mut text, mount);
            known(text.into_bump_str())
        })
    }),
    (Field::ContainerMountSource, |facts, arg| facts.of_mount(by_dest(arg), |mount| known(&mount.source))),
    (Field::ContainerMountDest, |facts, arg| facts.of_mount(by_source(arg), |mount| known(&mount.dest))),
    (Field::ContainerMountMode, |facts, arg| facts.of_mount(by_source(arg), |mount| known(&mount.mode))),
    (Field::ContainerMountRdwr, |facts, arg| {
        facts.of_mount(by_source(arg), |mount| Value::Str(if mount.writable { b"true" } else { b"false" }))
    }),
    (Field::ContainerMountPropagation, |facts, arg| facts.of_mount(by_source(arg), |mount| known(&mount.propagation))),
    (Field::ContainerLabel, |facts, arg| facts.of_details(|details| label(&details.labels, arg))),
    (Field::ContainerLabels, |facts, _| facts.of_details(|details| facts.labels(&details.labels))),
    (Field::ContainerStartTs, |facts, _| facts.container_start().map_or(Value::Missing, Value::Uint)),
    (Field::ContainerDuration, |facts, _| {
        facts.container_start().map_or(Value::Missing, |start| Value::Uint(facts.time().saturating_sub(start)))
    }),
    (Field::ContainerIp, |facts, _| facts.container_ip()),
    (Field::ContainerCniJson, |facts, _| facts.of_details(|details| known(&details.cni))),
    (Field::K8sPodName, |facts, _| facts.of_pod(|pod| known(&pod.name))),
    (Field::K8sNsName, |facts, _| facts.of_pod(|pod| known(&pod.namespace))),
    (Field::K8sPodUid, |facts, _| facts.of_container(|container| known(container.pod_uid()))),
    (Field::K8sPodId, |facts, _| facts.of_container(|container| known(container.pod_uid()))),
    (Field::K8sPodSandboxId, |facts, _| facts.of_pod(|pod| EventFacts::known(short(pod.sandbox_id.as_bytes())))),
    (Field::K8sPodFullSandboxId, |facts, _| facts.of_pod(|pod| known(&pod.sandbox_id))),
    (Field::K8sPodLabel, |facts, arg| facts.of_pod(|pod| label(&pod.labels, arg))),
    (Field::K8sPodLabels, |facts, _| facts.of_pod(|pod| facts.labels(&pod.labels))),
    (Field::K8sPodIp, |facts, _| facts.of_pod(|_| facts.container_ip())),
    (Field::K8sPodCniJson, |facts, _| facts.of_pod(|_| facts.of_details(|details| known(&details.cni)))),
    (Field::FdContainername, |facts, _| facts.in_container(facts.fd_name())),
    (Field::FdContainerdirectory, |facts, _| facts.in_container(facts.fd_directory())),
];

fn known(text: &str) -> Value<'_> {
    EventFacts::known(text.as_bytes())
}

fn truth(value: Option<bool>) -> Value<'static> {
    value.map_or(Value::Missing, Value::Bool)
}

fn label<'a>(labels: &'a Labels, arg: Option<&FieldArg>) -> Value<'a> {
    match arg {
        Some(FieldArg::Name(name)) => {
            labels.get(name.as_ref() as &str).map_or(Value::Missing, |value| Value::Str(value.as_bytes()))
        }
        _ => Value::Missing,
    }
}

/// As `SOURCE:DEST:MODE:RDWR:PROPAGATION`.
fn write_mount(text: &mut bumpalo::collections::String<'_>, mount: &Mount) {
    let Mount { source, dest, mode, writable, propagation } = mount;
    // Writing to memory cannot fail.
    let _ = write!(text, "{source}:{dest}:{mode}:{writable}:{propagation}");
}

/// Which mount is asked for: one by its number, or the first one whose path fits a pattern.
type Wanted<'a> = (Option<&'a FieldArg>, fn(&Mount) -> &str);

fn by_source(arg: Option<&FieldArg>) -> Wanted<'_> {
    (arg, |mount| &mount.source)
}

fn by_dest(arg: Option<&FieldArg>) -> Wanted<'_> {
    (arg, |mount| &mount.dest)
}

impl<'a> EventFacts<'a> {
    /// The container of the process; `None` if it is in none, or that is not known.
    fn container(&self) -> Option<&'a Container> {
        self.process?.group.container.as_deref()
    }

    fn of_container(&self, value: impl FnOnce(&'a Container) -> Value<'a>) -> Value<'a> {
        self.container().map_or(Value::Missing, value)
    }

    /// The same, and `host` for a process of the machine itself.
    fn of_container_or_host(&self, value: impl FnOnce(&'a Container) -> Value<'a>) -> Value<'a> {
        match self.process {
            None => Value::Missing,
            Some(process) if process.group.path.is_empty() => Value::Missing,
            Some(process) => process.group.container.as_deref().map_or(Value::Str(HOST), value),
        }
    }

    fn of_details(&self, value: impl FnOnce(&'a Details) -> Value<'a>) -> Value<'a> {
        self.container().and_then(Container::details).map_or(Value::Missing, value)
    }

    fn of_pod(&self, value: impl FnOnce(&'a Pod) -> Value<'a>) -> Value<'a> {
        self.container().and_then(Container::pod).map_or(Value::Missing, value)
    }

    fn of_mount(&self, (arg, path): Wanted<'_>, value: impl FnOnce(&'a Mount) -> Value<'a>) -> Value<'a> {
        let Some(container) = self.container() else { return Value::Missing };
        let found = match arg {
            Some(FieldArg::Index(index)) => container.mount(*index as usize),
            Some(FieldArg::Name(pattern)) => {
                let mut mounts = container.details().into_iter().flat_map(|details| &details.mounts);
                mounts.find(|mount| Glob::matches_text(pattern.as_bytes(), path(mount).as_bytes(), false))
            }
            _ => None,
        };
        found.map_or(Value::Missing, value)
    }

    /// Labels as `NAME:VALUE, NAME:VALUE`, without those that runtimes keep for themselves.
    fn labels(&self, labels: &Labels) -> Value<'a> {
        let mut text = bumpalo::collections::String::new_in(self.arena);
        for (name, value) in given_labels(labels) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(name);
            if !value.is_empty() {
                text.push(':');
                text.push_str(value);
            }
        }
        known(text.into_bump_str())
    }

    fn container_ip(&self) -> Value<'a> {
        let ip = self.container().and_then(Container::ip);
        ip.map_or(Value::Missing, |ip| self.text(format_args!("{ip}")))
    }

    /// The id as `container.id` shows it; `None` if the control group is not known.
    fn container_id(&self) -> Option<&'a [u8]> {
        let group = &self.process.filter(|process| !process.group.path.is_empty())?.group;
        Some(group.container.as_deref().map_or(HOST, Container::short_id))
    }

    /// Start of the container's first process, ns since the epoch.
    fn container_start(&self) -> Option<u64> {
        self.container().and_then(|_| self.pidns_init_start())
    }

    /// A text behind the id of the container.
    fn in_container(&self, text: Value<'a>) -> Value<'a> {
        let (Some(id), Value::Str(text)) = (self.container_id(), text) else { return Value::Missing };
        let mut out = bumpalo::collections::Vec::with_capacity_in(id.len() + 1 + text.len(), self.arena);
        out.extend_from_slice(id);
        out.push(b':');
        out.extend_from_slice(text);
        Value::Str(out.into_bump_slice())
    }
}
