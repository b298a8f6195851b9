//! The web server, over real sockets: who uses it well is answered, who does not does no harm.

use kestrel::config::WebConfig;
use kestrel::web::{Answer, Head, MAX_CLIENTS, Method, Outcome, Route, Service, WebServer};
use mio::{Events, Poll, Token};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// What the service does, as the test sets it.
#[derive(Default)]
struct Switches {
    stop: AtomicBool,
    full: AtomicBool,
    taken: AtomicUsize,
}

struct Echo(Arc<Switches>);

impl Service for Echo {
    fn answer(&mut self, route: usize, head: &Head, body: &[u8]) -> Outcome {
        match route {
            0 => Outcome::Answer(Answer::text(200, &head.target)),
            1 if self.0.full.load(Ordering::SeqCst) => Outcome::NotNow,
            1 => {
                self.0.taken.fetch_add(body.len(), Ordering::SeqCst);
                Outcome::Answer(Answer::text(200, &body.len().to_string()))
            }
            _ => Outcome::Answer(Answer { body: vec![b'x'; 8 * MIB], ..Answer::text(200, "") }),
        }
    }
}

/// A server in a loop of its own.
struct Running {
    address: SocketAddr,
    switches: Arc<Switches>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(config: &WebConfig) -> Running {
        let config = WebConfig { listen_port: 0, ..config.clone() };
        let routes = vec![
            Route::get("/healthz"),
            Route { method: Method::Post, path: "/take".to_owned(), max_body: 12 * MIB },
            Route::get("/long"),
        ];
        let mut server = WebServer::listen(&config, routes).unwrap();
        let address = server.address();
        let switches = Arc::new(Switches::default());
        let thread = std::thread::spawn({
            let switches = Arc::clone(&switches);
            move || {
                let mut poll = Poll::new().unwrap();
                server.register(poll.registry(), Token(0)).unwrap();
                let mut service = Echo(Arc::clone(&switches));
                let mut events = Events::with_capacity(8);
                while !switches.stop.load(Ordering::SeqCst) {
                    let longest = Instant::now() + Duration::from_millis(20);
                    let until = server.deadline().map_or(longest, |deadline| deadline.min(longest));
                    match poll.poll(&mut events, Some(until.saturating_duration_since(Instant::now()))) {
                        Err(error) if error.kind() != ErrorKind::Interrupted => panic!("{error}"),
                        _ => {}
                    }
                    if !events.is_empty() {
                        server.ready();
                    }
                    let now = Instant::now();
                    if server.is_due(now) {
                        server.serve(&mut service, now);
                    }
                }
            }
        });
        Running { address, switches, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes and gives everything that is answered until the end.
    fn ask(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        rest(&mut stream)
    }

    fn is_well(&self) -> bool {
        self.ask(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.switches.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn rest(stream: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// The first line and the body of each answer.
fn summary(answers: &str) -> Vec<String> {
    let answers = answers.split("HTTP/1.1 ").skip(1);
    answers
        .map(|answer| {
            answer
                .split_once("\r\n\r\n")
                .map(|(head, body)| format!("{} | {}", head.lines().next().unwrap(), body.trim()))
                .unwrap()
        })
        .collect()
}

#[test]
fn requests_are_answered_in_their_order_however_they_are_sent() {
    let server = Running::start(&WebConfig::default());
    let requests = "GET /healthz?1 HTTP/1.1\r\n\r\nHEAD /healthz HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nPOST /healthz HTTP/1.1\r\n\r\n\
        POST /take HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /healthz?2 HTTP/1.0\r\n\r\n";
    let expected = [
        "200 OK | /healthz?1",
        "200 OK | ",
        "404 Not Found | there is nothing under this path",
        "405 Method Not Allowed | this path does not do that",
        "200 OK | 3",
        "200 OK | /healthz?2",
    ];
    let together = server.ask(requests.as_bytes());
    assert!(together.contains("Allow: GET, HEAD\r\n"));
    assert_eq!(summary(&together), expected);
    let mut slowly = server.connect();
    slowly.set_nodelay(true).unwrap();
    for byte in requests.as_bytes().chunks(7) {
        slowly.write_all(byte).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(summary(&rest(&mut slowly)), expected);
}

#[test]
fn many_requests_in_one_piece_are_all_answered() {
    let server = Running::start(&WebConfig::default());
    let requests =
        "GET /healthz HTTP/1.1\r\n\r\n".repeat(300) + "GET /healthz?last HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answers = summary(&server.ask(requests.as_bytes()));
    assert_eq!((answers.len(), answers[300].as_str()), (301, "200 OK | /healthz?last"));
}

#[test]
fn who_is_refused_gets_to_see_why_even_while_sending() {
    let server = Running::start(&WebConfig::default());
    let post = |length: usize| format!("POST /take HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
    let mut stream = server.connect();
    stream.write_all(post(13 * MIB).as_bytes()).unwrap();
    let block = vec![b'x'; MIB];
    let mut sent = 0;
    while sent < 13 && stream.write_all(&block).is_ok() {
        sent += 1;
    }
    assert_eq!(summary(&rest(&mut stream)), ["413 Content Too Large | the body is too long"]);
    assert_eq!(summary(&server.ask(b"\x16\x03\x01\x02\x00\n\n\n")), ["400 Bad Request | this is no HTTP request"]);
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(summary(&server.ask(long.as_bytes())), ["431 Request Header Fields Too Large | the head is too long"]);
    assert!(server.is_well());
}

#[test]
fn clients_that_say_nothing_or_half_of_it_keep_nobody_out() {
    let server = Running::start(&WebConfig::default());
    let mut half: Vec<TcpStream> = Vec::new();
    for n in 0..3 * MAX_CLIENTS {
        let mut stream = server.connect();
        if n % 2 == 0 {
            stream.write_all(b"GET /healthz HTT").unwrap();
        }
        half.push(stream);
    }
    for _ in 0..20 {
        assert!(server.is_well());
    }
    // Those that came last are still there.
    let mut last = half.pop().unwrap();
    last.write_all(b"GET /healthz?late HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(summary(&rest(&mut last)), ["200 OK | /healthz?late"]);
}

#[test]
fn a_client_that_does_not_read_its_answer_holds_up_nobody() {
    let server = Running::start(&WebConfig::default());
    let mut lazy = server.connect();
    lazy.write_all(b"GET /long HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
    for _ in 0..5 {
        assert!(server.is_well());
    }
    assert_eq!(rest(&mut lazy).split_once("\r\n\r\n").unwrap().1.len(), 8 * MIB);
}

#[test]
fn bodies_that_have_no_room_wait_and_get_through_one_after_the_other() {
    let server = Running::start(&WebConfig::default());
    server.switches.full.store(true, Ordering::SeqCst);
    let clients: Vec<_> = (0..5)
        .map(|n| {
            let mut stream = server.connect();
            std::thread::spawn(move || {
                let body = vec![b'x'; 12 * MIB];
                let head = match n % 2 {
                    0 => format!("POST /take HTTP/1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()),
                    _ => format!(
                        "POST /take HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n",
                        body.len()
                    ),
                };
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(&body).unwrap();
                if n % 2 == 1 {
                    stream.write_all(b"\r\n0\r\n\r\n").unwrap();
                }
                rest(&mut stream)
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.is_well());
    assert_eq!(server.switches.taken.load(Ordering::SeqCst), 0);
    server.switches.full.store(false, Ordering::SeqCst);
    for client in clients {
        assert_eq!(summary(&client.join().unwrap()), [format!("200 OK | {}", 12 * MIB)]);
    }
    assert_eq!(server.switches.taken.load(Ordering::SeqCst), 60 * MIB);
}

#[test]
fn who_announces_great_bodies_and_does_not_send_them_keeps_nobody_out() {
    let server = Running::start(&WebConfig::default());
    // As many as take all the room there is, and then as many more as there may be, which wait for it.
    let announced: Vec<TcpStream> = (0..MAX_CLIENTS - 4)
        .map(|n| {
            let mut stream = server.connect();
            let length =
                if n % 2 == 0 { "Content-Length: 12582912\r\n\r\n" } else { "Transfer-Encoding: chunked\r\n\r\n" };
            stream.write_all(format!("POST /take HTTP/1.1\r\n{length}").as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..3 {
        let small = server.ask(b"POST /take HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab");
        assert_eq!(summary(&small), ["200 OK | 2"]);
    }
    assert!(server.is_well());
    drop(announced);
}

#[test]
fn who_takes_every_place_with_half_a_body_keeps_nobody_out() {
    let server = Running::start(&WebConfig::default());
    let half: Vec<TcpStream> = (0..MAX_CLIENTS)
        .map(|_| {
            let mut stream = server.connect();
            let head = b"POST /take HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
            stream.write_all(head).unwrap();
            // Once it is told to go on, it is no client any more that is waited for between requests.
            stream.read_exact(&mut [0; 25]).unwrap();
            stream.write_all(b"{").unwrap();
            stream
        })
        .collect();
    // Until they are waited for too long, there is no place for others.
    let end = Instant::now() + Duration::from_secs(10);
    let mut stream = server.connect();
    let answered = |stream: &mut TcpStream| {
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").is_ok();
        asked && rest(stream).starts_with("HTTP/1.1 200 OK\r\n")
    };
    while !answered(&mut stream) {
        assert!(Instant::now() < end, "nobody gets in");
        std::thread::sleep(Duration::from_millis(50));
        stream = server.connect();
    }
    drop(half);
}

#[test]
fn a_client_that_waits_for_a_word_before_its_body_gets_it() {
    let server = Running::start(&WebConfig::default());
    let mut stream = server.connect();
    let head = b"POST /take HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    stream.write_all(head).unwrap();
    let mut word = [0; 25];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ab").unwrap();
    assert_eq!(summary(&rest(&mut stream)), ["200 OK | 2"]);
}

#[test]
fn with_a_certificate_it_speaks_tls() {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("both.pem");
    std::fs::write(&path, key.cert.pem() + &key.signing_key.serialize_pem()).unwrap();
    let config = WebConfig { ssl_enabled: true, ssl_certificate: path.clone(), ..WebConfig::default() };
    let server = Running::start(&config);

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&path).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for request in [
        "GET /healthz HTTP/1.1\r\n\r\n".repeat(50) + "GET /long HTTP/1.0\r\n\r\n",
        "POST /take HTTP/1.0\r\nContent-Length: 4194304\r\n\r\n".to_owned() + &"x".repeat(4 * MIB),
    ] {
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = rustls::ClientConnection::new(Arc::new(client.clone()), name).unwrap();
        let mut socket = server.connect();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.write_all(request.as_bytes()).unwrap();
        let answers = summary(&rest(&mut stream));
        let last = answers.last().unwrap();
        assert!(last.len() > 8 * MIB || last == "200 OK | 4194304", "{}", &last[..last.len().min(100)]);
    }
    // One who speaks plainly is no harm.
    assert!(!server.ask(b"GET /healthz HTTP/1.1\r\n\r\n").contains("200"));

    std::fs::write(&path, "nothing").unwrap();
    let refused = WebServer::listen(&config, Vec::new()).unwrap_err().to_string();
    assert!(refused.contains("there is no certificate in it"), "{refused}");
}

#[test]
fn an_address_that_is_taken_is_said() {
    let server = Running::start(&WebConfig::default());
    let config = WebConfig { listen_port: server.address.port(), ..WebConfig::default() };
    let refused = WebServer::listen(&config, Vec::new()).unwrap_err().to_string();
    assert!(refused.starts_with("webserver: cannot listen on 127.0.0.1:"), "{refused}");
}
