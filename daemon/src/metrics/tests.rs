use super::*;
use crate::config::{MetricsConfig, ReadFile};
use crate::sources::{Accounts, Shares};
use crate::watch::{Health, Judged};
use kestrel_core::schema::id;
use kestrel_outputs::socket::RecordStats;
use kestrel_outputs::{Priority, SinkStats};
use kestrel_ringbuf::Counters;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn shares() -> Shares {
    let mut shares = Shares::default();
    shares.count(id::OPENAT, 900, 50);
    shares.count(id::PROCEXIT, 100, 0);
    shares
}

fn figures() -> Figures {
    Figures {
        time_ns: 1_700_000_100_000_000_000,
        start_ns: 1_700_000_000_000_000_000,
        hostname: "gate\"way\\1".into(),
        engine: "kmod",
        machine: Machine {
            kernel_release: "6.1.0".to_owned(),
            boot_ns: 1_600_000_000_000_000_000,
            cpus: 4,
            addresses: [("eth0".to_owned(), (vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()], Vec::new()))].into(),
        }
        .into(),
        usage: Usage {
            cpu_perc: Some(1.25),
            rss: Some(20 << 20),
            host_cpu_perc: Some(50.0),
            container_memory: Some(3 << 20),
            host_open_files: Some(0),
            ..Usage::default()
        },
        config_files: vec![ReadFile::new(Path::new("/etc/kestrel/kestrel.yaml"), b"")].into(),
        rules_files: vec![ReadFile::new(Path::new("/etc/kestrel/rules.d/a-b.yaml"), b"abc")].into(),
        health: Health { read_ns: 1_700_000_050_000_000_000, reloads: 2, failures: 1, failure: None },
        accounts: Accounts {
            counters: Counters {
                seen: 1000,
                delivered: 940,
                filtered: 50,
                dropped_full: 8,
                dropped_fault: 2,
                ..Counters::default()
            },
            missing: 10,
            ..Accounts::default()
        },
        shares: shares(),
        judged: Judged { records: 940, by_priority: [(Priority::Warning, 5)].into(), ..Judged::default() },
        rules: vec![
            RuleFigure {
                name: "A \"rule\"\nof two lines".into(),
                priority: Priority::Warning,
                source: "syscall".into(),
                tags: vec!["T1555".to_owned(), "pci-dss".to_owned(), "pci.dss".to_owned()].into(),
                matches: 5,
            },
            RuleFigure {
                name: "Silent".into(),
                priority: Priority::Notice,
                source: "syscall".into(),
                tags: Vec::new().into(),
                matches: 0,
            },
        ],
        processes: 120,
        looked_up: (3, 0),
        sinks: vec![("file_output", SinkStats { delivered: 4, lost: 1, queued: 2, system_calls: 9 })],
        records: Some(RecordStats { readers: 2, given: 70, lost: 6 }),
        ..Figures::default()
    }
}

#[test]
fn the_texts_have_every_figure() {
    let config = MetricsConfig::default();
    insta::assert_snapshot!("prometheus", text(&figures(), &config, Form::Prometheus));
    let open = text(&figures(), &config, Form::OpenMetrics);
    assert!(
        open.contains("# TYPE falcosecurity_falco_rules_matches counter\nfalcosecurity_falco_rules_matches_total{")
    );
    assert!(open.contains("# TYPE falcosecurity_falco_version info\nfalcosecurity_falco_version_info{"));
    assert!(open.ends_with("\n# EOF\n"));
}

#[test]
fn what_is_switched_off_is_left_out() {
    let config = MetricsConfig {
        rules_counters_enabled: false,
        resource_utilization_enabled: false,
        state_counters_enabled: false,
        kernel_event_counters_enabled: false,
        ..MetricsConfig::default()
    };
    let text = text(&figures(), &config, Form::Prometheus);
    for name in ["rules_matches", "memory", "n_threads", "n_evts", "dropped"] {
        assert!(!text.contains(name), "{name}");
    }
    let names: Vec<String> =
        fields(&figures(), &config, Previous::default()).into_iter().map(|(name, _)| name).collect();
    assert!(
        !names.iter().any(|name| name.contains("rules.") || name.contains("memory") || name.starts_with("scap.n_"))
    );
}

/// promtool, where ci/setup.sh unpacked it, or as it is installed.
fn promtool() -> Command {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/syslog/prometheus/root/usr/bin/promtool");
    Command::new(if unpacked.exists() { unpacked.as_os_str() } else { "promtool".as_ref() })
}

#[test]
fn prometheus_own_tool_finds_nothing_but_falcos_names() {
    let mut child = promtool()
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is no promtool here to test against: run ci/setup.sh outputs");
    let text = text(&figures(), &MetricsConfig::default(), Form::Prometheus);
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    // Falco has these names; everything else is as it should be.
    insta::assert_snapshot!(lines.join("\n"));
    assert!(said.lines().all(|line| line.starts_with("falcosecurity_")), "{said}");
}

#[test]
fn a_snapshot_has_falcos_fields() {
    let config = MetricsConfig::default();
    let previous = Previous { time_ns: 1_700_000_090_000_000_000, records: 840, events: 800, drops: 0 };
    let lines = |config: &MetricsConfig| {
        let mut lines: Vec<String> =
            fields(&figures(), config, previous).iter().map(|(name, value)| format!("{name} {value:?}")).collect();
        lines.sort();
        lines
    };
    insta::assert_snapshot!("snapshot", lines(&config).join("\n"));
    let other = MetricsConfig { convert_memory_to_mb: false, include_empty_values: true, ..config };
    let more = lines(&other);
    let more: Vec<&String> = more.iter().filter(|line| !lines(&MetricsConfig::default()).contains(line)).collect();
    insta::assert_snapshot!(
        "snapshot_with_empty_values",
        more.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn snapshots_come_every_interval_and_go_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metrics.jsonl");
    let config = MetricsConfig {
        enabled: true,
        interval: 1000,
        output_rule: false,
        output_file: path.clone(),
        ..MetricsConfig::default()
    };
    let start = Instant::now();
    let at = |ms: u64| start + std::time::Duration::from_millis(ms);
    let mut snapshots = Snapshots::new(&config, start);
    assert!(!snapshots.is_due(at(999)) && snapshots.is_due(at(1000)));
    assert_eq!(snapshots.take(&figures(), at(1000)), None);
    assert!(!snapshots.is_due(at(1999)) && snapshots.is_due(at(2000)));
    snapshots.take(&figures(), at(2000));
    let text = std::fs::read_to_string(&path).unwrap();
    let samples: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((samples.len(), &samples[1]["sample"]), (2, &2.into()));
    assert_eq!(samples[1]["output_fields"]["falco.num_evts_prev"], 940);
    assert_eq!(Snapshots::new(&MetricsConfig::default(), start).deadline(), None);
}

#[test]
fn who_asks_for_openmetrics_gets_it() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
    assert_eq!(Form::accepted(prometheus), Form::OpenMetrics);
    for plain in
        ["", "*/*", "text/plain", "application/openmetrics-text;q=0", "application/openmetrics-text; q=0.2, text/plain"]
    {
        assert_eq!(Form::accepted(plain), Form::Prometheus, "{plain}");
    }
}
