//! `ka.req.pod.*`: pods and their volumes.

use super::facts::AuditFacts;
use super::given::{Given, index_of};
use super::json;
use super::request::truth;
use bumpalo::collections::Vec as BumpVec;
use kestrel_rules::{Field, FieldArg, Value as Fact};
use serde_json::Value;

pub(super) const GIVEN: &[Given] = &[
    (Field::KaReqPodHostIpc, |facts, _| facts.at(&["requestObject", "spec", "hostIPC"])),
    (Field::KaReqPodHostNetwork, |facts, _| facts.at(&["requestObject", "spec", "hostNetwork"])),
    (Field::KaReqContainerHostNetwork, |facts, _| facts.at(&["requestObject", "spec", "hostNetwork"])),
    (Field::KaReqPodHostPid, |facts, _| facts.at(&["requestObject", "spec", "hostPID"])),
    (Field::KaReqPodRunAsUser, |facts, _| security(facts, "runAsUser")),
    (Field::KaReqPodRunAsGroup, |facts, _| security(facts, "runAsGroup")),
    (Field::KaReqPodFsGroup, |facts, _| security(facts, "fsGroup")),
    (Field::KaReqPodSupplementalGroups, |facts, _| {
        let keys = ["requestObject", "spec", "securityContext", "supplementalGroups"];
        json::texts(json::at(facts.json(), &keys), facts.arena)
    }),
    (Field::KaReqPodVolumesHostpath, |facts, arg| volumes(facts, index_of(arg), &["hostPath", "path"])),
    (Field::KaReqPodVolumesFlexvolumeDriver, |facts, arg| volumes(facts, index_of(arg), &["flexVolume", "driver"])),
    (Field::KaReqPodVolumesVolumeType, |facts, arg| volume_types(facts, index_of(arg))),
    (Field::KaReqVolumeHostpath, |facts, arg| {
        let (Some(FieldArg::Name(wanted)), Fact::List(paths)) = (arg, volumes(facts, None, &["hostPath", "path"]))
        else {
            return Fact::Missing;
        };
        let is_wanted = |path: &[u8]| match wanted.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix.as_bytes()),
            None => path == wanted.as_bytes(),
        };
        truth(paths.iter().any(|path| matches!(path, Fact::Str(path) if is_wanted(path))))
    }),
];

fn security<'a>(facts: &AuditFacts<'a>, key: &str) -> Fact<'a> {
    facts.at(&["requestObject", "spec", "securityContext", key])
}

/// What the pod's volumes have under these keys; those without are left out.
fn volumes<'a>(facts: &AuditFacts<'a>, index: Option<u32>, keys: &[&str]) -> Fact<'a> {
    let Some(volumes) = json::at(facts.json(), &["requestObject", "spec", "volumes"]) else { return Fact::Missing };
    let mut found = BumpVec::new_in(facts.arena);
    if !json::each(volumes, index, keys, false, &mut found) {
        return Fact::Missing;
    }
    let mut out = BumpVec::new_in(facts.arena);
    out.extend(found.into_iter().flatten().map(|value| json::text(value, facts.arena)));
    json::list(out)
}

/// The types of the volumes: each has, beside its name, one key that tells it.
fn volume_types<'a>(facts: &AuditFacts<'a>, index: Option<u32>) -> Fact<'a> {
    let Some(volumes) = json::at(facts.json(), &["requestObject", "spec", "volumes"]) else { return Fact::Missing };
    let mut found = BumpVec::new_in(facts.arena);
    if !json::each(volumes, index, &[], true, &mut found) {
        return Fact::Missing;
    }
    let mut out = BumpVec::new_in(facts.arena);
    for volume in found.into_iter().flatten().filter_map(Value::as_object) {
        out.extend(volume.keys().filter(|key| *key != "name").map(|key| Fact::Str(key.as_bytes())));
    }
    json::list(out)
}
