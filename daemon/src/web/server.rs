//! All clients. They wait in a poll of the server's own, which is one thing that the loop waits for.

use super::connection::{Budget, Connection, Verdict};
use super::route::{Route, Service};
use super::stream::Stream;
use super::tls;
use crate::config::WebConfig;
use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use rustls::ServerConfig;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Clients at the same time.
pub const MAX_CLIENTS: usize = 64;

/// Bytes that the bodies of all clients may have together: twice the longest that Kubernetes sends.
pub const MAX_BODIES: usize = 24 << 20;

/// Clients that are let in in a row before others have their turn.
const MAX_ACCEPTED: usize = 256;

/// When to ask again: a service that had no room, or a system that lets nobody in (too many open files).
const RETRY: Duration = Duration::from_millis(50);

/// How long somebody waits for room before those are sent away who take it up and are waited for, and how long it must have been
/// waited for them.
const CROWDED: Duration = Duration::from_millis(500);
const LAG: Duration = Duration::from_secs(1);

/// Token of the listener; clients have those below.
const LISTENER: Token = Token(MAX_CLIENTS);

/// Why there is no web server.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(String),
    /// The system does not let us.
    #[error("webserver: cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
}

/// See the module.
#[derive(Debug)]
pub struct WebServer {
    routes: Vec<Route>,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    poll: Poll,
    clients: [Option<Connection>; MAX_CLIENTS],
    budget: Budget,
    /// There is something to do without an event, from then on.
    again: Option<Instant>,
    ready: bool,
    stats: WebStats,
}

/// What the server did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebStats {
    /// Clients that came.
    pub clients: u64,
    /// Clients that were sent away to make room.
    pub sent_away: u64,
    /// Clients that took too long.
    pub expired: u64,
}

