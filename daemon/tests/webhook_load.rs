//! The webhook of the Kubernetes audit log under load, beside records of system calls that come without a pause: neither keeps the
//! other waiting, nothing of either is lost, and memory stays what it was. Real clients, real rings, one loop on one thread.
//!
//! What it takes is measured on request, for a figure in a test that always runs is one about whoever else uses the machine:
//!
//! ```text
//! cargo test --release -p kestrel --test webhook_load -- --ignored --nocapture
//! ```

#[allow(dead_code, reason = "other tests use the rest of it")]
mod support;

use kestrel::config::{AuditConfig, DropsConfig};
use kestrel::event_loop::{Ended, EventLoop, Limits};
use kestrel::fields::Clock;
use kestrel::signals::Signals;
use kestrel::state::{State, Users};
use kestrel::watch::{Audit, Judge, Summary, Watch};
use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, StdoutConfig};
use kestrel_rules::{DEFAULT_RULES, KUBERNETES_RULES, LoadOptions, RuleSet, RuleSource};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::{Cpu, kill, machine};

/// Clients at the same time: an API server has one, a cluster a few of them.
const CLIENTS: u64 = 4;

/// Events in one request: what an API server sends in a batch of its own accord (`--audit-webhook-batch-max-size`).
const BATCH: u64 = 400;

/// Of how many events one is an exec into a pod, which a default rule is about.
const ONE_IN: u64 = 500;

/// Bytes that memory may grow by between the first half of the events and the second: what came is many times as much.
const GROWTH_KIB: u64 = 8 << 10;

/// Both tests look at the memory of the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is done to the daemon.
#[derive(Clone, Copy)]
struct Load {
    /// Events that all clients bring together, in requests of [`BATCH`].
    events: u64,
    /// Pause between two bursts of records.
    pause: Duration,
    /// Records in a burst.
    burst: u64,
    /// The loop has a processor of its own, and everything else has the others.
    apart: bool,
}

/// What came of it.
struct Outcome {
    summary: Summary,
    /// Records that were written.
    records: u64,
    /// From the first request to the last answer.
    took: Duration,
    /// Processor time of the loop meanwhile, and how much of it records took that came without events, at the same pace.
    processor: Duration,
    /// Memory after the first half of the events, and at the end, in KiB.
    memory: [u64; 2],
    /// Bytes of all bodies.
    bytes: u64,
}

/// An event as an API server tells it at the level Request, about as long as most are.
fn event(number: u64) -> Value {
    let exec = number.is_multiple_of(ONE_IN);
    let (verb, subresource, name) = if exec { ("create", "exec", "cart") } else { ("patch", "status", "web-7d9f") };
    let mut event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request", "stage": "ResponseComplete",
        "auditID": format!("6f1c3a6e-9b7e-4a7a-8f3e-{number:012x}"),
        "requestURI": format!("/api/v1/namespaces/shop/pods/{name}/{subresource}"),
        "verb": verb,
        "user": {"username": "system:node:worker-1", "groups": ["system:nodes", "system:authenticated"],
            "extra": {"authentication.kubernetes.io/credential-id": ["X509SHA256=4f1d"]}},
        "sourceIPs": ["10.1.2.3"], "userAgent": "kubelet/v1.31.0 (linux/amd64) kubernetes/9edcffc",
        "objectRef": {"resource": "pods", "subresource": subresource, "namespace": "shop", "name": name,
            "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-11-25T10:00:00.000000Z", "stageTimestamp": "2026-11-25T10:00:00.123456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
    });
    if exec {
        event["user"] = json!({"username": "alice", "groups": ["developers", "system:authenticated"]});
        event["responseStatus"]["code"] = 101.into();
    } else {
        let condition = |kind: &str| {
            json!({"type": kind, "status": "True", "lastProbeTime": null,
            "lastTransitionTime": "2026-11-25T09:59:58Z"})
        };
        event["requestObject"] = json!({"metadata": {"uid": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}, "status": {
            "conditions": [condition("Initialized"), condition("Ready"), condition("ContainersReady")],
            "containerStatuses": [{"name": "web", "image": "registry.example:5000/shop/web:1.4", "ready": true,
                "restartCount": 0, "state": {"running": {"startedAt": "2026-11-25T09:59:57Z"}},
                "containerID": format!("containerd://{}", "3f2a9c0b".repeat(8))}],
            "hostIP": "10.1.2.3", "phase": "Running", "podIP": "10.244.0.7", "startTime": "2026-11-25T09:59:55Z"}});
    }
    event
}

