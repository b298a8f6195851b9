//! What is lost is counted and said.

use crate::stage::{Bell, file_output, folder, in_ms, lines, messages, outputs, run, watch, watch_until, watch_with};
use crate::support::{Call, kill, machine};
use kestrel::config::{DropAction, DropsConfig};
use kestrel::event_loop::{Ended, Handler, Limits, Stop};
use kestrel::watch::{Watch, losses};
use kestrel_core::event::RecordHeader;
use kestrel_core::schema::{EventId, id};
use kestrel_outputs::OutputsConfig;
use mio::Registry;
use nix::sys::signal::Signal;
use std::ops::ControlFlow;
use std::time::Duration;

/// Takes its time with every record.
struct Slow(Watch);

impl Handler for Slow {
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
