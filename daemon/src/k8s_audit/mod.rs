//! The source `k8s_audit`: what is asked of the Kubernetes API, event by event, as its audit log tells it
//! (<https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>).
//!
//! | file | is about |
//! |---|---|
//! | `event.rs` | events, and the bodies and lines that bring them |
//! | `json.rs` | finding values in JSON |
//! | `given.rs` | which fields have a value, and how it is found |
//! | `request.rs` | `ka.*` |
//! | `pod.rs` | `ka.req.pod.*`: pods and their volumes |
//! | `container.rs` | `ka.req.pod.containers.*` and their like |
//! | `facts.rs` | the facts of an event, `evt.*`, `json.*`, `jevt.*` |
//! | `log_file.rs` | an audit log that is followed |

mod container;
mod event;
mod facts;
mod given;
mod json;
mod log_file;
mod pod;
mod request;
#[cfg(test)]
mod tests;

pub use event::{AuditEvent, Batch, BodyError, MAX_BODY, MAX_EVENTS, events_of};
pub use facts::AuditFacts;
pub use given::provided;
pub use log_file::{LogFile, LogStats};

/// What rules call this source.
pub const SOURCE: &str = "k8s_audit";
