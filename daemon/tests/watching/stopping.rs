//! How watching ends, and who goes on.

use crate::stage::{Bell, file_output, folder, in_ms, messages, outputs, watch, watch_until};
use crate::support::{Cpu, Told, attach, kill, machine};
use kestrel::event_loop::{Ended, EventLoop, Limits, Stop};
use kestrel::signals::Signals;
use nix::sys::signal::Signal;

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
