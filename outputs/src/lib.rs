//! Alerts and the sinks that deliver them.
