//! The socket, read by real readers: good ones, slow ones, too many of them.

mod support;

use kestrel_outputs::socket::{Frame, FrameReader, RecordsWanted, Request};
use kestrel_outputs::{Outputs, OutputsConfig, RecordsFor, SocketConfig};
use mio::Token;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Harness, quiet};

fn config(path: &Path) -> OutputsConfig {
    let socket =
        SocketConfig { enabled: true, path: path.to_owned(), mode: "0640".to_owned(), ..SocketConfig::default() };
    OutputsConfig { socket_output: socket, ..quiet() }
}

/// A reader, and what it got.
struct Reader {
    stream: UnixStream,
    frames: FrameReader,
    numbers: Vec<usize>,
    lost: u64,
    records: Vec<u64>,
    records_lost: u64,
    refused: Vec<String>,
    ended: bool,
}

impl Reader {
    fn connect(path: &Path) -> Reader {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_nonblocking(true).unwrap();
        Reader {
            stream,
            frames: FrameReader::default(),
            numbers: Vec::new(),
            lost: 0,
            records: Vec::new(),
            records_lost: 0,
            refused: Vec::new(),
            ended: false,
        }
    }

    /// One that asks for records, and perhaps for alerts.
    fn of_records(path: &Path, alerts: bool) -> Reader {
        let mut reader = Reader::connect(path);
        reader.ask(&Request { alerts, records: Some(RecordsWanted::default()) });
        reader
    }

    fn ask(&mut self, request: &Request) {
        self.stream.write_all(&request.encode().unwrap()).unwrap();
    }

    /// Reads what there is.
    fn read(&mut self) {
        let mut buf = [0; 65536];
        loop {
            match self.stream.read(&mut buf) {
                Ok(0) => {
                    self.ended = true;
                    return;
                }
                Ok(n) => self.frames.push(&buf[..n]),
                Err(_) => return,
            }
            while let Some(frame) = self.frames.next_frame().unwrap() {
                match frame {
                    Frame::Alert(alert) => {
                        let n: usize = alert.message.rsplit_once("alert ").unwrap().1.parse().unwrap();
                        // What is missing is said before what follows it.
                        assert_eq!(n as u64, self.numbers.len() as u64 + self.lost);
                        self.numbers.push(n);
                    }
                    Frame::Lost(n) => self.lost += n,
                    Frame::Record { number, bytes } => {
                        assert_eq!(number, self.records.len() as u64 + self.records_lost);
                        assert_eq!(*bytes, record(number));
                        self.records.push(number);
                    }
                    Frame::RecordsLost(n) => self.records_lost += n,
                    Frame::Refused(why) => self.refused.push(why),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

/// What stands for a record of this number.
fn record(number: u64) -> Vec<u8> {
    vec![number as u8; 300 + (number % 64) as usize]
}

/// Gives a record to whoever wants it.
fn give(harness: &mut Harness, number: u64) {
    harness.outputs.record_readers(&mut |reader| {
        reader.record(number, &record(number));
    });
}

#[test]
fn every_reader_gets_every_alert_from_when_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut harness = Harness::new(&config(&path));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    // Nobody is there: nothing is lost.
    harness.send(0..3);
    let mut readers: Vec<Reader> = (0..5).map(|_| Reader::connect(&path)).collect();
    (0..3).for_each(|_| harness.turn());
    harness.send(0..100);
    assert!(harness.finish());
    let all = harness.run(|_, _| {
        readers.iter_mut().for_each(Reader::read);
        readers.iter().all(|reader| reader.numbers.len() == 100)
    });
    assert!(all);
    assert_eq!((harness.stats().delivered, harness.stats().lost), (500, 0));
    harness.abort();
    drop(harness);
    assert!(!path.exists());
}

#[test]
fn a_slow_reader_loses_its_own_alerts_only_and_is_told_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut harness = Harness::new(&config(&path));
    let (mut good, mut slow) = (Reader::connect(&path), Reader::connect(&path));
    (0..3).for_each(|_| harness.turn());
    let text = "x".repeat(500);
    let begin = Instant::now();
    for n in 0..5000 {
        harness.send_text(n, &text);
        good.read();
    }
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(harness.stats().lost > 1000);
    let lost = harness.stats().lost;
    let all = harness.run(|_, _| {
        good.read();
        slow.read();
        good.numbers.len() == 5000 && slow.numbers.len() as u64 + slow.lost == 5000
    });
    assert!(all, "{} {} {}", good.numbers.len(), slow.numbers.len(), slow.lost);
    assert_eq!((good.lost, slow.lost), (0, lost));
    harness.send([5000]);
    assert!(harness.run(|_, _| {
        slow.read();
        slow.numbers.last() == Some(&5000)
    }));
}

#[test]
fn readers_beyond_the_bound_are_turned_away_until_one_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut few = config(&path);
    few.socket_output.max_readers = 3;
    let mut harness = Harness::new(&few);
    harness.turn();
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(Reader::connect(&path));
        harness.turn();
    }
    let mut beyond = Reader::connect(&path);
    assert!(harness.run(|_, _| {
        beyond.read();
        beyond.ended
    }));
    readers.pop();
    (0..3).for_each(|_| harness.turn());
    let mut again = Reader::connect(&path);
    (0..3).for_each(|_| harness.turn());
    harness.send([0]);
    assert!(harness.run(|_, _| {
        again.read();
        again.numbers == [0]
    }));
    // One that talks is no reader.
    let _ = again.stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
    assert!(harness.run(|_, _| {
        again.read();
        again.ended
    }));
}

#[test]
fn as_many_read_as_the_configuration_lets_in() {
    const READERS: usize = 300;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut many = config(&path);
    many.socket_output.max_readers = 1000;
    let mut harness = Harness::new(&many);
    harness.turn();
    let mut readers = Vec::new();
    for n in 0..READERS {
        readers.push(if n % 2 == 0 { Reader::connect(&path) } else { Reader::of_records(&path, true) });
        harness.turn();
    }
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == READERS as u64 / 2));
    harness.send(0..20);
    (0..20).for_each(|n| give(&mut harness, n));
    harness.outputs.write_records();
    assert!(harness.run(|_, _| {
        readers.iter_mut().enumerate().all(|(n, reader)| {
            reader.read();
            reader.numbers.len() == 20 && reader.records.len() == if n % 2 == 0 { 0 } else { 20 }
        })
    }));
    // Every second one goes, of both kinds; the others go on.
    let mut n = 0;
    readers.retain(|_| {
        n += 1;
        n % 4 < 2
    });
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == READERS as u64 / 4));
    harness.send([20]);
    assert!(harness.run(|_, _| {
        readers.iter_mut().all(|reader| {
            reader.read();
            reader.numbers.last() == Some(&20)
        })
    }));
}

