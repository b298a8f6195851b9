//! Why a rule did not fire: the same records are played once more, and the rule's fields are looked at.

use super::replay::{Moment, replay};
use super::{RuleTexts, Test};
use crate::fields::EventFacts;
use crate::watch::field_value;
use kestrel_core::schema;
use kestrel_outputs::FieldValue;
use kestrel_rules::{ArgRule, Facts, Field, FieldRef, Rule, RuleSet, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a value that are shown.
const MOST: usize = 120;

/// Lines about each of these rules, none of which fired.
pub fn absence(test: &Test, rules: &[&str], sources: &RuleTexts) -> Vec<String> {
    let Ok(loaded) = RuleSet::load(&sources.files, sources.options()) else { return Vec::new() };
    let mut set = loaded.rules;
    let mut lines = Vec::new();
    replay(test, |moment, facts| {
        if moment == Moment::Judged {
            lines = of_event(&mut set, rules, facts);
        }
    });
    lines
}

fn of_event(set: &mut RuleSet, rules: &[&str], facts: &EventFacts<'_>) -> Vec<String> {
    let mut matching = Vec::new();
    set.evaluate(facts.id(), facts, |rule| matching.push(rule.name.to_string()));
    let event = schema::get(facts.id()).map_or("", |event| event.name);
    let mut lines = Vec::new();
    for name in rules {
        let Some((rule, fields)) = set.fields().find(|(rule, _)| *rule.name == **name) else { continue };
        if let Some(first) = matching.first().filter(|_| matching.iter().any(|rule| rule == name)) {
            lines.push(format!("{name} matches, but {first} stands before it, and only the first fires"));
        } else if !rule.events.contains(facts.id()) {
            lines.push(format!("{name} never looks at {event}: it is about {}", events(rule)));
        } else {
            lines.push(format!("{name} looks at {event}, and does not match; it sees"));
            lines.extend(values(rule, &fields, facts));
        }
    }
    lines
}

fn events(rule: &Rule) -> String {
    let mut names: Vec<&str> = rule.events.iter().filter_map(schema::get).map(|event| event.name).collect();
    if names.len() > 8 {
        let more = names.len() - 8;
        names.truncate(8);
        return format!("{} and {more} more", names.join(", "));
    }
    names.join(", ")
}

/// The values of a rule's fields: of those in its condition that need no argument, and of those in its output.
fn values(rule: &Rule, fields: &BTreeSet<Field>, facts: &EventFacts<'_>) -> Vec<String> {
    let plain = |field: &&Field| !matches!(field.def().arg, ArgRule::Name | ArgRule::NameOrIndex);
    let mut wanted: BTreeMap<String, FieldRef> = fields
        .iter()
        .filter(plain)
        .map(|field| FieldRef::plain(*field))
        .map(|field| (field.to_string(), field))
        .collect();
    wanted.extend(rule.output.fields().map(|(_, field)| (field.to_string(), field.clone())));
    // Arguments of the condition are not to be had; this shows what they would.
    if fields.contains(&Field::EvtArg) || fields.contains(&Field::EvtRawarg) {
        wanted.insert("evt.args".to_owned(), FieldRef::plain(Field::EvtArgs));
    }
    wanted.iter().map(|(name, field)| format!("  {name} = {}", cut(&show(facts.value(field))))).collect()
}

/// A value as text outputs show it.
fn show(value: Value<'_>) -> String {
    match field_value(value) {
        FieldValue::Null => "<NA>".to_owned(),
        FieldValue::Bool(b) => b.to_string(),
        FieldValue::Int(n) => n.to_string(),
        FieldValue::Uint(n) => n.to_string(),
        FieldValue::Double(n) => n.to_string(),
        FieldValue::Str(text) => text,
    }
}

/// Without control characters, and not without end.
fn cut(text: &str) -> String {
    let shown: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MOST { format!("{shown}…") } else { shown }
}
