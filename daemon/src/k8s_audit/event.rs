//! Events, and the bodies and lines that bring them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

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

/// The events of a body, each still as text, so that a great body needs little memory.
#[derive(Debug)]
pub struct Batch<'a>(Vec<&'a RawValue>);

/// What a body can be: an event, or a list of the kind `EventList`.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

/// What tells that something is an event.
#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "auditID")]
    audit_id: Option<Cow<'a, str>>,
}

impl<'a> Batch<'a> {
    /// The events of a body: one, a list of the kind `EventList`, or an array. All or none.
    ///
    /// # Errors
    /// [`BodyError`]
    pub fn of(body: &'a [u8]) -> Result<Batch<'a>, BodyError> {
        let whole: &RawValue = serde_json::from_slice(body)?;
        let list = match whole.get().as_bytes().first() {
            Some(b'[') => Some(whole),
            Some(b'{') => {
                let body: Body<'_> = serde_json::from_str(whole.get())?;
                match (body.kind.as_deref(), body.items) {
                    (Some("EventList"), None) => return Ok(Batch(Vec::new())),
                    (Some("EventList"), Some(items)) if !items.get().starts_with('[') => {
                        return Err(no_event("items", "it is not an array"));
                    }
                    (Some("EventList"), items) => items,
                    _ => None,
                }
            }
            _ => return Err(no_event("the body", "it is not an object")),
        };
        let Some(list) = list else {
            check(whole, || "the body".to_owned())?;
            return Ok(Batch(vec![whole]));
        };
        let events: Vec<&RawValue> = serde_json::from_str(list.get())?;
        if events.len() > MAX_EVENTS {
            return Err(BodyError::TooMany);
        }
        for (index, event) in events.iter().enumerate() {
            check(event, || format!("event {index}"))?;
        }
        Ok(Batch(events))
    }

    /// The events, one after the other. One that is nested too deep is an error.
    pub fn events(&self) -> impl Iterator<Item = Result<AuditEvent, serde_json::Error>> {
        self.0.iter().map(|event| Ok(AuditEvent::new(serde_json::from_str(event.get())?)))
    }
}

fn no_event(place: &str, what: &'static str) -> BodyError {
    BodyError::NoEvent { place: place.to_owned(), what }
}

fn check(event: &RawValue, place: impl Fn() -> String) -> Result<(), BodyError> {
    if !event.get().starts_with('{') {
        return Err(no_event(&place(), "it is not an object"));
    }
    let probe: Probe<'_> = serde_json::from_str(event.get())?;
    // Events in a list need not repeat their kind.
    if probe.kind.is_some_and(|kind| kind != "Event") {
        return Err(no_event(&place(), "its kind is not Event"));
    }
    if probe.audit_id.is_none() {
        return Err(no_event(&place(), "it has no auditID"));
    }
    Ok(())
}

/// The events of a body, all or none.
///
/// # Errors
/// [`BodyError`]
pub fn events_of(body: &[u8]) -> Result<Vec<AuditEvent>, BodyError> {
    Ok(Batch::of(body)?.events().collect::<Result<_, _>>()?)
}

impl AuditEvent {
    fn new(json: Value) -> AuditEvent {
        let time = |name| json.get(name)?.as_str()?.parse::<Timestamp>().ok();
        let time = time("stageTimestamp").or_else(|| time("requestReceivedTimestamp"));
        let time_ns = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok()).unwrap_or(0);
        AuditEvent { json, time_ns }
    }
}
