//! The local syslog under load: servers that read while the loop has no time, that are slow, that go away, that let nobody in.

mod support;

use kestrel_outputs::{OutputsConfig, QueueConfig, SyslogConfig};
use log::{LevelFilter, Log, Metadata, Record};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::sync::{Mutex, Once, mpsc};
use std::time::{Duration, Instant};
use support::{Harness, numbers, quiet};

fn syslog(path: &Path) -> OutputsConfig {
    let syslog_output = SyslogConfig { enabled: true, path: path.to_owned(), ..SyslogConfig::default() };
    OutputsConfig { syslog_output, ..quiet() }
}

fn server(path: &Path) -> UnixDatagram {
    let server = UnixDatagram::bind(path).unwrap();
    server.set_nonblocking(true).unwrap();
    server
}

/// The numbers of all alerts that wait in the server's socket.
fn read_all(server: &UnixDatagram) -> Vec<usize> {
    let mut buf = [0; 8192];
    let message = || server.recv(&mut buf).ok().map(|n| String::from_utf8(buf[..n].to_vec()).unwrap());
    std::iter::from_fn(message).flat_map(|message| numbers(&message)).collect()
}

/// What was said while these tests ran.
struct Said(Mutex<Vec<String>>);

static SAID: Said = Said(Mutex::new(Vec::new()));

impl Log for Said {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

impl Said {
    fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::set_logger(&SAID).unwrap();
            log::set_max_level(LevelFilter::Info);
        });
    }

    /// About this socket.
    fn about(path: &Path) -> Vec<String> {
        let path = path.display().to_string();
        SAID.0.lock().unwrap().iter().filter(|said| said.contains(&path)).cloned().collect()
    }
}

#[test]
fn a_server_that_reads_gets_more_with_every_alert_while_the_loop_has_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = server(&path);
    let outputs_queue = QueueConfig { capacity: 64, ..QueueConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { outputs_queue, ..syslog(&path) });
    let mut got = Vec::new();
    // The loop does not come to look whether the socket has room again: alerts alone do.
    for n in 0..1000 {
        harness.send([n]);
        // It does not read for thirty alerts, then for ten it does.
        if n % 40 >= 30 {
            got.extend(read_all(&server));
        }
    }
    assert_eq!(harness.stats().lost, 0);
    while harness.stats().queued > 0 {
        harness.turn();
        got.extend(read_all(&server));
    }
    got.extend(read_all(&server));
    assert_eq!(got, (0..1000).collect::<Vec<_>>());
}

#[test]
fn a_slow_server_is_nothing_to_talk_about_and_one_that_was_away_is_said_once_each_way() {
    Said::listen();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let first = server(&path);
    let mut harness = Harness::new(&syslog(&path));
    let mut next = 0;
    let mut slowly = |harness: &mut Harness, server: &UnixDatagram| {
        for _ in 0..5 {
            harness.send(next..next + 30);
            next += 30;
            assert!(harness.run(|outputs, _| {
                read_all(server);
                outputs.stats().next().unwrap().1.queued == 0
            }));
        }
    };
    slowly(&mut harness, &first);
    assert_eq!(Said::about(&path), Vec::<String>::new());
    drop(first);
    std::fs::remove_file(&path).unwrap();
    harness.send([1000]);
    let second = server(&path);
    slowly(&mut harness, &second);
    let said = Said::about(&path);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("alerts wait and it is tried again"), "{said:?}");
    assert!(said[1].contains("answers again"), "{said:?}");
}

#[test]
fn a_server_that_goes_away_after_it_was_slow_is_looked_for_as_soon_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = server(&path);
    let mut harness = Harness::new(&syslog(&path));
    harness.send(0..1000);
    // Again and again it takes what its socket holds, and no more.
    for _ in 0..20 {
        assert!(!read_all(&server).is_empty());
        harness.turn();
    }
    assert!(harness.stats().queued > 500);
    drop(server);
    std::fs::remove_file(&path).unwrap();
    harness.send([1000]);
    let next = harness.outputs.deadline().unwrap();
    assert!(next <= Instant::now() + Duration::from_millis(100), "it is tried again after {:?}", next - Instant::now());
}

#[test]
fn a_stream_server_that_lets_nobody_in_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = UnixListener::bind(&path).unwrap();
    // Others fill its backlog: without blocking, so that it is seen when it is full.
    let mut others = Vec::new();
    while let Ok(other) = mio::net::UnixStream::connect(&path) {
        others.push(other);
        assert!(others.len() < 100_000, "the backlog has no end");
    }
    let (done, is_done) = mpsc::channel();
    let config = syslog(&path);
    let thread = std::thread::spawn(move || {
        let mut harness = Harness::new(&config);
        harness.send(0..3);
        done.send(harness.stats()).unwrap();
        assert!(harness.finish());
        harness.stats()
    });
    let stats = is_done.recv_timeout(Duration::from_secs(30)).expect("sending an alert does not wait for the server");
    assert_eq!((stats.queued, stats.delivered), (3, 0));
    // It lets them in at last, and gets everything.
    let letting_in = std::thread::spawn(move || {
        let mut text = String::new();
        for stream in server.incoming() {
            text.clear();
            std::io::Read::read_to_string(&mut stream.unwrap(), &mut text).unwrap();
            if !text.is_empty() {
                return text;
            }
        }
        text
    });
    drop(others);
    assert_eq!(thread.join().unwrap().delivered, 3);
    assert_eq!(numbers(&letting_in.join().unwrap()), [0, 1, 2]);
}
