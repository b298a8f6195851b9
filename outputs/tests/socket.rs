//! The socket, read by real readers: good ones, slow ones, too many of them.

mod support;

use kestrel_outputs::socket::{Frame, FrameReader, MAX_READERS};
use kestrel_outputs::{Outputs, OutputsConfig, SocketConfig};
use mio::Token;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Harness, quiet};

fn config(path: &Path) -> OutputsConfig {
    let socket = SocketConfig { enabled: true, path: path.to_owned(), mode: "0640".to_owned() };
    OutputsConfig { socket_output: socket, ..quiet() }
}

/// A reader, and what it got.
struct Reader {
    stream: UnixStream,
    frames: FrameReader,
    numbers: Vec<usize>,
    lost: u64,
    ended: bool,
}

impl Reader {
    fn connect(path: &Path) -> Reader {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_nonblocking(true).unwrap();
        Reader { stream, frames: FrameReader::default(), numbers: Vec::new(), lost: 0, ended: false }
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
                }
            }
        }
    }
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
    let mut harness = Harness::new(&config(&path));
    harness.turn();
    let mut readers = Vec::new();
    for _ in 0..MAX_READERS {
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
