//! Sets of paths, asked whether a path is one of them or lies below one: a trie by components.

use super::Glob;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Paths, by their components; components may be patterns. Slashes that are doubled or at the end count for nothing.
#[derive(Debug, Default)]
pub struct PathSet {
    root: Branch,
    rooted: Branch,
}

/// What a set holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Paths.
    pub plain: Vec<Vec<u8>>,
    /// Patterns.
    pub patterns: Vec<Vec<u8>>,
    /// Every path that is not absolute is in the set.
    pub every_relative: bool,
}

/// What may follow a component.
#[derive(Debug, Default)]
struct Branch {
    /// A path ends here: everything below is in the set.
    ends: bool,
    names: HashMap<Box<[u8]>, Branch, FixedState>,
    patterns: Vec<(Glob, Branch)>,
}

impl PathSet {
    /// A set of these paths.
    pub fn new<'a>(paths: impl Iterator<Item = &'a [u8]>) -> PathSet {
        let mut set = PathSet::default();
        for path in paths {
            let mut branch = if path.starts_with(b"/") { &mut set.rooted } else { &mut set.root };
            for name in components(path) {
                branch = if name.iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'\\')) {
                    branch.pattern(Glob::new(name, false))
                } else {
                    branch.names.entry(name.into()).or_default()
                };
            }
            branch.ends = true;
        }
        set
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.root.len() + self.rooted.len()
    }

    /// Beginnings of paths, one of which every path in the set has that no slash is doubled in. `None` if that says nothing,
    /// or there are more than `most`.
    pub fn beginnings(&self, most: usize) -> Option<Vec<Box<[u8]>>> {
        let mut beginnings = Vec::new();
        let mut branches: Vec<(&Branch, Vec<u8>)> = vec![(&self.root, Vec::new()), (&self.rooted, b"/".to_vec())];
        while let Some((branch, path)) = branches.pop() {
            if branch.ends || !branch.patterns.is_empty() {
                if path.is_empty() || beginnings.len() == most {
                    return None;
                }
                beginnings.push(path.into());
                continue;
            }
            for (name, below) in &branch.names {
                let mut path = path.clone();
                if !path.is_empty() && path != b"/" {
                    path.push(b'/');
                }
                path.extend_from_slice(name);
                branches.push((below, path));
            }
        }
        Some(beginnings)
    }

    /// What the set is asked for, without what lies below another path of it: plain paths without a slash at their end, so that
    /// the root is empty; and paths with patterns in them, widened ([`Glob::widened`]) so that each matches as a whole at least
    /// what it did. Without recursion: a path may have very many components.
    pub fn listed(&self) -> Listed {
        let mut listed = Listed::default();
        let mut branches = vec![(&self.rooted, Vec::new(), true), (&self.root, Vec::new(), true)];
        listed.every_relative = self.root.ends;
        while let Some((branch, path, plain)) = branches.pop() {
            if branch.ends {
                match plain {
                    _ if path.is_empty() && std::ptr::eq(branch, &self.root) => {}
                    true => listed.plain.push(path),
                    false => listed.patterns.push(path),
                }
                continue;
            }
            let slash = !path.is_empty() || std::ptr::eq(branch, &self.rooted);
            let joined = |name: &[u8]| {
                let slash: &[u8] = if slash { b"/" } else { b"" };
                [&path[..], slash, name].concat()
            };
            for (name, below) in &branch.names {
                // What has a meaning in a pattern would have made a pattern of the component.
                branches.push((below, joined(name), plain));
            }
            for (glob, below) in &branch.patterns {
                if let Some((pattern, _)) = glob.widened() {
                    branches.push((below, joined(&pattern), false));
                }
            }
        }
        listed
    }

    /// Whether a path that is not absolute can be in the set.
    pub fn has_relative(&self) -> bool {
        self.root.len() > 0
    }

    /// Whether the path is in the set, or below a path of it.
    pub fn contains(&self, path: &[u8]) -> bool {
        let branch = if path.starts_with(b"/") { &self.rooted } else { &self.root };
        !path.is_empty() && branch.matches(path)
    }
}

