//! From a match to an alert, and alerts of Kestrel's own.

use super::append::Extra;
use kestrel_outputs::{Alert, FieldValue, Priority};
use kestrel_rules::{Facts, Field, Rule, Value};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The alert of a rule that matched, with what is added to it.
pub fn alert(rule: &Rule, extra: Option<&Extra>, facts: &impl Facts, time_ns: u64, hostname: &Arc<str>) -> Alert {
    let mut message = String::with_capacity(256);
    rule.output.render(facts, &mut message);
    let mut fields = Vec::new();
    rule.output.each_value(facts, |name, field, value| {
        let value = match field.map(|field| field.field) {
            // Falco's JSON has these two as numbers.
            Some(Field::EvtTime | Field::EvtTimeIso8601) => FieldValue::Uint(time_ns),
            _ => field_value(value),
        };
        fields.push((name.to_owned(), value));
    });
    if let Some(extra) = extra {
        extra.append(facts, &mut message, &mut fields);
    }
    Alert {
        time_ns,
        priority: rule.priority,
        rule: Arc::clone(&rule.name),
        source: Arc::clone(&rule.source),
        tags: Arc::clone(&rule.tags),
        hostname: Arc::clone(hostname),
        fields,
        message,
    }
}

/// A value as alerts hold it: several are joined by commas.
pub(crate) fn field_value(value: Value<'_>) -> FieldValue {
    match value {
        Value::Missing => FieldValue::Null,
        Value::Bool(b) => FieldValue::Bool(b),
        Value::Int(n) => FieldValue::Int(n),
        Value::Uint(n) => FieldValue::Uint(n),
        Value::Double(n) => FieldValue::Double(n),
        Value::Str(bytes) => FieldValue::Str(String::from_utf8_lossy(bytes).into_owned()),
        Value::Ip(ip) => FieldValue::Str(ip.to_string()),
        Value::Any(values) | Value::List(values) => {
            let texts = values.iter().map(|value| match field_value(*value) {
                FieldValue::Str(text) => text,
                FieldValue::Int(n) => n.to_string(),
                FieldValue::Uint(n) => n.to_string(),
                FieldValue::Bool(b) => b.to_string(),
                FieldValue::Double(n) => n.to_string(),
                FieldValue::Null => "<NA>".to_owned(),
            });
            FieldValue::Str(texts.collect::<Vec<_>>().join(","))
        }
    }
}

/// Now, in nanoseconds since the epoch.
pub fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// Fields as they stand in the text of Falco's internal alerts: sorted, texts in quotes.
pub fn shown(fields: &[(String, FieldValue)]) -> String {
    let mut sorted: Vec<&(String, FieldValue)> = fields.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let texts = sorted.iter().map(|(name, value)| match value {
        FieldValue::Null => format!("{name}=null"),
        FieldValue::Bool(b) => format!("{name}={b}"),
        FieldValue::Int(n) => format!("{name}={n}"),
        FieldValue::Uint(n) => format!("{name}={n}"),
        FieldValue::Double(n) => format!("{name}={n}"),
        FieldValue::Str(text) => format!("{name}={text:?}"),
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// An alert of Kestrel's own, of now.
pub fn internal(
    rule: &str,
    priority: Priority,
    message: String,
    fields: Vec<(String, FieldValue)>,
    hostname: Arc<str>,
) -> Alert {
    Alert {
        time_ns: now_ns(),
        priority,
        rule: rule.into(),
        source: "internal".into(),
        tags: Vec::new().into(),
        hostname,
        message,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        assert_eq!(field_value(Value::Missing), FieldValue::Null);
        assert_eq!(field_value(Value::Int(-1)), FieldValue::Int(-1));
        assert_eq!(field_value(Value::Str(b"a\xffb")), FieldValue::Str("a\u{fffd}b".to_owned()));
        let both = [Value::Ip("10.0.0.1".parse().unwrap()), Value::Missing, Value::Uint(3)];
        assert_eq!(field_value(Value::Any(&both)), FieldValue::Str("10.0.0.1,<NA>,3".to_owned()));
    }
}
