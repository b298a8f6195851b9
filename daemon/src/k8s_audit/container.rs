//! `ka.req.pod.containers.*`, and the same for containers that run before the others and for those added for debugging.

use super::facts::AuditFacts;
use super::given::{Given, index_of};
use super::json;
use super::request::truth;
use bumpalo::collections::Vec as BumpVec;
use kestrel_rules::{Field, Value as Fact};
use serde_json::Value;

/// Where the containers of a pod are, by the kind of them.
const CONTAINERS: &str = "containers";
const INIT: &str = "initContainers";
const EPHEMERAL: &str = "ephemeralContainers";

/// The value of each container under these keys, as texts; those without are left out.
macro_rules! texts {
    ($field:ident, $list:expr, $($key:literal),+) => {
        (Field::$field, |facts, arg| texts(facts, index_of(arg), $list, &[$($key),+]))
    };
}

pub(super) const GIVEN: &[Given] = &[
    texts!(KaReqPodContainersName, CONTAINERS, "name"),
    texts!(KaReqPodContainersImage, CONTAINERS, "image"),
    (Field::KaReqPodContainersImageRepository, |facts, arg| repositories(facts, index_of(arg), CONTAINERS)),
    (Field::KaReqPodContainersCommand, |facts, arg| words(facts, index_of(arg), CONTAINERS, "command")),
    (Field::KaReqPodContainersArgs, |facts, arg| words(facts, index_of(arg), CONTAINERS, "args")),
    texts!(KaReqPodContainersPrivileged, CONTAINERS, "securityContext", "privileged"),
    texts!(KaReqPodContainersAllowPrivilegeEscalation, CONTAINERS, "securityContext", "allowPrivilegeEscalation"),
    texts!(KaReqPodContainersReadOnlyFs, CONTAINERS, "securityContext", "readOnlyRootFilesystem"),
    texts!(KaReqPodContainersRunAsUser, CONTAINERS, "securityContext", "runAsUser"),
    (Field::KaReqPodContainersEffRunAsUser, |facts, arg| effective(facts, index_of(arg), CONTAINERS, "runAsUser")),
    texts!(KaReqPodContainersRunAsGroup, CONTAINERS, "securityContext", "runAsGroup"),
    (Field::KaReqPodContainersEffRunAsGroup, |facts, arg| effective(facts, index_of(arg), CONTAINERS, "runAsGroup")),
    texts!(KaReqPodContainersProcMount, CONTAINERS, "securityContext", "procMount"),
    (Field::KaReqPodContainersAddCapabilities, |facts, arg| capabilities(facts, index_of(arg), CONTAINERS)),
    (Field::KaReqPodContainersHostPort, |facts, arg| ports(facts, index_of(arg), CONTAINERS)),
    texts!(KaReqPodInitContainersName, INIT, "name"),
    texts!(KaReqPodInitContainersImage, INIT, "image"),
    (Field::KaReqPodInitContainersImageRepository, |facts, arg| repositories(facts, index_of(arg), INIT)),
    (Field::KaReqPodInitContainersCommand, |facts, arg| words(facts, index_of(arg), INIT, "command")),
    (Field::KaReqPodInitContainersArgs, |facts, arg| words(facts, index_of(arg), INIT, "args")),
    texts!(KaReqPodInitContainersPrivileged, INIT, "securityContext", "privileged"),
    texts!(KaReqPodInitContainersAllowPrivilegeEscalation, INIT, "securityContext", "allowPrivilegeEscalation"),
    texts!(KaReqPodInitContainersReadOnlyFs, INIT, "securityContext", "readOnlyRootFilesystem"),
    texts!(KaReqPodInitContainersRunAsUser, INIT, "securityContext", "runAsUser"),
    (Field::KaReqPodInitContainersEffRunAsUser, |facts, arg| effective(facts, index_of(arg), INIT, "runAsUser")),
    texts!(KaReqPodInitContainersRunAsGroup, INIT, "securityContext", "runAsGroup"),
    (Field::KaReqPodInitContainersEffRunAsGroup, |facts, arg| effective(facts, index_of(arg), INIT, "runAsGroup")),
    texts!(KaReqPodInitContainersProcMount, INIT, "securityContext", "procMount"),
    (Field::KaReqPodInitContainersAddCapabilities, |facts, arg| capabilities(facts, index_of(arg), INIT)),
    (Field::KaReqPodInitContainersHostPort, |facts, arg| ports(facts, index_of(arg), INIT)),
    texts!(KaReqPodEphemeralContainersName, EPHEMERAL, "name"),
    texts!(KaReqPodEphemeralContainersImage, EPHEMERAL, "image"),
    (Field::KaReqPodEphemeralContainersImageRepository, |facts, arg| repositories(facts, index_of(arg), EPHEMERAL)),
    (Field::KaReqPodEphemeralContainersCommand, |facts, arg| words(facts, index_of(arg), EPHEMERAL, "command")),
    (Field::KaReqPodEphemeralContainersArgs, |facts, arg| words(facts, index_of(arg), EPHEMERAL, "args")),
    texts!(KaReqPodEphemeralContainersPrivileged, EPHEMERAL, "securityContext", "privileged"),
    texts!(
        KaReqPodEphemeralContainersAllowPrivilegeEscalation,
        EPHEMERAL,
        "securityContext",
        "allowPrivilegeEscalation"
    ),
    texts!(KaReqPodEphemeralContainersReadOnlyFs, EPHEMERAL, "securityContext", "readOnlyRootFilesystem"),
    texts!(KaReqPodEphemeralContainersRunAsUser, EPHEMERAL, "securityContext", "runAsUser"),
    (Field::KaReqPodEphemeralContainersEffRunAsUser, |facts, arg| {
        effective(facts, index_of(arg), EPHEMERAL, "runAsUser")
    }),
    texts!(KaReqPodEphemeralContainersRunAsGroup, EPHEMERAL, "securityContext", "runAsGroup"),
    (Field::KaReqPodEphemeralContainersEffRunAsGroup, |facts, arg| {
        effective(facts, index_of(arg), EPHEMERAL, "runAsGroup")
    }),
    texts!(KaReqPodEphemeralContainersProcMount, EPHEMERAL, "securityContext", "procMount"),
    (Field::KaReqPodEphemeralContainersAddCapabilities, |facts, arg| capabilities(facts, index_of(arg), EPHEMERAL)),
    // The deprecated ones of the first container, or of all of them together.
    (Field::KaReqContainerImage, |facts, _| first(texts(facts, Some(0), CONTAINERS, &["image"]))),
    (Field::KaReqContainerImageRepository, |facts, _| first(repositories(facts, Some(0), CONTAINERS))),
    (Field::KaReqContainerPrivileged, |facts, _| {
        let Some(found) = found(facts, None, CONTAINERS, &["securityContext", "privileged"]) else {
            return Fact::Missing;
        };
        truth(found.into_iter().flatten().any(|value| value.as_bool() == Some(true)))
    }),
];

