//! What network plugins answered, as their library keeps it (<https://github.com/containernetworking/cni>, `libcni`).

use super::{json, list, text};
use std::net::Ipv4Addr;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The first IPv4 address in it.
    pub ip: Option<Ipv4Addr>,
    /// All of it, as JSON.
    pub json: String,
}

/// The answer in a file of results: `{"kind": "cniCacheV1", "result": {"ips": [{"address": "10.0.0.2/24"}]}}`.
pub(super) fn parse(bytes: &[u8]) -> Option<Answer> {
    let value = json(bytes)?;
    let result = value.get("result")?;
    let addresses = list(result, &["ips"]).iter().map(|ip| text(ip, &["address"]));
    let ip = addresses.filter_map(|address| address.split('/').next()).find_map(|address| address.parse().ok());
    Some(Answer { ip, json: result.to_string() })
}
