use super::*;
use crate::fields::Clock;
use bumpalo::Bump;
use kestrel_rules::{Facts, Field, FieldArg, FieldRef, Value};
use serde_json::json;
use std::io::Write;

/// A pod that is created, as the audit log of an API server tells it at the level RequestResponse.
fn pod_created() -> serde_json::Value {
    json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": "6f1c3a6e-9b7e-4a7a-8f3e-0d1f2a3b4c5d",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods?fieldManager=kubectl%20create&pretty",
        "verb": "create",
        "user": {"username": "alice", "groups": ["developers", "system:authenticated"]},
        "impersonatedUser": {"username": "root"},
        "sourceIPs": ["10.1.2.3", "192.0.2.7"],
        "userAgent": "kubectl/v1.31.0",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "cart", "apiVersion": "v1"},
        "responseStatus": {"code": 201},
        "requestObject": {
            "kind": "Pod",
            "spec": {
                "hostNetwork": true,
                "securityContext": {"runAsUser": 1000, "supplementalGroups": [7, 8]},
                "containers": [
                    {
                        "name": "web",
                        "image": "registry.example:5000/shop/web:1.4",
                        "command": ["/bin/sh", "-c"],
                        "args": ["exec server"],
                        "ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 443}],
                        "securityContext": {
                            "privileged": true,
                            "runAsUser": 0,
                            "capabilities": {"add": ["SYS_ADMIN", "NET_RAW"]}
                        }
                    },
                    {"name": "log", "image": "fluent/fluent-bit@sha256:00ff"}
                ],
                "initContainers": [{"name": "prepare", "image": "busybox"}],
                "volumes": [
                    {"name": "etc", "hostPath": {"path": "/etc"}},
                    {"name": "old", "glusterfs": {"endpoints": "gluster", "path": "vol"}},
                    {"name": "flex", "flexVolume": {"driver": "example/lvm"}}
                ]
            }
        },
        "responseObject": {"metadata": {"name": "cart-7d9f"}},
        "requestReceivedTimestamp": "2026-11-25T10:00:00.000000Z",
        "stageTimestamp": "2026-11-25T10:00:00.123456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
    })
}

