//! Kestrel as others see it.

use crate::stage::{Bell, file_output, folder, judge, lines, until, watch_until};
use crate::support::{kill, machine};
use kestrel::config::{Config, DropsConfig, MetricsConfig, WebConfig};
use kestrel::event_loop::Limits;
use kestrel::watch::{FilesInForce, Observer, Reading, Watch};
use kestrel_outputs::{Outputs, OutputsConfig};
use kestrel_rules::prefilter::ProcessNames;
use nix::sys::signal::Signal;
use std::io::{Read, Write};

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
        .following(config, None, ProcessNames::Unknown)
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
    // A record that found the ring full was seen, too, and was tried again.
    let seen =
        metrics.lines().find_map(|line| line.strip_prefix("falcosecurity_scap_n_evts_total ")?.parse::<u64>().ok());
    assert!(seen >= Some(20_000), "{metrics}");
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
