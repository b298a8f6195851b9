//! `fs.path.*`, `evt.abspath`: the paths that a call is about.

use super::known::{Known, Subject, Text};
use crate::facts::FieldArg;
use crate::field::Field;
use kestrel_core::filter::Load;
use kestrel_core::schema::Type;

/// Parameters that hold the path of a call with one; the first that the event has, and that is a path, counts.
const ONE: [&str; 6] = ["name", "path", "filename", "pathname", "dir", "linkpath"];

/// What is known of a field; `None` if it is another's.
pub fn known(field: Field, arg: Option<&FieldArg>, subject: &Subject) -> Option<Known> {
    Some(match field {
        Field::FsPathName => one(subject, Load::Path),
        Field::FsPathNameraw => one(subject, Load::RawPath),
        Field::FsPathSource => source(subject, Load::Path),
        Field::FsPathSourceraw => source(subject, Load::RawPath),
        Field::FsPathTarget => target(subject, Load::Path),
        Field::FsPathTargetraw => target(subject, Load::RawPath),
        Field::EvtAbspath => match arg {
            Some(FieldArg::Name(name)) if **name == *"src" => source(subject, Load::Path),
            Some(FieldArg::Name(name)) if **name == *"dst" => target(subject, Load::Path),
            _ => one(subject, Load::Path),
        },
        _ => return None,
    })
}

/// A path of a parameter that is missing if it is empty.
pub fn of_parameter(subject: &Subject, index: u8, load: Load) -> Known {
    // A parameter of another type is read as a path all the same, and what comes of that nobody can say.
    match (subject.type_of(index), subject.load(load, index)) {
        (Some(Type::Path), Some(what)) => Known::Text(Text::known(what)),
        _ => Known::Nothing,
    }
}

fn named(subject: &Subject, name: &str, load: Load) -> Known {
    subject.index(name).map_or(Known::Missing, |index| of_parameter(subject, index, load))
}

fn one(subject: &Subject, load: Load) -> Known {
    if matches!(subject.event.name, "execve" | "execveat") || has_two(subject) {
        return Known::Missing;
    }
    // Where the first is not in the record a later one counts; but then the first is unknown, and the event is kept.
    let path = |name: &&str| subject.index(name).filter(|&index| matches!(subject.type_of(index), Some(Type::Path)));
    let index = ONE.iter().find_map(path);
    index.map_or(Known::Missing, |index| of_parameter(subject, index, load))
}

fn has_two(subject: &Subject) -> bool {
    is_renamed_or_linked(subject) || is_symlink(subject)
}

fn is_renamed_or_linked(subject: &Subject) -> bool {
    matches!(subject.event.name, "rename" | "renameat" | "renameat2" | "link" | "linkat")
}

fn is_symlink(subject: &Subject) -> bool {
    matches!(subject.event.name, "symlink" | "symlinkat")
}

fn source(subject: &Subject, load: Load) -> Known {
    if is_renamed_or_linked(subject) {
        return named(subject, "oldpath", load);
    }
    if !is_symlink(subject) {
        return Known::Missing;
    }
    // Text, not a path that exists.
    let target = subject.index("target").and_then(|index| subject.load(Load::String, index));
    target.map_or(Known::Nothing, |what| Known::Text(Text::known(what)))
}

fn target(subject: &Subject, load: Load) -> Known {
    match () {
        () if is_renamed_or_linked(subject) => named(subject, "newpath", load),
        () if is_symlink(subject) => named(subject, "linkpath", load),
        () => Known::Missing,
    }
}
