//! The control group of a process, and by it its container.
//!
//! A record holds the number of its task's group; an exec's holds its path as well. A process whose number changed without an
//! exec was moved, as runtimes do with the first process of a container: the group is then one that is known by its number, or
//! it is looked up in /proc. Where the old hierarchies are in use (cgroups(7)), records do not tell of them, and /proc is asked at
//! each exec; but for those of a tracer, who asked it before.

use super::meet::LOOKUPS_FOR_ANCESTORS;
use super::{ProcessKey, State};
use std::rc::Rc;

impl State {
    /// Finds the group of a process whose record shows another number than its group has, or whose group has no path yet.
    pub(super) fn place(&mut self, key: ProcessKey, now_ns: u64) {
        let Some(process) = self.processes.get(key) else { return };
        let id = process.task.cgroup;
        let is_same = process.group.id == id;
        let group = match self.containers.known(id) {
            _ if is_same && !process.group.path.is_empty() => Rc::clone(&process.group),
            Some(group) => group,
            None if is_same => return,
            None => {
                let may = self.reader.is_some() && self.may_look_up(now_ns, LOOKUPS_FOR_ANCESTORS);
                let path = self.reader.as_mut().filter(|_| may).and_then(|reader| reader.group_of(key));
                let Some(process) = self.processes.get(key) else { return };
                match path {
                    Some(path) => self.containers.group(id, &path),
                    // From /proc, at the start: as far as is known, it has not been moved since.
                    None if process.group.id == 0 => self.containers.group(id, &process.group.path),
                    None => self.containers.group(id, &[]),
                }
            }
        };
        self.containers.look(&group, key.pid, false, &self.users);
        if let Some(process) = self.processes.get_mut(key) {
            process.group = group;
        }
    }

    /// The group of a process that executed a program, by the path in the record.
    pub(super) fn place_by_exec(&mut self, key: ProcessKey, path: &[u8]) {
        let Some(process) = self.processes.get(key) else { return };
        let id = process.task.cgroup;
        let asks = !self.told_as_in_proc;
        let reader = self.reader.as_mut().filter(|reader| asks && reader.has_old_hierarchies());
        let read = reader.and_then(|reader| reader.group_of(key));
        let group = match read.as_deref().unwrap_or(path) {
            // Longer than a record takes, or nowhere to be read.
            [] => Rc::clone(&process.group),
            path if process.group.id == id && *process.group.path == *path => Rc::clone(&process.group),
            path => self.containers.group(id, path),
        };
        self.containers.look(&group, key.pid, true, &self.users);
        if let Some(process) = self.processes.get_mut(key) {
            process.group = group;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{ProcReader, Users};
    use kestrel_core::event::TaskContext;

    const START: u64 = 70;

    fn in_proc(root: &std::path::Path, pid: u32, group: &str) {
        let folder = root.join(pid.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let stat = format!("{pid} (p) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {START} 1 1");
        std::fs::write(folder.join("stat"), stat).unwrap();
        std::fs::write(folder.join("cgroup"), format!("0::{group}\n")).unwrap();
    }

    fn task(pid: u32, cgroup: u64) -> TaskContext {
        TaskContext { pid, tid: pid, cgroup, start_time: START * 10_000_000, ..TaskContext::default() }
    }

    fn id_of(state: &State, key: ProcessKey) -> String {
        let group = &state.processes.get(key).unwrap().group;
        let container = group.container.as_ref().map(|container| container.short_id().to_vec());
        container.map_or_else(|| "host".to_owned(), |id| String::from_utf8(id).unwrap())
    }

    #[test]
    fn a_process_that_was_moved_is_in_the_container_that_it_was_moved_to() {
        let root = tempfile::tempdir().unwrap();
        let mut state = State::new(64, Users::from_text("", ""), Some(ProcReader::new(root.path())));
        in_proc(root.path(), 30, "/system.slice/docker.service");
        let key = state.meet(&task(30, 5), 1);
        assert_eq!(id_of(&state, key), "host");
        in_proc(root.path(), 30, &format!("/system.slice/docker-{}.scope", "ab".repeat(32)));
        // Nothing is read as long as the number is the same.
        state.meet(&task(30, 5), 2);
        assert_eq!(id_of(&state, key), "host");
        state.meet(&task(30, 6), 3);
        assert_eq!(id_of(&state, key), "abababababab");
        // Who comes into the same group is known without /proc.
        let other = state.meet(&task(31, 6), 4);
        assert_eq!(id_of(&state, other), "abababababab");
        // Who is gone before it can be asked is nowhere.
        state.meet(&task(30, 9), 5);
        std::fs::remove_dir_all(root.path().join("30")).unwrap();
        state.meet(&task(30, 10), 6);
        assert!(state.processes.get(key).unwrap().group.path.is_empty());
    }

    #[test]
    fn who_was_there_before_keeps_its_group_until_it_is_moved() {
        let root = tempfile::tempdir().unwrap();
        in_proc(root.path(), 30, &format!("/lxc.payload.web/{}", "x".repeat(20)));
        let mut state = State::new(64, Users::from_text("", ""), Some(ProcReader::new(root.path())));
        state.scan();
        std::fs::remove_dir_all(root.path().join("30")).unwrap();
        let key = state.meet(&task(30, 6), 3);
        assert_eq!(id_of(&state, key), "web");
    }
}
