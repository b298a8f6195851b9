//! Threads of a capture: what its events say of who made them.

use hashbrown::HashMap;
use kestrel_core::event::TaskContext;
use std::rc::Rc;

/// Threads that are kept: a bound on what a hostile capture can cost. With more, all but the newest are forgotten.
const MOST: usize = 131_072;

/// One thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// What records say of it.
    pub task: TaskContext,
    /// Working directory; of the process, so only its first thread's counts. Empty if it is not known.
    pub cwd: Rc<[u8]>,
}

/// All threads, by their ids.
#[derive(Debug, Default)]
pub struct Threads {
    threads: HashMap<u32, Thread>,
}

impl Threads {
    /// The thread of this id.
    pub fn get(&self, tid: u32) -> Option<&Thread> {
        self.threads.get(&tid)
    }

    /// The thread of this id; of one that nothing was said of, nothing more is known than that it is there.
    pub fn meet(&mut self, tid: u32) -> &mut Thread {
        if self.threads.len() >= MOST && !self.threads.contains_key(&tid) {
            self.threads.clear();
        }
        self.threads.entry(tid).or_insert_with(|| {
            let task =
                TaskContext { tid, pid: tid, vtid: tid, vpid: tid, loginuid: u32::MAX, ..TaskContext::default() };
            Thread { task, cwd: Rc::from([].as_slice()) }
        })
    }

    /// Adds a thread, or replaces it.
    pub fn insert(&mut self, thread: Thread) {
        let tid = thread.task.tid;
        *self.meet(tid) = thread;
    }

    /// Working directory of a process; empty if it is not known.
    pub fn cwd(&self, pid: u32) -> Rc<[u8]> {
        self.threads.get(&pid).map_or_else(|| Rc::from([].as_slice()), |thread| Rc::clone(&thread.cwd))
    }

    /// A thread ended.
    pub fn end(&mut self, tid: u32) {
        self.threads.remove(&tid);
    }
}
