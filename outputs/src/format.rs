//! An alert as one line of text, or as Falco's JSON.

use crate::escape;
use crate::{Alert, FieldValue, OutputsConfig};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// How an alert is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `time: priority message`.
    Text,
    /// Falco's alert JSON.
    Json,
}

/// How times are written in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeStyle {
    /// `HH:MM:SS.nnnnnnnnn`, local time.
    Local,
    /// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000`, UTC.
    Iso8601,
}

/// What a formatted alert holds.
#[derive(Clone, Debug)]
pub struct Formatter {
    /// Text or JSON.
    pub format: Format,
    /// How times are written.
    pub time: TimeStyle,
    /// JSON: include `output`.
    pub include_output: bool,
    /// JSON: include `message`, the output without time and priority.
    pub include_message: bool,
    /// JSON: include `output_fields`.
    pub include_fields: bool,
    /// JSON: include `tags`.
    pub include_tags: bool,
    /// The zone of local times.
    pub zone: TimeZone,
}

impl Default for Formatter {
    fn default() -> Self {
        Formatter {
            format: Format::Text,
            time: TimeStyle::Local,
            include_output: true,
            include_message: false,
            include_fields: true,
            include_tags: true,
            zone: local_zone(),
        }
    }
}

/// The zone of local times. Where it is the machine's, only its file is read: who asks for it by its name has all names of all zones
/// looked for first, and no name is shown.
pub fn local_zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let of_machine = || TimeZone::tzif("", &std::fs::read("/etc/localtime").ok()?).ok();
    of_machine().unwrap_or_else(TimeZone::system)
}

fn timestamp(ns: u64) -> Timestamp {
    // Whatever a record claims: years that the calendar does not have are shown as its end.
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::MAX)
}

/// A time in nanoseconds since the epoch, as text.
pub fn time_text(ns: u64, style: TimeStyle, zone: &TimeZone) -> String {
    match style {
        TimeStyle::Local => timestamp(ns).to_zoned_datetime(zone.clone()).strftime("%H:%M:%S.%9f").to_string(),
        TimeStyle::Iso8601 => timestamp(ns).strftime("%Y-%m-%dT%H:%M:%S.%9f+0000").to_string(),
    }
}

impl Formatter {
    /// What the configuration says, with the local time zone.
    pub fn of(config: &OutputsConfig) -> Formatter {
        Formatter {
            format: if config.json_output { Format::Json } else { Format::Text },
            time: if config.time_format_iso_8601 { TimeStyle::Iso8601 } else { TimeStyle::Local },
            include_output: config.json_include_output_property,
            include_message: config.json_include_message_property,
            include_fields: config.json_include_output_fields_property,
            include_tags: config.json_include_tags_property,
            zone: local_zone(),
        }
    }

    /// Writes an alert as one line, without a newline at its end.
    pub fn format(&self, alert: &Alert) -> String {
        let mut text = time_text(alert.time_ns, self.time, &self.zone);
        let _ = write!(text, ": {} {}", alert.priority, escape::line(&alert.message));
        match self.format {
            Format::Text => text,
            Format::Json => self.json(alert, &text),
        }
    }

    fn json(&self, alert: &Alert, output: &str) -> String {
        let mut json = String::with_capacity(512);
        let pair = |json: &mut String, key: &str, value: &str| {
            json.push_str(key);
            escape::json_string(json, value);
        };
        pair(&mut json, "{\"hostname\":", &alert.hostname);
        if self.include_message {
            pair(&mut json, ",\"message\":", &alert.message);
        }
        if self.include_output {
            pair(&mut json, ",\"output\":", output);
        }
        pair(&mut json, ",\"priority\":", alert.priority.name());
        pair(&mut json, ",\"rule\":", &alert.rule);
        pair(&mut json, ",\"source\":", &alert.source);
        if self.include_tags {
            json.push_str(",\"tags\":[");
            let mut tags: Vec<_> = alert.tags.iter().collect();
            tags.sort();
            for (i, tag) in tags.into_iter().enumerate() {
                pair(&mut json, if i == 0 { "" } else { "," }, tag);
            }
            json.push(']');
        }
        let _ = write!(json, ",\"time\":\"{}\"", timestamp(alert.time_ns).strftime("%Y-%m-%dT%H:%M:%S.%9fZ"));
        if self.include_fields {
            json.push_str(", \"output_fields\": {");
            let mut fields: Vec<_> = alert.fields.iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields.dedup_by(|a, b| a.0 == b.0);
            for (i, (name, value)) in fields.into_iter().enumerate() {
                pair(&mut json, if i == 0 { "" } else { "," }, name);
                json.push(':');
                field(&mut json, value);
            }
            json.push('}');
        }
        json.push('}');
        json
    }
}

fn field(json: &mut String, value: &FieldValue) {
    let _ = match value {
        FieldValue::Null => write!(json, "null"),
        FieldValue::Bool(b) => write!(json, "{b}"),
        FieldValue::Int(n) => write!(json, "{n}"),
        FieldValue::Uint(n) => write!(json, "{n}"),
        // JSON has no infinities.
        FieldValue::Double(n) if !n.is_finite() => write!(json, "null"),
        FieldValue::Double(n) => write!(json, "{n}"),
        FieldValue::Str(text) => {
            escape::json_string(json, text);
            Ok(())
        }
    };
}
