//! Records become alerts.

use crate::stage::{
    Bell, RULES, file_output, folder, in_ms, judge_by, lines, messages, outputs, rules, watch, watch_until,
};
use crate::support::{kill, machine};
use kestrel::config::DropsConfig;
use kestrel::event_loop::{Limits, Stop};
use kestrel::prefilter::interest;
use kestrel::state::LIFECYCLE;
use kestrel::watch::Watch;
use kestrel_core::schema::{EventSet, id};
use kestrel_outputs::{Outputs, OutputsConfig};
use nix::sys::signal::Signal;

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

#[test]
fn the_kernel_is_asked_for_what_rules_and_process_table_need_and_nothing_else() {
    let expected: EventSet = LIFECYCLE.into_iter().chain([id::KILL]).collect();
    assert_eq!(interest(&rules(RULES)), expected);
}

#[test]
fn an_idle_machine_is_left_to_sleep() {
    let (cpus, source, _told) = machine(2, 65_536);
    cpus[0].record(kill("good", 1, &[]));
    let (_, summary) = watch_until(source, in_ms(1500), &mut watch(&outputs()));
    // The record, the tick that belongs to it, the end; on a busy machine a wait that ends a moment too early is repeated.
    assert!(summary.system_calls <= 8, "{} system calls", summary.system_calls);
}