type Found<'a> = BumpVec<'a, Option<&'a Value>>;

/// The value of each container, or of the one with this index, under these keys.
fn found<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str, keys: &[&str]) -> Option<Found<'a>> {
    let containers = json::at(facts.json(), &["requestObject", "spec", list])?;
    let mut found = BumpVec::new_in(facts.arena);
    json::each(containers, index, keys, false, &mut found).then_some(found)
}

fn texts<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str, keys: &[&str]) -> Fact<'a> {
    let Some(found) = found(facts, index, list, keys) else { return Fact::Missing };
    let mut out = BumpVec::new_in(facts.arena);
    out.extend(found.into_iter().flatten().map(|value| json::text(value, facts.arena)));
    json::list(out)
}

fn first(list: Fact<'_>) -> Fact<'_> {
    match list {
        Fact::List([first, ..]) => *first,
        _ => Fact::Missing,
    }
}

/// An image without its tag and its digest (<https://github.com/opencontainers/distribution-spec>). A colon before the last
/// slash is a registry's port.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let name = image.rfind('/').map_or(0, |slash| slash + 1);
    match image.get(name..).and_then(|name| name.find(':')) {
        Some(colon) => &image[..name + colon],
        None => image,
    }
}

fn repositories<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str) -> Fact<'a> {
    let Some(found) = found(facts, index, list, &["image"]) else { return Fact::Missing };
    let mut out = BumpVec::new_in(facts.arena);
    out.extend(
        found.into_iter().flatten().filter_map(Value::as_str).map(|image| Fact::Str(repository(image).as_bytes())),
    );
    json::list(out)
}

