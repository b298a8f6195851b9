//! The loop, from rings to files: real rings, real rules, real outputs; only the kernel is played.

mod support;

use kestrel::changes::Changes;
use kestrel::config::{
    AlertLimits, AppendOutput, AppendTo, Config, DropAction, DropsConfig, ExtraField, MetricsConfig, WebConfig,
};
use kestrel::event_loop::{Ended, EventLoop, Handler, Limits, Stop};
use kestrel::fields::Clock;
use kestrel::prefilter::interest;
use kestrel::signals::Signals;
use kestrel::state::{LIFECYCLE, State, Users};
use kestrel::watch::{Appended, FilesInForce, Fresh, Health, Judge, Observer, Reading, Summary, Watch, losses};
use kestrel_core::event::RecordHeader;
use kestrel_core::filter::{Program, build::Bytes};
use kestrel_core::schema::{EventId, EventSet, id};
use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, ProgramConfig, StdoutConfig};
use kestrel_rules::{LoadOptions, RuleSet, RuleSource};
use mio::Registry;
use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Call, Cpu, Told, kill, machine};

/// One rule: what `evil` kills raises an alert that says whom.
const RULES: &str = "\
- rule: Evil kills
  desc: A program named evil sends a signal.
  condition: evt.type = kill and proc.name = evil
  output: evil kills %evt.rawarg.pid
  priority: WARNING
  tags: [test]
";

fn rules(text: &str) -> RuleSet {
    let source = RuleSource { name: "test.yaml".to_owned(), text: text.to_owned() };
    RuleSet::load(&[source], LoadOptions::default()).unwrap().rules
}

fn outputs() -> OutputsConfig {
    OutputsConfig { stdout_output: StdoutConfig { enabled: false }, ..OutputsConfig::default() }
}

fn file_output(path: &Path) -> OutputsConfig {
    let file_output = FileConfig { enabled: true, keep_alive: true, filename: path.to_owned() };
    OutputsConfig { file_output, ..outputs() }
}

fn judge() -> Judge {
    judge_by(RULES)
}

fn judge_by(text: &str) -> Judge {
    let users = Users::read_from("/no/such/folder");
    Judge::new(State::new(1024, users, None), rules(text), Clock::system("machine".to_owned()))
}

fn watch(outputs: &OutputsConfig) -> Watch<'static> {
    watch_with(outputs, &DropsConfig::default())
}

fn watch_with(outputs: &OutputsConfig, drops: &DropsConfig) -> Watch<'static> {
    Watch::new(judge(), Outputs::new(outputs, Watch::OUTPUTS).unwrap(), drops, Box::new(|| None))
}

fn in_ms(ms: u64) -> Limits {
    Limits { end: Some(Instant::now() + Duration::from_millis(ms)), keep_recording: false }
}

fn run(source: Box<support::MemorySource>, limits: Limits, handler: &mut dyn Handler) -> Ended {
    EventLoop::new(source, Signals::new().unwrap(), limits).unwrap().run(handler)
}

