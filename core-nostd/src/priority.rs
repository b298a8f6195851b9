//! How bad an alert is: what rules say and sinks map.

use core::fmt;
use core::str::FromStr;

/// syslog's severities (RFC 5424, 6.2.1) under Falco's names. Smaller is worse.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPriority;

impl fmt::Display for NoPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no priority: use emergency, alert, critical, error, warning, notice, informational or debug")
    }
}

impl core::error::Error for NoPriority {}

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
    type Err = NoPriority;

    fn from_str(text: &str) -> Result<Priority, NoPriority> {
        let found = Priority::ALL.into_iter().find(|p| p.name().eq_ignore_ascii_case(text));
        let short = text.eq_ignore_ascii_case("info").then_some(Priority::Informational);
        found.or(short).ok_or(NoPriority)
    }
}
