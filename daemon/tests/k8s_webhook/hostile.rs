//! Clients that are slow, go away in the middle, or mean harm: none of them keeps a good one from being answered, and nothing that
//! they send becomes an event.

use super::{exec, post, serve, webhook};
use kestrel::web::MAX_CLIENTS;
use proptest::prelude::*;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HEAD: &str = "POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

/// Bytes that somebody sends, and what becomes of the connection then.
enum Client {
    /// Sends this much, and stays without a word.
    Stays(Vec<u8>),
    /// Sends this much and goes away.
    Goes(Vec<u8>),
    /// Sends this again and again, as fast as it goes, and never reads.
    Floods(Vec<u8>),
    /// Sends this byte by byte, without an end.
    Drips(Vec<u8>),
}

/// Whatever there is of them.
fn clients() -> Vec<Client> {
    let deep = "[".repeat(2 << 20);
    let long = format!("{{\"kind\": \"Event\", \"auditID\": \"{}\"", "x".repeat(1 << 20));
    let with_length = |length: usize, body: &str| format!("{HEAD}Content-Length: {length}\r\n\r\n{body}").into_bytes();
    let chunked = |rest: &str| format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{rest}").into_bytes();
    vec![
        Client::Stays(Vec::new()),
        Client::Stays(b"POST /k8s-au".to_vec()),
        Client::Stays(with_length(12 << 20, "{")),
        Client::Stays(with_length(12 << 20, "[")),
        Client::Stays(chunked("100000\r\n{")),
        Client::Goes(b"POST /k8s-audit HTTP/1.1\r\n".to_vec()),
        Client::Goes(with_length(100, "{\"kind\": \"Event\"")),
        Client::Goes(chunked("5\r\n{\"kin\r\n")),
        Client::Goes(with_length(deep.len(), &deep)),
        Client::Goes(with_length(long.len(), &long)),
        Client::Goes(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        Client::Goes(with_length(usize::MAX, "")),
        Client::Floods(b"GET /k8s-audit HTTP/1.1\r\n\r\n".repeat(64)),
        Client::Floods(vec![b'x'; 64 << 10]),
        Client::Floods(with_length(2, "{}")),
        Client::Drips(HEAD.as_bytes().to_vec()),
    ]
}

impl Client {
    /// Does what it does until it is told not to.
    fn act(&self, address: SocketAddr, over: &AtomicBool) {
        let Ok(mut stream) = TcpStream::connect(address) else { return };
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        match self {
            Client::Stays(bytes) => {
                let _ = stream.write_all(bytes);
                while !over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Client::Goes(bytes) => {
                let _ = stream.write_all(bytes);
                let _ = stream.shutdown(Shutdown::Both);
            }
            Client::Floods(bytes) => {
                while !over.load(Ordering::SeqCst) {
                    if stream.write_all(bytes).is_err() {
                        // It was refused, or nobody reads: the next one.
                        let Ok(next) = TcpStream::connect(address) else { return };
                        next.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
                        stream = next;
                    }
                }
            }
            Client::Drips(bytes) => {
                for byte in bytes.iter().cycle() {
                    if over.load(Ordering::SeqCst) || stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }
}

#[test]
fn who_is_slow_or_means_harm_keeps_nobody_out_and_brings_nothing() {
    const GOOD: usize = 40;
    let (alerts, stats) = serve(&webhook(), |address| {
        let over = Arc::new(AtomicBool::new(false));
        let all: Vec<Client> = clients().into_iter().chain(clients()).collect();
        assert!(all.len() < MAX_CLIENTS);
        std::thread::scope(|scope| {
            for client in &all {
                let over = Arc::clone(&over);
                scope.spawn(move || client.act(address, &over));
            }
            for n in 0..GOOD {
                // Each comes anew, as one does that is sent away; half of a request is never answered.
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                let body = exec(&format!("good-{n}")).to_string();
                assert_eq!(post(&mut stream, "application/json", body.as_bytes()), 200);
            }
            over.store(true, Ordering::SeqCst);
        });
    });
    let expected: Vec<String> = (0..GOOD).map(|n| format!("good-{n}")).collect();
    let pods: Vec<&str> = alerts.iter().filter_map(|text| text.split("pod=").nth(1)?.split(' ').next()).collect();
    assert_eq!(pods, expected);
    assert_eq!(stats.events, GOOD as u64);
}

/// Pieces that requests are made of, and break them.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        &b"POST /k8s-audit HTTP/1.1\r\n"[..],
        b"Content-Type: application/json\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"{\"kind\":\"EventList\",\"items\":[",
        b"{\"kind\":\"Event\",\"auditID\":",
        b"[[[[[[[[[[[[[[[[",
        b"]}",
        b"5\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"\0",
    ]);
    let piece = prop_oneof![4 => known.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..40)];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    // Each starts a server; what the parsers make of any bytes is the fuzz targets' part.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_clients_send_the_next_one_is_answered(requests in prop::collection::vec(pieces(), 8)) {
        let (alerts, stats) = serve(&webhook(), move |address| {
            for bytes in &requests {
                let mut stream = TcpStream::connect(address).unwrap();
                let _ = stream.write_all(bytes);
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
            }
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            assert_eq!(post(&mut stream, "application/json", exec("good").to_string().as_bytes()), 200);
        });
        prop_assert_eq!((alerts.len(), stats.events), (1, 1));
    }
}
