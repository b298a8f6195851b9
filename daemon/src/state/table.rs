//! All processes, bounded.
//!
//! A process that ended stays for a while, so that late records have a name. Who inherited its children is its children's parent
//! from then on, whether or not they make a record that says so. When
//! the table is full, those go first, oldest first. If none is left, living ones must go, which is counted: those that are
//! nobody's parent, the longest without a record first. So a flood of processes pushes itself out, not the ancestors of
//! everything. Whoever was pushed out comes back, less completely, with its next record.

use super::{Process, ProcessKey};
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;

/// One in so many of the table's places is made free when living processes must go.
const EVICTED_AT_ONCE: usize = 32;

/// Ended processes that are forgotten at once: one in so many of those that are kept. Whoever had one of them for a parent is
/// given its heir then, for which all processes are looked at.
const FORGOTTEN_AT_ONCE: usize = 8;

/// The process table.
#[derive(Debug)]
pub struct ProcessTable {
    processes: HashMap<ProcessKey, Process>,
    /// Start of the process that has a pid now.
    current: HashMap<u32, u64>,
    /// Those that ended, oldest first.
    ended: VecDeque<ProcessKey>,
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
        }
        // Of two processes with one pid the later one has it now.
        let newest = self.current.entry(key.pid).or_insert(key.start_ticks);
        *newest = key.start_ticks.max(*newest);
        self.processes.insert(key, process);
    }

    /// The process ended, and `heir` inherited its children, if it had some.
    pub fn end(&mut self, key: ProcessKey, heir: Option<ProcessKey>) {
        let Some(process) = self.processes.get_mut(&key) else { return };
        if process.exited {
            return;
        }
        process.exited = true;
        process.heir = heir;
        self.ended.push_back(key);
        if self.ended.len() > self.max_ended {
            self.forget((self.max_ended / FORGOTTEN_AT_ONCE).max(1));
        }
    }

    /// Forgets so many of the ended processes, the oldest first. Their children go to their heirs before.
    fn forget(&mut self, count: usize) {
        let oldest: Vec<ProcessKey> = self.ended.drain(..count.min(self.ended.len())).collect();
        let heirs: HashMap<ProcessKey, ProcessKey> = oldest
            .iter()
            .filter_map(|key| {
                let process = self.processes.get(key)?;
                process.heir?;
                Some((*key, self.living(*key)))
            })
            .collect();
        if !heirs.is_empty() {
            for process in self.processes.values_mut().filter(|process| !process.exited) {
                if let Some(heir) = process.parent.and_then(|parent| heirs.get(&parent)) {
                    process.parent = Some(*heir);
                }
            }
        }
        oldest.into_iter().for_each(|key| self.remove(key));
    }

    /// This process, or if it ended, who has inherited its children by now, as far as that is known.
    fn living(&self, mut key: ProcessKey) -> ProcessKey {
        // Who inherits lives longer, so that this comes to an end; a hostile recording may say otherwise.
        for _ in 0..Ancestors::MAX {
            match self.processes.get(&key).filter(|process| process.exited).and_then(|process| process.heir) {
                Some(heir) => key = heir,
                None => break,
            }
        }
        key
    }

    /// The parent of a process of the table: of one that lives, whoever inherited it if the parent that it had ended.
    pub fn parent_of(&self, process: &Process) -> Option<ProcessKey> {
        let parent = process.parent?;
        Some(if process.exited { parent } else { self.living(parent) })
    }

    fn remove(&mut self, key: ProcessKey) {
        self.processes.remove(&key);
        if self.current.get(&key.pid) == Some(&key.start_ticks) {
            self.current.remove(&key.pid);
        }
    }

    /// Makes room: for one if there is an ended process, else for many at once, because finding out whose turn it is
    /// looks at all.
    fn evict(&mut self) {
        if !self.ended.is_empty() {
            return self.forget((self.capacity / EVICTED_AT_ONCE).max(1));
        }
        let parents: HashSet<ProcessKey> = self.processes.values().filter_map(|process| process.parent).collect();
        let mut order: Vec<(bool, u64, ProcessKey)> =
            self.processes.iter().map(|(&key, process)| (parents.contains(&key), process.seen_ns, key)).collect();
        let many = (self.capacity / EVICTED_AT_ONCE).max(1);
        if order.len() > many {
            order.select_nth_unstable(many - 1);
            order.truncate(many);
        }
        for (_, _, key) in order {
            self.remove(key);
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
        let parent = self.get(key).and_then(|process| self.parent_of(process));
        Ancestors { table: self, next: parent, left: Ancestors::MAX }
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
        self.next = self.table.parent_of(process);
        Some((key, process))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::event::TaskContext;

    fn process(parent: Option<ProcessKey>, seen_ns: u64) -> Process {
        Process { parent, seen_ns, ..Process::from_task(&TaskContext::default()) }
    }

    const fn key(pid: u32) -> ProcessKey {
        ProcessKey { pid, start_ticks: 1 }
    }

    #[test]
    fn a_flood_of_processes_pushes_itself_out_and_not_the_ancestors() {
        let mut table = ProcessTable::new(100);
        table.insert(key(1), process(None, 0));
        table.insert(key(2), process(Some(key(1)), 0));
        table.insert(key(3), process(Some(key(2)), 1_000_000));
        for pid in 10..10_000 {
            table.insert(key(pid), process(Some(key(2)), u64::from(pid)));
            assert!(table.len() <= 100);
        }
        assert!(table.get(key(1)).is_some() && table.get(key(2)).is_some(), "an ancestor had to go");
        assert!(table.get(key(3)).is_some(), "one that just made a record had to go");
        assert!(table.get(key(9_999)).is_some());
        assert_eq!(table.evicted() as usize, 3 + 9_990 - table.len());
    }

    #[test]
    fn those_that_ended_go_before_any_that_lives() {
        let mut table = ProcessTable::new(40);
        (1..=40).for_each(|pid| table.insert(key(pid), process(None, 0)));
        (1..=10).for_each(|pid| table.end(key(pid), None));
        (41..=50).for_each(|pid| table.insert(key(pid), process(None, 0)));
        assert_eq!((table.evicted(), table.len()), (0, 40));
        assert!((11..=50).all(|pid| table.get(key(pid)).is_some()));
    }

    fn ancestors(table: &ProcessTable, pid: u32) -> Vec<u32> {
        table.ancestors(key(pid)).map(|(key, _)| key.pid).collect()
    }

    #[test]
    fn who_inherits_is_the_parent_from_then_on_without_a_record_of_the_children() {
        let mut table = ProcessTable::new(16);
        table.insert(key(1), process(None, 0));
        for pid in 2..=5 {
            table.insert(key(pid), process(Some(key(pid - 1)), 0));
        }
        assert_eq!(ancestors(&table, 5), [4, 3, 2, 1]);
        // 3 ends, and 2, to which its child went, ends after it.
        table.end(key(3), Some(key(2)));
        assert_eq!(ancestors(&table, 5), [4, 2, 1]);
        table.end(key(2), Some(key(1)));
        assert_eq!(ancestors(&table, 5), [4, 1]);
        // So it stays when both are forgotten.
        for pid in 100..120 {
            table.insert(key(pid), process(Some(key(1)), 0));
            table.end(key(pid), None);
        }
        assert!(table.get(key(3)).is_none() && table.get(key(2)).is_none());
        assert_eq!(ancestors(&table, 5), [4, 1]);
    }

    #[test]
    fn heirs_in_a_circle_come_to_an_end() {
        let mut table = ProcessTable::new(16);
        (1..=3).for_each(|pid| table.insert(key(pid), process(Some(key(pid % 2 + 1)), 0)));
        table.end(key(1), Some(key(2)));
        table.end(key(2), Some(key(1)));
        assert!(table.ancestors(key(3)).count() <= Ancestors::MAX);
    }

    #[test]
    fn a_chain_in_which_all_are_parents_is_bounded_too() {
        let mut table = ProcessTable::new(64);
        for pid in 1..10_000 {
            table.insert(key(pid), process(Some(key(pid - 1)), pid.into()));
            assert!(table.len() <= 64);
        }
        assert!(table.current(9_999).is_some() && table.current(1).is_none());
    }
}