impl Branch {
    /// Paths in it. Without recursion: a path may have very many components.
    fn len(&self) -> usize {
        let mut branches = vec![self];
        let mut paths = 0;
        while let Some(branch) = branches.pop() {
            paths += usize::from(branch.ends);
            branches.extend(branch.names.values().chain(branch.patterns.iter().map(|(_, branch)| branch)));
        }
        paths
    }

    fn pattern(&mut self, glob: Glob) -> &mut Branch {
        let index = self.patterns.iter().position(|(known, _)| *known == glob).unwrap_or_else(|| {
            self.patterns.push((glob, Branch::default()));
            self.patterns.len() - 1
        });
        &mut self.patterns[index].1
    }

    fn matches(&self, path: &[u8]) -> bool {
        let mut branch = self;
        let mut path = path;
        loop {
            if branch.ends {
                return true;
            }
            let Some((name, rest)) = first(path) else { return false };
            // Patterns are few; only for them is there more than one way.
            if branch.patterns.iter().any(|(glob, below)| glob.matches(name) && below.matches(rest)) {
                return true;
            }
            let Some(below) = branch.names.get(name) else { return false };
            (branch, path) = (below, rest);
        }
    }
}

/// The first component, and what follows it.
fn first(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = path.iter().position(|&b| b != b'/')?;
    let path = &path[start..];
    let len = memchr::memchr(b'/', path).unwrap_or(path.len());
    Some((&path[..len], &path[len..]))
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_in_a_set_if_it_or_a_folder_above_it_is() {
        let set = PathSet::new([b"/etc".as_slice(), b"/var/log/", b"/home/*/.ssh", b"lib"].into_iter());
        for inside in ["/etc", "/etc/", "/etc/shadow", "/var/log/a/b", "/home/me/.ssh/id", "//etc//x", "lib/x"] {
            assert!(set.contains(inside.as_bytes()), "{inside}");
        }
        for outside in ["", "/", "/etcetera", "/var", "/var/logs", "/home/.ssh", "/home/me/x", "etc", "/lib"] {
            assert!(!set.contains(outside.as_bytes()), "{outside}");
        }
    }

    #[test]
    fn a_path_in_a_set_has_one_of_its_beginnings() {
        let beginnings = |paths: &[&str]| {
            let set = PathSet::new(paths.iter().map(|path| path.as_bytes()));
            let mut all = set.beginnings(3)?;
            all.sort();
            Some(all.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(beginnings(&["/etc/", "/etc/ssh", "//home//*/.ssh"]).unwrap(), ["/etc", "/home"]);
        assert_eq!(beginnings(&["lib/x", "/"]).unwrap(), ["/", "lib/x"]);
        assert_eq!(beginnings(&[]).unwrap(), [""; 0]);
        assert_eq!(beginnings(&["*/x", "/a"]), None);
        assert_eq!(beginnings(&["/a", "/b", "/c", "/d"]), None);
    }

    #[test]
    fn a_set_lists_its_paths_and_what_its_patterns_match_at_least() {
        let set =
            PathSet::new([b"/etc/".as_slice(), b"/etc/shadow", b"//var//log", b"/home/*/.ss[gh]", b"lib"].into_iter());
        let mut listed = set.listed();
        listed.plain.sort();
        assert_eq!(listed.plain, [&b"/etc"[..], b"/var/log", b"lib"]);
        assert_eq!(listed.patterns, [b"/home/*/.ss?"]);
        assert!(!listed.every_relative && PathSet::new([b"".as_slice()].into_iter()).listed().every_relative);
        assert_eq!(PathSet::new([b"/".as_slice()].into_iter()).listed().plain, [b""]);
    }

    #[test]
    fn the_root_holds_every_absolute_path() {
        let set = PathSet::new([b"/".as_slice()].into_iter());
        assert!(set.contains(b"/") && set.contains(b"/a/b") && !set.contains(b"a"));
    }
}
