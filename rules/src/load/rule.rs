//! Rules: defined, changed key by key, appended to, switched on and off.

use super::collection::{Collection, RuleDef};
use super::definition::{name, no_previous};
use super::exception::{self, Exception};
use super::item::Item;
use super::overriding::{self, Overrides};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Findings, ItemRef};
use crate::field::FieldSource;
use crate::suggest::nearest;
use crate::text::{Origin, PiecedText};
use kestrel_core::priority::Priority;
use std::sync::Arc;

const KEYS: &[&str] = &[
    "rule",
    "condition",
    "output",
    "desc",
    "priority",
    "source",
    "enabled",
    "capture",
    "capture_duration",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "tags",
    "exceptions",
    "override",
    "append",
];

const APPENDABLE: &[&str] = &["condition", "output", "desc", "tags", "exceptions"];

const REPLACEABLE: &[&str] = &[
    "condition",
    "output",
    "desc",
    "priority",
    "capture",
    "capture_duration",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
];

/// The source of a rule that names none.
const DEFAULT_SOURCE: &str = "syscall";

/// Reads a rule.
pub fn read(item: Item<'_>, collection: &mut Collection, findings: &mut Findings) {
    item.check_keys(KEYS, findings);
    let Some((name, _)) = name(&item, findings) else { return };
    let of = item.named(&name);
    let append = overriding::append_key(&item, &of, findings);
    let Some(overrides) = Overrides::read(&item, APPENDABLE, REPLACEABLE, findings) else {
        return spoil(&name, collection);
    };
    if append && !overrides.is_empty() {
        return overriding::both(&item, findings);
    }
    if append || !overrides.is_empty() {
        change(&item, &of, &overrides, append, collection, findings);
    } else if ["condition", "output", "desc", "priority"].iter().all(|key| item.get(key).is_none()) {
        switch(&item, &of, collection, findings);
    } else {
        define(&item, of, collection, findings);
    }
}

/// What is wrong with a change was said: the rule must not be said to be wrong once more because of it.
fn spoil(name: &str, collection: &mut Collection) {
    if let Some(rule) = collection.rules.get_mut(name) {
        rule.broken = true;
    }
}

fn define(item: &Item<'_>, of: ItemRef, collection: &mut Collection, findings: &mut Findings) {
    let condition = item.text("condition", findings);
    let output = item.text("output", findings);
    let description = item.text("desc", findings);
    let priority = item.text("priority", findings).and_then(|origin| priority(&origin, findings));
    let tags = tags(item, findings);
    let exceptions = exception::read(item, false, findings);
    let source: Arc<str> = match item.optional_text("source", findings) {
        Some(origin) if !origin.scalar.text.trim().is_empty() => origin.scalar.text.trim().into(),
        _ => DEFAULT_SOURCE.into(),
    };
    let field_source = FieldSource::by_name(&source);
    if field_source.is_none() {
        let help =
            nearest(&source, [DEFAULT_SOURCE, "k8s_audit"].into_iter()).map(|name| format!("did you mean {name}?"));
        let place = item.get("source").map_or_else(|| item.head(), |node| item.place(node));
        let message = format!("Unknown source {source}, skipping");
        let problem = Diagnostic::new(Code::UnknownSource, place, message, "the rule is left out").help(help);
        findings.add(problem.of(&of));
    }
    let name = Arc::clone(&of.name);
    if let Some(known) = collection.rules.get(&name) {
        same_source(item, &known.source, &source, findings);
    }
    let mut rule = RuleDef {
        broken: condition.is_none() || output.is_none() || description.is_none(),
        condition: condition.as_ref().map(PiecedText::new).unwrap_or_default(),
        output: output.as_ref().map(PiecedText::new).unwrap_or_default(),
        description: description.map(|origin| origin.scalar.text.trim().to_owned()).unwrap_or_default(),
        priority: priority.unwrap_or(Priority::Debug),
        enabled: item.boolean("enabled", findings).unwrap_or(true),
        capture: item.boolean("capture", findings).unwrap_or(false),
        capture_duration: item.milliseconds("capture_duration", findings).unwrap_or(0),
        warn_evttypes: item.boolean("warn_evttypes", findings).unwrap_or(true),
        skip_if_unknown: item.boolean("skip-if-unknown-filter", findings).unwrap_or(false),
        tags: tags.unwrap_or_default(),
        exceptions: Vec::new(),
        source,
        item: of,
    };
    put_exceptions(&mut rule, exceptions, findings);
    collection.next();
    collection.rules.put(&name, rule);
}

