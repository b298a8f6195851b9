//! Asking the web server of a kestrel that runs. Blocks: not for the daemon's loop.

use super::{PATH, Stats, tls};
use crate::config::WebConfig;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that the answer may have.
const MAX_BYTES: u64 = 16 << 20;

/// Why there is no answer: a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

impl Trouble {
    /// This is why.
    pub fn new(why: impl Into<String>) -> Trouble {
        Trouble(why.into())
    }
}

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// Asks the server of this configuration, or the one at `address` in the way of this configuration. `certificate` names a PEM
    /// file of certificate and key that are shown to a server that wants to know its clients.
    ///
    /// # Errors
    /// The address, or a file that TLS needs.
    pub fn new(config: &WebConfig, address: Option<SocketAddr>, certificate: Option<&Path>) -> Result<Client, Trouble> {
        let address = match address {
            Some(address) => address,
            None => reachable(config).map_err(Trouble)?,
        };
        let tls = match config.ssl_enabled {
            true => Some(tls::client(&config.ssl_certificate, certificate).map_err(Trouble)?),
            false => None,
        };
        Ok(Client { address, tls })
    }

    /// The document.
    ///
    /// # Errors
    /// There is no server, or it has none.
    pub fn stats(&self) -> Result<Stats, Trouble> {
        let text = self.text(PATH, "webserver.enabled and metrics.enabled must be true")?;
        serde_json::from_str(&text).map_err(|error| Trouble(format!("{}: {PATH}: {error}", self.address)))
    }

    /// All figures in Prometheus' form.
    ///
    /// # Errors
    /// There is no server, or it has none.
    pub fn metrics(&self) -> Result<String, Trouble> {
        let needs = "webserver.enabled, webserver.prometheus_metrics_enabled and metrics.enabled must be true";
        self.text("/metrics", needs)
    }

    /// What the server answers under a path. `needs` says what must be so.
    fn text(&self, path: &str, needs: &str) -> Result<String, Trouble> {
        let trouble = |error: String| Trouble(format!("{}: {error} ({needs})", self.address));
        let answer = self.ask(path).map_err(|error| trouble(error.to_string()))?;
        body(&answer).map(str::to_owned).map_err(trouble)
    }

    fn ask(&self, path: &str) -> io::Result<String> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        match &self.tls {
            None => talk(stream, &request),
            Some(config) => {
                let name = ServerName::IpAddress(self.address.ip().into());
                let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                talk(StreamOwned::new(tls, stream), &request)
            }
        }
    }
}

fn talk(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(MAX_BYTES).read_to_end(&mut answer) {
        // Whether something is missing is seen by its length.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        other => drop(other?),
    }
    String::from_utf8(answer).map_err(|_| io::Error::other("the answer is no text"))
}

/// The body of a good answer.
fn body(answer: &str) -> Result<&str, String> {
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    match head.lines().next().and_then(|line| line.split(' ').nth(1)) {
        Some("200") => {}
        Some(status) => return Err(format!("the server answers {status}")),
        None => return Err("the answer is no HTTP".to_owned()),
    }
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse::<usize>().ok());
    match length {
        Some(length) if body.len() != length => Err("the answer ends too early".to_owned()),
        _ => Ok(body),
    }
}

/// Where the server of this configuration is reached from this machine.
fn reachable(config: &WebConfig) -> Result<SocketAddr, String> {
    let ip = match config.address()? {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, config.listen_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        for (listens, asked) in [("0.0.0.0", "127.0.0.1:8765"), ("::", "[::1]:8765"), ("192.0.2.1", "192.0.2.1:8765")] {
            let config = WebConfig { listen_address: listens.to_owned(), ..WebConfig::default() };
            assert_eq!(reachable(&config).unwrap().to_string(), asked);
        }
    }

    #[test]
    fn what_is_no_whole_good_answer_is_none() {
        assert_eq!(body("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"), Ok("ab"));
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nab"), Ok("ab"));
        for bad in ["", "ab", "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"] {
            assert!(body(bad).is_err(), "{bad:?}");
        }
        assert_eq!(body("HTTP/1.1 404 Not Found\r\n\r\n"), Err("the server answers 404".to_owned()));
    }
}
