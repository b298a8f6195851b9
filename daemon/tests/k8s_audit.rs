//! The rules about Kubernetes: each fires for what it is about, and not for its harmless neighbour.

use bumpalo::Bump;
use kestrel::fields::Clock;
use kestrel::k8s_audit::{AuditFacts, SOURCE, events_of};
use kestrel_rules::{KUBERNETES_RULES, LoadOptions, Matching, RuleSet, RuleSource};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn rules() -> RuleSet {
    let source = RuleSource { name: "kubernetes.yaml".to_owned(), text: KUBERNETES_RULES.to_owned() };
    let options = LoadOptions { matching: Matching::All, ..LoadOptions::default() };
    RuleSet::load(&[source], options).unwrap_or_else(|errors| panic!("{errors}")).rules
}

/// An answered request, with these members put over it.
fn request(over: &Value) -> Value {
    let mut event = json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": "0b7c6f4e-0000-4000-8000-000000000000",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods",
        "verb": "create",
        "user": {"username": "alice", "groups": ["developers"]},
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "kubectl/v1.31.0",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "cart", "apiVersion": "v1"},
        "responseStatus": {"code": 201},
        "stageTimestamp": "2026-11-25T10:00:00.123456Z",
        "annotations": {"authorization.k8s.io/decision": "allow"}
    });
    merge(&mut event, over);
    event
}

