//! `ka.*`: who asked for what, and what came of it.

use super::facts::AuditFacts;
use super::given::{Given, index_of};
use super::json;
use bumpalo::collections::Vec as BumpVec;
use kestrel_rules::{Field, FieldArg, Value as Fact};
use serde_json::Value;

/// A field that is one value, under these keys.
macro_rules! at {
    ($field:ident, $($key:literal),+) => {
        (Field::$field, |facts, _| facts.at(&[$($key),+]))
    };
}

/// A field that is the elements of an array, under these keys.
macro_rules! elements {
    ($field:ident, $($key:literal),+) => {
        (Field::$field, |facts, _| json::texts(json::at(facts.json(), &[$($key),+]), facts.arena))
    };
}

/// A field that is what a role's rules say under a key: the elements of all their arrays.
macro_rules! of_rules {
    ($field:ident, $key:literal) => {
        (Field::$field, |facts, arg| all_elements(facts, index_of(arg), &["requestObject", "rules", $key]))
    };
}

pub(super) const GIVEN: &[Given] = &[
    at!(KaAuditid, "auditID"),
    at!(KaStage, "stage"),
    at!(KaAuthDecision, "annotations", "authorization.k8s.io/decision"),
    at!(KaAuthReason, "annotations", "authorization.k8s.io/reason"),
    at!(KaAuthOpenshiftDecision, "annotations", "authentication.openshift.io/decision"),
    at!(KaAuthOpenshiftUsername, "annotations", "authentication.openshift.io/username"),
    at!(KaValidationsAdmissionPolicyFailure, "annotations", "validation.policy.admission.k8s.io/validation_failure"),
    at!(KaSecurityPodViolations, "annotations", "pod-security.kubernetes.io/audit-violations"),
    at!(KaUserName, "user", "username"),
    elements!(KaUserGroups, "user", "groups"),
    at!(KaImpuserName, "impersonatedUser", "username"),
    at!(KaVerb, "verb"),
    at!(KaUri, "requestURI"),
    (Field::KaUriParam, |facts, arg| uri_param(facts, arg)),
    at!(KaTargetName, "objectRef", "name"),
    at!(KaTargetNamespace, "objectRef", "namespace"),
    at!(KaTargetResource, "objectRef", "resource"),
    at!(KaTargetSubresource, "objectRef", "subresource"),
    (Field::KaTargetPodName, |facts, _| {
        let of_target = |key| json::at(facts.json(), &["objectRef", key]).and_then(Value::as_str).unwrap_or_default();
        match (of_target("resource"), of_target("subresource")) {
            ("pods", "") => facts.at(&["responseObject", "metadata", "name"]),
            _ => Fact::Missing,
        }
    }),
    elements!(KaReqBindingSubjects, "requestObject", "subjects"),
    (Field::KaReqBindingSubjectsUserNames, |facts, _| subjects(facts, "User", false)),
    (Field::KaReqBindingSubjectsServiceaccountNames, |facts, _| subjects(facts, "ServiceAccount", false)),
    (Field::KaReqBindingSubjectsServiceaccountNsNames, |facts, _| subjects(facts, "ServiceAccount", true)),
    (Field::KaReqBindingSubjectsGroupNames, |facts, _| subjects(facts, "Group", false)),
    at!(KaReqBindingRole, "requestObject", "roleRef", "name"),
    (Field::KaReqBindingSubjectHasName, |facts, arg| {
        let Some(FieldArg::Name(name)) = arg else { return Fact::Missing };
        let Some(subjects) = json::at(facts.json(), &["requestObject", "subjects"]).and_then(Value::as_array) else {
            return Fact::Missing;
        };
        truth(subjects.iter().any(|subject| subject.get("name").and_then(Value::as_str) == Some(name)))
    }),
    at!(KaReqConfigmapName, "objectRef", "name"),
    at!(KaReqConfigmapObj, "requestObject", "data"),
    elements!(KaReqRoleRules, "requestObject", "rules"),
    of_rules!(KaReqRoleRulesApiGroups, "apiGroups"),
    of_rules!(KaReqRoleRulesNonResourceUrls, "nonResourceURLs"),
    of_rules!(KaReqRoleRulesVerbs, "verbs"),
    of_rules!(KaReqRoleRulesResources, "resources"),
    at!(KaReqServiceType, "requestObject", "spec", "type"),
    (Field::KaReqServicePorts, |facts, arg| {
        let ports = json::at(facts.json(), &["requestObject", "spec", "ports"]);
        match index_of(arg) {
            None => json::texts(ports, facts.arena),
            Some(index) => json::text_or_missing(ports.and_then(|ports| ports.get(index as usize)), facts.arena),
        }
    }),
    at!(KaRespName, "responseObject", "metadata", "name"),
    at!(KaResponseCode, "responseStatus", "code"),
    at!(KaResponseReason, "responseStatus", "reason"),
    at!(KaUseragent, "userAgent"),
    (Field::KaSourceips, |facts, arg| all_elements(facts, index_of(arg), &["sourceIPs"])),
    at!(KaClusterName, "annotations", "cluster_name"),
];

