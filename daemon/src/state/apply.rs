//! Taking in records.

use super::meet;
use super::params::{Name, Params};
use super::{Figures, Image, ProcReader, Process, ProcessKey, ProcessTable, Threads, Users};
use crate::container::Containers;
use kestrel_core::event::{Flags, Record, TaskContext};
use kestrel_core::fill::names_nothing;
use kestrel_core::schema::{EventId, id};
use std::path::Path;
use std::rc::Rc;

/// The events that the process table is made from: always asked for, whatever the rules want.
pub const LIFECYCLE: [EventId; 10] = [
    id::CLONE,
    id::CLONE3,
    id::FORK,
    id::VFORK,
    id::EXECVE,
    id::EXECVEAT,
    id::PROCEXIT,
    id::CHDIR,
    id::FCHDIR,
    id::SETSID,
];

/// Ancestors of one process that are read from /proc at most.
const MOST_ANCESTORS: usize = 64;

/// What the state did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateStats {
    /// Processes that were met without their history.
    pub unknown: u64,
    /// Of these, left incomplete because too many came at once.
    pub incomplete: u64,
    /// Living processes that had to go because the table was full.
    pub evicted: u64,
}

/// Processes and users.
#[derive(Debug)]
pub struct State {
    /// The processes.
    pub processes: ProcessTable,
    /// The users.
    pub users: Users,
    /// The containers.
    pub containers: Containers,
    pub(super) stats: StateStats,
    pub(super) reader: Option<ProcReader>,
    pub(super) lookups: u32,
    pub(super) refilled_ns: u64,
    /// An exec's record has the path of the group that /proc would give.
    pub(super) told_as_in_proc: bool,
}

impl State {
    /// An empty state. Without a reader of /proc, processes and containers are known from records alone.
    pub fn new(capacity: usize, users: Users, reader: Option<ProcReader>) -> State {
        let root = reader.as_ref().map(|_| Path::new("/"));
        let proc = reader.as_ref().map_or(Path::new("/proc"), ProcReader::root);
        let mut containers = Containers::new(root, proc);
        if reader.as_ref().is_some_and(ProcReader::has_old_hierarchies) {
            containers.distrust_numbers();
        }
        State {
            processes: ProcessTable::new(capacity),
            users,
            containers,
            stats: StateStats::default(),
            reader,
            lookups: meet::LOOKUPS,
            refilled_ns: 0,
            told_as_in_proc: false,
        }
    }

    /// Records come from somebody who reads /proc for each exec: what they say of its group need not be asked again.
    pub fn trust_groups(&mut self) {
        self.told_as_in_proc = true;
    }

    /// What it did so far.
    pub fn stats(&self) -> StateStats {
        StateStats { evicted: self.processes.evicted(), ..self.stats }
    }

    /// Reads every process that there is now. What records have said already is newer and stays.
    pub fn scan(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        for pid in reader.pids() {
            let Some((key, process)) = reader.process(pid, &mut self.containers) else { continue };
            self.containers.look(&process.group, pid, true, &self.users);
            match self.processes.get_mut(key) {
                Some(known) if !known.complete => {
                    let task = known.task;
                    *known = Process { task, seen_ns: known.seen_ns, ..process };
                }
                Some(_) => {}
                None => self.processes.insert(key, process),
            }
        }
        self.link_parents();
    }

    /// Reads this process and its ancestors, as far as /proc knows them.
    pub fn read_ancestry(&mut self, mut pid: u32) {
        let Some(reader) = &mut self.reader else { return };
        // Whoever changes parents meanwhile might lead us in a circle.
        for _ in 0..MOST_ANCESTORS {
            let Some((key, process)) = reader.process(pid, &mut self.containers) else { break };
            pid = process.task.ppid;
            self.processes.insert(key, process);
            if pid == 0 {
                break;
            }
        }
        self.link_parents();
    }

