//! syslog over the network, against rsyslog and syslog-ng themselves.

mod support;

use kestrel_outputs::{Outputs, OutputsConfig, SyslogConfig, SyslogFormat, SyslogTlsConfig, SyslogTransport};
use mio::Token;
use std::collections::HashSet;
use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant};
use support::servers::{Kind, Server};
use support::{Certificates, Harness, numbers, quiet};

fn config(transport: SyslogTransport, format: SyslogFormat, port: u16, certificates: &Certificates) -> OutputsConfig {
    let tls = match transport {
        SyslogTransport::Tls => SyslogTlsConfig {
            ca_file: certificates.path("ca.pem"),
            certificate_file: certificates.path("client.pem"),
            key_file: certificates.path("client.key"),
            server_name: "localhost".to_owned(),
        },
        _ => SyslogTlsConfig::default(),
    };
    let address = format!("127.0.0.1:{port}");
    let facility = "auth".to_owned();
    let syslog = SyslogConfig { enabled: true, facility, transport, address, format, tls, ..SyslogConfig::default() };
    OutputsConfig { syslog_output: syslog, ..quiet() }
}

fn name(transport: SyslogTransport) -> &'static str {
    match transport {
        SyslogTransport::Tls => "tls",
        SyslogTransport::Udp => "udp",
        _ => "tcp",
    }
}

