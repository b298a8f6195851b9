//! One process.

use crate::container::Group;
use kestrel_core::event::TaskContext;
use std::rc::Rc;

/// Nanoseconds of one clock tick as /proc counts them: USER_HZ is 100 on every architecture that is supported.
const NS_PER_TICK: u64 = 10_000_000;

/// Identity of a process: survives reuse of its pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey {
    /// Process id.
    pub pid: u32,
    /// Start in clock ticks since boot, as `/proc/PID/stat` counts: the coarser of the two clocks that name it.
    pub start_ticks: u64,
}

impl ProcessKey {
    /// The process of a record's task context.
    pub fn of(task: &TaskContext) -> ProcessKey {
        ProcessKey::new(task.pid, task.start_time)
    }

    /// From a pid and a start time in nanoseconds since boot.
    pub fn new(pid: u32, start_ns: u64) -> ProcessKey {
        ProcessKey { pid, start_ticks: start_ns / NS_PER_TICK }
    }
}

/// What an exec gave a process; shared with the children it forks until they exec themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// First command-line argument.
    pub exe: Box<[u8]>,
    /// The others, each ended by NUL.
    pub args: Box<[u8]>,
    /// Path of the executable.
    pub exepath: Box<[u8]>,
    /// The environment, each string ended by NUL.
    pub env: Box<[u8]>,
    /// [`kestrel_core::fill::ProcessImage`]'s flags of the executable.
    pub exe_flags: u32,
    /// Inode of the executable; 0 if it is not known.
    pub exe_ino: u64,
    /// Its last status change, ns since the epoch.
    pub exe_ctime: u64,
    /// Its last modification, ns since the epoch.
    pub exe_mtime: u64,
    /// Inheritable, permitted and effective capabilities at the exec; `None` if they are not known.
    pub capabilities: Option<[u64; 3]>,
}

/// What a process used when it was last asked; `None` for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Soft limit of open files.
    pub fd_limit: Option<u64>,
    /// Virtual memory, KiB.
    pub vm_size_kib: Option<u64>,
    /// Resident memory, KiB.
    pub vm_rss_kib: Option<u64>,
    /// Swapped memory, KiB.
    pub vm_swap_kib: Option<u64>,
    /// Page faults of its first thread that needed a disk.
    pub faults_major: Option<u64>,
    /// Page faults of its first thread that needed none.
    pub faults_minor: Option<u64>,
}

/// The living threads of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// How many there are, the first one included.
    pub alive: u32,
    /// The first one ended before the others.
    pub without_first: bool,
    /// Time at which they were counted, ns since the epoch: what happened before is in the count.
    pub since_ns: u64,
}

impl Threads {
    /// Those of a process that was just made, or that just executed a program.
    pub const ONE: Threads = Threads { alive: 1, without_first: false, since_ns: 0 };

    /// One more, at this time.
    pub fn begin(&mut self, time_ns: u64) {
        if time_ns >= self.since_ns {
            self.alive = self.alive.saturating_add(1);
        }
    }

    /// One less, at this time; `first` if it was the first one.
    pub fn end(&mut self, time_ns: u64, first: bool) {
        if time_ns >= self.since_ns {
            self.alive = self.alive.saturating_sub(1);
            self.without_first |= first;
        }
    }
}

/// One process.
#[derive(Clone, Debug)]
pub struct Process {
    /// The task context of the last record that it or one of its threads made.
    pub task: TaskContext,
    /// Its name: the comm that its last exec gave it, whatever it or its threads call themselves since. For a process that was
    /// there before the capture, the comm that its main thread had then.
    pub comm: [u8; 16],
    /// Its parent, if it is known. If that ended since, whoever inherited its children is: [`super::ProcessTable::parent_of`].
    pub parent: Option<ProcessKey>,
    /// What its last exec gave it.
    pub image: Rc<Image>,
    /// Its control group, and by it its container.
    pub group: Rc<Group>,
    /// Working directory; empty if it is not known.
    pub cwd: Rc<[u8]>,
    /// What it used when its last exec or fork was recorded, or when /proc was read.
    pub figures: Figures,
    /// Its living threads, if they are known.
    pub threads: Option<Threads>,
    /// A pid namespace, as an inode number, and the start of its first process in ns since the epoch. It is the process's
    /// own if the task context names the same one.
    pub pidns: Option<(u32, u64)>,
    /// Time of the last exec, ns since the epoch; 0 if it was before the capture.
    pub exec_time_ns: u64,
    /// Time of its last record, ns since the epoch; 0 if there was none.
    pub seen_ns: u64,
    /// It ended: kept for its children and for late records.
    pub exited: bool,
    /// Who inherited its children when it ended, if it had some and that is known.
    pub heir: Option<ProcessKey>,
    /// Image and working directory are known.
    pub complete: bool,
}

impl Process {
    /// A process of which no more is known than a record's task context.
    pub fn from_task(task: &TaskContext) -> Process {
        Process {
            task: *task,
            comm: task.comm,
            parent: None,
            image: Rc::default(),
            group: Rc::default(),
            cwd: Rc::from([].as_slice()),
            figures: Figures::default(),
            threads: None,
            pidns: None,
            exec_time_ns: 0,
            seen_ns: 0,
            exited: false,
            heir: None,
            complete: false,
        }
    }

    /// Its name without padding.
    pub fn comm(&self) -> &[u8] {
        let end = self.comm.iter().position(|&b| b == 0).unwrap_or(self.comm.len());
        &self.comm[..end]
    }

    /// The arguments after the first.
    pub fn args(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let bytes = self.image.args.strip_suffix(&[0]).unwrap_or(&self.image.args);
        let empty = self.image.args.is_empty();
        bytes.split(|&b| b == 0).filter(move |_| !empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_came_and_went_before_they_were_counted_are_not_counted_again() {
        let mut threads = Threads { alive: 5, without_first: false, since_ns: 100 };
        threads.begin(99);
        threads.end(99, true);
        assert_eq!((threads.alive, threads.without_first), (5, false));
        threads.begin(100);
        assert_eq!(threads.alive, 6);
        (0..9).for_each(|_| threads.end(101, false));
        assert_eq!(threads.alive, 0);
    }
}