impl WebServer {
    /// Listens. Requests are answered for these routes alone.
    ///
    /// # Errors
    /// [`WebError`].
    pub fn listen(config: &WebConfig, routes: Vec<Route>) -> Result<WebServer, WebError> {
        let address = SocketAddr::new(config.address().map_err(WebError::Config)?, config.listen_port);
        let tls = match config.ssl_enabled {
            true => Some(tls::server(&config.ssl_certificate, &config.ssl_client_ca).map_err(WebError::Config)?),
            false => None,
        };
        let refused = |error| WebError::Listen { address, error };
        let poll = Poll::new().map_err(refused)?;
        let mut listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(refused)?;
        Ok(WebServer {
            routes,
            listener,
            address,
            tls,
            poll,
            clients: [const { None }; MAX_CLIENTS],
            budget: Budget(MAX_BODIES),
            again: None,
            ready: false,
            stats: WebStats::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The routes, by their numbers.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What it did so far.
    pub fn stats(&self) -> WebStats {
        self.stats
    }

    /// Registers it with the loop.
    ///
    /// # Errors
    /// What the system said.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.poll.as_raw_fd()), token, Interest::READABLE)
    }

    /// Its token is ready: [`WebServer::serve`] has something to do.
    pub fn ready(&mut self) {
        self.ready = true;
    }

    /// When [`WebServer::serve`] is to be called, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        self.clients.iter().flatten().map(Connection::until).chain(self.again).min()
    }

    /// True if [`WebServer::serve`] has something to do.
    pub fn is_due(&self, now: Instant) -> bool {
        self.ready || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Serves whoever has something to say, or room, or no time left.
    pub fn serve(&mut self, service: &mut dyn Service, now: Instant) {
        self.ready = false;
        let mut events = Events::with_capacity(MAX_CLIENTS + 1);
        let retry = self.again.take_if(|again| *again <= now).is_some();
        if retry {
            self.accept(now);
            self.all(|client| client.put_off, service, now);
            self.waiting(service, now);
        }
        // The poll in the poll is edge-triggered as well: nothing may be left in it. Bounded all the same: whoever sends
        // without end is heard again at the next call.
        for _ in 0..MAX_CLIENTS {
            match self.poll.poll(&mut events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    log::error!("webserver: {error}");
                    break;
                }
                Ok(()) => {}
            }
            if events.is_empty() {
                self.expire(now);
                self.uncrowd(now);
                return;
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(now),
                    Token(n) => self.client(n, service, now),
                }
            }
        }
        self.again = Some(now);
        self.expire(now);
        self.uncrowd(now);
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..MAX_ACCEPTED {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => continue,
                Err(error) => {
                    log::error!("webserver: cannot let a client in: {error}; trying again");
                    self.again = Some(now + RETRY);
                    return;
                }
            };
            self.stats.clients += 1;
            let Some(free) = self.room(now) else { continue };
            let stream = match Stream::new(socket, self.tls.as_ref()) {
                Ok(stream) => stream,
                Err(error) => {
                    log::error!("webserver: {error}");
                    continue;
                }
            };
            let mut client = Connection::new(stream, self.stats.clients, now);
            let both = Interest::READABLE | Interest::WRITABLE;
            match self.poll.registry().register(&mut client.stream.socket, Token(free), both) {
                Ok(()) => self.clients[free] = Some(client),
                Err(error) => log::error!("webserver: {error}"),
            }
        }
        self.again = Some(now);
    }

    /// A place for a client: a free one, or that of the client that is waited for longest, between requests if there is one.
    fn room(&mut self, now: Instant) -> Option<usize> {
        if let Some(free) = self.clients.iter().position(Option::is_none) {
            return Some(free);
        }
        let waiting = self.clients.iter().enumerate().filter_map(|(n, client)| {
            let client = client.as_ref()?;
            Some((client.idle_since()?, client.number, n))
        });
        match waiting.min() {
            Some((_, _, longest)) => {
                self.stats.sent_away += 1;
                self.leave(longest);
                Some(longest)
            }
            None => self.send_slowest_away(now),
        }
    }

    /// Sends the client away that is waited for longest while it sends a body, if it is waited for too long.
    fn send_slowest_away(&mut self, now: Instant) -> Option<usize> {
        let clients = self.clients.iter().enumerate();
        let lags = clients.filter_map(|(n, client)| Some((client.as_ref()?.lag(now).filter(|lag| *lag >= LAG)?, n)));
        let (_, slowest) = lags.max()?;
        if let Some(client) = &mut self.clients[slowest] {
            client.expired(&mut self.budget);
        }
        self.stats.sent_away += 1;
        self.leave(slowest);
        Some(slowest)
    }

    /// Serves those who wait for room for their bodies, as far as there is some: small ones first, which are soon over.
    fn waiting(&mut self, service: &mut dyn Service, now: Instant) {
        let waiting = self.clients.iter().enumerate().filter_map(|(n, client)| {
            let client = client.as_ref()?;
            Some((client.needs()?.0, client.number, n))
        });
        let mut waiting: Vec<(usize, u64, usize)> = waiting.collect();
        waiting.sort_unstable();
        for (_, _, n) in waiting {
            self.client(n, service, now);
        }
    }

    /// Makes room where somebody waits for it, at the cost of those who take it up and do not fill it: whoever announces a great body
    /// and does not send it would keep all others waiting.
    fn uncrowd(&mut self, now: Instant) {
        let Some((needed, since)) = self.clients.iter().flatten().filter_map(Connection::needs).min() else { return };
        let crowded = now.saturating_duration_since(since) >= CROWDED;
        while crowded && self.budget.0 < needed && self.send_slowest_away(now).is_some() {}
        let next = if self.budget.0 < needed { now + RETRY } else { now };
        self.again = Some(self.again.map_or(next, |again| again.min(next)));
    }

    fn client(&mut self, n: usize, service: &mut dyn Service, now: Instant) {
        let Some(client) = self.clients.get_mut(n).and_then(Option::as_mut) else { return };
        let before = self.budget.0;
        let verdict = client.serve(&self.routes, service, &mut self.budget, now);
        if client.put_off {
            self.again = Some(self.again.map_or(now + RETRY, |again| again.min(now + RETRY)));
        }
        match verdict {
            Verdict::Waiting => {}
            Verdict::Again => {
                client.put_off = true;
                self.again = Some(now);
            }
            Verdict::Closed => self.leave(n),
        }
        if self.budget.0 > before && self.clients.iter().flatten().any(Connection::waits_for_room) {
            self.again = Some(now);
        }
    }

    fn all(&mut self, which: impl Fn(&Connection) -> bool, service: &mut dyn Service, now: Instant) {
        for n in 0..MAX_CLIENTS {
            if self.clients[n].as_ref().is_some_and(&which) {
                self.client(n, service, now);
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        for n in 0..MAX_CLIENTS {
            if let Some(client) = self.clients[n].as_mut().filter(|client| client.until() <= now) {
                client.expired(&mut self.budget);
                self.stats.expired += 1;
                self.leave(n);
            }
        }
    }

    fn leave(&mut self, n: usize) {
        if let Some(mut client) = self.clients.get_mut(n).and_then(Option::take) {
            client.release(&mut self.budget);
            client.stream.close();
            let _ = self.poll.registry().deregister(&mut client.stream.socket);
        }
    }
}
