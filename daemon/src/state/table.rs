//! All processes, bounded.
//!
//! A process that ended stays for a while, so that its children still have an ancestor and late records a name. When
//! the table is full, those go first, oldest first; then the living that were longest without a record, which is counted:
//! they come back, less completely, with their next record.

use super::{Process, ProcessKey};
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;

/// The process table.
#[derive(Debug)]
pub struct ProcessTable {
    processes: HashMap<ProcessKey, Process>,
    /// Start of the process that has a pid now.
    current: HashMap<u32, u64>,
    /// Those that ended, oldest first.
    ended: VecDeque<ProcessKey>,
    /// Those that were added, oldest first; may name ones that are gone.
    added: VecDeque<ProcessKey>,
    capacity: usize,
    max_ended: usize,
    evicted: u64,
}

impl ProcessTable {
    /// A table of at most `capacity` processes, at most a quarter of them ended.
    pub fn new(capacity: usize) -> ProcessTable {
        let capacity = capacity.max(4);
        ProcessTable {
            processes: HashMap::new(),
            current: HashMap::new(),
            ended: VecDeque::new(),
            added: VecDeque::new(),
            capacity,
            max_ended: capacity / 4,
            evicted: 0,
        }
    }

    /// The process of this identity.
    pub fn get(&self, key: ProcessKey) -> Option<&Process> {
        self.processes.get(&key)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: ProcessKey) -> Option<&mut Process> {
        self.processes.get_mut(&key)
    }

    /// The identity of the process that has this pid now.
    pub fn current(&self, pid: u32) -> Option<ProcessKey> {
        self.current.get(&pid).map(|&start_ticks| ProcessKey { pid, start_ticks })
    }

    /// Adds a process, or replaces it.
    pub fn insert(&mut self, key: ProcessKey, process: Process) {
        if !self.processes.contains_key(&key) {
            while self.processes.len() >= self.capacity {
                self.evict();
            }
            self.added.push_back(key);
        }
        // Of two processes with one pid the later one has it now.
        let newest = self.current.entry(key.pid).or_insert(key.start_ticks);
        *newest = key.start_ticks.max(*newest);
        self.processes.insert(key, process);
        if self.added.len() > 2 * self.capacity {
            // One that ended and came back stands there more than once.
            let (processes, mut seen) = (&self.processes, HashSet::new());
            self.added.retain(|key| processes.contains_key(key) && seen.insert(*key));
        }
    }

    /// The process ended.
    pub fn end(&mut self, key: ProcessKey) {
        let Some(process) = self.processes.get_mut(&key) else { return };
        if process.exited {
            return;
        }
        process.exited = true;
        self.ended.push_back(key);
        while self.ended.len() > self.max_ended {
            if let Some(oldest) = self.ended.pop_front() {
                self.remove(oldest);
            }
        }
    }

    fn remove(&mut self, key: ProcessKey) {
        self.processes.remove(&key);
        if self.current.get(&key.pid) == Some(&key.start_ticks) {
            self.current.remove(&key.pid);
        }
    }

    /// Makes room for one.
    fn evict(&mut self) {
        if let Some(oldest) = self.ended.pop_front() {
            self.remove(oldest);
        } else if let Some(oldest) = self.added.pop_front()
            && self.processes.contains_key(&oldest)
        {
            self.remove(oldest);
            self.evicted += 1;
        }
    }

    /// Number of processes, ended ones included.
    pub fn len(&self) -> usize {
        self.processes.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// Living processes that had to go because the table was full.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The ancestors of a process, its parent first.
    pub fn ancestors(&self, key: ProcessKey) -> Ancestors<'_> {
        Ancestors { table: self, next: self.get(key).and_then(|process| process.parent), left: Ancestors::MAX }
    }

    /// Every process.
    pub fn iter(&self) -> impl Iterator<Item = (&ProcessKey, &Process)> {
        self.processes.iter()
    }
}

/// Ancestors, parent first, as far as they are known.
#[derive(Clone, Debug)]
pub struct Ancestors<'a> {
    table: &'a ProcessTable,
    next: Option<ProcessKey>,
    left: usize,
}

impl Ancestors<'_> {
    /// Generations that are looked at: a bound on what a hostile chain of forks can cost.
    const MAX: usize = 64;
}

impl<'a> Iterator for Ancestors<'a> {
    type Item = (ProcessKey, &'a Process);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = self.next?;
        let process = self.table.get(key)?;
        self.next = process.parent;
        Some((key, process))
    }
}