/// Says that a rule has another source than before, if it has.
fn same_source(item: &Item<'_>, before: &str, now: &str, findings: &mut Findings) {
    if before != now {
        let place = item.get("source").map_or_else(|| item.head(), |node| item.place(node));
        let message = "Rule has been re-defined with a different source";
        findings.add(Diagnostic::new(Code::Validate, place, message, format!("expected {before}, as before")));
    }
}

fn put_exceptions(rule: &mut RuleDef, exceptions: Option<Vec<Exception>>, findings: &mut Findings) {
    let Some(exceptions) = exceptions else {
        rule.broken = true;
        return;
    };
    for exception in &exceptions {
        if !exception::validate(exception, FieldSource::by_name(&rule.source), findings) {
            rule.broken = true;
        }
    }
    rule.exceptions = exceptions;
}

fn priority(origin: &Origin, findings: &mut Findings) -> Option<Priority> {
    let text = origin.scalar.text.trim();
    let priority = text.parse();
    if priority.is_err() {
        let names = Priority::ALL.map(|priority| priority.name().to_ascii_lowercase());
        let help = nearest(&text.to_ascii_lowercase(), names.iter().map(String::as_str));
        let help = help.map(|name| format!("did you mean {name}?"));
        let label = format!("expected {}", names.join(", "));
        let message = format!("Invalid priority {text}");
        findings.add(Diagnostic::new(Code::YamlValidate, origin.whole(), message, label).help(help));
    }
    priority.ok()
}

/// The tags, each once.
fn tags(item: &Item<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for origin in item.texts("tags", findings)? {
        if !tags.contains(&origin.scalar.text) {
            tags.push(origin.scalar.text.clone());
        }
    }
    Some(tags)
}

/// A rule that has nothing but `enabled`: it switches one that was defined before.
fn switch(item: &Item<'_>, of: &ItemRef, collection: &mut Collection, findings: &mut Findings) {
    if item.get("enabled").is_none() {
        // Whatever it was meant to be, it needs these.
        for key in ["condition", "output", "desc", "priority"] {
            item.text(key, findings);
        }
        return;
    }
    let Some(enabled) = item.boolean("enabled", findings) else { return };
    let message = "a rule with nothing but enabled should not be used any more";
    let help = "write override: {enabled: replace}".to_owned();
    let problem = Diagnostic::new(Code::DeprecatedItem, item.key_place("enabled"), message, "it will go away");
    findings.add(problem.help(Some(help)).of(of));
    match collection.rules.get_mut(&of.name) {
        Some(rule) => rule.enabled = enabled,
        None => {
            let help = nearest(&of.name, collection.rules.names()).map(|name| format!("did you mean {name}?"));
            let message = "Rule has 'enabled' key but no rule by that name already exists";
            let label = "expected the rule before it, in this file or an earlier one";
            findings.add(Diagnostic::new(Code::Validate, item.head(), message, label).help(help).of(of));
        }
    }
}

/// Changes a rule that was defined before.
fn change(
    item: &Item<'_>,
    of: &ItemRef,
    overrides: &Overrides,
    append: bool,
    collection: &mut Collection,
    findings: &mut Findings,
) {
    collection.next();
    for key in REPLACEABLE {
        let unused = item.get(key).is_some() && !overrides.appends(key) && !overrides.replaces(key) && !append;
        if unused {
            let message = format!("Unexpected key '{key}': override does not name it");
            let help = format!("write override: {{{key}: replace}}");
            let problem = Diagnostic::new(Code::YamlValidate, item.key_place(key), message, "it would change nothing");
            findings.add(problem.help(Some(help)).of(of));
        }
    }
    let unused = |key: &&&str| item.get(key).is_some() && !matches!(**key, "condition" | "exceptions");
    if append && let Some(key) = REPLACEABLE.iter().find(unused) {
        let message = format!("append does not change {key}");
        let help = format!("write override: {{{key}: replace}} instead of append");
        let problem = Diagnostic::new(Code::UnknownKey, item.key_place(key), message, "ignored");
        findings.add(problem.help(Some(help)).of(of));
    }
    if append && item.get("condition").is_none() && item.get("exceptions").is_none() {
        let message = "Appended rule must have exceptions or condition property";
        findings.add(Diagnostic::new(Code::Validate, item.head(), message, "there is nothing to append").of(of));
    }
    let source = item.optional_text("source", findings);
    let Some(rule) = collection.rules.get_mut(&of.name) else {
        return no_previous(of, collection.rules.names(), findings);
    };
    if let Some(source) = source.filter(|source| !source.scalar.text.trim().is_empty()) {
        same_source(item, &rule.source, source.scalar.text.trim(), findings);
    }
    let appends = |key: &str| overrides.appends(key) || append && matches!(key, "condition" | "exceptions");
    // Whatever can be appended can be replaced: this is every key.
    for key in REPLACEABLE.iter().filter(|key| item.get(key).is_some()) {
        if appends(key) {
            change_key(item, key, true, rule, findings);
        }
        if overrides.replaces(key) {
            change_key(item, key, false, rule, findings);
        }
    }
}

