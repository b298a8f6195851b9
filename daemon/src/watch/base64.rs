//! Buffers of bytes as base64 (`buffer_format_base64`): facts in which what need not be text is coded.

use super::append::is_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use kestrel_rules::{Facts, Field, FieldArg, FieldRef, Value};

/// The facts of an event, with buffers as base64.
pub struct Coded<'a, F> {
    /// The facts.
    pub facts: &'a F,
    /// Where coded buffers lie.
    pub arena: &'a Bump,
}

/// True for what holds a buffer: `evt.buffer`, and the parameter that it is, `evt.arg.data`.
fn is_buffer(field: &FieldRef) -> bool {
    let is_data = matches!(&field.arg, Some(FieldArg::Name(name)) if **name == *"data");
    is_bytes(field.field) || (matches!(field.field, Field::EvtArg | Field::EvtRawarg) && is_data)
}

impl<F: Facts> Facts for Coded<'_, F> {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        match self.facts.value(field) {
            Value::Str(bytes) if is_buffer(field) => {
                Value::Str(self.arena.alloc_str(&STANDARD.encode(bytes)).as_bytes())
            }
            value => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_rules::{FieldSource, OutputFormat};

    struct Made;

    impl Facts for Made {
        fn value(&self, field: &FieldRef) -> Value<'_> {
            match field.field {
                Field::EvtBuffer | Field::EvtArg => Value::Str(b"\xff\x00a"),
                _ => Value::Str(b"name"),
            }
        }
    }

    #[test]
    fn buffers_are_coded_and_nothing_else() {
        let text = "%evt.buffer %evt.arg.data %evt.arg.fd %proc.name";
        let format = OutputFormat::parse("test", text, FieldSource::by_name("syscall").unwrap()).unwrap();
        let mut out = String::new();
        format.render(&Coded { facts: &Made, arena: &Bump::new() }, &mut out);
        assert_eq!(out, "/wBh /wBh \u{fffd}\0a name");
    }
}
