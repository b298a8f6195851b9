//! `--config-schema`, `--rule-schema`: JSON schemas (draft-07), for editors and for checks outside of Kestrel.

use super::{Failure, print};
use crate::config::schema;
use serde_json::{Value, json};

/// The schema of the configuration.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn configuration() -> Result<(), Failure> {
    print(format_args!("{:#}", schema::schema()))
}

/// The schema of rule files.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn rules() -> Result<(), Failure> {
    print(format_args!("{:#}", rule_file()))
}

fn text() -> Value {
    json!({"type": "string"})
}

fn truth() -> Value {
    json!({"type": "boolean"})
}

fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

/// What an item is, by the key that it must have; and the other keys that it may have.
fn item(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn overriding(append_or_replace: &[&str], replace: &[&str]) -> Value {
    let both = append_or_replace.iter().map(|key| (*key, json!({"enum": ["append", "replace"]})));
    let one = replace.iter().map(|key| (*key, json!({"enum": ["replace"]})));
    let properties: serde_json::Map<String, Value> =
        both.chain(one).map(|(key, value)| (key.to_owned(), value)).collect();
    item(&[], properties.into())
}

/// The schema of a document of a rule file.
pub fn rule_file() -> Value {
    let scalar = json!({"type": ["string", "number", "boolean"]});
    let plugin = || item(&["name", "version"], json!({"name": text(), "version": text()}));
    let mut required_plugin = plugin();
    required_plugin["properties"]["alternatives"] = list(plugin());
    let texts = json!({"anyOf": [text(), list(json!({"anyOf": [text(), list(text())]}))]});
    let exception = item(&["name"], json!({"name": text(), "fields": texts, "comps": texts, "values": {}}));
    let priorities: Vec<String> = kestrel_rules::Priority::ALL
        .iter()
        .map(|priority| priority.name())
        .chain(["Info"])
        .flat_map(|name| [name.to_owned(), name.to_ascii_uppercase(), name.to_ascii_lowercase()])
        .collect();
    let rule = json!({
        "rule": text(),
        "desc": text(),
        "condition": text(),
        "output": text(),
        "priority": {"enum": priorities},
        "source": text(),
        "enabled": truth(),
        "capture": truth(),
        "capture_duration": {"type": "integer", "minimum": 0},
        "warn_evttypes": truth(),
        "skip-if-unknown-filter": truth(),
        "tags": list(text()),
        "exceptions": list(exception),
        "append": truth(),
        "override": overriding(
            &["condition", "output", "desc", "tags", "exceptions"],
            &["priority", "capture", "capture_duration", "enabled", "warn_evttypes", "skip-if-unknown-filter"],
        ),
    });
    let items = [
        item(&["required_engine_version"], json!({"required_engine_version": {"type": ["integer", "string"]}})),
        item(&["required_plugin_versions"], json!({"required_plugin_versions": list(required_plugin)})),
        item(
            &["list"],
            json!({
                "list": text(),
                "items": list(scalar),
                "append": truth(),
                "override": overriding(&["items"], &[]),
            }),
        ),
        item(
            &["macro"],
            json!({
                "macro": text(),
                "condition": text(),
                "append": truth(),
                "override": overriding(&["condition"], &[]),
            }),
        ),
        item(&["rule"], rule),
    ];
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Rules of kestrel",
        "type": "array",
        "items": {"anyOf": items},
    })
}