/// The body that brings these events.
fn body(first: u64, count: u64) -> String {
    let items: Vec<Value> = (first..first + count).map(event).collect();
    json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": items}).to_string()
}

/// A client that keeps its connection.
struct Client(TcpStream);

impl Client {
    fn post(&mut self, address: SocketAddr, body: &str) {
        let head = format!(
            "POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all(head.as_bytes()).unwrap();
        self.0.write_all(body.as_bytes()).unwrap();
        let (mut answer, mut buffer) = (Vec::new(), [0; 512]);
        while !answer.ends_with(b"judged\n") {
            let n = self.0.read(&mut buffer).unwrap();
            answer.extend_from_slice(&buffer[..n]);
            assert!(n > 0 || !answer.is_empty(), "closed without an answer");
            assert!(answer.starts_with(&b"HTTP/1.1 200"[..answer.len().min(12)]), "{answer:?}");
        }
        // A connection ends after so many requests: whoever has more comes again.
        if answer.windows(17).any(|part| part == b"Connection: close") {
            self.0 = TcpStream::connect(address).unwrap();
        }
    }
}

/// Resident memory of this process, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::new(time.tv_sec().unsigned_abs(), u32::try_from(time.tv_nsec()).unwrap())
}

/// Writes records until it is told not to, each until there is room for it; gives how many.
fn record(cpu: &Cpu, load: Load, stop: &AtomicBool) -> u64 {
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        for _ in 0..load.burst {
            number += 1;
            while !cpu.record(kill("good", number, &[(1, number)])) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        std::thread::sleep(load.pause);
    }
    number
}

/// Runs this thread on the first of these processors, or on all others.
fn stay_on(all: &CpuSet, first: bool) {
    let mut cpus = (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu).unwrap());
    let (one, mut chosen) = (cpus.next().unwrap(), CpuSet::new());
    if first {
        chosen.set(one).unwrap();
    } else {
        cpus.for_each(|cpu| chosen.set(cpu).unwrap());
    }
    sched_setaffinity(Pid::from_raw(0), &chosen).unwrap();
}

fn rules() -> RuleSet {
    let source = |name: &str, text: &str| RuleSource { name: name.to_owned(), text: text.to_owned() };
    let files = [source("kestrel_rules.yaml", DEFAULT_RULES), source("kubernetes_rules.yaml", KUBERNETES_RULES)];
    RuleSet::load(&files, LoadOptions::default()).unwrap().rules
}

