//! What else there is to do while records come without a pause.

use crate::stage::{outputs, run, watch};
use crate::support::{kill, machine};
use kestrel::event_loop::{Handler, Limits};
use kestrel::sources::Accounts;
use kestrel::watch::Watch;
use kestrel_outputs::{OutputsConfig, SyslogConfig};
use mio::{Registry, Token};
use std::ops::ControlFlow;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

/// Fewer than the loop reads before it looks around where there is nothing else to do.
const RECORDS: usize = 3000;

/// Watches beside a syslog server that begins to read after so many records, and then reads at once what comes.
struct Beside {
    watch: Watch,
    server: UnixDatagram,
    reads_from: usize,
    records: usize,
    messages: usize,
    /// Messages that had come when the last record came.
    in_time: usize,
}

impl Handler for Beside {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        self.records += 1;
        if self.records > self.reads_from {
            while self.server.recv(&mut [0; 1024]).is_ok() {
                self.messages += 1;
            }
            self.in_time = self.messages;
        }
        let flow = self.watch.record(bytes, registry);
        if self.records == RECORDS { ControlFlow::Break(()) } else { flow }
    }

    fn ready(&mut self, token: Token, registry: &Registry) {
        self.watch.ready(token, registry);
    }

    fn is_blocked(&self) -> bool {
        self.watch.is_blocked()
    }

    fn deadline(&self) -> Option<Instant> {
        self.watch.deadline()
    }

    fn expired(&mut self, registry: &Registry) {
        self.watch.expired(registry);
    }

    fn finish(&mut self, accounts: &Accounts, registry: &Registry) -> bool {
        self.watch.finish(accounts, registry)
    }
}

#[test]
fn a_server_that_reads_again_gets_what_waited_while_records_come_without_a_pause() {
    const ALERTS: u64 = 100;
    let (cpus, source, _told) = machine(1, 1 << 20);
    for n in 0..ALERTS {
        assert!(cpus[0].record(kill("evil", n, &[(1, n)])));
    }
    for n in ALERTS..RECORDS as u64 {
        assert!(cpus[0].record(kill("good", n, &[])));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let syslog_output = SyslogConfig { enabled: true, path, ..SyslogConfig::default() };
    let watch = watch(&OutputsConfig { syslog_output, ..outputs() });
    let mut beside = Beside { watch, server, reads_from: ALERTS as usize, records: 0, messages: 0, in_time: 0 };
    run(source, Limits::default(), &mut beside).stop.unwrap();
    assert_eq!((beside.records, beside.in_time), (RECORDS, ALERTS as usize));
}
