//! `host:port`, and looking a name up without holding up the loop.
//!
//! An address in figures is taken as it is. Only getaddrinfo(3) knows all the ways in which a system finds names, and it
//! blocks: it runs on a thread of its own, one at a time for each sink, that ends with its answer. A name is looked up at the
//! start and again before every new connection, so that a server that moved is found.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// How often to look whether a lookup has its answer.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Bytes of a host name (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;

/// Stack of the thread that looks a name up, in bytes.
const STACK: usize = 256 << 10;

/// Who is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// An address in figures, without brackets, or a name.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Checks a host and gives its address.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the host.
    pub fn new(host: &str, port: u16) -> Result<Address, String> {
        let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if host.is_empty() || host.len() > MAX_NAME || !(is_name || host.parse::<IpAddr>().is_ok()) {
            return Err(format!("{host:?} is neither a host name nor an address"));
        }
        if port == 0 {
            return Err("port 0 cannot be reached".to_owned());
        }
        Ok(Address { host: host.to_owned(), port })
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let wrong = || format!("{text:?} is no address: write host:port, 192.0.2.1:514 or [2001:db8::1]:514");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').filter(|host| host.contains(':')).ok_or_else(wrong)?,
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        Address::new(host, port.parse().map_err(|_| wrong())?)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where an address leads now.
#[derive(Debug)]
pub enum Found {
    /// Here.
    At(SocketAddr),
    /// Nobody knows yet: ask again after [`LOOK_AGAIN`].
    Later,
}

/// An address and what is known about where it leads.
#[derive(Debug)]
pub struct Lookup {
    address: Address,
    running: Option<Receiver<io::Result<Vec<SocketAddr>>>>,
    /// What the last lookup found and was not tried yet.
    untried: Vec<SocketAddr>,
}

impl Lookup {
    /// Begins to look a name up.
    pub fn new(address: Address) -> Lookup {
        let mut lookup = Lookup { address, running: None, untried: Vec::new() };
        if lookup.figures().is_none() {
            // If there can be no thread now, the first connection tries again.
            let _ = lookup.start();
        }
        lookup
    }

    /// The address as it was given.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next address to try.
    ///
    /// # Errors
    /// The name is not known, or there can be no thread.
    pub fn next(&mut self) -> io::Result<Found> {
        if let Some(ip) = self.figures() {
            return Ok(Found::At(SocketAddr::new(ip, self.address.port)));
        }
        if self.untried.is_empty() {
            if self.running.is_none() {
                self.start()?;
            }
            let answer = match self.running.as_ref().map(Receiver::try_recv) {
                Some(Ok(answer)) => answer,
                Some(Err(TryRecvError::Disconnected)) => Err(io::Error::other("the lookup of the name ended early")),
                Some(Err(TryRecvError::Empty)) | None => return Ok(Found::Later),
            };
            self.running = None;
            self.untried = answer?;
            self.untried.reverse();
        }
        self.untried.pop().map(Found::At).ok_or_else(|| io::Error::other("the name has no address"))
    }

    fn figures(&self) -> Option<IpAddr> {
        self.address.host.parse().ok()
    }

    fn start(&mut self) -> io::Result<()> {
        let (sender, receiver) = channel();
        let Address { host, port } = self.address.clone();
        std::thread::Builder::new().name("lookup".to_owned()).stack_size(STACK).spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            // Nobody waits any more: then nobody is told.
            let _ = sender.send(found);
        })?;
        self.running = Some(receiver);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn an_address_is_a_host_and_a_port_and_shows_as_it_was_given() {
        for good in ["192.0.2.1:514", "[2001:db8::1]:6514", "logs.example.org:601", "my_host:1"] {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        for bad in
            ["", "host", "host:", ":514", "host:0", "host:65536", "2001:db8::1:514", "[192.0.2.1]:1", "a b:1", "[x"]
        {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_found_without_waiting_for_it() {
        let mut lookup = Lookup::new("localhost:514".parse().unwrap());
        let end = Instant::now() + Duration::from_secs(20);
        let found = loop {
            match lookup.next() {
                Ok(Found::At(at)) => break at,
                Ok(Found::Later) if Instant::now() < end => std::thread::sleep(LOOK_AGAIN),
                other => panic!("{other:?}"),
            }
        };
        assert!(found.ip().is_loopback() && found.port() == 514);
    }

    #[test]
    fn a_name_that_nobody_knows_is_an_error_and_is_asked_for_again() {
        let mut lookup = Lookup::new("no-such-host.invalid:514".parse().unwrap());
        for _ in 0..2 {
            let end = Instant::now() + Duration::from_secs(60);
            while matches!(lookup.next(), Ok(Found::Later)) {
                assert!(Instant::now() < end);
                std::thread::sleep(LOOK_AGAIN);
            }
            assert!(lookup.running.is_none() && lookup.untried.is_empty());
        }
    }
}
