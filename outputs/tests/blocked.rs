//! Which outputs wait for somebody to take more, and until when: by that the loop decides how often it looks around.

mod support;

use kestrel_outputs::socket::FrameReader;
use kestrel_outputs::{
    FileConfig, HttpConfig, OutputsConfig, ProgramConfig, SocketConfig, SyslogConfig, SyslogTransport,
};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixDatagram, UnixStream};
use support::{Harness, quiet};

/// More than any socket or pipe takes.
const MANY: usize = 4000;

/// Many alerts, all of them longer than usual.
fn send_many(harness: &mut Harness) {
    (0..MANY).for_each(|n| harness.send_text(n, &"long ".repeat(40)));
}

#[test]
fn a_local_syslog_server_that_does_not_read_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let syslog_output = SyslogConfig { enabled: true, path, ..SyslogConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { syslog_output, ..quiet() });
    harness.send([0]);
    assert!(!harness.outputs.is_blocked());
    send_many(&mut harness);
    assert!(harness.outputs.is_blocked());
    assert!(harness.run(|outputs, _| {
        while server.recv(&mut [0; 1024]).is_ok() {}
        !outputs.is_blocked()
    }));
    assert_eq!(harness.stats().queued, 0);
}

#[test]
fn a_local_syslog_server_that_is_not_there_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let syslog_output = SyslogConfig { enabled: true, path: dir.path().join("log"), ..SyslogConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { syslog_output, ..quiet() });
    harness.send([0]);
    assert!(!harness.outputs.is_blocked() && harness.outputs.deadline().is_some(), "time alone brings it back");
}

#[test]
fn a_tcp_server_that_does_not_read_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let syslog_output = SyslogConfig {
        enabled: true,
        transport: SyslogTransport::Tcp,
        address: listener.local_addr().unwrap().to_string(),
        ..SyslogConfig::default()
    };
    let mut harness = Harness::new(&OutputsConfig { syslog_output, ..quiet() });
    harness.send([0]);
    let (mut server, _) = listener.accept().unwrap();
    assert!(harness.run(|outputs, _| !outputs.is_blocked()));
    server.set_nonblocking(true).unwrap();
    while harness.stats().queued == 0 {
        send_many(&mut harness);
    }
    assert!(harness.outputs.is_blocked());
    let mut buf = [0; 65536];
    assert!(harness.run(|outputs, _| {
        while server.read(&mut buf).is_ok_and(|n| n > 0) {}
        !outputs.is_blocked()
    }));
    assert_eq!(harness.stats().queued, 0);
}

#[test]
fn an_answer_of_an_http_server_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let http_output = HttpConfig { enabled: true, url, ..HttpConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { http_output, ..quiet() });
    harness.send([0]);
    let (mut server, _) = listener.accept().unwrap();
    harness.turn();
    assert!(harness.outputs.is_blocked());
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(harness.run(|outputs, _| !outputs.is_blocked()));
    assert_eq!(harness.stats().delivered, 1);
}

#[test]
fn a_program_that_does_not_read_is_waited_for_and_a_file_never_is() {
    let dir = tempfile::tempdir().unwrap();
    let (go, filename) = (dir.path().join("go"), dir.path().join("alerts"));
    let program = format!("while [ ! -e {} ]; do sleep 0.01; done; cat > /dev/null", go.display());
    let program_output = ProgramConfig { enabled: true, keep_alive: true, program, ..ProgramConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { program_output, ..quiet() });
    harness.send([0]);
    assert!(!harness.outputs.is_blocked());
    send_many(&mut harness);
    assert!(harness.outputs.is_blocked());
    std::fs::write(go, "").unwrap();
    assert!(harness.run(|outputs, _| !outputs.is_blocked()));
    assert_eq!(harness.stats().queued, 0);
    assert!(harness.finish());

    std::os::unix::fs::symlink("/dev/full", &filename).unwrap();
    let file_output = FileConfig { enabled: true, keep_alive: true, filename };
    let mut harness = Harness::new(&OutputsConfig { file_output, ..quiet() });
    harness.send([0]);
    assert!(!harness.outputs.is_blocked() && harness.stats().queued == 1);
}

#[test]
fn a_reader_of_the_socket_that_does_not_read_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let socket_output = SocketConfig { enabled: true, path: path.clone(), ..SocketConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { socket_output, ..quiet() });
    harness.turn();
    let mut reader = UnixStream::connect(&path).unwrap();
    reader.set_nonblocking(true).unwrap();
    harness.turn();
    harness.send([0]);
    assert!(!harness.outputs.is_blocked());
    send_many(&mut harness);
    assert!(harness.outputs.is_blocked());
    let (mut buf, mut frames) = ([0; 65536], FrameReader::default());
    assert!(harness.run(|outputs, _| {
        while let Ok(n) = reader.read(&mut buf) {
            frames.push(&buf[..n]);
            while frames.next_frame().unwrap().is_some() {}
        }
        !outputs.is_blocked()
    }));
}