fn put(load: Load) -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let file_output = FileConfig { enabled: true, keep_alive: true, filename: folder.path().join("alerts") };
    let outputs =
        OutputsConfig { stdout_output: StdoutConfig { enabled: false }, file_output, ..OutputsConfig::default() };
    let config = AuditConfig { webhook_enabled: true, listen_port: 0, ..AuditConfig::default() };
    let audit = Audit::new(&config).unwrap().unwrap();
    let address = audit.address().unwrap();
    let judge = Judge::new(
        State::new(1024, Users::read_from("/no/such/folder"), None),
        rules(),
        Clock::system("machine".to_owned()),
    );
    let mut watch =
        Watch::new(judge, Outputs::new(&outputs, Watch::OUTPUTS).unwrap(), &DropsConfig::default(), Box::new(|| None))
            .auditing(Some(audit));
    let (mut cpus, source, _told) = machine(1, 4 << 20);
    let cpu = cpus.remove(0);
    // Blocked from here on, so that the signal waits for the loop.
    let signals = Signals::new().unwrap();
    let (loop_thread, stop, written) = (pthread_self(), AtomicBool::new(false), AtomicU64::new(0));
    let (mut took, mut halves, mut bytes) = (Duration::ZERO, [0; 2], 0);
    let event_loop = EventLoop::new(source, signals, Limits::default()).unwrap();
    let (mut ended, mut processor) = (None, Duration::ZERO);
    let all = &sched_getaffinity(Pid::from_raw(0)).unwrap();
    std::thread::scope(|scope| {
        let (stop, written) = (&stop, &written);
        let recorder = scope.spawn(move || {
            if load.apart {
                stay_on(all, false);
            }
            written.store(record(&cpu, load, stop), Ordering::SeqCst);
        });
        let (took, halves, bytes) = (&mut took, &mut halves, &mut bytes);
        scope.spawn(move || {
            if load.apart {
                stay_on(all, false);
            }
            let requests = load.events / BATCH;
            // Made once: what making them costs is none of the daemon's.
            let bodies: Vec<String> = (0..CLIENTS).map(|n| body(n * BATCH, BATCH)).collect();
            *bytes = bodies.iter().map(|body| body.len() as u64).sum::<u64>() * requests / CLIENTS;
            let begin = Instant::now();
            for half in halves.iter_mut() {
                std::thread::scope(|scope| {
                    for body in &bodies {
                        scope.spawn(move || {
                            let mut client = Client(TcpStream::connect(address).unwrap());
                            (0..requests / CLIENTS / 2).for_each(|_| client.post(address, body));
                        });
                    }
                });
                *half = memory();
            }
            *took = begin.elapsed();
            stop.store(true, Ordering::SeqCst);
            recorder.join().unwrap();
            pthread_kill(loop_thread, Signal::SIGTERM).unwrap();
        });
        if load.apart {
            stay_on(all, true);
        }
        let before = processor_time();
        ended = Some(event_loop.run(&mut watch));
        processor = processor_time() - before;
    });
    sched_setaffinity(Pid::from_raw(0), all).unwrap();
    let Ended { stop, accounts, system_calls } = ended.unwrap();
    stop.unwrap();
    let records = written.load(Ordering::SeqCst);
    Outcome { summary: watch.summary(accounts, system_calls), records, took, processor, memory: halves, bytes }
}

/// That nothing is missing, and that memory is what it was.
fn check(load: Load, outcome: &Outcome) {
    let Outcome { summary, records, memory: [half, end], .. } = outcome;
    let audit = summary.audit.unwrap();
    assert_eq!((audit.events, audit.refused), (load.events, 0));
    assert_eq!((summary.judged.records, summary.judged.bad_records), (*records, 0));
    // Each body begins with a multiple of BATCH, and holds so many execs as there are multiples of ONE_IN in it.
    let execs: u64 =
        (0..CLIENTS).map(|n| (n * BATCH..(n + 1) * BATCH).filter(|n| n.is_multiple_of(ONE_IN)).count() as u64).sum();
    let expected = execs * load.events / BATCH / CLIENTS;
    assert_eq!(summary.judged.by_rule.values().sum::<u64>(), expected, "{:?}", summary.judged.by_rule);
    assert!(end.saturating_sub(*half) < GROWTH_KIB, "from {half} to {end} KiB");
}

#[test]
fn events_that_are_brought_as_fast_as_it_goes_all_arrive_beside_records_and_memory_stays_what_it_was() {
    let load = Load { events: 9600, pause: Duration::from_millis(1), burst: 20, apart: false };
    let outcome = put(load);
    check(load, &outcome);
    assert!(outcome.bytes > 8 * GROWTH_KIB, "{} bytes say nothing about memory", outcome.bytes);
}

#[test]
#[ignore = "measures: to be read by people, on a machine that does little else"]
fn how_many_events_a_second_one_processor_takes() {
    for (records_a_second, pause, burst) in [(0, Duration::from_millis(20), 0), (10_000, Duration::from_millis(2), 20)]
    {
        let load = Load { events: 96_000, pause, burst, apart: true };
        let outcome = put(load);
        check(load, &outcome);
        let Outcome { records, took, processor, memory: [half, end], bytes, .. } = outcome;
        let (wall, busy) = (took.as_secs_f64(), processor.as_secs_f64());
        println!(
            "at most {records_a_second} records a second: {} events ({} bytes each) in {wall:.2} s: {:.0} events and {:.0} \
             records a second; {busy:.2} s of one processor: {:.1} µs an event, records included; {half} KiB after half of \
             them, {end} KiB at the end",
            load.events,
            bytes / load.events,
            load.events as f64 / wall,
            records as f64 / wall,
            busy * 1e6 / load.events as f64,
        );
    }
}
