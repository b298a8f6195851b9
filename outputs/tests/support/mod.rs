//! A loop to put sinks in, certificates, and free ports.
#![allow(dead_code)] // Each test program uses its part.

pub mod servers;

use kestrel_outputs::{Alert, Outputs, OutputsConfig, Priority, SinkStats, StdoutConfig};
use mio::{Events, Poll, Registry, Token};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Sinks in a loop of their own.
pub struct Harness {
    pub outputs: Outputs,
    poll: Poll,
}

/// A configuration without any sink.
pub fn quiet() -> OutputsConfig {
    OutputsConfig { stdout_output: StdoutConfig { enabled: false }, ..OutputsConfig::default() }
}

/// An alert whose message ends with its number.
pub fn alert(n: usize, text: &str) -> Alert {
    Alert {
        time_ns: 1_700_000_000_000_000_000,
        priority: Priority::Critical,
        rule: "A \"rule\" [of mine]".into(),
        source: "syscall".into(),
        tags: vec!["files".to_owned(), "t1".to_owned()].into(),
        hostname: "router7".into(),
        message: format!("{text} alert {n}"),
        fields: Vec::new(),
    }
}

impl Harness {
    pub fn new(config: &OutputsConfig) -> Harness {
        Harness { outputs: Outputs::new(config, Token(10)).expect("sinks"), poll: Poll::new().expect("poll") }
    }

    pub fn send(&mut self, numbers: impl IntoIterator<Item = usize>) {
        numbers.into_iter().for_each(|n| self.send_text(n, "an"));
    }

    pub fn send_text(&mut self, n: usize, text: &str) {
        self.outputs.send(&alert(n, text), self.poll.registry());
    }

    /// Runs the loop until `done`, or too long.
    pub fn run(&mut self, mut done: impl FnMut(&mut Outputs, &Registry) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if done(&mut self.outputs, self.poll.registry()) {
                return true;
            }
            self.turn();
        }
        false
    }

    /// One turn of the loop.
    pub fn turn(&mut self) {
        let mut events = Events::with_capacity(16);
        self.poll.poll(&mut events, Some(Duration::from_millis(10))).expect("poll");
        for event in &events {
            self.outputs.ready(event.token(), self.poll.registry());
        }
        self.outputs.expired(self.poll.registry());
    }

    pub fn finish(&mut self) -> bool {
        self.run(|outputs, registry| outputs.finish(registry))
    }

    pub fn abort(&mut self) {
        self.outputs.abort(self.poll.registry());
    }

    pub fn stats(&self) -> SinkStats {
        self.outputs.stats().next().expect("a sink").1
    }
}

/// A port of the loopback interface that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The numbers of the alerts in a text of lines.
pub fn numbers(text: &str) -> Vec<usize> {
    text.lines().filter_map(|line| line.rsplit_once("alert ")?.1.trim_end_matches('"').parse().ok()).collect()
}

/// An authority of our own, and certificates that it signed, as PEM files.
pub struct Certificates {
    pub dir: tempfile::TempDir,
}

impl Certificates {
    pub fn new() -> Certificates {
        let dir = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
        for (name, host) in [("server", "localhost"), ("client", "router7")] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, host);
            let certificate = params.signed_by(&key, &authority).unwrap();
            std::fs::write(dir.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(dir.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        Certificates { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.dir.path()
    }
}
