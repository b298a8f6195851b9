//! What alerts say, and where they go.

use crate::stage::{
    Bell, RULES, file_output, folder, in_ms, judge, lines, messages, outputs, rules, until, watch, watch_until,
};
use crate::support::{kill, machine};
use kestrel::config::{AlertLimits, AppendOutput, AppendTo, Config, DropsConfig, ExtraField};
use kestrel::event_loop::Limits;
use kestrel::watch::{Appended, Watch};
use kestrel_outputs::{FileConfig, Outputs, OutputsConfig, ProgramConfig};
use kestrel_rules::prefilter::ProcessNames;
use kestrel_rules::{LoadOptions, RuleSet, RuleSource, StaticFields};
use nix::sys::signal::Signal;

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
fn texts_of_the_configuration_are_in_conditions_messages_and_fields() {
    let (cpus, source, _told) = machine(1, 65_536);
    cpus[0].record(kill("evil", 1, &[(1, 7)]));
    let text = RULES.replace("= evil", "= evil and static.site = north").replace("kills", "kills at %static.site,");
    let static_fields = StaticFields::new([("site".to_owned(), "north".to_owned())]);
    let options = LoadOptions { static_fields: static_fields.clone(), ..LoadOptions::default() };
    let rules = RuleSet::load(&[RuleSource { name: "r.yaml".to_owned(), text }], options).unwrap().rules;
    let append = AppendOutput { suggested_output: true, ..AppendOutput::default() };
    let appended = Appended::new(&[append], &rules, &static_fields).unwrap();
    let mut judge = judge();
    judge.set_rules(rules);
    judge.set_alerts(appended, false);
    let (_dir, path) = folder();
    let outputs = Outputs::new(&OutputsConfig { json_output: true, ..file_output(&path) }, Watch::OUTPUTS).unwrap();
    watch_until(source, in_ms(50), &mut Watch::new(judge, outputs, &DropsConfig::default(), Box::new(|| None)));
    let alert: serde_json::Value = serde_json::from_str(&lines(&path)[0]).unwrap();
    let output = alert["output"].as_str().unwrap();
    assert!(output.contains("evil kills at north, 7") && output.ends_with(" static_site=north"), "{output}");
    assert_eq!(alert["output_fields"]["static.site"], "north");
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
        judge.set_alerts(Appended::new(appended, judge.rules(), &StaticFields::default()).unwrap(), false);
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
    let error = Appended::new(&[wrong], &rules(RULES), &StaticFields::default()).unwrap_err().to_string();
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
    let mut watch = watch(&config.outputs).following(config, None, ProcessNames::Unknown);
    watch_until(source, in_ms(100), &mut watch);
    insta::assert_snapshot!(messages(&path).join("\n"), @r"
    Warning evil kills 0
    Warning evil kills 1
    Warning evil kills 0 (seen 250 times in 0 s)
    Warning evil kills 1 (seen 250 times in 0 s)
    ");
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
