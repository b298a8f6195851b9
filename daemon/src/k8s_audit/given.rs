//! Which fields have a value in events of the audit log, and how it is found: one table.

use super::facts::AuditFacts;
use super::{container, facts, pod, request};
use kestrel_rules::{Field, FieldArg, Value};

/// How the value of a field is found.
pub(super) type Getter = for<'a> fn(&AuditFacts<'a>, Option<&FieldArg>) -> Value<'a>;

/// A field that has a value.
pub(super) type Given = (Field, Getter);

static GETTERS: [Option<Getter>; Field::COUNT] = {
    let files: [&[Given]; 4] = [facts::GIVEN, request::GIVEN, pod::GIVEN, container::GIVEN];
    let mut getters: [Option<Getter>; Field::COUNT] = [None; Field::COUNT];
    let mut file = 0;
    while file < files.len() {
        let mut row = 0;
        while row < files[file].len() {
            let (field, getter) = files[file][row];
            assert!(getters[field as usize].is_none(), "a field is given twice");
            getters[field as usize] = Some(getter);
            row += 1;
        }
        file += 1;
    }
    getters
};

/// How the value of this field is found; `None` if it never has one.
pub(super) fn getter(field: Field) -> Option<Getter> {
    GETTERS.get(field as usize).copied().flatten()
}

/// Whether this field ever has a value in an event of the audit log.
pub fn provided(field: Field) -> bool {
    getter(field).is_some()
}

/// The index that an argument is.
pub(super) fn index_of(arg: Option<&FieldArg>) -> Option<u32> {
    match arg {
        Some(FieldArg::Index(index)) => Some(*index),
        _ => None,
    }
}
