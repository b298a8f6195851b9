//! Events, and the bodies and lines that bring them.

use jiff::Timestamp;
use serde_json::Value;

/// Bytes that a body may have: the API server sends no more than 10 MiB in a batch of its own, with room for what others
/// put around it.
pub const MAX_BODY: usize = 12 << 20;

/// Events that a body may bring.
pub const MAX_EVENTS: usize = 10_000;

/// An event of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// All of it.
    pub json: Value,
    /// When its stage was reached, ns since the epoch; 0 if it does not say.
    pub time_ns: u64,
}

/// Why a body brings no events.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("{place}: not an event of audit.k8s.io, nor a list of them: {what}")]
    NoEvent {
        /// Where in the body.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// There are too many.
    #[error("more than {MAX_EVENTS} events at once")]
    TooMany,
}

/// The events of a body: one, a list of the kind `EventList`, or an array. All or none.
///
/// # Errors
/// [`BodyError`]
pub fn events_of(body: &[u8]) -> Result<Vec<AuditEvent>, BodyError> {
    let values = match serde_json::from_slice(body)? {
        Value::Array(values) => values,
        Value::Object(mut object) if object.get("kind").and_then(Value::as_str) == Some("EventList") => {
            match object.remove("items") {
                Some(Value::Array(values)) => values,
                Some(Value::Null) | None => Vec::new(),
                Some(_) => return Err(BodyError::NoEvent { place: "items".to_owned(), what: "it is not an array" }),
            }
        }
        value => return Ok(vec![event(value, || "the body".to_owned())?]),
    };
    if values.len() > MAX_EVENTS {
        return Err(BodyError::TooMany);
    }
    values.into_iter().enumerate().map(|(index, value)| event(value, || format!("event {index}"))).collect()
}

fn event(json: Value, place: impl Fn() -> String) -> Result<AuditEvent, BodyError> {
    let wrong = |what| BodyError::NoEvent { place: place(), what };
    let Some(object) = json.as_object() else { return Err(wrong("it is not an object")) };
    // Events in a list need not repeat their kind.
    if object.get("kind").is_some_and(|kind| kind.as_str() != Some("Event")) {
        return Err(wrong("its kind is not Event"));
    }
    if object.get("auditID").and_then(Value::as_str).is_none() {
        return Err(wrong("it has no auditID"));
    }
    let time = |name| object.get(name)?.as_str()?.parse::<Timestamp>().ok();
    let time = time("stageTimestamp").or_else(|| time("requestReceivedTimestamp"));
    let time_ns = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok()).unwrap_or(0);
    Ok(AuditEvent { json, time_ns })
}
