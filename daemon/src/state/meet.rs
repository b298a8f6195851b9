//! Processes that are met without their history: what no record has said is looked up in /proc, within bounds.

use super::{Process, ProcessKey, State};
use kestrel_core::event::TaskContext;

/// Look-ups in /proc for processes that were met without their history, at most in a row; one more is allowed with each
/// [`REFILL_NS`] of the records' time. What is beyond stays incomplete.
pub(super) const LOOKUPS: u32 = 256;
const REFILL_NS: u64 = 10_000_000;

/// Of these look-ups, those that are kept for ancestors: a crowd of processes has few of them.
pub(super) const LOOKUPS_FOR_ANCESTORS: u32 = 64;

impl State {
    /// Makes sure that the process of a task context is known.
    pub(super) fn meet(&mut self, task: &TaskContext, now_ns: u64) -> ProcessKey {
        let key = ProcessKey::of(task);
        match self.processes.get_mut(key) {
            Some(process) => {
                let moved = process.task.ppid != task.ppid;
                let is_placed = process.group.id == task.cgroup && !process.group.path.is_empty();
                process.task = *task;
                process.seen_ns = now_ns;
                if !is_placed {
                    self.place(key, now_ns);
                }
                if moved {
                    // Its parent ended, and it was given another.
                    let parent = self.parent(key, task.ppid, now_ns);
                    if let Some(process) = self.processes.get_mut(key) {
                        process.parent = parent.or(process.parent);
                    }
                }
            }
            None => {
                self.stats.unknown += 1;
                let mut process = Process::from_task(task);
                self.look_up(key, &mut process, now_ns);
                process.seen_ns = now_ns;
                process.parent = self.parent(key, task.ppid, now_ns);
                self.processes.insert(key, process);
                self.place(key, now_ns);
            }
        }
        key
    }

    /// The process with this pid, the parent of one that is met now. If it is not known, it and its own ancestors are looked
    /// up. Who is younger than the child only has the parent's pid.
    pub(super) fn parent(&mut self, child: ProcessKey, pid: u32, now_ns: u64) -> Option<ProcessKey> {
        let mut first = None;
        let (mut below, mut next) = (child, pid);
        for _ in 0..LOOKUPS_FOR_ANCESTORS {
            if next == 0 {
                break;
            }
            let known = self.processes.current(next);
            let read = match known {
                Some(_) => None,
                None if self.may_look_up(now_ns, 0) => {
                    let containers = &mut self.containers;
                    self.reader.as_mut().and_then(|reader| reader.process(next, containers))
                }
                None => break,
            };
            let Some(key) = known.or(read.as_ref().map(|(key, _)| *key)) else { break };
            if key.start_ticks > below.start_ticks {
                break;
            }
            first = first.or(Some(key));
            if let Some(process) = self.processes.get_mut(below).filter(|_| below != child) {
                process.parent = Some(key);
            }
            let Some((_, process)) = read else { break };
            next = process.task.ppid;
            below = key;
            self.stats.unknown += 1;
            self.processes.insert(key, Process { seen_ns: now_ns, ..process });
        }
        first
    }

    /// Takes one look-up from what is allowed, if more than `reserve` are left.
    pub(super) fn may_look_up(&mut self, now_ns: u64, reserve: u32) -> bool {
        let earned = now_ns.saturating_sub(self.refilled_ns) / REFILL_NS;
        if earned > 0 {
            self.lookups = self.lookups.saturating_add(u32::try_from(earned).unwrap_or(u32::MAX)).min(LOOKUPS);
            self.refilled_ns = now_ns;
        }
        let allowed = self.lookups > reserve;
        if allowed {
            self.lookups -= 1;
        }
        allowed
    }

    /// Reads from /proc what no record has said.
    fn look_up(&mut self, key: ProcessKey, process: &mut Process, now_ns: u64) {
        if self.reader.is_none() {
            return;
        }
        if !self.may_look_up(now_ns, LOOKUPS_FOR_ANCESTORS) {
            self.stats.incomplete += 1;
        } else if let Some(reader) = &mut self.reader {
            reader.fill(key, process, &mut self.containers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{ProcReader, Users};

    /// A process as /proc shows it, with its parent and its start in clock ticks.
    fn in_proc(root: &std::path::Path, pid: u32, ppid: u32, start: u64) {
        let folder = root.join(pid.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let stat = format!("{pid} (p{pid}) S {ppid} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {start} 1 1");
        std::fs::write(folder.join("stat"), stat).unwrap();
        std::fs::write(folder.join("cmdline"), format!("p{pid}\0")).unwrap();
    }

    fn task(pid: u32, ppid: u32, start: u64) -> TaskContext {
        TaskContext { pid, tid: pid, ppid, start_time: start * 10_000_000, ..TaskContext::default() }
    }

    fn ancestors(state: &State, key: ProcessKey) -> Vec<u32> {
        state.processes.ancestors(key).map(|(key, _)| key.pid).collect()
    }

    #[test]
    fn the_ancestors_of_a_process_that_is_met_are_looked_up() {
        let root = tempfile::tempdir().unwrap();
        in_proc(root.path(), 1, 0, 1);
        in_proc(root.path(), 10, 1, 50);
        in_proc(root.path(), 20, 10, 60);
        let mut state = State::new(64, Users::from_text("", ""), Some(ProcReader::new(root.path())));
        let key = state.meet(&task(30, 20, 70), 1);
        assert_eq!(ancestors(&state, key), [20, 10, 1]);
        // What is known is not read again.
        std::fs::remove_dir_all(root.path().join("10")).unwrap();
        let other = state.meet(&task(31, 20, 71), 2);
        assert_eq!(ancestors(&state, other), [20, 10, 1]);
    }

    #[test]
    fn who_is_younger_than_a_process_is_not_its_parent() {
        let root = tempfile::tempdir().unwrap();
        in_proc(root.path(), 20, 1, 900);
        let mut state = State::new(64, Users::from_text("", ""), Some(ProcReader::new(root.path())));
        let key = state.meet(&task(30, 20, 70), 1);
        assert!(ancestors(&state, key).is_empty());
        state.meet(&task(20, 1, 900), 2);
        let key = state.meet(&task(31, 20, 71), 3);
        assert!(ancestors(&state, key).is_empty());
    }

    #[test]
    fn a_crowd_that_is_met_leaves_look_ups_for_ancestors() {
        let root = tempfile::tempdir().unwrap();
        in_proc(root.path(), 1, 0, 1);
        in_proc(root.path(), 2, 1, 2);
        let mut state = State::new(4096, Users::from_text("", ""), Some(ProcReader::new(root.path())));
        for pid in 100..1000 {
            state.meet(&task(pid, 0, 70), 1);
        }
        let key = state.meet(&task(1000, 2, 71), 1);
        assert_eq!(ancestors(&state, key), [2, 1]);
        assert!(state.stats().incomplete > 600);
    }
}
