//! `container.*`, `k8s.*`: what the control group of a process says about its container and its pod. Names, images and the
//! rest are known to the container engine only.

use super::EventFacts;
use super::given::Given;
use crate::state::{Container, Process, pod_uid};
use kestrel_rules::{Field, Value};

/// Characters of an id that `container.id` shows.
const SHORT: usize = 12;

pub(super) const GIVEN: &[Given] = &[
    (Field::ContainerId, |facts, _| facts.container_id().map_or(Value::Missing, Value::Str)),
    (Field::ContainerFullId, |facts, _| {
        facts.of_process(|process| match Container::of_cgroup(&process.image.cgroup) {
            Some(container) => Value::Str(container.id),
            None if process.image.cgroup.is_empty() => Value::Missing,
            None => Value::Str(HOST),
        })
    }),
    (Field::ContainerType, |facts, _| {
        facts.of_process(|process| match Container::of_cgroup(&process.image.cgroup) {
            Some(container) => container.engine.map_or(Value::Missing, |engine| Value::Str(engine.as_bytes())),
            None if process.image.cgroup.is_empty() => Value::Missing,
            None => Value::Str(HOST),
        })
    }),
    (Field::ContainerStartTs, |facts, _| facts.container_start().map_or(Value::Missing, Value::Uint)),
    (Field::ContainerDuration, |facts, _| {
        facts.container_start().map_or(Value::Missing, |start| Value::Uint(facts.time().saturating_sub(start)))
    }),
    (Field::K8sPodUid, |facts, _| facts.pod_uid()),
    (Field::K8sPodId, |facts, _| facts.pod_uid()),
    (Field::FdContainername, |facts, _| facts.in_container(facts.fd_name())),
    (Field::FdContainerdirectory, |facts, _| facts.in_container(facts.fd_directory())),
];

/// What stands for the id of a container where there is none.
const HOST: &[u8] = b"host";

impl<'a> EventFacts<'a> {
    /// The id as `container.id` shows it; `None` if the control group is not known.
    fn container_id(&self) -> Option<&'a [u8]> {
        let process: &'a Process = self.process.filter(|process| !process.image.cgroup.is_empty())?;
        Some(match Container::of_cgroup(&process.image.cgroup) {
            Some(container) => container.id.get(..SHORT).unwrap_or(container.id),
            None => HOST,
        })
    }

    /// Start of the container's first process, ns since the epoch.
    fn container_start(&self) -> Option<u64> {
        let process = self.process?;
        Container::of_cgroup(&process.image.cgroup).and_then(|_| self.pidns_init_start())
    }

    /// The id of the pod as Kubernetes writes it.
    fn pod_uid(&self) -> Value<'a> {
        self.of_process(|process| match pod_uid(&process.image.cgroup) {
            Some(uid) => {
                let uid = uid.iter().map(|&b| if b == b'_' { b'-' } else { b });
                Value::Str(bumpalo::collections::Vec::from_iter_in(uid, self.arena).into_bump_slice())
            }
            None => Value::Missing,
        })
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