/// What each container runs, its words joined by blanks.
fn words<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str, key: &str) -> Fact<'a> {
    let Some(found) = found(facts, index, list, &[key]) else { return Fact::Missing };
    let mut out = BumpVec::new_in(facts.arena);
    for words in found.into_iter().flatten().filter_map(Value::as_array) {
        let mut text = BumpVec::new_in(facts.arena);
        for (index, word) in words.iter().filter_map(Value::as_str).enumerate() {
            if index > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(word.as_bytes());
        }
        out.push(Fact::Str(text.into_bump_slice()));
    }
    json::list(out)
}

/// The capabilities that the containers ask for, of all of them.
fn capabilities<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str) -> Fact<'a> {
    let Some(found) = found(facts, index, list, &["securityContext", "capabilities", "add"]) else {
        return Fact::Missing;
    };
    let mut out = BumpVec::new_in(facts.arena);
    let names = found.into_iter().flatten().filter_map(Value::as_array).flatten();
    out.extend(names.map(|name| json::text(name, facts.arena)));
    json::list(out)
}

/// The machine's ports that each container uses. One that names only its own port uses it if it shares the machine's network.
fn ports<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str) -> Fact<'a> {
    let Some(found) = found(facts, index, list, &["ports"]) else { return Fact::Missing };
    let mut out = BumpVec::new_in(facts.arena);
    for port in found.into_iter().flatten().filter_map(Value::as_array).flatten() {
        out.extend(port.get("hostPort").or_else(|| port.get("containerPort")).map(|n| json::text(n, facts.arena)));
    }
    json::list(out)
}

/// The id that each container runs with: its own, the pod's, or 0.
fn effective<'a>(facts: &AuditFacts<'a>, index: Option<u32>, list: &str, key: &str) -> Fact<'a> {
    let Some(found) = found(facts, index, list, &["securityContext", key]) else {
        // With an index, a container without such an id of its own is told from one that is not there.
        let there = json::at(facts.json(), &["requestObject", "spec", list])
            .and_then(|containers| containers.get(index? as usize))
            .is_some();
        let mut out = BumpVec::new_in(facts.arena);
        out.extend(there.then(|| of_pod(facts, key)));
        return json::list(out);
    };
    let mut out = BumpVec::new_in(facts.arena);
    out.extend(found.into_iter().map(|id| id.map_or_else(|| of_pod(facts, key), |id| json::text(id, facts.arena))));
    json::list(out)
}

fn of_pod<'a>(facts: &AuditFacts<'a>, key: &str) -> Fact<'a> {
    match json::at(facts.json(), &["requestObject", "spec", "securityContext", key]) {
        Some(id) => json::text(id, facts.arena),
        None => Fact::Str(b"0"),
    }
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn a_repository_is_an_image_without_tag_and_digest() {
        assert_eq!(repository("nginx"), "nginx");
        assert_eq!(repository("nginx:1.27"), "nginx");
        assert_eq!(repository("registry:5000/web/nginx:1.27@sha256:00ff"), "registry:5000/web/nginx");
        assert_eq!(repository("registry:5000/nginx"), "registry:5000/nginx");
        assert_eq!(repository("nginx@sha256:00ff"), "nginx");
        assert_eq!(repository(""), "");
    }
}
