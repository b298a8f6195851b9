//! What a rule's match becomes.

use kestrel_core::priority::Priority;
use std::rc::Rc;

/// Value of a field in an alert, as JSON shows it.
#[derive(Clone, Debug, PartialEq)]
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

/// A rule that matched an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Time of the event, nanoseconds since the epoch.
    pub time_ns: u64,
    /// The rule's priority.
    pub priority: Priority,
    /// The rule's name.
    pub rule: Rc<str>,
    /// The event's source: `syscall`, or `internal` for Kestrel's own.
    pub source: Rc<str>,
    /// The rule's tags.
    pub tags: Rc<[String]>,
    /// Name of this machine.
    pub hostname: Rc<str>,
    /// The rule's output with its fields filled in, without time and priority.
    pub message: String,
    /// Every field of the output by its name, and its value.
    pub fields: Vec<(String, FieldValue)>,
}