fn watch_until(source: Box<support::MemorySource>, limits: Limits, watch: &mut Watch<'_>) -> (Stop, Summary) {
    let Ended { stop, accounts, system_calls } = run(source, limits, watch);
    (stop.unwrap(), watch.summary(accounts, system_calls))
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts");
    (dir, path)
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// What the alerts in a file say, without their times.
fn messages(path: &Path) -> Vec<String> {
    lines(path).iter().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

/// Sends signals to the thread of the loop: to the process they would hit whichever test has none blocked.
struct Bell(Pthread);

impl Bell {
    fn here() -> Bell {
        // Blocked from here on, so that a signal can wait for the loop.
        Signals::new().unwrap();
        Bell(pthread_self())
    }

    fn ring(&self, signal: Signal) {
        pthread_kill(self.0, signal).unwrap();
    }
}

/// Waits until something is so.
fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn records_of_all_cpus_become_alerts_in_the_order_of_their_times() {
    let (cpus, source, _told) = machine(3, 65_536);
    for n in 0..30u64 {
        let comm = if n % 5 == 0 { "evil" } else { "good" };
        assert!(cpus[n as usize * 7 % 3].record(kill(comm, 1000 + n, &[(1, n)])));
    }
    let (_dir, path) = folder();
    let mut watch = watch(&file_output(&path));
    let (stop, summary) = watch_until(source, in_ms(50), &mut watch);
    assert_eq!(stop, Stop::Time);
    let expected: Vec<String> = (0..30).step_by(5).map(|n| format!("Warning evil kills {n}")).collect();
    assert_eq!(messages(&path), expected);
    assert_eq!((summary.judged.records, summary.alerts(), summary.accounts.missing), (30, 6, 0));
    assert_eq!(summary.judged.by_rule["Evil kills"], 6);
    assert_eq!(summary.sinks[0].1.delivered, 6);
    assert_eq!(summary.accounts.mismatches, []);
}

#[test]
fn json_alerts_hold_the_fields_of_the_output_with_their_types() {
    let (cpus, source, _told) = machine(1, 65_536);
    cpus[0].record(kill("evil", 1_500_000_000_123_456_789, &[(1, 42)]));
    let (_dir, path) = folder();
    let outputs = Outputs::new(&OutputsConfig { json_output: true, ..file_output(&path) }, Watch::OUTPUTS).unwrap();
    let judge = judge_by(&RULES.replace("%evt.rawarg.pid", "%proc.pid at %evt.time (%proc.name %proc.exepath)"));
    let mut watch = Watch::new(judge, outputs, &DropsConfig::default(), Box::new(|| None));
    watch_until(source, in_ms(10), &mut watch);
    let alert: serde_json::Value = serde_json::from_str(&lines(&path)[0]).unwrap();
    assert_eq!(alert["rule"], "Evil kills");
    assert_eq!(alert["hostname"], "machine");
    assert_eq!(alert["source"], "syscall");
    assert_eq!(alert["tags"], serde_json::json!(["test"]));
    assert_eq!(alert["time"], "2017-07-14T02:40:00.123456789Z");
    assert_eq!(
        alert["output_fields"],
        serde_json::json!({
            "evt.time": 1_500_000_000_123_456_789u64, "proc.pid": 100, "proc.name": "evil", "proc.exepath": null,
        })
    );
}

#[test]
fn under_load_there_is_less_than_one_system_call_per_thousand_records() {
    const RECORDS: u64 = 300_000;
    let (cpus, source, _told) = machine(2, 1 << 20);
    let bell = Bell::here();
    let producer = std::thread::spawn(move || {
        for n in 0..RECORDS {
            let cpu = &cpus[(n % 2) as usize];
            // Nobody must wait for room in the kernel; here it keeps the figures comparable.
            while !cpu.record(kill("good", n, &[(1, n)])) {
                std::thread::yield_now();
            }
        }
        bell.ring(Signal::SIGTERM);
    });
    let (stop, summary) = watch_until(source, Limits::default(), &mut watch(&outputs()));
    producer.join().unwrap();
    assert_eq!(stop, Stop::Signal(Signal::SIGTERM));
    assert_eq!(summary.judged.records, RECORDS);
    let per_thousand = summary.system_calls * 1000 / RECORDS;
    assert!(per_thousand < 1, "{} system calls", summary.system_calls);
}

/// Takes its time with every record.
struct Slow<'a>(Watch<'a>);

impl Handler for Slow<'_> {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        std::thread::sleep(Duration::from_micros(20));
        self.0.record(bytes, registry)
    }

    fn finish(&mut self, accounts: &kestrel::sources::Accounts, registry: &Registry) -> bool {
        self.0.finish(accounts, registry)
    }
}

