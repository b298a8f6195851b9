//! syslog: the local socket, UDP, TCP and TLS.
//!
//! | file | is about |
//! |---|---|
//! | `message.rs` | RFC 3164 and RFC 5424 |
//! | `local.rs` | `/dev/log` |
//! | `udp.rs` | a datagram a message (RFC 5426) |
//! | `stream.rs` | TCP and TLS, with counted octets (RFC 6587, RFC 5425) |
//! | `window.rs` | what was sent lately, to be sent again |

mod local;
mod message;
mod stream;
mod udp;
mod window;

use crate::config::{SyslogConfig, SyslogFormat, SyslogTransport};
use crate::net::address::{Address, Lookup};
use crate::net::tls::{self, Identity, SYSTEM_CERTIFICATES, Trust};
use crate::queue::Queue;
use crate::{OutputError, Sink};
use jiff::tz::TimeZone;
use message::Message;
use std::path::PathBuf;

/// The sink that a configuration asks for.
///
/// # Errors
/// [`OutputError::Config`] if the configuration makes no sense, or a file of certificates cannot be used.
pub fn sink(config: &SyslogConfig, zone: TimeZone, queue: Queue) -> Result<Box<dyn Sink>, OutputError> {
    let wrong = |text: String| OutputError::Config(format!("syslog_output: {text}"));
    let facility = config
        .facility
        .parse()
        .map_err(|()| wrong(format!("{:?} is no facility: use user, daemon, auth, local0 …", config.facility)))?;
    let message = Message { facility, pid: std::process::id(), zone, format: config.format };
    if config.transport != SyslogTransport::Tls && config.tls != Default::default() {
        return Err(wrong("the keys below tls mean something only with transport: tls".to_owned()));
    }
    if config.transport == SyslogTransport::Local {
        if config.format == SyslogFormat::Rfc5424 {
            let why = "the local socket takes what syslog(3) sends: format: rfc5424 needs transport: udp, tcp or tls";
            return Err(wrong(why.to_owned()));
        }
        if !config.address.is_empty() {
            return Err(wrong("address is for transport: udp, tcp or tls; the local socket is path".to_owned()));
        }
        return Ok(Box::new(local::LocalSink::new(config.path.clone(), message, queue)));
    }
    if config.address.is_empty() {
        return Err(wrong("address is missing: the server, such as 192.0.2.1:514".to_owned()));
    }
    let address: Address = config.address.parse().map_err(|text| wrong(format!("address: {text}")))?;
    let tls = match config.transport {
        SyslogTransport::Tls => Some(tls_of(config, &address).map_err(|text| wrong(format!("tls: {text}")))?),
        _ => None,
    };
    let lookup = Lookup::new(address);
    Ok(match config.transport {
        SyslogTransport::Udp => Box::new(udp::UdpSink::new(lookup, message, queue)),
        _ => Box::new(stream::StreamSink::new(lookup, tls, message, queue)),
    })
}

fn tls_of(config: &SyslogConfig, address: &Address) -> Result<crate::net::connection::Tls, String> {
    let tls = &config.tls;
    let file =
        if tls.ca_file.as_os_str().is_empty() { PathBuf::from(SYSTEM_CERTIFICATES) } else { tls.ca_file.clone() };
    let given = |path: &PathBuf| !path.as_os_str().is_empty();
    let identity = match (given(&tls.certificate_file), given(&tls.key_file)) {
        (true, true) => Some(Identity { certificate: tls.certificate_file.clone(), key: tls.key_file.clone() }),
        (false, false) => None,
        _ => return Err("certificate_file and key_file go together".to_owned()),
    };
    let name = if tls.server_name.is_empty() { &address.host } else { &tls.server_name };
    Ok((tls::client(&Trust::File(file), identity.as_ref())?, tls::server_name(name)?))
}
