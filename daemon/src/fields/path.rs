//! `fs.path.*`: the paths that a call is about.

use super::EventFacts;
use kestrel_core::event::PathView;
use kestrel_rules::{Field, Value};

/// Parameters that hold the path of a call with one; the first that the event has counts.
const ONE: [&str; 6] = ["name", "path", "filename", "pathname", "dir", "linkpath"];

impl<'a> EventFacts<'a> {
    fn path_param(&self, names: &[&str]) -> Option<PathView<'a>> {
        names.iter().find_map(|name| self.written(name)).and_then(|param| param.path())
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

    pub(super) fn path_field(&self, field: Field) -> Value<'a> {
        let path = match field {
            Field::FsPathName | Field::FsPathNameraw => match self.event.name {
                // What an exec names is the program, not a file that the call changes.
                "execve" | "execveat" => None,
                _ if self.two_paths().is_some() => None,
                _ => self.path_param(&ONE),
            },
            Field::FsPathSource | Field::FsPathSourceraw => self.two_paths().and_then(|paths| paths.0),
            _ => self.two_paths().and_then(|paths| paths.1),
        };
        let raw = matches!(field, Field::FsPathNameraw | Field::FsPathSourceraw | Field::FsPathTargetraw);
        path.map_or(Value::Missing, |path| EventFacts::known(if raw { path.raw } else { path.absolute }))
    }

    /// `evt.abspath`: the path, the source or the target.
    pub(super) fn abspath(&self, which: Option<&str>) -> Value<'a> {
        self.path_field(match which {
            Some("src") => Field::FsPathSource,
            Some("dst") => Field::FsPathTarget,
            _ => Field::FsPathName,
        })
    }
}
