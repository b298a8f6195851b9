//! How watching ends, and who goes on.

use crate::stage::{Bell, file_output, folder, in_ms, messages, outputs, watch, watch_until};
use crate::support::{Cpu, Told, attach, kill, machine};
use kestrel::event_loop::{Ended, EventLoop, Handler, Limits, Stop};
use kestrel::signals::Signals;
use kestrel::sources::Accounts;
use kestrel::watch::Watch;
use mio::Registry;
use nix::sys::signal::Signal;
use std::ops::ControlFlow;
use std::time::Duration;

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
    let (next, _told) = attach(&cpus, false);
    let (_, summary) = watch_until(next, in_ms(10), &mut watch(&file_output(&path)));
    let expected: Vec<String> = (0..200).map(|n| format!("Warning evil kills {n}")).collect();
    assert_eq!(messages(&path), expected);
    assert_eq!((summary.accounts.before, summary.accounts.missing), (100, 0));
    assert_eq!(summary.accounts.mismatches, []);
}

/// Watches so slowly that what there is would take far too long.
struct Slow(Watch);

impl Handler for Slow {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        std::thread::sleep(Duration::from_millis(100));
        self.0.record(bytes, registry)
    }

    fn finish(&mut self, accounts: &Accounts, registry: &Registry) -> bool {
        self.0.finish(accounts, registry)
    }
}

#[test]
fn a_slow_one_that_keeps_recording_leaves_the_rest_to_the_next_without_loss_or_repetition() {
    const RECORDS: u64 = 200;
    let (cpus, source, told) = machine(2, 65_536);
    for n in 0..RECORDS {
        assert!(cpus[(n % 2) as usize].record(kill("evil", n, &[(1, n)])));
    }
    let (_dir, path) = folder();
    let event_loop =
        EventLoop::new(source, Signals::new().unwrap(), Limits { end: None, keep_recording: true }).unwrap();
    Bell::here().ring(Signal::SIGTERM);
    event_loop.run(&mut Slow(watch(&file_output(&path)))).stop.unwrap();
    assert_eq!(told.try_iter().last(), None, "it must not be told to stop");
    let judged = messages(&path).len() as u64;
    assert!((1..RECORDS).contains(&judged), "{judged}");

    let (next, _told) = attach(&cpus, false);
    let (_, summary) = watch_until(next, in_ms(10), &mut watch(&file_output(&path)));
    let expected: Vec<String> = (0..RECORDS).map(|n| format!("Warning evil kills {n}")).collect();
    assert_eq!(messages(&path), expected);
    assert_eq!((summary.accounts.before, summary.accounts.missing), (judged, 0));
    assert_eq!(summary.accounts.mismatches, []);
}
