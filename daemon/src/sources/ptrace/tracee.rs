//! What is known of the tracees.

use super::folder::Folder;
use kestrel_core::event::TaskContext;
use kestrel_core::schema::EventId;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// A call that a tracee is in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// Which event it is; `None` for one of the many behind socketcall(2) and ipc(2).
    pub event: Option<EventId>,
    /// Its number.
    pub nr: u32,
    /// Its arguments.
    pub args: [u64; 6],
    /// It is of the 32-bit table.
    pub compat: bool,
    /// For an exec: what was asked to be executed, for the memory that says so is gone afterwards.
    pub filename: Vec<u8>,
}

/// One task that is traced.
#[derive(Debug)]
pub struct Tracee {
    /// What is known of it.
    pub task: TaskContext,
    /// What is known may be wrong by now.
    pub stale: bool,
    /// What its children are may differ from what it is: it changed the namespaces that they get.
    pub children_differ: bool,
    /// The call that it is in, if that is looked at.
    pub call: Option<Entered>,
    /// It was told to stop behind that call.
    pub interrupted: bool,
    /// Number and arguments of the last call of its that waited for an answer and got one.
    pub answered: Option<(u32, [u64; 6])>,
    /// Its folder in /proc.
    pub folder: OnceCell<Option<Folder>>,
    /// It has not executed the command yet: what it does is ours.
    pub is_ours: bool,
    /// It is, and has been, the only task of its process.
    pub never_had_others: bool,
    /// A task of another process uses its memory, too, or did when it was made: until it executes a program.
    pub shares_memory: bool,
    /// Whether names mean to it what they mean to us: its root and its mounts are ours. `None` if that was not looked at yet.
    pub shares_root: Option<bool>,
}

impl Tracee {
    /// A task of which this is known.
    pub fn new(task: TaskContext) -> Tracee {
        Tracee {
            task,
            stale: false,
            children_differ: false,
            call: None,
            interrupted: false,
            answered: None,
            folder: OnceCell::new(),
            is_ours: false,
            never_had_others: false,
            shares_memory: false,
            shares_root: None,
        }
    }

    /// Whether names mean to it what they mean to us, who are in this mount namespace (0 if that is not known).
    pub fn shares_root(&mut self, namespace: u32) -> bool {
        let Tracee { task, folder, shares_root, .. } = self;
        *shares_root.get_or_insert_with(|| {
            let folder = folder.get_or_init(|| Folder::open(task.tid.cast_signed()));
            let root = || folder.as_ref().and_then(|folder| folder.link("root"));
            namespace != 0 && task.mnt_ns == namespace && root().is_some_and(|root| root == b"/")
        })
    }
}

/// All tasks that are traced.
#[derive(Debug, Default)]
pub struct Tracees {
    tasks: HashMap<i32, Tracee>,
    /// Tasks of each process.
    threads: HashMap<u32, u32>,
    /// Tasks that stopped before their makers told of them.
    pub early: HashSet<i32>,
    /// Tasks that ended before their makers told of them, and their statuses.
    pub ended_early: HashMap<i32, i32>,
}

impl Tracees {
    /// The task of this number.
    pub fn get_mut(&mut self, tid: i32) -> Option<&mut Tracee> {
        self.tasks.get_mut(&tid)
    }

    /// Whether there is such a task.
    pub fn contains(&self, tid: i32) -> bool {
        self.tasks.contains_key(&tid)
    }

    /// Their numbers.
    pub fn tids(&self) -> Vec<i32> {
        self.tasks.keys().copied().collect()
    }

    /// The processes that they are of.
    pub fn pids(&self) -> Vec<i32> {
        self.threads.keys().map(|pid| pid.cast_signed()).collect()
    }

    /// Whether a task is the only one of its process.
    pub fn is_last(&self, tid: i32) -> bool {
        let pid = self.tasks.get(&tid).map(|tracee| tracee.task.pid);
        pid.and_then(|pid| self.threads.get(&pid)).is_none_or(|threads| *threads <= 1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.early.is_empty()
    }

    /// One more.
    pub fn insert(&mut self, tracee: Tracee) {
        let (tid, pid) = (tracee.task.tid.cast_signed(), tracee.task.pid);
        if self.tasks.insert(tid, tracee).is_none() {
            *self.threads.entry(pid).or_default() += 1;
        }
    }

    /// A task ended. Gives it, and whether it was the last of its process.
    pub fn end(&mut self, tid: i32) -> Option<(Tracee, bool)> {
        let tracee = self.tasks.remove(&tid)?;
        let pid = tracee.task.pid;
        let left = self.threads.get_mut(&pid).map_or(0, |threads| {
            *threads = threads.saturating_sub(1);
            *threads
        });
        if left == 0 {
            self.threads.remove(&pid);
            // The kernel gives its children to others.
            self.tasks.values_mut().filter(|other| other.task.ppid == pid).for_each(|other| other.stale = true);
        }
        Some((tracee, left == 0))
    }

    /// A task executed a program: it is the only one of its process now, under the process's number. `former` is the number
    /// that it had.
    pub fn executed(&mut self, tid: i32, former: i32) {
        let Some(mut tracee) = self.tasks.remove(&former).or_else(|| self.tasks.remove(&tid)) else { return };
        let pid = tracee.task.pid;
        self.tasks.retain(|_, other| other.task.pid != pid);
        (tracee.task.tid, tracee.task.vtid) = (tid.cast_unsigned(), tracee.task.vpid);
        tracee.shares_memory = false;
        if tid != former {
            tracee.folder = OnceCell::new();
        }
        self.tasks.insert(tid, tracee);
        self.threads.insert(pid, 1);
    }

    /// A task may have changed its root, which is that of others, too.
    pub fn doubt_roots(&mut self) {
        self.tasks.values_mut().for_each(|tracee| tracee.shares_root = None);
    }

    /// What is known of the tasks of a process, or of all, may be wrong.
    pub fn doubt(&mut self, pid: u32) {
        self.tasks.values_mut().filter(|tracee| tracee.task.pid == pid).for_each(|tracee| tracee.stale = true);
    }
}
