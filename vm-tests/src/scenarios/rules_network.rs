//! The default rules about the network.

use super::{RuleCase, Scenario};
use crate::guest::failure::Outcome;
use crate::guest::programs::succeed;
use std::net::TcpListener;

fn stdin_from_connection() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port().to_string();
    succeed(&["/usr/bin/rshell", "stdin-from", "connection", &port]).map(drop)
}

pub const SCENARIOS: &[Scenario] = &[
    Scenario::rule(
        "rule-stream-to-connection",
        "a connection put in the place of standard input raises an alert, a file does not",
        RuleCase {
            rule: "Standard streams joined to a network connection",
            act: stdin_from_connection,
            shows: &[("fd.num", "0"), ("proc.name", "rshell")],
            neighbour: || succeed(&["/usr/bin/rshell", "stdin-from", "file", "/etc/hostname"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-packet-socket",
        "a packet socket raises an alert, a datagram socket does not",
        RuleCase {
            rule: "Packet socket created",
            act: || succeed(&["/usr/bin/agent", "socket", "packet"]).map(drop),
            shows: &[("proc.name", "agent")],
            neighbour: || succeed(&["/usr/bin/agent", "socket", "udp"]).map(drop),
        },
    ),
];
