//! Rules that change meanwhile.

use crate::stage::{
    Bell, RULES, file_output, folder, in_ms, judge, judge_by, lines, messages, outputs, rules, until, watch_until,
};
use crate::support::{Told, kill, machine};
use kestrel::changes::Changes;
use kestrel::config::{Config, DropsConfig};
use kestrel::event_loop::Limits;
use kestrel::prefilter;
use kestrel::watch::{Appended, FilesInForce, Fresh, Health, Reading, Watch};
use kestrel_core::filter::Program;
use kestrel_core::filter::build::Bytes;
use kestrel_core::schema::id;
use kestrel_outputs::{Outputs, OutputsConfig};
use kestrel_rules::prefilter::ProcessNames;
use kestrel_rules::{LoadOptions, RuleSet, RuleSource};
use nix::sys::signal::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
    let rules = rules(text);
    Fresh {
        wanted: prefilter::wanted(&rules, prefilter::Mode::of(&config, ProcessNames::Unknown)),
        rules,
        config: Box::new(config),
        appended: Appended::default(),
        files: FilesInForce::default(),
    }
}

#[test]
fn a_reload_that_panics_leaves_the_old_rules_in_force_and_is_told_and_the_next_one_works() {
    let (cpus, source, _told) = machine(1, 65_536);
    let (_dir, path) = folder();
    let mut tries = 0;
    let reload = Box::new(move || {
        tries += 1;
        assert!(tries > 1, "no such luck");
        Some(Reading { paths: Vec::new(), outcome: Ok(fresh(&RULES.replace("evil kills", "now evil kills"))) })
    });
    let config = OutputsConfig { json_output: true, ..file_output(&path) };
    let outputs = Outputs::new(&config, Watch::OUTPUTS).unwrap();
    let mut watch = Watch::new(judge(), outputs, &DropsConfig::default(), reload);
    let bell = Bell::here();
    let producer = std::thread::spawn({
        let path = path.clone();
        move || {
            bell.ring(Signal::SIGHUP);
            // No record comes meanwhile: the loop must be woken for this.
            until(|| path.exists() && lines(&path).iter().any(|line| line.contains("hot restart failure")));
            cpus[0].record(kill("evil", 1, &[(1, 1)]));
            until(|| lines(&path).iter().any(|line| line.contains("evil kills 1")));
            bell.ring(Signal::SIGHUP);
            let mut n = 1;
            until(|| {
                n += 1;
                cpus[0].record(kill("evil", n, &[(1, n)]));
                lines(&path).iter().any(|line| line.contains("now evil kills"))
            });
            bell.ring(Signal::SIGTERM);
        }
    });
    watch_until(source, in_ms(60_000), &mut watch);
    producer.join().unwrap();
    let Health { reloads, failures, failure, .. } = watch.health().clone();
    assert_eq!((reloads, failures, failure), (1, 1, None));
    let alerts: Vec<serde_json::Value> =
        lines(&path).iter().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(alerts[0]["rule"], "Falco internal: hot restart failure");
    assert_eq!(alerts[0]["output_fields"]["error"], "reading again panicked: no such luck");
    assert_eq!(alerts[1]["output"].as_str().map(|text| text.ends_with("Warning evil kills 1")), Some(true));
}

#[test]
fn records_are_judged_by_the_old_rules_while_new_ones_are_read_and_a_second_sighup_reads_them_once_more() {
    let (cpus, source, _told) = machine(1, 65_536);
    let (_dir, path) = folder();
    let reading = Arc::new(AtomicBool::new(false));
    let reload = Box::new({
        let (path, reading) = (path.clone(), Arc::clone(&reading));
        let mut version = 0;
        move || {
            version += 1;
            if version == 1 {
                // As long as it takes to judge what happens meanwhile: on the loop's own thread that would never be.
                reading.store(true, Ordering::SeqCst);
                until(|| lines(&path).iter().any(|line| line.ends_with(" kills 2")));
            }
            let outcome = Ok(fresh(&RULES.replace("evil kills", &format!("v{version} kills"))));
            Some(Reading { paths: Vec::new(), outcome })
        }
    });
    let outputs = Outputs::new(&file_output(&path), Watch::OUTPUTS).unwrap();
    let mut watch = Watch::new(judge(), outputs, &DropsConfig::default(), reload);
    let bell = Bell::here();
    let producer = std::thread::spawn({
        let path = path.clone();
        move || {
            let record = |n: u64| assert!(cpus[0].record(kill("evil", n, &[(1, n)])));
            record(1);
            until(|| path.exists() && !lines(&path).is_empty());
            bell.ring(Signal::SIGHUP);
            until(|| reading.load(Ordering::SeqCst));
            // The file may have changed since it was read: once more, when this is over.
            bell.ring(Signal::SIGHUP);
            record(2);
            let mut n = 2;
            until(|| {
                n += 1;
                record(n);
                lines(&path).iter().any(|line| line.contains("v2 kills"))
            });
            bell.ring(Signal::SIGTERM);
            n
        }
    });
    watch_until(source, Limits::default(), &mut watch);
    let sent = producer.join().unwrap();
    let said = messages(&path);
    let numbers: Vec<u64> = said.iter().map(|message| message.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=sent), "{said:?}");
    assert_eq!(said[..2], ["Warning evil kills 1", "Warning evil kills 2"]);
    assert_eq!(watch.health().reloads, 2);
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
    .following(Config { outputs: file_output(&path), ..Config::default() }, Some(changes), ProcessNames::Unknown);

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