fn change_key(item: &Item<'_>, key: &str, append: bool, rule: &mut RuleDef, findings: &mut Findings) {
    let text = |findings: &mut Findings| item.text(key, findings);
    match key {
        "condition" | "output" => match text(findings) {
            None => rule.broken = true,
            Some(origin) => {
                let changed = if key == "condition" { &mut rule.condition } else { &mut rule.output };
                if append {
                    changed.append(&PiecedText::new(&origin));
                } else {
                    *changed = PiecedText::new(&origin);
                }
            }
        },
        "desc" => {
            if let Some(origin) = text(findings) {
                let text = origin.scalar.text.trim();
                rule.description = if append { format!("{} {text}", rule.description) } else { text.to_owned() };
            }
        }
        "priority" => rule.priority = text(findings).and_then(|o| priority(&o, findings)).unwrap_or(rule.priority),
        "tags" => {
            if let Some(tags) = tags(item, findings) {
                if !append {
                    rule.tags.clear();
                }
                let new: Vec<String> = tags.into_iter().filter(|tag| !rule.tags.contains(tag)).collect();
                rule.tags.extend(new);
            }
        }
        "exceptions" => {
            let exceptions = exception::read(item, append, findings);
            if append {
                append_exceptions(rule, exceptions, findings);
            } else {
                put_exceptions(rule, exceptions, findings);
            }
        }
        "enabled" => rule.enabled = item.boolean(key, findings).unwrap_or(rule.enabled),
        "capture" => rule.capture = item.boolean(key, findings).unwrap_or(rule.capture),
        "capture_duration" => {
            rule.capture_duration = item.milliseconds(key, findings).unwrap_or(rule.capture_duration);
        }
        "warn_evttypes" => rule.warn_evttypes = item.boolean(key, findings).unwrap_or(rule.warn_evttypes),
        "skip-if-unknown-filter" => {
            rule.skip_if_unknown = item.boolean(key, findings).unwrap_or(rule.skip_if_unknown);
        }
        _ => {}
    }
}

fn append_exceptions(rule: &mut RuleDef, exceptions: Option<Vec<Exception>>, findings: &mut Findings) {
    let Some(exceptions) = exceptions else {
        rule.broken = true;
        return;
    };
    for exception in exceptions {
        let mut wrong = |message: &str, label: &str| {
            let mut problem = Diagnostic::new(Code::Validate, exception.place.clone(), message, label).of(&rule.item);
            problem.part = Some(exception.item());
            findings.add(problem);
            rule.broken = true;
        };
        let Some(known) = rule.exceptions.iter_mut().find(|known| known.name == exception.name) else {
            if exception.fields.is_none() {
                wrong("Rule exception must have fields property with a list of fields", "it is a new one");
            } else if exception.values.is_empty() {
                wrong("Rule exception must have values property with a list of values", "it is a new one");
            } else if exception::validate(&exception, FieldSource::by_name(&rule.source), findings) {
                rule.exceptions.push(exception);
            } else {
                rule.broken = true;
            }
            continue;
        };
        if exception.fields.is_some() {
            wrong("Can not append exception fields to existing exception, only values", "leave fields out");
        } else if exception.comps.is_some() {
            wrong("Can not append exception comps to existing exception, only values", "leave comps out");
        } else {
            let new = Exception { fields: known.fields.clone(), comps: known.comps.clone(), ..exception };
            if exception::validate(&new, FieldSource::by_name(&rule.source), findings) {
                known.values.extend(new.values);
            } else {
                rule.broken = true;
            }
        }
    }
}
