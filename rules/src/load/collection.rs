//! Everything that was read: lists, macros and rules by their names, each where it was first defined.

use super::exception::Exception;
use super::requirement::Requirement;
use crate::diagnostic::ItemRef;
use crate::text::{Origin, PiecedText};
use hashbrown::HashMap;
use kestrel_core::priority::Priority;
use std::sync::Arc;

/// Items of one kind, in the order of their first definitions.
#[derive(Debug)]
pub struct Named<T> {
    items: Vec<T>,
    by_name: HashMap<Arc<str>, usize>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { items: Vec::new(), by_name: HashMap::new() }
    }
}

impl<T> Named<T> {
    /// The item of this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.items.get(*self.by_name.get(name)?)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.items.get_mut(*self.by_name.get(name)?)
    }

    /// Puts an item in the place of the one of the same name, or behind all others.
    pub fn put(&mut self, name: &Arc<str>, item: T) {
        match self.by_name.get(name) {
            Some(index) => self.items[*index] = item,
            None => {
                self.by_name.insert(Arc::clone(name), self.items.len());
                self.items.push(item);
            }
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|name| &**name)
    }
}

/// A list as it was read.
#[derive(Debug)]
pub struct ListDef {
    pub item: ItemRef,
    pub items: Vec<Origin>,
    /// When it was first defined, and last changed.
    pub defined: u32,
    pub changed: u32,
}

/// A macro as it was read.
#[derive(Debug)]
pub struct MacroDef {
    pub item: ItemRef,
    pub condition: PiecedText,
    /// When it was first defined, and last changed.
    pub defined: u32,
    pub changed: u32,
}

/// A rule as it was read.
#[derive(Clone, Debug)]
pub struct RuleDef {
    pub item: ItemRef,
    pub source: Arc<str>,
    pub condition: PiecedText,
    pub output: PiecedText,
    pub description: String,
    pub priority: Priority,
    pub enabled: bool,
    pub capture: bool,
    /// Milliseconds.
    pub capture_duration: u64,
    pub warn_evttypes: bool,
    pub skip_if_unknown: bool,
    pub tags: Vec<String>,
    pub exceptions: Vec<Exception>,
    /// Something is wrong with it, which was said.
    pub broken: bool,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Collection {
    pub lists: Named<ListDef>,
    pub macros: Named<MacroDef>,
    pub rules: Named<RuleDef>,
    /// The highest engine version that was required.
    pub engine_version: Option<(u64, u64, u64)>,
    /// What was required of extensions: one of each.
    pub requirements: Vec<Vec<Requirement>>,
    count: u32,
}

impl Collection {
    /// The number of the next definition or change.
    pub fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}