/// True or false, as text.
pub(super) fn truth(value: bool) -> Fact<'static> {
    Fact::Str(if value { b"true" } else { b"false" })
}

/// The elements of all arrays under these keys; with an index, those of the array that is found by it, or the one with it.
fn all_elements<'a>(facts: &AuditFacts<'a>, index: Option<u32>, keys: &[&str]) -> Fact<'a> {
    let mut found = BumpVec::new_in(facts.arena);
    if !json::each(facts.json(), index, keys, false, &mut found) {
        return Fact::Missing;
    }
    let mut out = BumpVec::new_in(facts.arena);
    let single = keys.len() == 1;
    for elements in found.into_iter().flatten().filter_map(Value::as_array) {
        match index {
            Some(index) if single => out.extend(elements.get(index as usize).map(|e| json::text(e, facts.arena))),
            _ => out.extend(elements.iter().map(|element| json::text(element, facts.arena))),
        }
    }
    json::list(out)
}

/// Names of a role binding's subjects of a kind.
fn subjects<'a>(facts: &AuditFacts<'a>, kind: &str, with_namespace: bool) -> Fact<'a> {
    let subjects = json::at(facts.json(), &["requestObject", "subjects"]).and_then(Value::as_array);
    let mut out = BumpVec::new_in(facts.arena);
    for subject in subjects.into_iter().flatten() {
        let text = |key| subject.get(key).and_then(Value::as_str);
        if text("kind") != Some(kind) {
            continue;
        }
        match (text("name"), text("namespace")) {
            (Some(name), Some(namespace)) if with_namespace => {
                out.push(json::composed(format_args!("{namespace}:{name}"), facts.arena));
            }
            (Some(name), _) if !with_namespace => out.push(Fact::Str(name.as_bytes())),
            _ => {}
        }
    }
    json::list(out)
}

/// A parameter of the URI's query, decoded (application/x-www-form-urlencoded).
fn uri_param<'a>(facts: &AuditFacts<'a>, arg: Option<&FieldArg>) -> Fact<'a> {
    let Some(FieldArg::Name(wanted)) = arg else { return Fact::Missing };
    let Some(uri) = json::at(facts.json(), &["requestURI"]).and_then(Value::as_str) else { return Fact::Missing };
    let query = uri.split('#').next().and_then(|uri| uri.split_once('?')).map_or("", |(_, query)| query);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if *decoded(name) == *wanted.as_bytes() {
            return Fact::Str(facts.arena.alloc_slice_copy(&decoded(value)));
        }
    }
    Fact::Missing
}

/// Takes the escapes out of a part of a query. An escape that is none stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, digit(bytes.get(at)), digit(bytes.get(at + 1))) {
            (b'+', _, _) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            _ => out.push(byte),
        }
    }
    out
}