/// Everything arrives once, whole and in order: long messages, UTF-8, and what was a control character.
fn arrives(kind: Kind, transport: SyslogTransport, format: SyslogFormat) {
    let certificates = Certificates::new();
    let server = Server::start(kind, name(transport), &certificates);
    let mut harness = Harness::new(&config(transport, format, server.port, &certificates));
    let long = "é".repeat(3900);
    for n in 0..100 {
        match n {
            7 => harness.send_text(n, "a\nb\x1b[2J\u{202e}\u{85}"),
            8 => harness.send_text(n, &long),
            9 => harness.send_text(n, &"✓".repeat(3000)),
            _ => harness.send_text(n, "grün"),
        }
        if transport == SyslogTransport::Udp {
            // Nobody makes a sender of datagrams wait; a burst that a server cannot take is lost.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    assert!(harness.finish(), "{:?} {}", harness.stats(), server.log());
    let all = harness.run(|_, _| server.written().lines().count() >= 100);
    let text = server.written();
    assert!(all, "{} lines; {}", text.lines().count(), server.log());
    let lines: Vec<&str> = text.lines().collect();
    // The ninth is cut, and has lost its number with its end.
    let expected: Vec<usize> = (0..100).filter(|n| *n != 9).collect();
    assert_eq!(numbers(&text), expected);
    assert!(lines[9].len() < 8300 && lines[9].contains(&"✓".repeat(2500)));
    assert!(lines[8].contains(&long));
    assert!(lines[7].contains(r"a\nb\x1b[2J\u{202e}\u{85}"), "{}", lines[7]);
    assert!(lines.iter().all(|line| line.starts_with("router7|kestrel|auth.crit|")), "{}", lines[0]);
    if format == SyslogFormat::Rfc5424 {
        for part in
            [r#"rule="A \"rule\" [of mine\]""#, r#"priority="Critical""#, r#"tags="files,t1""#, r#"sequenceId="1""#]
        {
            assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
        }
    }
    assert_eq!((harness.stats().delivered, harness.stats().lost), (100, 0));
}

#[test]
fn rsyslog_gets_everything_over_udp() {
    arrives(Kind::Rsyslog, SyslogTransport::Udp, SyslogFormat::Rfc5424);
}

#[test]
fn rsyslog_gets_everything_over_tcp_in_the_old_format() {
    arrives(Kind::Rsyslog, SyslogTransport::Tcp, SyslogFormat::Rfc3164);
}

#[test]
fn rsyslog_gets_everything_over_tls() {
    arrives(Kind::Rsyslog, SyslogTransport::Tls, SyslogFormat::Rfc5424);
}

#[test]
fn syslog_ng_gets_everything_over_udp() {
    arrives(Kind::SyslogNg, SyslogTransport::Udp, SyslogFormat::Rfc5424);
}

#[test]
fn syslog_ng_gets_everything_over_tcp() {
    arrives(Kind::SyslogNg, SyslogTransport::Tcp, SyslogFormat::Rfc5424);
}

#[test]
fn syslog_ng_gets_everything_over_tls() {
    arrives(Kind::SyslogNg, SyslogTransport::Tls, SyslogFormat::Rfc5424);
}

/// What a local server gets by its socket, whole and in order.
fn arrives_locally(kind: Kind) {
    const ALL: usize = 300;
    let server = Server::start(kind, "unix", &Certificates::new());
    let facility = "auth".to_owned();
    let syslog = SyslogConfig { enabled: true, facility, path: server.socket(), ..SyslogConfig::default() };
    let mut harness = Harness::new(&OutputsConfig { syslog_output: syslog, ..quiet() });
    let long = "é".repeat(3900);
    for n in 0..ALL {
        harness.send_text(n, if n == 8 { &long } else { "grün" });
        if n % 10 == 0 {
            harness.turn();
        }
    }
    assert!(harness.finish(), "{:?} {}", harness.stats(), server.log());
    let all = harness.run(|_, _| server.written().lines().count() >= ALL);
    let text = server.written();
    assert!(all, "{} lines; {}", text.lines().count(), server.log());
    assert_eq!(numbers(&text), (0..ALL).collect::<Vec<_>>());
    assert!(text.lines().nth(8).is_some_and(|line| line.contains(&long)));
    assert!(text.lines().all(|line| line.contains("|kestrel|auth.crit|")), "{}", text.lines().next().unwrap());
    assert_eq!((harness.stats().delivered, harness.stats().lost), (ALL as u64, 0));
}

#[test]
fn rsyslog_gets_everything_by_its_local_socket() {
    arrives_locally(Kind::Rsyslog);
}

#[test]
fn syslog_ng_gets_everything_by_its_local_socket() {
    arrives_locally(Kind::SyslogNg);
}

/// A server is restarted while alerts go on: none is lost, those that come twice are told, and the order holds.
fn survives_a_restart(kind: Kind, transport: SyslogTransport, kill: bool) {
    const ALL: usize = 1000;
    let certificates = Certificates::new();
    let mut server = Server::start(kind, name(transport), &certificates);
    let mut harness = Harness::new(&config(transport, SyslogFormat::Rfc5424, server.port, &certificates));
    for n in 0..ALL {
        harness.send([n]);
        if n % 10 == 0 {
            harness.turn();
        }
        match n {
            400 => server.stop(kill),
            700 => server.restart(),
            _ => {}
        }
    }
    assert!(harness.finish(), "{:?} {}", harness.stats(), server.log());
    let complete = harness.run(|_, _| numbers(&server.written()).into_iter().collect::<HashSet<_>>().len() == ALL);
    let got = numbers(&server.written());
    let mut seen = HashSet::new();
    let first: Vec<usize> = got.iter().copied().filter(|n| seen.insert(*n)).collect();
    let doubled = got.len() - first.len();
    println!("{kind:?} {transport:?} killed: {kill}: lost {}, doubled {doubled} of {ALL}", ALL - first.len());
    assert!(complete, "{} of {ALL} arrived; {}", first.len(), server.log());
    assert_eq!(first, (0..ALL).collect::<Vec<_>>());
    // Not more than was sent before the server went away, a second time.
    assert!(doubled <= 401);
    assert_eq!((harness.stats().delivered, harness.stats().lost), (ALL as u64, 0));
}

#[test]
fn a_restart_of_rsyslog_loses_nothing_over_tcp() {
    survives_a_restart(Kind::Rsyslog, SyslogTransport::Tcp, false);
}

#[test]
fn a_restart_of_rsyslog_loses_nothing_over_tls() {
    survives_a_restart(Kind::Rsyslog, SyslogTransport::Tls, false);
}

#[test]
fn a_crash_of_rsyslog_loses_nothing_over_tcp() {
    survives_a_restart(Kind::Rsyslog, SyslogTransport::Tcp, true);
}

#[test]
fn a_restart_of_syslog_ng_loses_nothing_over_tcp() {
    survives_a_restart(Kind::SyslogNg, SyslogTransport::Tcp, false);
}

#[test]
fn a_crash_of_syslog_ng_loses_nothing_over_tls() {
    survives_a_restart(Kind::SyslogNg, SyslogTransport::Tls, true);
}

#[test]
fn a_crash_of_rsyslog_loses_nothing_over_tls() {
    survives_a_restart(Kind::Rsyslog, SyslogTransport::Tls, true);
}

#[test]
fn a_crash_of_syslog_ng_loses_nothing_over_tcp() {
    survives_a_restart(Kind::SyslogNg, SyslogTransport::Tcp, true);
}

#[test]
fn a_restart_of_syslog_ng_loses_nothing_over_tls() {
    survives_a_restart(Kind::SyslogNg, SyslogTransport::Tls, false);
}

#[test]
fn a_server_with_another_name_or_another_authority_gets_nothing() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let server = Server::start(Kind::SyslogNg, "tls", &certificates);
    let right = config(SyslogTransport::Tls, SyslogFormat::Rfc5424, server.port, &certificates);
    let mut name = right.clone();
    name.syslog_output.tls.server_name = "elsewhere".to_owned();
    let mut authority = right.clone();
    authority.syslog_output.tls.ca_file = others.path("ca.pem");
    for wrong in [name, authority] {
        let mut harness = Harness::new(&wrong);
        harness.send([1]);
        for _ in 0..50 {
            harness.turn();
        }
        assert_eq!((harness.stats().queued, harness.stats().delivered), (1, 0));
    }
    let mut harness = Harness::new(&right);
    harness.send([2]);
    assert!(harness.finish());
    assert!(harness.run(|_, _| numbers(&server.written()) == [2]), "{}", server.written());
}

#[test]
fn a_server_that_does_not_read_holds_nobody_up_and_gets_everything_later() {
    let certificates = Certificates::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = config(SyslogTransport::Tcp, SyslogFormat::Rfc3164, port, &certificates);
    config.outputs_queue.capacity = 20_000;
    let mut harness = Harness::new(&config);
    harness.turn();
    let text = "x".repeat(50);
    let begin = Instant::now();
    (0..8000).for_each(|n| harness.send_text(n, &text));
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    let (mut stream, _) = listener.accept().unwrap();
    for _ in 0..20 {
        harness.turn();
    }
    let mut bytes = Vec::new();
    let reader = std::thread::spawn(move || {
        let _ = stream.read_to_end(&mut bytes);
        bytes
    });
    assert!(harness.finish());
    harness.abort();
    let text = String::from_utf8(reader.join().unwrap()).unwrap();
    // RFC 6587: length, space, message, and nothing in between.
    let (mut rest, mut got) = (text.as_str(), Vec::new());
    while let Some((length, tail)) = rest.split_once(' ') {
        let (message, tail) = tail.split_at(length.parse().unwrap());
        got.extend(numbers(message));
        rest = tail;
    }
    assert_eq!(got, (0..8000).collect::<Vec<_>>());
}

#[test]
fn a_server_that_never_shakes_hands_holds_nobody_up() {
    let certificates = Certificates::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut harness = Harness::new(&config(SyslogTransport::Tls, SyslogFormat::Rfc5424, port, &certificates));
    let begin = Instant::now();
    harness.send(0..500);
    (0..5).for_each(|_| harness.turn());
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!((harness.stats().queued, harness.stats().lost), (500, 0));
    // It is given up after a while: the loop is told when.
    assert!(harness.outputs.deadline().is_some_and(|at| at < begin + Duration::from_secs(20)));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let refused = |change: &dyn Fn(&mut SyslogConfig)| {
        let mut config =
            OutputsConfig { syslog_output: SyslogConfig { enabled: true, ..SyslogConfig::default() }, ..quiet() };
        change(&mut config.syslog_output);
        Outputs::new(&config, Token(0)).unwrap_err().to_string()
    };
    let sentences = [
        refused(&|c| c.transport = SyslogTransport::Udp),
        refused(&|c| (c.transport, c.address) = (SyslogTransport::Tcp, "192.0.2.1".to_owned())),
        refused(&|c| c.format = SyslogFormat::Rfc5424),
        refused(&|c| c.address = "192.0.2.1:514".to_owned()),
        refused(&|c| c.tls.server_name = "x".to_owned()),
        refused(&|c| {
            (c.transport, c.address) = (SyslogTransport::Tls, "192.0.2.1:6514".to_owned());
            c.tls.ca_file = "/no/such/file".into();
        }),
        refused(&|c| {
            (c.transport, c.address) = (SyslogTransport::Tls, "192.0.2.1:6514".to_owned());
            c.tls.key_file = "/no/such/file".into();
        }),
        refused(&|c| {
            (c.transport, c.address) = (SyslogTransport::Tls, "192.0.2.1:6514".to_owned());
            c.tls.ca_file = "/etc/hostname".into();
        }),
    ];
    insta::assert_snapshot!(sentences.join("\n"));
}
