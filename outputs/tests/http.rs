//! Alerts by HTTP, against servers on threads of their own: good ones, bad ones and hostile ones.

mod support;

use kestrel_outputs::{HttpConfig, Outputs, OutputsConfig};
use mio::Token;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use support::{Certificates, Harness, numbers, quiet};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request: its head and its body.
#[derive(Debug)]
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Reads a request. Nothing if the connection ended before one.
fn request(stream: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request { head, body })
}

struct Server {
    url: String,
    requests: mpsc::Receiver<Request>,
    _thread: JoinHandle<()>,
}

/// A server that takes connection after connection and does with each, and its number, what it is told.
fn server(mut serve: impl FnMut(usize, TcpStream, &mpsc::Sender<Request>) + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            serve(n, stream.unwrap(), &sender);
        }
    });
    Server { url, requests, _thread: thread }
}

/// One that gives these answers, one a request, whatever the connection; then `OK`.
fn answering(answers: &'static [&'static str]) -> Server {
    let mut answers = answers.iter();
    server(move |_, stream, requests| {
        let mut stream = BufReader::new(stream);
        while let Some(request) = request(&mut stream) {
            let _ = requests.send(request);
            let answer = answers.next().copied().unwrap_or(OK);
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn config(url: &str) -> OutputsConfig {
    let http = HttpConfig { enabled: true, url: url.to_owned(), ..HttpConfig::default() };
    OutputsConfig { http_output: http, json_output: true, ..quiet() }
}

fn counts(harness: &Harness) -> (u64, u64, u64) {
    let stats = harness.stats();
    (stats.delivered, stats.lost, stats.queued)
}

#[test]
fn an_alert_is_posted_in_the_shape_that_falcosidekick_takes() {
    let server = answering(&[]);
    let mut harness = Harness::new(&config(&format!("{}path?q=1", server.url)));
    harness.send([1]);
    assert!(harness.finish());
    let request = server.requests.recv().unwrap();
    let host = server.url.trim_start_matches("http://").trim_end_matches('/');
    insta::assert_snapshot!(request.head.replace(host, "HOST"));
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    for key in ["output", "priority", "rule", "time", "source", "hostname"] {
        assert!(json[key].is_string(), "{key}");
    }
    assert!(json["output_fields"].is_object() && json["tags"].is_array());
    assert_eq!(counts(&harness), (1, 0, 0));
}

#[test]
fn text_is_posted_as_text() {
    let server = answering(&[]);
    let mut harness = Harness::new(&OutputsConfig { json_output: false, ..config(&server.url) });
    harness.send_text(1, "a\r\nb");
    assert!(harness.finish());
    let request = server.requests.recv().unwrap();
    assert!(request.head.contains("\r\nContent-Type: text/plain\r\n"));
    assert!(request.text().ends_with(r"Critical a\r\nb alert 1"), "{}", request.text());
}

#[test]
fn alerts_go_over_one_connection_if_it_is_kept_and_over_many_if_not() {
    for keep_alive in [true, false] {
        let server = server(|n, stream, requests| {
            let mut stream = BufReader::new(stream);
            while let Some(mut request) = request(&mut stream) {
                request.head = n.to_string();
                let _ = requests.send(request);
                stream.get_mut().write_all(OK.as_bytes()).unwrap();
            }
        });
        let mut config = config(&server.url);
        config.http_output.keep_alive = keep_alive;
        let mut harness = Harness::new(&config);
        harness.send(0..20);
        assert!(harness.finish());
        let requests: Vec<Request> = server.requests.try_iter().collect();
        let order: Vec<usize> = requests.iter().map(|request| numbers(&json_output(request))[0]).collect();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
        let connections: Vec<usize> = requests.iter().map(|request| request.head.parse().unwrap()).collect();
        assert_eq!(connections.last(), Some(&if keep_alive { 0 } else { 19 }));
    }
}

fn json_output(request: &Request) -> String {
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    json["output"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_server_cannot_take_now_is_tried_again_in_order() {
    let server = answering(&[
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n",
        OK,
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
    ]);
    let mut harness = Harness::new(&config(&server.url));
    harness.send(0..3);
    assert!(harness.finish());
    let got: Vec<usize> = server.requests.try_iter().flat_map(|request| numbers(&json_output(&request))).collect();
    assert_eq!(got, [0, 0, 0, 0, 1, 1, 2]);
    assert_eq!(counts(&harness), (3, 0, 0));
}

#[test]
fn what_a_server_refuses_is_lost_and_counted_and_the_next_one_has_its_turn() {
    let server = answering(&[
        "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Elsewhere\r\nLocation: http://example.org/\r\nContent-Length: 0\r\n\r\n",
    ]);
    let mut harness = Harness::new(&config(&server.url));
    harness.send(0..3);
    assert!(harness.finish());
    assert_eq!(server.requests.try_iter().count(), 3);
    assert_eq!(counts(&harness), (1, 2, 0));
}

#[test]
fn a_server_that_closes_in_the_middle_gets_the_alert_again() {
    let server = server(|n, stream, requests| {
        let mut stream = BufReader::new(stream);
        match n {
            // At once; after the request; in the middle of the head of the answer.
            0 => {}
            1 => drop(request(&mut stream)),
            2 => {
                let _ = request(&mut stream);
                let _ = stream.get_mut().write_all(b"HTTP/1.1 20");
            }
            _ => {
                let _ = request(&mut stream).map(|request| requests.send(request));
                let _ = stream.get_mut().write_all(OK.as_bytes());
            }
        }
    });
    let mut harness = Harness::new(&config(&server.url));
    harness.send(0..2);
    assert!(harness.finish());
    let got: Vec<usize> = server.requests.try_iter().flat_map(|request| numbers(&json_output(&request))).collect();
    assert_eq!(got, [0, 1]);
    assert_eq!(counts(&harness), (2, 0, 0));
}

#[test]
fn a_kept_connection_that_the_server_closed_meanwhile_costs_nothing() {
    let server = server(|_, stream, requests| {
        let mut stream = BufReader::new(stream);
        let _ = request(&mut stream).map(|request| requests.send(request));
        let _ = stream.get_mut().write_all(OK.as_bytes());
    });
    let mut config = config(&server.url);
    config.http_output.keep_alive = true;
    let mut harness = Harness::new(&config);
    for n in 0..5 {
        harness.send([n]);
        assert!(harness.finish());
    }
    assert_eq!(server.requests.try_iter().count(), 5);
    assert_eq!(counts(&harness), (5, 0, 0));
}

#[test]
fn a_server_that_stalls_holds_nobody_up_and_gets_the_alert_again() {
    let mut kept = Vec::new();
    let server = server(move |n, stream, requests| {
        if n == 0 {
            // Takes the connection and says nothing.
            kept.push(stream);
            return;
        }
        let mut stream = BufReader::new(stream);
        let _ = request(&mut stream).map(|request| requests.send(request));
        let _ = stream.get_mut().write_all(OK.as_bytes());
    });
    let mut harness = Harness::new(&config(&server.url));
    let begin = Instant::now();
    harness.send(0..500);
    (0..5).for_each(|_| harness.turn());
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!(counts(&harness), (0, 0, 500));
    assert!(harness.finish());
    assert!(begin.elapsed() > Duration::from_secs(9));
    assert_eq!(server.requests.try_iter().count(), 500);
    assert_eq!(counts(&harness), (500, 0, 0));
}

#[test]
fn garbage_and_a_head_without_end_are_no_answers_and_bounded() {
    let server = server(|n, stream, requests| {
        let mut stream = BufReader::new(stream);
        let Some(request) = request(&mut stream) else { return };
        match n {
            0 => drop(stream.get_mut().write_all(b"\x00\x01garbage\r\n\r\n")),
            1 => {
                let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n");
                // Until it hangs up.
                while stream.get_mut().write_all(b"X-Endless: yes\r\n").is_ok() {}
            }
            2 => {
                // A body without end costs the connection, not the answer.
                let _ = requests.send(request);
                let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                while stream.get_mut().write_all(&[b'x'; 4096]).is_ok() {}
            }
            _ => {
                let _ = requests.send(request);
                let _ = stream.get_mut().write_all(OK.as_bytes());
            }
        }
    });
    let mut harness = Harness::new(&config(&server.url));
    harness.send(0..2);
    assert!(harness.finish());
    let got: Vec<usize> = server.requests.try_iter().flat_map(|request| numbers(&json_output(&request))).collect();
    assert_eq!(got, [0, 1]);
    assert_eq!(counts(&harness), (2, 0, 0));
}

#[test]
fn a_compressed_alert_is_the_same_alert() {
    let server = answering(&[]);
    let mut config = config(&server.url);
    config.http_output.compress_uploads = true;
    let mut harness = Harness::new(&config);
    harness.send([7]);
    assert!(harness.finish());
    let mut request = server.requests.recv().unwrap();
    assert!(request.head.contains("\r\nContent-Encoding: gzip\r\n"));
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(request.body.as_slice()).read_to_end(&mut plain).unwrap();
    request.body = plain;
    assert_eq!(numbers(&json_output(&request)), [7]);
}

/// A server with a certificate, that wants one of its clients too.
fn tls_server(certificates: &Certificates) -> Server {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificates.path("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificates.path("server.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(certificates.path("server.key")).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let mut server = server(move |_, stream, requests| {
        let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream));
        while let Some(request) = request(&mut stream) {
            let _ = requests.send(request);
            let _ = stream.get_mut().write_all(OK.as_bytes());
        }
    });
    server.url = server.url.replace("http://127.0.0.1", "https://localhost");
    server
}

#[test]
fn with_tls_both_sides_know_each_other_or_nothing_is_sent() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let server = tls_server(&certificates);
    let mut right = config(&server.url);
    right.http_output.mtls = true;
    right.http_output.ca_cert = certificates.path("ca.pem");
    right.http_output.client_cert = certificates.path("client.pem");
    right.http_output.client_key = certificates.path("client.key");
    let mut authority = right.clone();
    authority.http_output.ca_cert = others.path("ca.pem");
    let mut nobody = right.clone();
    nobody.http_output.mtls = false;
    for wrong in [authority, nobody] {
        let mut harness = Harness::new(&wrong);
        harness.send([1]);
        (0..60).for_each(|_| harness.turn());
        assert_eq!(counts(&harness), (0, 0, 1));
    }
    assert_eq!(server.requests.try_iter().count(), 0);
    let mut insecure = right.clone();
    insecure.http_output.insecure = true;
    insecure.http_output.url = server.url.replace("localhost", "127.0.0.1");
    for good in [right, insecure] {
        let mut harness = Harness::new(&good);
        harness.send(0..3);
        assert!(harness.finish());
        assert_eq!(counts(&harness), (3, 0, 0));
        assert_eq!(server.requests.try_iter().count(), 3);
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let refused = |url: &str, change: &dyn Fn(&mut HttpConfig)| {
        let mut config = config(url);
        change(&mut config.http_output);
        Outputs::new(&config, Token(0)).unwrap_err().to_string()
    };
    let sentences = [
        refused("", &|_| ()),
        refused("sidekick:2801", &|_| ()),
        refused("http://user:secret@sidekick/", &|_| ()),
        refused("http://sidekick/", &|c| c.user_agent = "a\r\nb".to_owned()),
        refused("http://sidekick/", &|c| c.insecure = true),
        refused("https://sidekick/", &|c| c.ca_cert = "/no/such/file".into()),
        refused("https://sidekick/", &|c| c.ca_path = "/no/such/folder".into()),
    ];
    insta::assert_snapshot!(sentences.join("\n"));
}
