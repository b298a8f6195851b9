//! What rules, macros and lists there are, and what each is made of, as JSON.

use super::expanded::{Parts, expanded};
use crate::diagnostic::LoadErrors;
use crate::load::{self, Compiled, Entry, ListDef, RuleDef, RuleSource, with_exceptions};
use crate::static_fields::StaticFields;
use crate::syntax::{Expr, parse};
use kestrel_core::schema::{self, EventSet};
use serde_json::{Map, Value, json};

/// Describes everything in rule files, or one rule alone. `None` if there is no rule of that name.
///
/// # Errors
/// [`LoadErrors`]: everything that is wrong with the files.
pub fn describe(
    sources: &[RuleSource],
    static_fields: &StaticFields,
    rule: Option<&str>,
) -> Result<Option<Value>, LoadErrors> {
    let (compiled, findings) = load::load(sources, static_fields);
    if !findings.errors.is_empty() {
        return Err(findings.into());
    }
    let collection = &compiled.collection;
    let rules: Vec<Value> = collection
        .rules
        .iter()
        .filter(|def| rule.is_none_or(|name| *def.item.name == *name))
        .map(|def| of_rule(def, &compiled))
        .collect();
    if rule.is_some() {
        return Ok((!rules.is_empty()).then(|| json!({ "rules": rules })));
    }
    let (major, minor, patch) = collection.engine_version.unwrap_or_default();
    let requirement = |plugins: &Vec<load::Requirement>| {
        let one = |plugin: &load::Requirement| json!({ "name": plugin.name, "version": plugin.version });
        let mut all = plugins.iter().map(one);
        let mut first = all.next().unwrap_or_default();
        if let Value::Object(first) = &mut first {
            first.insert("alternatives".to_owned(), all.collect());
        }
        first
    };
    Ok(Some(json!({
        "required_engine_version": format!("{major}.{minor}.{patch}"),
        "required_plugin_versions": collection.requirements.iter().map(requirement).collect::<Vec<_>>(),
        "rules": rules,
        "macros": collection.macros.iter().map(|def| of_macro(&def.item.name, def.condition.as_str(), &compiled)).collect::<Vec<_>>(),
        "lists": collection.lists.iter().map(|def| of_list(def, &compiled)).collect::<Vec<_>>(),
    })))
}

fn names(events: &EventSet) -> Vec<&'static str> {
    events.iter().filter_map(schema::get).map(|event| event.name).collect()
}

/// What a condition is made of.
fn details(expr: Option<&Expr>, compiled: &Compiled) -> Map<String, Value> {
    let mut parts = Parts::default();
    let mut text = String::new();
    if let Some(expr) = expr {
        parts.add(expr, &compiled.checker);
        text = expanded(expr, &compiled.checker).to_string();
    }
    let pairs = [
        ("macros", json!(parts.macros)),
        ("lists", json!(parts.lists)),
        ("condition_operators", json!(parts.operators)),
        ("condition_fields", json!(parts.fields)),
        ("condition_compiled", json!(text)),
        // What Falco's plugins do is built in.
        ("plugins", json!([])),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn of_rule(def: &RuleDef, compiled: &Compiled) -> Value {
    let condition = with_exceptions(&def.condition, &def.exceptions);
    let expr = parse(condition.as_str()).ok();
    let mut details = details(expr.as_ref(), compiled);
    let found = compiled.rules.iter().find(|rule| rule.rule.name == def.item.name);
    let texts = |entries: &mut dyn Iterator<Item = &Entry>| -> Vec<String> {
        let mut all: Vec<String> =
            entries.flat_map(Entry::texts).map(|origin| origin.scalar.text.trim().to_owned()).collect();
        all.sort();
        all.dedup();
        all
    };
    let mut output_fields: Vec<String> =
        found.iter().flat_map(|found| found.rule.output.fields()).map(|(_, field)| field.to_string()).collect();
    output_fields.sort();
    output_fields.dedup();
    let more = [
        ("output_fields", json!(output_fields)),
        ("extra_output_formatted_fields", json!([])),
        ("exception_names", json!(def.exceptions.iter().map(|exception| &exception.name).collect::<Vec<_>>())),
        ("exception_fields", json!(texts(&mut def.exceptions.iter().flat_map(|exception| &exception.fields)))),
        ("exception_operators", json!(texts(&mut def.exceptions.iter().flat_map(|exception| &exception.comps)))),
        ("events", json!(found.map(|found| names(&found.rule.events)).unwrap_or_default())),
        ("output_compiled", json!(def.output.as_str().trim())),
    ];
    details.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    json!({
        "info": {
            "name": *def.item.name,
            "condition": def.condition.as_str().trim(),
            "priority": def.priority.name(),
            "output": def.output.as_str().trim(),
            "description": def.description,
            "enabled": def.enabled,
            "source": *def.source,
            "capture": def.capture,
            "capture_duration": def.capture_duration,
            "tags": def.tags,
        },
        "details": details,
    })
}

fn of_macro(name: &str, condition: &str, compiled: &Compiled) -> Value {
    let def = compiled.checker.macros.get(name);
    let mut details = details(def.and_then(|def| def.expr.as_ref()), compiled);
    details.insert("used".to_owned(), json!(def.is_some_and(|def| def.used.get())));
    let events = compiled.checker.macro_events(name).map(|events| names(&events)).unwrap_or_default();
    details.insert("events".to_owned(), json!(events));
    json!({ "info": { "name": name, "condition": condition.trim() }, "details": details })
}

fn of_list(def: &ListDef, compiled: &Compiled) -> Value {
    let list = compiled.checker.lists.get(&def.item.name);
    let items: Vec<&str> = def.items.iter().map(|origin| origin.scalar.text.as_str()).collect();
    let lists: Vec<&&str> = items.iter().filter(|item| compiled.collection.lists.get(item.trim()).is_some()).collect();
    let compiled_items: Vec<_> =
        list.iter().flat_map(|list| list.items.iter()).map(|item| item.literal.text().into_owned()).collect();
    json!({
        "info": { "name": *def.item.name, "items": items },
        "details": {
            "used": list.is_some_and(|list| list.used.get()),
            "lists": lists,
            "items_compiled": compiled_items,
            "plugins": [],
        },
    })
}