#[test]
fn what_an_overloaded_reader_misses_is_counted_exactly_and_said_in_an_alert() {
    const RECORDS: u64 = 20_000;
    let (cpus, source, _told) = machine(2, 8192);
    let bell = Bell::here();
    let producer = std::thread::spawn(move || {
        let delivered = (0..RECORDS).filter(|&n| cpus[(n % 2) as usize].record(kill("good", n, &[]))).count();
        bell.ring(Signal::SIGTERM);
        delivered as u64
    });
    let (_dir, path) = folder();
    let mut slow = Slow(watch(&OutputsConfig { json_output: true, ..file_output(&path) }));
    let Ended { accounts, .. } = run(source, Limits::default(), &mut slow);
    let delivered = producer.join().unwrap();
    let dropped = RECORDS - delivered;
    assert!(dropped > 0, "the test was too kind");
    assert_eq!(accounts.counters.seen, RECORDS);
    assert_eq!(accounts.counters.delivered, delivered);
    assert_eq!(accounts.counters.dropped(), dropped);
    assert_eq!(accounts.missing, dropped);
    assert_eq!(accounts.mismatches, []);
    let said: u64 = lines(&path)
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .inspect(|alert| assert_eq!((&alert["rule"], &alert["source"]), (&losses::RULE.into(), &"internal".into())))
        .map(|alert| alert["output_fields"]["n_drops_full"].as_str().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(said, dropped);
}

#[test]
fn drops_can_end_it() {
    let (cpus, source, _told) = machine(1, 4096);
    while cpus[0].record(kill("good", 1, &[])) {}
    let drops = DropsConfig { actions: vec![DropAction::Exit], ..DropsConfig::default() };
    let mut watch = watch_with(&outputs(), &drops);
    let (bell, producer) = (Bell::here(), cpus);
    let producer = std::thread::spawn(move || {
        // A record a tenth of a second, so that the second comes round.
        for n in 0..100 {
            if producer[0].is_stopped() {
                return;
            }
            producer[0].record(kill("good", n, &[]));
            std::thread::sleep(Duration::from_millis(100));
        }
        bell.ring(Signal::SIGTERM);
    });
    let (stop, _) = watch_until(source, Limits::default(), &mut watch);
    assert_eq!(stop, Stop::Handler);
    assert!(watch.dropped_too_much());
    producer.join().unwrap();
}

#[test]
fn records_that_make_no_sense_are_counted_and_skipped() {
    let (cpus, source, _told) = machine(1, 65_536);
    let header = |event: u16, buf: &mut [u8], nparams: u16, len: usize| {
        let header = RecordHeader { event, nparams, time_ns: 5, ..RecordHeader::default() };
        buf[..len].fill(0);
        zerocopy::IntoBytes::write_to_prefix(&header, buf).unwrap();
        len
    };
    cpus[0].record(kill("evil", 1, &[(1, 1)]));
    cpus[0].bytes(|buf| header(id::KILL.0, buf, 3, 32));
    cpus[0].bytes(|buf| header(id::KILL.0, buf, u16::MAX, 256));
    cpus[0].record(Call { event: EventId(60_000), ..kill("evil", 6, &[]) });
    cpus[0].record(kill("evil", 7, &[(1, 2)]));
    let (_dir, path) = folder();
    let (_, summary) = watch_until(source, in_ms(10), &mut watch(&file_output(&path)));
    assert_eq!(messages(&path), ["Warning evil kills 1", "Warning evil kills 2"]);
    assert_eq!((summary.judged.records, summary.judged.bad_records, summary.judged.unknown_events), (2, 2, 1));
    assert_eq!(summary.accounts.missing, 0);
}

#[test]
fn a_ring_that_makes_no_sense_is_given_up_up_to_now_and_the_gap_is_reported() {
    let (cpus, source, _told) = machine(1, 65_536);
    for n in 0..3 {
        cpus[0].record(kill("evil", n, &[(1, n)]));
    }
    // Somebody overwrites the length of the first record with nonsense.
    let file = std::fs::File::from(cpus[0].ring.file().try_clone_to_owned().unwrap());
    std::os::unix::fs::FileExt::write_all_at(&file, &u32::MAX.to_ne_bytes(), 8192).unwrap();
    let bell = Bell::here();
    let producer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cpus[0].record(kill("evil", 9, &[(1, 9)]));
        bell.ring(Signal::SIGTERM);
    });
    let (_dir, path) = folder();
    let (_, summary) = watch_until(source, Limits::default(), &mut watch(&file_output(&path)));
    producer.join().unwrap();
    assert_eq!(messages(&path), ["Warning evil kills 9"]);
    assert_eq!((summary.accounts.resyncs, summary.accounts.missing), (1, 3));
    assert_eq!(summary.accounts.mismatches.len(), 1);
}