fn event(json: &serde_json::Value) -> AuditEvent {
    let mut events = events_of(json.to_string().as_bytes()).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

/// The value of a field as text; `-` if it is missing.
fn shown(json: &serde_json::Value, field: Field, arg: Option<FieldArg>) -> String {
    fn text(value: Value<'_>) -> String {
        match value {
            Value::Missing => "-".to_owned(),
            Value::Str(text) => String::from_utf8_lossy(text).into_owned(),
            Value::List(values) => {
                format!("({})", values.iter().map(|value| text(*value)).collect::<Vec<_>>().join("|"))
            }
            other => format!("{other:?}"),
        }
    }
    let (event, clock, arena) = (event(json), Clock::system("machine".to_owned()), Bump::new());
    text(AuditFacts::new(&event, &clock, &arena).value(&FieldRef { field, arg }))
}

fn plain(field: Field) -> String {
    shown(&pod_created(), field, None)
}

#[test]
fn who_asked_for_what_and_what_came_of_it() {
    for (field, expected) in [
        (Field::KaAuditid, "6f1c3a6e-9b7e-4a7a-8f3e-0d1f2a3b4c5d"),
        (Field::KaStage, "ResponseComplete"),
        (Field::KaAuthDecision, "allow"),
        (Field::KaAuthReason, ""),
        (Field::KaAuthOpenshiftDecision, "-"),
        (Field::KaUserName, "alice"),
        (Field::KaUserGroups, "(developers|system:authenticated)"),
        (Field::KaImpuserName, "root"),
        (Field::KaVerb, "create"),
        (Field::KaTargetName, "cart"),
        (Field::KaTargetNamespace, "shop"),
        (Field::KaTargetResource, "pods"),
        (Field::KaTargetSubresource, "-"),
        (Field::KaTargetPodName, "cart-7d9f"),
        (Field::KaRespName, "cart-7d9f"),
        (Field::KaResponseCode, "201"),
        (Field::KaUseragent, "kubectl/v1.31.0"),
        (Field::KaSourceips, "(10.1.2.3|192.0.2.7)"),
        (Field::KaReqBindingSubjects, "-"),
        (Field::KaReqBindingSubjectsUserNames, "-"),
        (Field::JevtRawtime, "1795600800123456000"),
        (Field::EvtSource, "k8s_audit"),
    ] {
        assert_eq!(plain(field), expected, "{field:?}");
    }
}

#[test]
fn what_a_pod_asks_for() {
    for (field, expected) in [
        (Field::KaReqPodHostNetwork, "true"),
        (Field::KaReqPodHostPid, "-"),
        (Field::KaReqPodRunAsUser, "1000"),
        (Field::KaReqPodSupplementalGroups, "(7|8)"),
        (Field::KaReqPodVolumesHostpath, "(/etc)"),
        (Field::KaReqPodVolumesFlexvolumeDriver, "(example/lvm)"),
        (Field::KaReqPodVolumesVolumeType, "(hostPath|glusterfs|flexVolume)"),
        (Field::KaReqPodContainersName, "(web|log)"),
        (Field::KaReqPodContainersImage, "(registry.example:5000/shop/web:1.4|fluent/fluent-bit@sha256:00ff)"),
        (Field::KaReqPodContainersImageRepository, "(registry.example:5000/shop/web|fluent/fluent-bit)"),
        (Field::KaReqPodContainersCommand, "(/bin/sh -c)"),
        (Field::KaReqPodContainersArgs, "(exec server)"),
        (Field::KaReqPodContainersPrivileged, "(true)"),
        (Field::KaReqPodContainersReadOnlyFs, "-"),
        (Field::KaReqPodContainersRunAsUser, "(0)"),
        (Field::KaReqPodContainersEffRunAsUser, "(0|1000)"),
        (Field::KaReqPodContainersEffRunAsGroup, "(0|0)"),
        (Field::KaReqPodContainersAddCapabilities, "(SYS_ADMIN|NET_RAW)"),
        (Field::KaReqPodContainersHostPort, "(8080|443)"),
        (Field::KaReqPodInitContainersName, "(prepare)"),
        (Field::KaReqPodEphemeralContainersName, "-"),
        (Field::KaReqContainerImage, "registry.example:5000/shop/web:1.4"),
        (Field::KaReqContainerImageRepository, "registry.example:5000/shop/web"),
        (Field::KaReqContainerPrivileged, "true"),
    ] {
        assert_eq!(plain(field), expected, "{field:?}");
    }
}

#[test]
fn an_index_is_one_container_and_a_name_is_looked_for() {
    let pod = pod_created();
    let index = |n| Some(FieldArg::Index(n));
    let name = |text: &str| Some(FieldArg::Name(text.into()));
    assert_eq!(shown(&pod, Field::KaReqPodContainersName, index(1)), "(log)");
    assert_eq!(shown(&pod, Field::KaReqPodContainersName, index(2)), "-");
    assert_eq!(shown(&pod, Field::KaReqPodContainersEffRunAsUser, index(1)), "(1000)");
    assert_eq!(shown(&pod, Field::KaSourceips, index(1)), "(192.0.2.7)");
    assert_eq!(shown(&pod, Field::KaUriParam, name("fieldManager")), "kubectl create");
    assert_eq!(shown(&pod, Field::KaUriParam, name("pretty")), "");
    assert_eq!(shown(&pod, Field::KaUriParam, name("dryRun")), "-");
    assert_eq!(shown(&pod, Field::KaReqVolumeHostpath, name("/etc")), "true");
    assert_eq!(shown(&pod, Field::KaReqVolumeHostpath, name("/e*")), "true");
    assert_eq!(shown(&pod, Field::KaReqVolumeHostpath, name("/var*")), "false");
    assert_eq!(shown(&pod, Field::JevtValue, name("/requestObject/spec/containers/0/name")), "web");
    assert_eq!(shown(&pod, Field::JevtValue, name("/responseStatus")), r#"{"code":201}"#);
    assert_eq!(shown(&pod, Field::JsonValue, name("/nothing")), "-");
}

#[test]
fn a_role_binding_names_its_subjects_by_kind() {
    let mut binding = pod_created();
    binding["requestObject"] = json!({
        "roleRef": {"name": "cluster-admin"},
        "subjects": [
            {"kind": "User", "name": "mallory"},
            {"kind": "ServiceAccount", "name": "default", "namespace": "shop"},
            {"kind": "ServiceAccount", "name": "nowhere"},
            {"kind": "Group", "name": "ops"}
        ],
        "rules": [{"verbs": ["get", "list"], "resources": ["pods"]}, {"verbs": ["*"], "apiGroups": [""]}]
    });
    let shown = |field, arg| shown(&binding, field, arg);
    assert_eq!(shown(Field::KaReqBindingRole, None), "cluster-admin");
    assert_eq!(shown(Field::KaReqBindingSubjectsUserNames, None), "(mallory)");
    assert_eq!(shown(Field::KaReqBindingSubjectsServiceaccountNames, None), "(default|nowhere)");
    assert_eq!(shown(Field::KaReqBindingSubjectsServiceaccountNsNames, None), "(shop:default)");
    assert_eq!(shown(Field::KaReqBindingSubjectsGroupNames, None), "(ops)");
    assert_eq!(shown(Field::KaReqBindingSubjectHasName, Some(FieldArg::Name("ops".into()))), "true");
    assert_eq!(shown(Field::KaReqBindingSubjectHasName, Some(FieldArg::Name("web".into()))), "false");
    assert_eq!(shown(Field::KaReqRoleRulesVerbs, None), "(get|list|*)");
    assert_eq!(shown(Field::KaReqRoleRulesVerbs, Some(FieldArg::Index(1))), "(*)");
    assert_eq!(shown(Field::KaReqRoleRulesNonResourceUrls, None), "-");
}

#[test]
fn every_field_of_the_audit_log_has_a_value_somewhere_in_the_table() {
    let missing: Vec<&str> = kestrel_rules::FIELDS
        .iter()
        .filter(|def| def.name.starts_with("ka.") || def.name.starts_with("jevt.") || def.name.starts_with("json."))
        .filter(|def| !provided(def.field))
        .map(|def| def.name)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_body_is_one_event_a_list_or_an_array_and_nothing_else() {
    let one = pod_created();
    let count = |body: serde_json::Value| events_of(body.to_string().as_bytes()).map(|events| events.len());
    assert_eq!(count(one.clone()).unwrap(), 1);
    assert_eq!(count(json!({"kind": "EventList", "items": [one, {"auditID": "x"}]})).unwrap(), 2);
    assert_eq!(count(json!([pod_created()])).unwrap(), 1);
    assert_eq!(count(json!({"kind": "EventList"})).unwrap(), 0);
    for wrong in [json!(1), json!({"kind": "Pod", "auditID": "x"}), json!({"kind": "EventList", "items": 1}), json!({})]
    {
        insta::assert_snapshot!(events_of(wrong.to_string().as_bytes()).unwrap_err());
    }
    assert!(matches!(events_of(b"{"), Err(BodyError::Json(_))));
    assert!(matches!(events_of("[".repeat(100_000).as_bytes()), Err(BodyError::Json(_))));
    let many = json!(vec![json!({"auditID": "x"}); MAX_EVENTS + 1]);
    assert!(matches!(count(many), Err(BodyError::TooMany)));
}

#[test]
fn a_log_is_followed_from_its_end_through_rotation_and_truncation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let line = |id: &str| format!("{}\n", json!({"kind": "Event", "auditID": id}));
    let append = |text: &str| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append(&line("before"));
    let mut log = LogFile::follow(&path);
    let mut seen = Vec::new();
    let mut poll = |log: &mut LogFile| {
        seen.clear();
        log.poll(|event| seen.push(event.json["auditID"].as_str().unwrap().to_owned())).unwrap();
        seen.join(" ")
    };
    assert_eq!(poll(&mut log), "");
    let (half, rest) = (line("b").split_at(9).0.to_owned(), line("b").split_at(9).1.to_owned());
    append(&(line("a") + &half));
    assert_eq!(poll(&mut log), "a");
    append(&(rest + "not json\n\n"));
    assert_eq!(poll(&mut log), "b");
    // logrotate with create.
    append(&line("c"));
    std::fs::rename(&path, folder.path().join("audit.log.1")).unwrap();
    append(&line("d"));
    assert_eq!(poll(&mut log), "c d");
    // logrotate with copytruncate.
    std::fs::write(&path, "").unwrap();
    assert_eq!(poll(&mut log), "");
    append(&line("e"));
    assert_eq!(poll(&mut log), "e");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(poll(&mut log), "");
    append(&line("f"));
    assert_eq!(poll(&mut log), "f");
    assert_eq!(*log.stats(), LogStats { events: 6, bad_lines: 1, long_lines: 0 });
}
