//! Any bytes as a rule file: they are loaded or refused with a place, and what is loaded can judge an event.

#![no_main]

use kestrel_core::schema::EventId;
use kestrel_rules::{Facts, FieldRef, LoadOptions, Matching, RuleSet, RuleSource, Value};
use libfuzzer_sys::fuzz_target;

/// Every field is this text.
struct Same<'a>(&'a str);

impl Facts for Same<'_> {
    fn value(&self, _: &FieldRef) -> Value<'_> {
        Value::Str(self.0.as_bytes())
    }
}

fuzz_target!(|text: &str| {
    let source = RuleSource { name: "fuzz.yaml".to_owned(), text: text.to_owned() };
    let options = LoadOptions { matching: Matching::All, ..LoadOptions::default() };
    match RuleSet::load(&[source], options) {
        Ok(mut loaded) => {
            for warning in &loaded.warnings {
                let _ = (warning.to_string(), warning.position());
            }
            let facts = Same(text.get(..16).unwrap_or("x"));
            let mut out = String::new();
            for event in 0..8 {
                loaded.rules.evaluate(EventId(event), &facts, |rule| rule.output.render(&facts, &mut out));
            }
        }
        Err(errors) => {
            assert!(!errors.errors.is_empty());
            for error in &errors.errors {
                let (_, line, column) = error.position();
                assert!(line >= 1 && column >= 1);
            }
            let _ = errors.to_string();
        }
    }
});
