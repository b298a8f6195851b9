//! What rules mean: each promise of the language by an example that is judged.

mod changing;
mod conditions;
mod exceptions;
mod lists_and_macros;
mod matching;
mod outputs;
mod values;

use kestrel_core::schema::{self, EventId};
use kestrel_rules::{Facts, FieldRef, LoadErrors, LoadOptions, Matching, RuleSet, RuleSource, Value};

/// An event whose fields have these values, by their names as an output shows them.
struct Given<'a>(&'a [(&'a str, Value<'a>)]);

impl Facts for Given<'_> {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        let name = field.to_string();
        self.0.iter().find(|(known, _)| *known == name).map_or(Value::Missing, |(_, value)| *value)
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Str(text.as_bytes())
}

fn event(name: &str) -> EventId {
    schema::by_name(name).unwrap()
}

fn load_with(files: &[&str], options: LoadOptions) -> Result<RuleSet, LoadErrors> {
    let source = |text: &&str| RuleSource { name: "r.yaml".to_owned(), text: (*text).to_owned() };
    RuleSet::load(&files.iter().map(source).collect::<Vec<_>>(), options).map(|loaded| loaded.rules)
}

fn load(files: &[&str]) -> RuleSet {
    let options = LoadOptions { matching: Matching::All, ..LoadOptions::default() };
    load_with(files, options).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The names of the rules that match an event.
fn matching(rules: &mut RuleSet, name: &str, values: &[(&str, Value<'_>)]) -> Vec<String> {
    let mut names = Vec::new();
    rules.evaluate(event(name), &Given(values), |rule| names.push(rule.name.to_string()));
    names
}

/// A rule.
fn rule(name: &str, condition: &str) -> String {
    let condition = condition.replace('\\', "\\\\").replace('"', "\\\"");
    format!("- rule: {name}\n  desc: d\n  condition: \"{condition}\"\n  output: o\n  priority: NOTICE\n")
}

/// Whether a condition holds for an `open` with these values.
fn holds(condition: &str, values: &[(&str, Value<'_>)]) -> bool {
    !matching(&mut load(&[&rule("R", condition)]), "open", values).is_empty()
}