#[test]
fn a_socket_that_is_left_over_is_taken_over_and_one_in_use_or_anything_else_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let first = Outputs::new(&config(&path), Token(0)).unwrap();
    let refused = |config: &OutputsConfig| Outputs::new(config, Token(0)).unwrap_err().to_string();
    let in_use = refused(&config(&path));
    drop(first);
    std::fs::write(&path, "a file").unwrap();
    let no_socket = refused(&config(&path));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file");
    let long = refused(&config(Path::new(&format!("/{}", "x".repeat(200)))));
    let mut mode = config(&path);
    mode.socket_output.mode = "rw".to_owned();
    let all = [in_use, no_socket, refused(&mode)].join("\n").replace(&path.display().to_string(), "PATH");
    assert!(long.ends_with("File name too long (os error 36)"), "{long}");
    insta::assert_snapshot!(all, @r#"
    socket_output: PATH: somebody listens there already; is another kestrel running?
    socket_output: PATH: there is something under this path that is no socket
    socket_output: mode: "rw" are no permissions: write them in octal, such as "0600"
    "#);
}

#[test]
fn a_reader_gets_what_it_asks_for_in_the_order_of_its_coming() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut harness = Harness::new(&config(&path));
    harness.turn();
    assert!(!harness.outputs.wants_records());
    let mut alerts = Reader::connect(&path);
    let (mut records, mut both) = (Reader::of_records(&path, false), Reader::of_records(&path, true));
    let mut neither = Reader::connect(&path);
    neither.ask(&Request::default());
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == 2));
    assert!(harness.outputs.wants_records());
    for n in 0..50 {
        give(&mut harness, n as u64);
        harness.send([n]);
    }
    harness.outputs.write_records();
    assert!(harness.run(|_, _| {
        [&mut alerts, &mut records, &mut both, &mut neither].into_iter().for_each(Reader::read);
        [&alerts, &both].iter().all(|reader| reader.numbers.len() == 50)
            && [&records, &both].iter().all(|reader| reader.records.len() == 50)
    }));
    assert_eq!((alerts.records.len(), records.numbers.len()), (0, 0));
    assert_eq!((neither.records.len(), neither.numbers.len(), neither.ended), (0, 0, false));
    assert_eq!((harness.stats().delivered, harness.stats().lost), (100, 0));
    let stats = harness.outputs.record_stats().unwrap();
    assert_eq!((stats.given, stats.lost), (100, 0));
    // It asks once.
    both.ask(&Request::default());
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == 1));
    drop(records);
    assert!(harness.run(|outputs, _| !outputs.wants_records()));
}

