//! The webhook of the Kubernetes audit log: real clients, one loop, real rules.

mod certificates;
mod hostile;

use kestrel::config::AuditConfig;
use kestrel::fields::Clock;
use kestrel::state::{State, Users};
use kestrel::watch::{Audit, AuditStats, Judge};
use kestrel_rules::{KUBERNETES_RULES, LoadOptions, RuleSet, RuleSource};
use mio::{Events, Poll, Token};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

fn judge() -> Judge {
    let source = RuleSource { name: "kubernetes.yaml".to_owned(), text: KUBERNETES_RULES.to_owned() };
    let rules = RuleSet::load(&[source], LoadOptions::default()).unwrap().rules;
    let users = Users::read_from("/no/such/folder");
    Judge::new(State::new(64, users, None), rules, Clock::system("machine".to_owned()))
}

/// An exec into a pod of this name.
fn exec(pod: &str) -> Value {
    json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "0b7c6f4e-0000-4000-8000-000000000000",
        "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/pods/{pod}/exec?command=sh"),
        "verb": "create",
        "user": {"username": "alice"},
        "sourceIPs": ["192.0.2.7"],
        "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": pod},
        "responseStatus": {"code": 101},
        "stageTimestamp": "2026-11-25T10:00:00.123456Z",
        "annotations": {"authorization.k8s.io/decision": "allow"}
    })
}

fn post(stream: &mut (impl Read + Write), content_type: &str, body: &[u8]) -> u16 {
    let head = format!(
        "POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    answer(stream)
}

fn answer(stream: &mut impl Read) -> u16 {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .and_then(|length| length.parse().ok())
        .unwrap();
    stream.read_exact(&mut vec![0; length]).unwrap();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Serves until the clients are done; gives the messages of the alerts.
fn serve(config: &AuditConfig, clients: impl FnOnce(SocketAddr) + Send + 'static) -> (Vec<String>, AuditStats) {
    let mut audit = Audit::new(config).unwrap().unwrap();
    let mut poll = Poll::new().unwrap();
    audit.register(poll.registry(), Token(7)).unwrap();
    let address = audit.address().unwrap_or_else(|| ([0, 0, 0, 0], 0).into());
    let (done, is_done) = mpsc::channel::<()>();
    let clients: JoinHandle<()> = std::thread::spawn(move || {
        let _done = done;
        clients(address);
    });
    let (mut judge, mut alerts, mut events) = (judge(), Vec::new(), Events::with_capacity(8));
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        poll.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
        if !events.is_empty() {
            audit.ready();
        }
        audit.settle(&mut judge, Instant::now(), |alert| alerts.push(alert.message));
        if matches!(is_done.try_recv(), Err(mpsc::TryRecvError::Disconnected)) {
            break;
        }
        assert!(Instant::now() < end, "the clients are not done");
    }
    clients.join().unwrap();
    audit.settle(&mut judge, Instant::now() + Duration::from_secs(1), |alert| alerts.push(alert.message));
    let stats = audit.stats(&judge);
    (alerts, stats)
}

fn webhook() -> AuditConfig {
    AuditConfig { webhook_enabled: true, listen_port: 0, ..AuditConfig::default() }
}

#[test]
fn what_the_api_server_brings_is_judged_and_answered() {
    let (alerts, stats) = serve(&webhook(), |address| {
        let mut stream = TcpStream::connect(address).unwrap();
        assert_eq!(post(&mut stream, "application/json", exec("one").to_string().as_bytes()), 200);
        let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [exec("two"), exec("three")]});
        assert_eq!(post(&mut stream, "application/json; charset=utf-8", list.to_string().as_bytes()), 200);
        assert_eq!(post(&mut stream, "application/json", b"{\"kind\": \"Pod\"}"), 400);
        assert_eq!(post(&mut stream, "application/json", b"[1, 2"), 400);
        assert_eq!(post(&mut stream, "text/plain", exec("four").to_string().as_bytes()), 415);
        // A list of which one is no event brings nothing: whoever sends it again sends all of it.
        let mixed = json!([exec("five"), {"kind": "Pod", "auditID": "x"}]);
        assert_eq!(post(&mut stream, "application/json", mixed.to_string().as_bytes()), 400);
        assert_eq!(post(&mut stream, "application/json", exec("six").to_string().as_bytes()), 200);
    });
    let pods: Vec<&str> = alerts.iter().filter_map(|text| text.split("pod=").nth(1)?.split(' ').next()).collect();
    assert_eq!(pods, ["one", "two", "three", "six"], "{alerts:?}");
    assert_eq!(stats, AuditStats { events: 4, refused: 4 });
}

#[test]
fn a_body_that_is_too_long_is_refused_and_others_go_on() {
    let (alerts, _) = serve(&webhook(), |address| {
        let mut greedy = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            64 << 20
        );
        greedy.write_all(head.as_bytes()).unwrap();
        assert_eq!(answer(&mut greedy), 413);
        // One that never ends what it began.
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(
            b"POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        )
        .unwrap();
        let mut good = TcpStream::connect(address).unwrap();
        assert_eq!(post(&mut good, "application/json", exec("cart").to_string().as_bytes()), 200);
    });
    assert_eq!(alerts.len(), 1);
}

#[test]
fn a_great_list_is_judged_to_its_last_event() {
    const COUNT: usize = 4000;
    let (alerts, stats) = serve(&webhook(), |address| {
        let items: Vec<Value> = (0..COUNT).map(|n| exec(&format!("pod-{n}"))).collect();
        let body = json!({"kind": "EventList", "items": items}).to_string();
        assert!(body.len() > 1 << 20);
        let mut stream = TcpStream::connect(address).unwrap();
        assert_eq!(post(&mut stream, "application/json", body.as_bytes()), 200);
    });
    assert_eq!((alerts.len(), stats.events), (COUNT, COUNT as u64));
    assert!(alerts[COUNT - 1].contains("pod=pod-3999"));
}

#[test]
fn the_log_is_followed_beside_the_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let config = AuditConfig { log_file: path.clone(), ..AuditConfig::default() };
    let (alerts, stats) = serve(&config, move |_| {
        std::fs::write(&path, format!("{}\nnonsense\n{}\n", exec("one"), exec("two"))).unwrap();
    });
    assert_eq!(alerts.len(), 2);
    assert_eq!(stats, AuditStats { events: 2, refused: 1 });
}

#[test]
fn nothing_configured_is_nothing() {
    assert!(Audit::new(&AuditConfig::default()).unwrap().is_none());
}
