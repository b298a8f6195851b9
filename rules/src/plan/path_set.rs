//! Sets of paths, asked whether a path is one of them or lies below one.

use super::Glob;
use super::predicate::TextSet;

/// Paths, by their components; components may be patterns.
#[derive(Debug, Default)]
pub struct PathSet {
    /// Paths without patterns, without a slash at their end.
    plain: TextSet,
    /// Greatest number of components of these.
    depth: usize,
    /// Paths with patterns, component by component.
    patterns: Vec<Vec<Glob>>,
}

impl PathSet {
    /// A set of these paths.
    pub fn new<'a>(paths: impl Iterator<Item = &'a [u8]>) -> PathSet {
        let mut set = PathSet::default();
        for path in paths {
            if path.iter().any(|b| matches!(b, b'*' | b'?' | b'[')) {
                set.patterns.push(components(path).map(|name| Glob::new(name, false)).collect());
                continue;
            }
            let path = path.strip_suffix(b"/").unwrap_or(path);
            set.depth = set.depth.max(components(path).count());
            set.plain.insert(path.into());
        }
        set
    }

    /// Whether the path is in the set, or below a path of it.
    pub fn contains(&self, path: &[u8]) -> bool {
        if self.plain.contains(path) || self.plain.contains(&b""[..]) && path.starts_with(b"/") {
            return true;
        }
        let mut components_seen = 0;
        for (at, _) in path.iter().enumerate().filter(|(at, b)| **b == b'/' && *at > 0) {
            components_seen += 1;
            if components_seen > self.depth {
                break;
            }
            if self.plain.contains(&path[..at]) {
                return true;
            }
        }
        self.patterns.iter().any(|pattern| {
            let mut names = components(path);
            pattern.iter().all(|glob| names.next().is_some_and(|name| glob.matches(name)))
        })
    }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|name| !name.is_empty())
}