#[test]
fn a_slow_reader_of_records_loses_its_own_and_no_alert_and_is_told_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut harness = Harness::new(&config(&path));
    harness.turn();
    let (mut good, mut slow) = (Reader::of_records(&path, true), Reader::of_records(&path, true));
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == 2));
    let begin = Instant::now();
    for n in 0..20_000 {
        give(&mut harness, n);
        if n % 100 == 0 {
            harness.send([n as usize / 100]);
            harness.outputs.write_records();
            good.read();
        }
    }
    assert!(begin.elapsed() < Duration::from_secs(5));
    let lost = harness.outputs.record_stats().unwrap().lost;
    assert!(lost > 10_000, "{lost}");
    harness.outputs.write_records();
    let all = harness.run(|_, _| {
        good.read();
        slow.read();
        good.records.len() == 20_000 && slow.records.len() as u64 + slow.records_lost == 20_000
    });
    assert!(all, "{} {} {}", good.records.len(), slow.records.len(), slow.records_lost);
    assert_eq!((good.records_lost, slow.records_lost), (0, lost));
    // Records that are in the way of alerts are left out, never the other way round.
    assert_eq!((slow.numbers.len(), slow.lost, harness.stats().lost), (200, 0, 0));
    give(&mut harness, 20_000);
    harness.outputs.write_records();
    assert!(harness.run(|_, _| {
        slow.read();
        slow.records.last() == Some(&20_000)
    }));
}

#[test]
fn what_waits_for_readers_that_never_read_is_bounded_for_each_and_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let mut harness = Harness::new(&config(&path));
    harness.turn();
    let mut readers = Vec::new();
    for _ in 0..32 {
        readers.push(Reader::of_records(&path, false));
        harness.turn();
    }
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == 32));
    (0..6000).for_each(|n| give(&mut harness, n));
    // What a reader has is what its socket took, about 208 KiB, and a share of 8 MiB.
    let stats = harness.outputs.record_stats().unwrap();
    assert_eq!(stats.given + stats.lost, 32 * 6000);
    let bytes_of_one = stats.given * 330 / 32;
    assert!((256 << 10..600 << 10).contains(&bytes_of_one), "{bytes_of_one}");
    // The others gone, the one that is left may have more.
    readers.truncate(1);
    assert!(harness.run(|outputs, _| outputs.record_stats().unwrap().readers == 1));
    let lost = stats.lost;
    (6000..7000).for_each(|n| give(&mut harness, n));
    assert_eq!(harness.outputs.record_stats().unwrap().lost, lost);
    assert!(harness.run(|_, _| {
        readers[0].read();
        readers[0].records.last() == Some(&6999)
    }));
}

#[test]
fn records_are_for_whom_the_configuration_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    for (records, refused) in [(RecordsFor::Nobody, true), (RecordsFor::Owner, false), (RecordsFor::Everybody, false)] {
        let mut given = config(&path);
        given.socket_output.records = records;
        let mut harness = Harness::new(&given);
        harness.turn();
        let mut reader = Reader::of_records(&path, true);
        assert!(harness.run(|outputs, _| {
            reader.read();
            !reader.refused.is_empty() || outputs.wants_records()
        }));
        assert_eq!(reader.refused.len() == 1, refused, "{:?}", reader.refused);
        // Alerts are another matter.
        harness.send([0]);
        assert!(harness.run(|_, _| {
            reader.read();
            reader.numbers == [0]
        }));
    }
}
