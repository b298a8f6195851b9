//! The web server: health, versions, metrics; and room for more.
//!
//! ```text
//!  listener ─▶ connection ─bytes─▶ request ─▶ route ─▶ service: the answer ─▶ connection
//!                  ▲                  body: a bounded part of what all may hold │
//!                  └────────────────────── the next request (pipelining) ◀──────┘
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `request.rs` | bytes become a request |
//! | `route.rs` | which requests there are |
//! | `answer.rs` | what is answered |
//! | `connection.rs` | one client |
//! | `stream.rs`, `tls.rs` | its bytes, plain or with TLS |
//! | `server.rs` | all clients |
//!
//! Promises: no client holds up the loop or another client. Clients ([`MAX_CLIENTS`]), heads (`request.rs`), bodies (each route has
//! its bound, all of them together [`MAX_BODIES`]) and time (`connection.rs`) are bounded; where there is no room for another
//! client, the one that is waited for longest makes room, so that a health check gets through whoever else is there. A client
//! whose body has no room yet is not read: it feels that in its own sending.
//!
//! Limits: HTTP/1.0 and 1.1; no compression, no names of hosts, no files.

mod answer;
mod connection;
mod request;
mod route;
mod server;
mod stream;
mod tls;

pub use answer::{Answer, Outcome};
pub use request::{BadRequest, BodyLength, Head, MAX_HEAD, Progress, RequestReader};
pub use route::{Method, Route, Service};
pub use server::{MAX_BODIES, MAX_CLIENTS, WebError, WebServer, WebStats};
