//! `fs.path.*`: the paths that a call is about.

use super::given::Given;
use super::{EventFacts, ParamValue};
use kestrel_core::event::PathView;
use kestrel_core::schema::Type;
use kestrel_rules::{Field, Value};

/// Parameters that hold the path of a call with one; the first that the event has, and that is a path, counts: an attribute has a
/// name too.
const ONE: [&str; 6] = ["name", "path", "filename", "pathname", "dir", "linkpath"];

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
    fn path_param(&self, names: &[&str]) -> Option<PathView<'a>> {
        let path = |name: &&str| match self.param(name)? {
            (row, ParamValue::Written(param)) if matches!(row.ty, Type::Path) => Some(param),
            _ => None,
        };
        names.iter().find_map(path).and_then(|param| param.path())
    }

    /// Paths of a call with two: source and target. A symlink's source is text, not a path that exists.
    fn two_paths(&self) -> Option<(Option<PathView<'a>>, Option<PathView<'a>>)> {
        match self.event.name {
            "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
                Some((self.path_param(&["oldpath"]), self.path_param(&["newpath"])))
            }
            "symlink" | "symlinkat" => {
                let source = self.written("target").map(|param| PathView {
                    raw: param.0,
                    absolute: param.0,
                    flags: kestrel_core::event::PathFlags::default(),
                });
                Some((source, self.path_param(&["linkpath"])))
            }
            _ => None,
        }
    }

    /// The path of a call with one.
    fn one_path(&self) -> Option<PathView<'a>> {
        match self.event.name {
            // What an exec names is the program, not a file that the call changes.
            "execve" | "execveat" => None,
            _ if self.two_paths().is_some() => None,
            _ => self.path_param(&ONE),
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