#[test]
fn a_stop_judges_what_came_before_it() {
    let (cpus, source, told) = machine(2, 1 << 20);
    let bell = Bell::here();
    for n in 0..10_000 {
        assert!(cpus[(n % 2) as usize].record(kill("good", n, &[])));
    }
    // It is there before the loop runs.
    let event_loop = EventLoop::new(source, Signals::new().unwrap(), Limits::default()).unwrap();
    bell.ring(Signal::SIGINT);
    let mut watch = watch(&outputs());
    let Ended { stop, accounts, system_calls } = event_loop.run(&mut watch);
    assert_eq!(stop.unwrap(), Stop::Signal(Signal::SIGINT));
    assert_eq!(told.try_iter().last(), Some(Told::Stop));
    assert_eq!(watch.summary(accounts, system_calls).judged.records, 10_000);
}

#[test]
fn a_restart_that_keeps_recording_hands_over_without_loss_or_repetition() {
    let (cpus, source, told) = machine(2, 65_536);
    let record = |cpus: &[Cpu], from: u64, to: u64| {
        for n in from..to {
            assert!(cpus[(n % 2) as usize].record(kill("evil", n, &[(1, n)])));
        }
    };
    record(&cpus, 0, 100);
    let (_dir, path) = folder();
    let event_loop =
        EventLoop::new(source, Signals::new().unwrap(), Limits { end: None, keep_recording: true }).unwrap();
    Bell::here().ring(Signal::SIGTERM);
    event_loop.run(&mut watch(&file_output(&path))).stop.unwrap();
    assert_eq!(told.try_iter().last(), None, "it must not be told to stop");

    record(&cpus, 100, 200);
    let (next, _told) = support::attach(&cpus, false);
    let (_, summary) = watch_until(next, in_ms(10), &mut watch(&file_output(&path)));
    let expected: Vec<String> = (0..200).map(|n| format!("Warning evil kills {n}")).collect();
    assert_eq!(messages(&path), expected);
    assert_eq!((summary.accounts.before, summary.accounts.missing), (100, 0));
    assert_eq!(summary.accounts.mismatches, []);
}

#[test]
fn after_sigusr1_the_alert_file_is_another_one() {
    let (cpus, source, _told) = machine(1, 65_536);
    let (dir, path) = folder();
    let (moved, bell) = (dir.path().join("alerts.1"), Bell::here());
    let producer = std::thread::spawn({
        let path = path.clone();
        move || {
            cpus[0].record(kill("evil", 1, &[(1, 1)]));
            until(|| path.exists() && lines(&path).len() == 1);
            std::fs::rename(&path, &moved).unwrap();
            bell.ring(Signal::SIGUSR1);
            until(|| path.exists());
            cpus[0].record(kill("evil", 2, &[(1, 2)]));
            until(|| lines(&path).len() == 1);
            bell.ring(Signal::SIGTERM);
            (messages(&moved), messages(&path))
        }
    });
    watch_until(source, Limits::default(), &mut watch(&file_output(&path)));
    let (old, new) = producer.join().unwrap();
    assert_eq!((old, new), (vec!["Warning evil kills 1".to_owned()], vec!["Warning evil kills 2".to_owned()]));
}

