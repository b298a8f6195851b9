//! Connections over the network, without ever blocking: addresses, TCP, TLS.
//!
//! | file | is about |
//! |---|---|
//! | `address.rs` | `host:port`, and who looks a name up |
//! | `connection.rs` | one connection, plain or with TLS |
//! | `tls.rs` | whom to trust, and who we are |

pub mod address;
pub mod connection;
pub mod tls;
