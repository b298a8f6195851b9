//! The schemas against what they are about. The part of JSON Schema that they use is checked by a few lines here.

use serde_json::Value;
use std::process::Command;

fn schema(argument: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_kestrel")).arg(argument).output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("{other}"),
    }
}

/// What is wrong with a value, by its place.
fn problems(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, rule) in schema.as_object().unwrap() {
        let fine = match key.as_str() {
            "type" => match rule {
                Value::String(name) => is_of(value, name),
                names => names.as_array().unwrap().iter().any(|name| is_of(value, name.as_str().unwrap())),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| problems(value, one, at).is_empty()),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
            "minProperties" => value.as_object().is_none_or(|map| map.len() as u64 >= rule.as_u64().unwrap()),
            "maxProperties" => value.as_object().is_none_or(|map| map.len() as u64 <= rule.as_u64().unwrap()),
            "additionalProperties" => match rule {
                Value::Bool(false) => {
                    value.as_object().is_none_or(|map| map.keys().all(|name| schema["properties"].get(name).is_some()))
                }
                rule => value.as_object().is_none_or(|map| map.values().all(|v| problems(v, rule, at).is_empty())),
            },
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(name) {
                        found.extend(problems(inner, rule, &format!("{at}.{name}")));
                    }
                }
                true
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(problems(item, rule, &format!("{at}[{n}]")));
                }
                true
            }
            "$schema" | "title" | "description" | "pattern" => true,
            other => panic!("{other} is not checked here"),
        };
        if !fine {
            found.push(format!("{at}: {key}"));
        }
    }
    found
}

#[test]
fn the_configuration_that_is_installed_fits_its_schema() {
    let schema = schema("--config-schema");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/kestrel.yaml")).unwrap();
    assert_eq!(problems(&yaml(&text), &schema, ""), [""; 0]);
    let wrong = "json_output: 1\nwebserver: {listen_port: 70000, port: 1}\nappend_output: [{match: {tags: a}}]\nnope: 1\nrules: [x]\n";
    assert_eq!(
        problems(&yaml(wrong), &schema, ""),
        [
            ": additionalProperties",
            ".append_output[0].match.tags: type",
            ".json_output: type",
            ".rules[0]: anyOf",
            ".webserver: additionalProperties",
            ".webserver.listen_port: maximum",
        ]
    );
}

#[test]
fn the_rules_that_kestrel_comes_with_fit_the_schema_of_rules() {
    let schema = schema("--rule-schema");
    let mut items = 0;
    for document in kestrel_rules::DEFAULT_RULES.split("\n---\n") {
        let document = yaml(document);
        items += document.as_array().unwrap().len();
        assert_eq!(problems(&document, &schema, ""), [""; 0]);
    }
    assert!(items > 50, "{items}");
    for wrong in [
        "- {rule: a, condition: b, prioritty: c}",
        "- {rule: a, override: {priority: append}}",
        "- {macro: a, items: []}",
        "- {list: a, items: x}",
        "- {name: a}",
        "rule: a",
        "- {rule: a, priority: LOUD}",
        "- {rule: a, exceptions: [{fields: [a]}]}",
    ] {
        assert!(!problems(&yaml(wrong), &schema, "").is_empty(), "{wrong}");
    }
    let right = "- {required_engine_version: 0.31.0}\n- {rule: a, enabled: false, override: {enabled: replace}}\n- {rule: b, exceptions: [{name: c, fields: [d], comps: [in], values: [[[1, 2]]]}]}\n";
    assert_eq!(problems(&yaml(right), &schema, ""), [""; 0]);
}
