//! What programs that read records from the socket cost the daemon: time to take in a record of a recorded day, with none, one,
//! and eight that read all of them, each record written to each socket.
//!
//! Readers have all the time that they need in between, so that nothing is lost to them: what is lost costs less.
//!
//! `cargo bench -p kestrel-bench --bench live`
#![allow(missing_docs, reason = "made by criterion_group")]
#![allow(dead_code, reason = "other benches use the rest of the records")]

mod records;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kestrel::fields::Clock;
use kestrel::live::Teller;
use kestrel::state::Users;
use kestrel_core::schema::EventSet;
use kestrel_outputs::socket::{RecordsWanted, Request};
use kestrel_outputs::{Outputs, OutputsConfig, SocketConfig, StdoutConfig};
use mio::{Events, Poll, Token};
use records::day::Day;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Records that are given before it is waited until they are read.
const BATCH: usize = 500;

/// Sockets, and the loop that they are in.
struct Telling {
    outputs: Outputs,
    teller: Teller,
    poll: Poll,
    clock: Clock,
    users: Users,
}

impl Telling {
    fn new(path: &Path, readers: u64) -> Telling {
        let socket = SocketConfig { enabled: true, path: path.to_owned(), ..SocketConfig::default() };
        let config = OutputsConfig {
            socket_output: socket,
            stdout_output: StdoutConfig { enabled: false },
            ..OutputsConfig::default()
        };
        let outputs = Outputs::new(&config, Token(0)).expect("a socket");
        let mut telling = Telling {
            outputs,
            teller: Teller::default(),
            poll: Poll::new().expect("a poll"),
            clock: Clock::system("machine".to_owned()),
            users: Users::default(),
        };
        telling.outputs.expired(telling.poll.registry());
        for _ in 0..readers {
            let mut stream = UnixStream::connect(path).expect("it listens");
            let request = Request { alerts: false, records: Some(RecordsWanted::default()) };
            stream.write_all(&request.encode().expect("a request")).expect("it reads");
            std::thread::spawn(move || {
                let mut buf = vec![0; 256 << 10];
                while stream.read(&mut buf).is_ok_and(|read| read > 0) {}
            });
        }
        while telling.outputs.record_stats().is_some_and(|stats| stats.readers < readers) {
            telling.turn();
        }
        telling
    }

    /// What the loop does between records.
    fn turn(&mut self) {
        let mut events = Events::with_capacity(16);
        self.poll.poll(&mut events, Some(Duration::from_millis(1))).expect("a poll");
        for event in &events {
            self.outputs.ready(event.token(), self.poll.registry());
        }
        self.outputs.expired(self.poll.registry());
        self.teller.settle(&mut self.outputs, &self.clock, &self.users);
    }

    /// Waits until everything is read.
    fn wait(&mut self) {
        while !self.outputs.finish(self.poll.registry()) {
            self.turn();
        }
    }
}

/// The time that it takes to take in all records, and to give each to whoever reads.
fn tell(day: &mut Day, telling: &mut Telling) -> Duration {
    let mut time = Duration::ZERO;
    let mut given = 0;
    let mut begin = Instant::now();
    day.each(|taken| {
        if telling.outputs.wants_records() {
            telling.teller.record(taken, &mut telling.outputs);
        }
        given += 1;
        if given % BATCH == 0 {
            telling.outputs.write_records();
            time += begin.elapsed();
            telling.wait();
            begin = Instant::now();
        }
    });
    telling.outputs.write_records();
    time += begin.elapsed();
    telling.wait();
    time
}

fn telling(criterion: &mut Criterion) {
    let mut day = Day::of(&EventSet::all());
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("live");
    group.throughput(Throughput::Elements(day.len()));
    for readers in [0, 1, 8] {
        let mut telling = Telling::new(&folder.path().join(format!("{readers}")), readers);
        telling.turn();
        group.bench_function(BenchmarkId::new("readers", readers), |b| {
            b.iter_custom(|rounds| (0..rounds).map(|_| tell(&mut day, &mut telling)).sum());
        });
        let stats = telling.outputs.record_stats().expect("there is a socket");
        assert_eq!(stats.lost, 0, "a reader was too slow, and what is measured is losing");
        assert_eq!(stats.given > 0, readers > 0);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = telling
}
criterion_main!(benches);
