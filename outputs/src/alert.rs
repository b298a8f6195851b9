//! What a rule's match becomes.

use kestrel_core::priority::Priority;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Value of a field in an alert, as JSON shows it. The order is part of the socket's format ([`crate::socket`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FieldValue {
    /// Not known.
    Null,
    /// True or false.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number; times are nanoseconds since the epoch.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// Text.
    Str(String),
}

/// A rule that matched an event. The order is part of the socket's format ([`crate::socket`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Time of the event, nanoseconds since the epoch.
    pub time_ns: u64,
    /// The rule's priority.
    #[serde(with = "priority_number")]
    pub priority: Priority,
    /// The rule's name.
    pub rule: Arc<str>,
    /// The event's source: `syscall`, or `internal` for Kestrel's own.
    pub source: Arc<str>,
    /// The rule's tags.
    pub tags: Arc<[String]>,
    /// Name of this machine.
    pub hostname: Arc<str>,
    /// The rule's output with its fields filled in, without time and priority.
    pub message: String,
    /// Every field of the output by its name, and its value.
    pub fields: Vec<(String, FieldValue)>,
}

/// Priorities as syslog's numbers.
pub(crate) mod priority_number {
    use kestrel_core::priority::Priority;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(priority: &Priority, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*priority as u8)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Priority, D::Error> {
        let number = usize::from(u8::deserialize(deserializer)?);
        Priority::ALL.get(number).copied().ok_or_else(|| D::Error::custom("no priority has this number"))
    }
}
