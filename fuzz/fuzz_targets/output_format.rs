//! Any text as an output format: it is read or refused with a place, and what was read can be shown.

#![no_main]

use kestrel_rules::{Facts, FieldRef, FieldSource, OutputFormat, Value};
use libfuzzer_sys::fuzz_target;

/// Nothing is known.
struct Nothing;

impl Facts for Nothing {
    fn value(&self, _: &FieldRef) -> Value<'_> {
        Value::Missing
    }
}

fuzz_target!(|text: &str| {
    match OutputFormat::parse("fuzz", text, FieldSource::Syscall) {
        Ok(format) => {
            let mut out = String::new();
            format.render(&Nothing, &mut out);
            format.each_value(&Nothing, |name, _, _| assert!(text.contains(name)));
        }
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
});
