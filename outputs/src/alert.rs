//! What a rule's match becomes.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

/// How bad it is: syslog's severities (RFC 5424, 6.2.1) under Falco's names. Smaller is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// The system is unusable.
    Emergency = 0,
    /// Somebody must act at once.
    Alert = 1,
    /// Critical conditions.
    Critical = 2,
    /// Errors.
    Error = 3,
    /// Warnings.
    Warning = 4,
    /// Normal, but significant.
    Notice = 5,
    /// Informational.
    Informational = 6,
    /// For debugging.
    Debug = 7,
}

/// The text is no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no priority: use emergency, alert, critical, error, warning, notice, informational or debug")]
pub struct ParsePriorityError(pub String);

impl Priority {
    /// All of them, worst first.
    pub const ALL: [Priority; 8] = [
        Priority::Emergency,
        Priority::Alert,
        Priority::Critical,
        Priority::Error,
        Priority::Warning,
        Priority::Notice,
        Priority::Informational,
        Priority::Debug,
    ];

    /// Falco's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::Emergency => "Emergency",
            Priority::Alert => "Alert",
            Priority::Critical => "Critical",
            Priority::Error => "Error",
            Priority::Warning => "Warning",
            Priority::Notice => "Notice",
            Priority::Informational => "Informational",
            Priority::Debug => "Debug",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Priority {
    type Err = ParsePriorityError;

    fn from_str(text: &str) -> Result<Priority, ParsePriorityError> {
        let found = Priority::ALL.into_iter().find(|p| p.name().eq_ignore_ascii_case(text));
        let short = text.eq_ignore_ascii_case("info").then_some(Priority::Informational);
        found.or(short).ok_or_else(|| ParsePriorityError(text.to_owned()))
    }
}

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