    /// Finds the parents of all processes by the pids in their task contexts.
    fn link_parents(&mut self) {
        let links: Vec<(ProcessKey, ProcessKey)> = self
            .processes
            .iter()
            .filter(|(_, process)| process.parent.is_none() && process.task.ppid != 0)
            .filter_map(|(&key, process)| {
                let parent = self.processes.current(process.task.ppid)?;
                // A parent is never younger than its child.
                (parent.start_ticks <= key.start_ticks).then_some((key, parent))
            })
            .collect();
        for (key, parent) in links {
            if let Some(process) = self.processes.get_mut(key) {
                process.parent = Some(parent);
            }
        }
    }

    /// Takes in a record, before it is judged; gives the process that it belongs to.
    pub fn apply(&mut self, record: &Record<'_>) -> ProcessKey {
        let task = record.task();
        let key = self.meet(task, record.header().time_ns);
        let event = EventId(record.header().event);
        let failed = record.flags().contains(Flags::FAILED);
        match event {
            _ if failed => {}
            id::CLONE | id::CLONE3 | id::FORK | id::VFORK => self.fork(key, record),
            id::EXECVE | id::EXECVEAT => self.exec(key, record),
            id::CHDIR => {
                let path = Params::of(record).get(Name::Path).and_then(|p| p.path()).map(|p| p.absolute);
                self.set_cwd(key, path);
            }
            id::FCHDIR => {
                let path = Params::of(record).get(Name::Fd).and_then(|p| p.fd()).map(|fd| fd.path);
                self.set_cwd(key, path);
            }
            _ => {}
        }
        key
    }

    /// Takes in what a record changes only after it was judged: the end of its thread or process.
    pub fn settle(&mut self, record: &Record<'_>, key: ProcessKey) {
        if EventId(record.header().event) != id::PROCEXIT {
            return;
        }
        if let Some(threads) = self.processes.get_mut(key).and_then(|process| process.threads.as_mut()) {
            threads.end(record.header().time_ns, record.task().tid == record.task().pid);
        }
        let params = Params::of(record);
        if params.number(Name::GroupDead) == Some(1) {
            // 0 if it had no children; it is a thread's number, and as good as always that of a process.
            let heir = params.number(Name::Reaper).and_then(|tid| u32::try_from(tid).ok()).filter(|&tid| tid != 0);
            let heir = heir.and_then(|tid| self.parent(key, tid, record.header().time_ns));
            self.processes.end(key, heir);
        }
    }

    fn fork(&mut self, parent_key: ProcessKey, record: &Record<'_>) {
        let params = Params::of(record);
        let number = |name| params.number(name);
        let (Some(pid), Some(start)) = (number(Name::ChildPid), number(Name::ChildStart)) else { return };
        let (pid, parent_pid) = (pid as u32, record.task().pid);
        // A thread: the same process.
        if pid == parent_pid {
            if let Some(threads) = self.processes.get_mut(parent_key).and_then(|process| process.threads.as_mut()) {
                threads.begin(record.header().time_ns);
            }
            return;
        }
        let grandparent = self.processes.get(parent_key).and_then(|parent| self.processes.parent_of(parent));
        let Some(parent) = self.processes.get_mut(parent_key) else { return };
        parent.figures = figures(record, &params, parent.figures);
        let start_of_namespace = number(Name::NamespaceStart).filter(|&start| start != 0);
        parent.pidns = start_of_namespace.map(|start| (record.task().pid_ns, start)).or(parent.pidns);
        let mut child = parent.clone();
        child.task = TaskContext {
            pid,
            tid: number(Name::ChildTid).unwrap_or(0) as u32,
            ppid: number(Name::ChildPpid).unwrap_or(0) as u32,
            start_time: start,
            vtid: number(Name::ChildVtid).unwrap_or(0) as u32,
            vpid: number(Name::ChildVpid).unwrap_or(0) as u32,
            ..*record.task()
        };
        child.exited = false;
        child.heir = None;
        child.threads = Some(Threads::ONE);
        child.exec_time_ns = 0;
        // Its memory is a copy of its parent's, its page faults are its own.
        child.figures = Figures { faults_major: Some(0), faults_minor: Some(0), ..child.figures };
        // With CLONE_PARENT the child's parent is its maker's.
        child.parent = if child.task.ppid == parent_pid { Some(parent_key) } else { grandparent };
        self.processes.insert(ProcessKey::new(pid, start), child);
    }

