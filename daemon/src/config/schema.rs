//! The table of keys as a JSON schema (draft-07, which Falco has, too).

use super::explained::explained;
use super::keys::KEYS;
use super::kind::Kind;
use serde_json::{Map, Value, json};

/// The schema of a configuration file.
pub fn schema() -> Value {
    let mut root = object();
    for (path, kind) in KEYS {
        let mut at = &mut root;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            let entry = at["properties"][name].take();
            let is_key = names.peek().is_none();
            at["properties"][name] = match (entry, is_key) {
                (_, true) => described(*kind, explained(path)),
                (Value::Null, false) => object(),
                (section, false) => section,
            };
            at = &mut at["properties"][name];
        }
    }
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Configuration of kestrel");
    root
}

fn object() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {}})
}

fn described(kind: Kind, text: &str) -> Value {
    let mut value = of(kind);
    if !text.is_empty() {
        value["description"] = json!(text);
    }
    value
}

fn of(kind: Kind) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Count(least, u64::MAX) => json!({"type": "integer", "minimum": least}),
        Kind::Count(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Ratio => json!({"type": "number", "minimum": 0}),
        Kind::Duration(least) => json!({"anyOf": [
            {"type": "integer", "minimum": least},
            {"type": "string", "pattern": "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"},
        ]}),
        Kind::Text => json!({"type": "string"}),
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
        Kind::Switch => {
            let by = |name: &str| json!({"type": "object", "additionalProperties": false, "required": [name], "properties": {name: {"type": "string"}}});
            let how = |name: &str| json!({"type": "object", "additionalProperties": false, "required": [name], "properties": {name: {"anyOf": [by("rule"), by("tag")]}}});
            json!({"anyOf": [how("enable"), how("disable")]})
        }
        Kind::Record(fields) => {
            let properties: Map<String, Value> =
                fields.iter().map(|(name, kind)| ((*name).to_owned(), of(*kind))).collect();
            json!({"type": "object", "additionalProperties": false, "properties": properties})
        }
        Kind::Pair => json!({
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "string"},
        }),
        Kind::Texts => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::TextOr(other) => json!({"anyOf": [{"type": "string"}, of(*other)]}),
        Kind::List(item) => json!({"type": "array", "items": of(*item)}),
    }
}