/// Puts members over others; null takes one away.
fn merge(onto: &mut Value, over: &Value) {
    match (onto, over) {
        (Value::Object(onto), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    onto.remove(key);
                } else {
                    merge(onto.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (onto, over) => *onto = over.clone(),
    }
}

fn fired(rules: &mut RuleSet, event: &Value) -> Vec<(String, String)> {
    let (clock, arena) = (Clock::system("machine".to_owned()), Bump::new());
    let mut fired = Vec::new();
    for event in events_of(event.to_string().as_bytes()).unwrap() {
        let facts = AuditFacts::new(&event, &clock, &arena);
        rules.evaluate_from(SOURCE, &facts, |rule| {
            let mut text = String::new();
            rule.output.render(&facts, &mut text);
            fired.push((rule.name.to_string(), text));
        });
    }
    fired
}

/// A rule, what makes it fire, and what of that must be otherwise for it not to fire.
fn cases() -> Vec<(&'static str, Value, Value)> {
    let pod = |spec: Value| json!({"requestObject": {"kind": "Pod", "spec": spec}, "responseObject": {"metadata": {"name": "cart-1"}}});
    let spec = |spec: Value| json!({"requestObject": {"spec": spec}});
    let target = |resource: &str, sub: &str| json!({"objectRef": {"resource": resource, "subresource": sub}});
    let of = |resource: &str, more: Value| {
        let mut event = json!({"objectRef": {"resource": resource}});
        merge(&mut event, &more);
        event
    };
    let kubelet = json!({"user": {"username": "system:node:worker-1"}});
    let elsewhere = json!({"objectRef": {"namespace": "kube-system"}, "user": {"username": "system:node:worker-1"}});
    vec![
        (
            "Request of nobody allowed",
            json!({"user": {"username": "system:anonymous"}, "verb": "get"}),
            json!({"requestURI": "/healthz"}),
        ),
        ("Command run in a pod", target("pods", "exec"), json!({"objectRef": {"subresource": "log"}})),
        ("Port of a pod forwarded", target("pods", "portforward"), kubelet.clone()),
        (
            "Container added to a running pod",
            of("pods", json!({"verb": "patch", "objectRef": {"subresource": "ephemeralcontainers"}})),
            json!({"objectRef": {"subresource": "status"}}),
        ),
        (
            "Privileged pod created",
            pod(json!({"containers": [{"name": "a"}, {"name": "b", "securityContext": {"privileged": true}}]})),
            spec(json!({"containers": [{"name": "b", "securityContext": {"privileged": false}}]})),
        ),
        (
            "Pod with the machine's files created",
            pod(
                json!({"volumes": [{"name": "x", "emptyDir": {}}, {"name": "y", "hostPath": {"path": "/var/run/docker.sock"}}]}),
            ),
            spec(json!({"volumes": [{"name": "y", "hostPath": {"path": "/srv/data"}}]})),
        ),
        ("Pod in the machine's name spaces created", pod(json!({"hostPID": true})), spec(json!({"hostPID": false}))),
        (
            "Pod with great powers created",
            pod(json!({"containers": [{"securityContext": {"capabilities": {"add": ["NET_RAW", "SYS_ADMIN"]}}}]})),
            spec(json!({"containers": [{"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}}]})),
        ),
        (
            "Pod with a volume that reaches into the network of the control plane",
            pod(json!({"volumes": [{"name": "v", "quobyte": {"registry": "10.0.0.1:7861", "volume": "v"}}]})),
            spec(json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "v"}}]})),
        ),
        (
            "Storage class that reaches into the network of the control plane",
            of(
                "storageclasses",
                json!({"requestObject": {"provisioner": "kubernetes.io/glusterfs", "parameters": {"resturl": "http://10.0.0.1"}}}),
            ),
            json!({"requestObject": {"provisioner": "ebs.csi.aws.com"}}),
        ),
        (
            "Pod created among those of the cluster",
            json!({"objectRef": {"namespace": "kube-system"}}),
            json!({"user": {"username": "system:serviceaccount:kube-system:replicaset-controller"}}),
        ),
        (
            "Service account created among those of the cluster",
            of("serviceaccounts", json!({"objectRef": {"namespace": "kube-system"}})),
            json!({"objectRef": {"namespace": "shop"}}),
        ),
        (
            "Pod breaks the rules for pods",
            json!({"annotations": {"pod-security.kubernetes.io/audit-violations": "would violate \"restricted\""}}),
            json!({"annotations": {"pod-security.kubernetes.io/audit-violations": null}}),
        ),
        (
            "Rights over the whole cluster given",
            of(
                "clusterrolebindings",
                json!({"requestObject": {"roleRef": {"name": "cluster-admin"}, "subjects": [{"kind": "User", "name": "mallory"}]}}),
            ),
            json!({"requestObject": {"roleRef": {"name": "view"}}}),
        ),
        (
            "Role for everything made",
            of(
                "clusterroles",
                json!({"requestObject": {"rules": [{"resources": ["pods"], "verbs": ["get"]}, {"resources": ["*"], "verbs": ["get"]}]}}),
            ),
            json!({"requestObject": {"rules": [{"resources": ["pods"], "verbs": ["get"]}]}}),
        ),
        (
            "Role to run commands in pods made",
            of("roles", json!({"requestObject": {"rules": [{"resources": ["pods/exec"], "verbs": ["create"]}]}})),
            json!({"requestObject": {"rules": [{"resources": ["pods/log"], "verbs": ["get"]}]}}),
        ),
        (
            "Role of the cluster changed",
            of("clusterroles", json!({"verb": "delete", "objectRef": {"name": "system:kube-dns"}})),
            json!({"objectRef": {"name": "shop-admin"}}),
        ),
        (
            "Somebody else's rights used",
            json!({"impersonatedUser": {"username": "root"}, "verb": "get"}),
            json!({"impersonatedUser": null}),
        ),
        ("Secrets listed", of("secrets", json!({"verb": "list"})), json!({"verb": "get"})),
        (
            "Token of a service account made by a person",
            target("serviceaccounts", "token"),
            json!({"user": {"username": "system:node:worker-1"}}),
        ),
        (
            "Service account asks for what it may not",
            json!({"user": {"username": "system:serviceaccount:shop:default"}, "responseStatus": {"code": 403}, "verb": "list"}),
            json!({"responseStatus": {"code": 404}}),
        ),
        (
            "Credentials in a config map",
            of("configmaps", json!({"requestObject": {"data": {"env": "DB_PASSWORD=x password=hunter2"}}})),
            json!({"requestObject": {"data": {"env": "LEVEL=debug"}}}),
        ),
        (
            "Service at a port of every machine made",
            of("services", json!({"requestObject": {"spec": {"type": "NodePort", "ports": [{"port": 80}]}}})),
            json!({"requestObject": {"spec": {"type": "ClusterIP"}}}),
        ),
        (
            "Ingress without encryption made",
            of("ingresses", json!({"requestObject": {"spec": {"rules": []}}})),
            json!({"requestObject": {"spec": {"tls": [{"hosts": ["shop.example"]}]}}}),
        ),
        (
            "Whoever decides about requests changed",
            of("mutatingwebhookconfigurations", json!({"verb": "delete"})),
            json!({"verb": "get"}),
        ),
        (
            "Work at set times made",
            of("cronjobs", json!({"requestObject": {"spec": {"schedule": "@hourly"}}})),
            elsewhere,
        ),
        ("Events of the cluster deleted", of("events", json!({"verb": "deletecollection"})), json!({"verb": "delete"})),
    ]
}

#[test]
fn every_rule_about_kubernetes_fires_and_spares_its_neighbour() {
    let mut rules = rules();
    let mut left: BTreeSet<String> = rules.rules().iter().map(|rule| rule.name.to_string()).collect();
    for (name, act, neighbour) in cases() {
        let event = request(&act);
        let found = fired(&mut rules, &event);
        let Some((_, text)) = found.iter().find(|(fired, _)| fired == name) else {
            panic!("{name} did not fire for {event}, but {found:?}");
        };
        assert!(text.contains("alice") || act["user"].is_object() || text.contains("from="), "{text}");
        let mut event = event;
        merge(&mut event, &neighbour);
        let found = fired(&mut rules, &event);
        assert!(found.iter().all(|(fired, _)| fired != name), "{name} fired for its neighbour: {event}");
        // What was not answered yet has not happened.
        let mut early = request(&act);
        merge(&mut early, &json!({"stage": "RequestReceived"}));
        assert_eq!(fired(&mut rules, &early), []);
        left.remove(name);
    }
    assert!(left.is_empty(), "no case for {left:?}");
}

#[test]
fn an_alert_says_who_did_what_to_what() {
    let mut rules = rules();
    let (_, act, _) = cases().into_iter().find(|(name, ..)| *name == "Command run in a pod").unwrap();
    let mut event = request(&act);
    merge(
        &mut event,
        &json!({"requestURI": "/api/v1/namespaces/shop/pods/cart/exec?command=sh&container=web&stdin=true"}),
    );
    let text = &fired(&mut rules, &event)[0].1;
    insta::assert_snapshot!(text);
}

#[test]
fn a_stream_of_other_events_fires_nothing() {
    let mut rules = rules();
    for verb in ["get", "list", "watch"] {
        let event = request(&json!({"verb": verb, "user": {"username": "system:node:worker-1"}}));
        assert_eq!(fired(&mut rules, &event), []);
    }
}
