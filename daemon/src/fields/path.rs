//! `fs.path.*`: the paths that a call is about.

use super::given::Given;
use super::places::Known;
use super::{EventFacts, ParamValue};
use kestrel_core::event::PathView;
use kestrel_core::schema::{Type, id};
use kestrel_rules::{Field, Value};

pub(super) const GIVEN: &[Given] = &[
    (Field::FsPathName, |facts, _| absolute(facts.one_path())),
    (Field::FsPathNameraw, |facts, _| raw(facts.one_path())),
    (Field::FsPathSource, |facts, _| absolute(facts.source_path())),
    (Field::FsPathSourceraw, |facts, _| raw(facts.source_path())),
    (Field::FsPathTarget, |facts, _| absolute(facts.target_path())),
    (Field::FsPathTargetraw, |facts, _| raw(facts.target_path())),
];

fn absolute(path: Option<PathView<'_>>) -> Value<'_> {
    path.map_or(Value::Missing, |path| EventFacts::known(path.absolute))
}

fn raw(path: Option<PathView<'_>>) -> Value<'_> {
    path.map_or(Value::Missing, |path| EventFacts::known(path.raw))
}

impl<'a> EventFacts<'a> {
    fn path_at(&self, index: Option<usize>) -> Option<PathView<'a>> {
        match self.param_at(index?)? {
            (row, ParamValue::Written(param)) if matches!(row.ty, Type::Path) => param.path(),
            _ => None,
        }
    }

    fn path_param(&self, known: Known) -> Option<PathView<'a>> {
        self.path_at(self.places.known(known))
    }

    /// Paths of a call with two: source and target. A symlink's source is text, not a path that exists.
    fn two_paths(&self) -> Option<(Option<PathView<'a>>, Option<PathView<'a>>)> {
        match self.id() {
            id::RENAME | id::RENAMEAT | id::RENAMEAT2 | id::LINK | id::LINKAT => {
                Some((self.path_param(Known::Oldpath), self.path_param(Known::Newpath)))
            }
            id::SYMLINK | id::SYMLINKAT => {
                let source = self.written(Known::Target).map(|param| PathView {
                    raw: param.0,
                    absolute: param.0,
                    flags: kestrel_core::event::PathFlags::default(),
                });
                Some((source, self.path_param(Known::Linkpath)))
            }
            _ => None,
        }
    }

    /// The path of a call with one.
    fn one_path(&self) -> Option<PathView<'a>> {
        match self.id() {
            // What an exec names is the program, not a file that the call changes.
            id::EXECVE | id::EXECVEAT => None,
            id::RENAME | id::RENAMEAT | id::RENAMEAT2 | id::LINK | id::LINKAT | id::SYMLINK | id::SYMLINKAT => None,
            _ => self.path_at(self.places.one_path()),
        }
    }

    fn source_path(&self) -> Option<PathView<'a>> {
        self.two_paths().and_then(|paths| paths.0)
    }

    fn target_path(&self) -> Option<PathView<'a>> {
        self.two_paths().and_then(|paths| paths.1)
    }

    /// `evt.abspath`: the path, the source or the target.
    pub(super) fn abspath(&self, which: Option<&str>) -> Value<'a> {
        absolute(match which {
            Some("src") => self.source_path(),
            Some("dst") => self.target_path(),
            _ => self.one_path(),
        })
    }
}