#[test]
fn sighup_swaps_the_rules_and_bad_ones_change_nothing() {
    let (cpus, source, told) = machine(1, 65_536);
    let (_dir, path) = folder();
    let other = RULES.replace("evt.type = kill", "evt.type in (kill, unlink)").replace("evil kills", "now evil kills");
    let mut next = vec![Err("line 1 is wrong".to_owned()), Ok(fresh(&other))];
    let reload = Box::new(move || next.pop().map(|outcome| Reading { paths: Vec::new(), outcome }));
    let mut watch = Watch::new(
        judge(),
        Outputs::new(&file_output(&path), Watch::OUTPUTS).unwrap(),
        &DropsConfig::default(),
        reload,
    );
    let bell = Bell::here();
    let producer = std::thread::spawn({
        let path = path.clone();
        move || {
            let record = |n: u64| {
                cpus[0].record(kill("evil", n, &[(1, n)]));
                until(|| path.exists() && lines(&path).iter().any(|line| line.ends_with(&n.to_string())));
            };
            record(11);
            bell.ring(Signal::SIGHUP);
            // The old program may reject what the new rules want: the new one comes first.
            let Ok(Told::Program(program)) = told.recv_timeout(Duration::from_secs(20)) else { panic!() };
            let program = Bytes::copied(&program);
            let program = Program::verify(program.as_bytes()).unwrap();
            assert!(program.section(id::EXECVE).is_some() && program.section(id::CHDIR).is_none());
            let Ok(Told::Interest(events)) = told.recv_timeout(Duration::from_secs(20)) else { panic!() };
            record(12);
            bell.ring(Signal::SIGHUP);
            until(|| lines(&path).iter().any(|line| line.contains("hot restart failure")));
            record(13);
            bell.ring(Signal::SIGTERM);
            events
        }
    });
    watch_until(source, Limits::default(), &mut watch);
    let events = producer.join().unwrap();
    assert!(events.contains(id::UNLINK) && events.contains(id::EXECVE));
    let Health { reloads, failures, failure, .. } = watch.health().clone();
    assert_eq!((reloads, failures, failure.as_deref()), (1, 1, Some("line 1 is wrong")));
    insta::assert_snapshot!(messages(&path).join("\n"), @r"
    Warning evil kills 11
    Warning now evil kills 12
    Critical Falco internal: hot restart failure. what was read cannot be used: what was in force stays in force
    Warning now evil kills 13
    ");
}

/// Rules, with a configuration that sends alerts nowhere.
fn fresh(text: &str) -> Fresh {
    let config = Config { outputs: outputs(), ..Config::default() };
    Fresh {
        rules: rules(text),
        config: Box::new(config),
        appended: Appended::default(),
        files: FilesInForce::default(),
    }
}

#[test]
fn rules_that_change_under_load_lose_no_event_and_judge_none_twice() {
    const RECORDS: u64 = 60_000;
    let (cpus, source, _told) = machine(2, 1 << 20);
    let (dir, path) = folder();
    let file = dir.path().join("rules.yaml");
    let version = |n: u64| RULES.replace("evil kills", &format!("v{n} kills"));
    std::fs::write(&file, version(0)).unwrap();

    let paths = vec![file.clone()];
    let mut changes = Changes::new().unwrap();
    changes.reading(&paths);
    let reload = Box::new({
        let paths = paths.clone();
        move || {
            let text = std::fs::read_to_string(&paths[0]).unwrap();
            let source = RuleSource { name: "rules.yaml".to_owned(), text: text.clone() };
            let outcome = match RuleSet::load(&[source], LoadOptions::default()) {
                Ok(_) => Ok(fresh(&text)),
                Err(errors) => Err(errors.to_string()),
            };
            Some(Reading { paths: paths.clone(), outcome })
        }
    });
    let mut watch = Watch::new(
        judge_by(&version(0)),
        Outputs::new(&file_output(&path), Watch::OUTPUTS).unwrap(),
        &DropsConfig::default(),
        reload,
    )
    .following(Config { outputs: file_output(&path), ..Config::default() }, Some(changes));

    let bell = Bell::here();
    let done = Arc::new(AtomicBool::new(false));
    let producer = std::thread::spawn({
        let done = Arc::clone(&done);
        move || {
            // Until the last version is in force.
            let mut sent = 0;
            while sent < RECORDS || !done.load(Ordering::SeqCst) {
                let cpu = &cpus[(sent % 2) as usize];
                if cpu.record(kill("evil", sent + 1, &[(1, sent + 1)])) {
                    sent += 1;
                } else {
                    // The ring is full: a record that was not taken is written again, so that none is missing for that.
                    std::thread::yield_now();
                }
                if sent % 64 == 0 {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            bell.ring(Signal::SIGTERM);
            sent
        }
    });
    let editor = std::thread::spawn({
        let path = path.clone();
        move || {
            for n in 1..=6 {
                let text = if n == 3 { "- rule: broken".to_owned() } else { version(n) };
                let other = file.with_extension("new");
                std::fs::write(&other, text).unwrap();
                std::fs::rename(&other, &file).unwrap();
                let sign = if n == 3 { "hot restart failure".to_owned() } else { format!(" v{n} kills") };
                until(|| std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&sign)));
            }
            done.store(true, Ordering::SeqCst);
        }
    });
    let (_, summary) = watch_until(source, Limits::default(), &mut watch);
    editor.join().unwrap();
    let sent = producer.join().unwrap();
    assert_eq!(summary.judged.records, sent);
    let numbers: Vec<u64> = messages(&path)
        .iter()
        .filter(|message| message.contains(" kills "))
        .map(|message| message.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(numbers.iter().copied().eq(1..=sent), "{} of {sent}", numbers.len());
    let Health { reloads, failures, failure, .. } = watch.health();
    assert_eq!((*reloads, *failures, failure.as_deref()), (5, 1, None));
}

#[test]
fn whoever_asks_is_answered_under_load_and_in_silence() {
    let (cpus, source, _told) = machine(1, 1 << 20);
    let (dir, path) = folder();
    let config = Config {
        outputs: OutputsConfig { json_output: true, ..file_output(&path) },
        webserver: WebConfig {
            enabled: true,
            listen_port: 0,
            prometheus_metrics_enabled: true,
            ..WebConfig::default()
        },
        metrics: MetricsConfig {
            enabled: true,
            interval: 100,
            output_file: dir.path().join("metrics"),
            ..MetricsConfig::default()
        },
        ..Config::default()
    };
    let observer = Observer::new(&config, FilesInForce::default()).unwrap();
    let address = observer.address().unwrap();
    let next = std::cell::Cell::new(Some(Reading { paths: Vec::new(), outcome: Err("no rule there".to_owned()) }));
    let outputs = Outputs::new(&config.outputs, Watch::OUTPUTS).unwrap();
    let mut watch = Watch::new(judge(), outputs, &DropsConfig::default(), Box::new(move || next.take()))
        .following(config, None)
        .observed(observer);
    let bell = Bell::here();
    let ask = move |path: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let asking = std::thread::spawn({
        let path = path.clone();
        let samples = dir.path().join("metrics");
        move || {
            let quiet = ask("/healthz");
            for n in 1..=20_000 {
                while !cpus[0].record(kill(if n % 100 == 0 { "evil" } else { "good" }, n, &[(1, n)])) {}
                if n % 1000 == 0 {
                    assert_eq!(ask("/healthz"), "{\"status\":\"ok\"}");
                }
            }
            until(|| ask("/metrics").contains("kestrel_records_total{outcome=\"judged\"} 20000\n"));
            let metrics = ask("/metrics");
            bell.ring(Signal::SIGHUP);
            until(|| ask("/healthz").contains("degraded"));
            until(|| std::fs::read_to_string(&path).unwrap().contains("metrics snapshot"));
            until(|| lines(&samples).len() >= 2);
            let answers = (quiet, metrics, ask("/healthz"), ask("/versions"));
            bell.ring(Signal::SIGTERM);
            answers
        }
    });
    watch_until(source, Limits::default(), &mut watch);
    let (quiet, metrics, broken, versions) = asking.join().unwrap();
    assert_eq!(
        (quiet.as_str(), broken.as_str()),
        ("{\"status\":\"ok\"}", "{\"reason\":\"no rule there\",\"status\":\"degraded\"}")
    );
    assert!(versions.contains("\"engine_version_semver\":\"0."), "{versions}");
    let rule = "falcosecurity_falco_rules_matches_total{rule_name=\"Evil kills\",priority=\"4\",source=\"syscall\",tag_test=\"true\"} 200\n";
    assert!(metrics.contains(rule), "{metrics}");
    assert!(metrics.contains("\nfalcosecurity_scap_n_evts_total 20"), "{metrics}");
    assert!(
        metrics.contains("kestrel_output_alerts_total{output=\"file_output\",outcome=\"delivered\"} "),
        "{metrics}"
    );
    let snapshot = lines(&path).into_iter().find(|line| line.contains("metrics snapshot")).unwrap();
    let snapshot: serde_json::Value = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(snapshot["rule"], "Falco internal: metrics snapshot");
    assert_eq!((&snapshot["priority"], &snapshot["source"]), (&"Informational".into(), &"internal".into()));
    assert!(snapshot["output_fields"]["falco.num_evts"].is_u64());
    let samples = lines(&dir.path().join("metrics"));
    assert!(samples.len() >= 2 && samples[1].contains("\"sample\":2"), "{samples:?}");
}

#[test]
fn what_the_configuration_adds_is_in_message_and_fields() {
    let append = |to: AppendTo| AppendOutput {
        to,
        extra_output: "pid %proc.pid".to_owned(),
        extra_fields: vec![
            ExtraField::Field("proc.pid".to_owned()),
            ExtraField::Named([("who".to_owned(), "<%proc.name>".to_owned())].into()),
        ],
        suggested_output: false,
    };
    let judged = |appended: &[AppendOutput]| {
        let (cpus, source, _told) = machine(1, 65_536);
        cpus[0].record(kill("evil", 1, &[(1, 7)]));
        let (_dir, path) = folder();
        let mut judge = judge();
        judge.set_alerts(Appended::new(appended, judge.rules()).unwrap(), false);
        let outputs = Outputs::new(&OutputsConfig { json_output: true, ..file_output(&path) }, Watch::OUTPUTS).unwrap();
        let mut watch = Watch::new(judge, outputs, &DropsConfig::default(), Box::new(|| None));
        watch_until(source, in_ms(50), &mut watch);
        let alert: serde_json::Value = serde_json::from_str(&lines(&path)[0]).unwrap();
        let output = alert["output"].as_str().unwrap().split_once(": ").unwrap().1.to_owned();
        (output, alert["output_fields"].to_string())
    };
    let tagged =
        |tag: &str| AppendTo { tags: vec![tag.to_owned()], source: "syscall".to_owned(), ..AppendTo::default() };
    let plain = ("Warning evil kills 7".to_owned(), "{\"evt.rawarg.pid\":\"7\"}".to_owned());
    assert_eq!(judged(&[]), plain);
    assert_eq!(judged(&[append(tagged("other"))]), plain);
    assert_eq!(judged(&[append(AppendTo { rule: "Another".to_owned(), ..AppendTo::default() })]), plain);
    let more = "{\"evt.rawarg.pid\":\"7\",\"proc.pid\":100,\"who\":\"<evil>\"}";
    assert_eq!(judged(&[append(tagged("test"))]), ("Warning evil kills 7 pid 100".to_owned(), more.to_owned()));
    let suggested = AppendOutput { suggested_output: true, ..AppendOutput::default() };
    let (output, _) = judged(&[suggested]);
    assert!(output.starts_with("Warning evil kills 7 container_id=") && output.contains(" k8s_ns_name="), "{output}");
    let wrong = AppendOutput { extra_output: "%proc.nme".to_owned(), ..AppendOutput::default() };
    let error = Appended::new(&[wrong], &rules(RULES)).unwrap_err().to_string();
    assert!(error.contains("append_output.extra_output") && error.contains("proc.name"), "{error}");
}

#[test]
fn repeats_are_counted_instead_of_sent() {
    let (cpus, source, _told) = machine(1, 1 << 20);
    for n in 0..500 {
        assert!(cpus[0].record(kill("evil", n, &[(1, n % 2)])));
    }
    let (_dir, path) = folder();
    let limits = AlertLimits { repeat_interval: 60_000, ..AlertLimits::default() };
    let config = Config { outputs: file_output(&path), alert_limits: limits, ..Config::default() };
    let mut watch = watch(&config.outputs).following(config, None);
    watch_until(source, in_ms(100), &mut watch);
    insta::assert_snapshot!(messages(&path).join("\n"), @r"
    Warning evil kills 0
    Warning evil kills 1
    Warning evil kills 0 (seen 250 times in 0 s)
    Warning evil kills 1 (seen 250 times in 0 s)
    ");
}

#[test]
fn the_kernel_is_asked_for_what_rules_and_process_table_need_and_nothing_else() {
    let expected: EventSet = LIFECYCLE.into_iter().chain([id::KILL]).collect();
    assert_eq!(interest(&rules(RULES)), expected);
}

#[test]
fn a_full_disk_under_the_alert_file_stops_nothing() {
    let (cpus, source, _told) = machine(1, 65_536);
    for n in 0..10 {
        cpus[0].record(kill("evil", n, &[(1, n)]));
    }
    // A device that is always full.
    let full = FileConfig { enabled: true, keep_alive: true, filename: "/dev/full".into() };
    let (_, summary) = watch_until(source, in_ms(50), &mut watch(&OutputsConfig { file_output: full, ..outputs() }));
    assert_eq!((summary.judged.records, summary.alerts()), (10, 10));
    let (name, stats) = summary.sinks[0];
    assert_eq!((name, stats.delivered, stats.lost + stats.queued), ("file_output", 0, 10));
}

#[test]
fn a_program_that_is_missing_or_hangs_stops_nothing() {
    for program in ["/no/such/program", "exec sleep 1000"] {
        let (cpus, source, _told) = machine(1, 65_536);
        for n in 0..100 {
            cpus[0].record(kill("evil", n, &[(1, n)]));
        }
        let program = ProgramConfig { enabled: true, keep_alive: false, program: program.to_owned(), timeout_ms: 300 };
        let (_dir, path) = folder();
        let config = OutputsConfig { program_output: program, ..file_output(&path) };
        let (_, summary) = watch_until(source, in_ms(200), &mut watch(&config));
        assert_eq!(summary.judged.records, 100);
        assert_eq!(lines(&path).iter().filter(|line| line.contains("evil kills")).count(), 100);
        let (name, stats) = summary.sinks[1];
        assert_eq!(name, "program_output");
        // Alerts about lost alerts come on top.
        assert!(stats.delivered + stats.lost + stats.queued >= 100, "{stats:?}");
    }
}

#[test]
fn an_idle_machine_is_left_to_sleep() {
    let (cpus, source, _told) = machine(2, 65_536);
    cpus[0].record(kill("good", 1, &[]));
    let (_, summary) = watch_until(source, in_ms(1500), &mut watch(&outputs()));
    // The record, the tick that belongs to it, the end; on a busy machine a wait that ends a moment too early is repeated.
    assert!(summary.system_calls <= 8, "{} system calls", summary.system_calls);
}