    fn exec(&mut self, key: ProcessKey, record: &Record<'_>) {
        let params = Params::of(record);
        let bytes = |name| -> Box<[u8]> { params.get(name).map_or_else(Box::default, |p| p.0.into()) };
        let number = |name| params.number(name);
        let (exe, args, env) = (bytes(Name::Exe), bytes(Name::Args), bytes(Name::Env));
        let exe_flags = number(Name::Flags).unwrap_or(0) as u32;
        let capabilities = match [Name::CapInheritable, Name::CapPermitted, Name::CapEffective].map(number) {
            [Some(inheritable), Some(permitted), Some(effective)] => Some([inheritable, permitted, effective]),
            _ => None,
        };
        let [exe_ino, exe_ctime, exe_mtime] =
            [Name::ExeIno, Name::ExeCtime, Name::ExeMtime].map(|name| number(name).unwrap_or(0));
        let exepath = bytes(Name::ExePath);
        let image = Image { exe, args, exepath, env, exe_flags, exe_ino, exe_ctime, exe_mtime, capabilities };
        let cwd = params.get(Name::Cwd).map(|p| p.0);
        let asked = params.get(Name::Filename).and_then(|p| p.path()).map_or(&[][..], |path| path.raw);
        let comm = if names_nothing(asked) { name_of(&image.exepath) } else { None };
        if let Some(process) = self.processes.get_mut(key) {
            process.image = Rc::new(image);
            process.comm = comm.unwrap_or(record.task().comm);
            process.exec_time_ns = record.header().time_ns;
            process.figures = figures(record, &params, process.figures);
            // The kernel ended the others.
            process.threads = Some(Threads::ONE);
            process.complete = true;
        }
        self.set_cwd(key, cwd);
        self.place_by_exec(key, params.get(Name::Cgroups).map_or(&[][..], |p| p.0));
    }

    fn set_cwd(&mut self, key: ProcessKey, path: Option<&[u8]>) {
        if let (Some(process), Some(path)) = (self.processes.get_mut(key), path)
            && !path.is_empty()
            && *process.cwd != *path
        {
            process.cwd = Rc::from(path);
        }
    }
}

/// The last part of a path as a process's name, cut as the kernel cuts it (TASK_COMM_LEN, `linux/sched.h`); `None` if there
/// is none.
fn name_of(path: &[u8]) -> Option<[u8; 16]> {
    let name = path.rsplit(|&b| b == b'/').next().filter(|name| !name.is_empty())?;
    let mut comm = [0; 16];
    for (to, from) in comm.iter_mut().take(15).zip(name) {
        *to = *from;
    }
    Some(comm)
}

/// What an exec or a fork says about the process that made it. What it does not say stays.
fn figures(record: &Record<'_>, params: &Params<'_, '_>, known: Figures) -> Figures {
    let number = |name, known: Option<u64>| params.number(name).or(known);
    // The faults are those of the thread that made the record.
    let is_main_thread = record.task().tid == record.task().pid;
    let of_first = |name, known| if is_main_thread { number(name, known) } else { known };
    Figures {
        fd_limit: number(Name::FdLimit, known.fd_limit),
        vm_size_kib: number(Name::VmSize, known.vm_size_kib),
        vm_rss_kib: number(Name::VmRss, known.vm_rss_kib),
        vm_swap_kib: number(Name::VmSwap, known.vm_swap_kib),
        faults_major: of_first(Name::PageFaultsMajor, known.faults_major),
        faults_minor: of_first(Name::PageFaultsMinor, known.faults_minor),
    }
}
