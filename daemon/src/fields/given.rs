//! Which fields have a value here, and how it is found: one table, so that what is said to have a value and what has one
//! cannot differ.

use super::{EventFacts, container, descriptor, event, fd_list, generic, io, path, process, resources, user};
use kestrel_rules::{Field, FieldArg, Value};

/// How the value of a field is found.
pub(super) type Getter = for<'a> fn(&EventFacts<'a>, Option<&FieldArg>) -> Value<'a>;

/// A field that has a value here.
pub(super) type Given = (Field, Getter);

static GETTERS: [Option<Getter>; Field::COUNT] = {
    let files: [&[Given]; 11] = [
        generic::GIVEN,
        event::GIVEN,
        io::GIVEN,
        descriptor::GIVEN,
        fd_list::GIVEN,
        path::GIVEN,
        process::GIVEN,
        resources::GIVEN,
        user::GIVEN,
        container::GIVEN,
        &[(Field::UtilCnt, |facts, _| Value::Uint(facts.clock.count()))],
    ];
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

/// Whether this field ever has a value. One that has none is missing in every event: no comparison with it is true.
pub fn provided(field: Field) -> bool {
    getter(field).is_some()
}
