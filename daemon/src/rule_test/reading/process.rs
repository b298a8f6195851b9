//! The processes of a test: each the child of the one above it, unless it says whose child it is. What a process does not
//! say, it has from its parent.

use super::keys::{Keys, number, text};
use super::{MAX_PROCESSES, container, value};
use crate::document::{Content, Node};
use crate::record_builder::{Program, RecordBuilder, exec, fork};
use crate::rule_test::ContainerFacts;
use crate::rule_test::machine::{BOOT_NS, FIRST_EVENT_NS};
use crate::rule_test::problem::Problems;
use kestrel_core::event::TaskContext;
use kestrel_core::schema::id;
use kestrel_core::schema::names::{CAPABILITIES, EXE_FLAGS};

/// Keys of a process.
#[rustfmt::skip]
pub const KEYS: [&str; 18] = [
    "run", "id", "name", "exe", "parent", "age", "pid", "vpid", "user", "group", "loginuid", "tty", "cwd", "env", "cgroup",
    "container", "exe_flags", "capabilities",
];

/// Inode numbers of the pid and the mount namespace: of the machine (those of every Linux), and of its containers.
const HOST_NS: (u32, u32) = (4_026_531_836, 4_026_531_841);
const CONTAINER_NS: (u32, u32) = (4_026_532_201, 4_026_532_199);

/// Device number of `/dev/pts/0` (`linux/major.h`: 136).
const PTS_0: u32 = 136 << 8;

/// Process ids that processes get: this one, and those that follow.
const FIRST_PID: u32 = 1001;

/// Process id of what every process descends from.
const INIT_PID: u32 = 1;

/// Nanoseconds by which a process is younger than its parent.
const START_STEP_NS: u64 = 1_000_000_000;

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// What events call it.
    pub id: String,
    /// Its task context.
    pub task: TaskContext,
    /// What it runs.
    pub program: Program,
    /// Its place among the processes.
    parent: usize,
    /// Its container, if it is in one.
    pub container: Option<ContainerFacts>,
}

/// The processes of a test, parents before their children. The first is the machine's init.
#[derive(Clone, Debug)]
pub struct Tree {
    processes: Vec<Process>,
    /// False if one is missing, because something is wrong with it.
    whole: bool,
}

impl Tree {
    /// Reads `process` and `processes`. Where something is wrong, as much as can be read.
    pub fn read(test: &Keys<'_>, node: &Node, problems: &mut Problems) -> Tree {
        let mut tree = Tree { processes: vec![init()], whole: true };
        let nodes = tree.nodes(test, node, problems);
        if let Some(beyond) = nodes.get(MAX_PROCESSES) {
            problems.add(&beyond.referenced, format!("a test has at most {MAX_PROCESSES} processes"), "one more");
            tree.whole = false;
        }
        for node in nodes.iter().take(MAX_PROCESSES) {
            match tree.process(node, problems) {
                Some(process) => tree.processes.push(process),
                None => tree.whole = false,
            }
        }
        tree
    }

    /// Where the processes stand.
    fn nodes<'a>(&mut self, test: &Keys<'a>, node: &'a Node, problems: &mut Problems) -> &'a [Node] {
        let (at, message, label) = match (test.get("process"), test.get("processes")) {
            (Some(one), None) => return std::slice::from_ref(one),
            (None, Some(Node { value: Content::List(nodes), .. })) if !nodes.is_empty() => return nodes,
            (Some(one), Some(_)) => (one, "a test has process or processes", "this one, or the others".to_owned()),
            (None, Some(other)) => {
                (other, "processes must be a list of some", format!("this is {}", other.value.describe()))
            }
            (None, None) => (node, "a test has a process", "name one: `process: cat /etc/passwd`".to_owned()),
        };
        problems.add(&at.referenced, message, label);
        self.whole = false;
        &[]
    }

    /// The containers that they are in, each once.
    pub fn containers(&self) -> Vec<ContainerFacts> {
        let mut found: Vec<ContainerFacts> = Vec::new();
        for container in self.processes.iter().filter_map(|process| process.container.as_ref()) {
            if !found.iter().any(|known| known.id == container.id) {
                found.push(container.clone());
            }
        }
        found
    }

    /// Whether nothing is wrong with any of them.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The process at a place.
    pub fn get(&self, index: usize) -> Option<&Process> {
        self.processes.get(index)
    }

    /// The place of the process that makes events if nothing else is said: the last.
    pub fn last(&self) -> usize {
        self.processes.len() - 1
    }

    /// The place of the process of this id.
    pub fn find(&self, node: &Node, problems: &mut Problems) -> Option<usize> {
        let id = text(node, "a process", problems)?;
        let found: Vec<usize> = (0..self.processes.len()).filter(|index| self.processes[*index].id == id).collect();
        match found[..] {
            [index] => Some(index),
            // The one that is missing may be the one that is meant.
            [] if !self.whole => Some(self.last()),
            [] => {
                let known = self.processes.iter().map(|process| process.id.as_str());
                let otherwise = "a process is called as it is named, or by its id";
                problems.unknown(&node.referenced, format!("there is no process {id}"), &id, known, otherwise);
                None
            }
            [..] => {
                let message = format!("{} processes are called {id}", found.len());
                problems.add(&node.referenced, message, "give them an id each");
                None
            }
        }
    }

    /// The records of their forks, and of the execs of those that have made theirs.
    pub fn births(&self, has_run: impl Fn(usize) -> bool, next_ns: &mut impl FnMut() -> u64) -> Vec<RecordBuilder> {
        let mut records = Vec::new();
        for (index, process) in self.processes.iter().enumerate() {
            if index > 0 {
                records.push(fork(self.processes[process.parent].task, &process.task, next_ns()));
            }
            if has_run(index) {
                records.push(exec(id::EXECVE, process.task, &process.program, next_ns()));
            }
        }
        records
    }

    fn process(&self, node: &Node, problems: &mut Problems) -> Option<Process> {
        let Content::Map(_) = &node.value else {
            let args = value::strings(node, "a command line", problems)?;
            return self.with(node, &Keys::default(), args, problems);
        };
        let keys = Keys::of(node, "a process", &KEYS, problems)?;
        let args = match (keys.get("run"), keys.get("name")) {
            (Some(run), _) => value::strings(run, "run", problems)?,
            (None, Some(name)) => vec![text(name, "name", problems)?],
            (None, None) => {
                problems.add(&node.referenced, "a process has a command line or a name", "give it run or name");
                return None;
            }
        };
        self.with(node, &keys, args, problems)
    }

    /// A process with these arguments, and what else is said of it.
    fn with(&self, node: &Node, keys: &Keys<'_>, args: Vec<String>, problems: &mut Problems) -> Option<Process> {
        let Some(first) = args.first().filter(|first| !first.is_empty()) else {
            problems.add(&node.referenced, "a command line has a first word", "this one has none");
            return None;
        };
        // A login shell's first argument begins with a dash.
        let base = first.rsplit('/').next().unwrap_or(first).trim_start_matches('-').to_owned();
        let mut string = |key: &str| keys.get(key).map(|node| text(node, key, problems));
        let name = or(string("name"), || base.clone());
        let id = or(string("id"), || name.clone().unwrap_or_default());
        let exe = or(string("exe"), || if first.starts_with('/') { first.clone() } else { format!("/usr/bin/{base}") });
        let cwd = string("cwd");
        let parent = keys.get("parent").map_or(Some(self.last()), |node| self.find(node, problems));
        // Whose child it is does not matter any more where that is wrong.
        let above = &self.processes[parent.unwrap_or(0)];
        let cwd = or(cwd.map(|cwd| cwd.map(String::into_bytes)), || above.program.cwd.clone());
        let container = container::read(keys.get("container"), above, problems);
        let cgroup = match (keys.get("cgroup"), keys.get("container"), &container) {
            (Some(node), ..) => text(node, "cgroup", problems).map(String::into_bytes),
            (None, Some(_), Some(Some(contained))) => Some(contained.cgroup()),
            (None, Some(_), _) => Some(self.processes[0].program.cgroup.clone()),
            (None, None, _) => Some(above.program.cgroup.clone()),
        };
        let env = keys.get("env").map(|node| environment(node, problems));
        let mut bits = |key: &str, names| keys.get(key).map(|node| value::bits(node, key, names, problems));
        let exe_flags = or(bits("exe_flags", &EXE_FLAGS), || 0);
        let capabilities = bits("capabilities", &CAPABILITIES);
        let capabilities =
            or(capabilities.map(|bits| bits.map(|bits| Some(bits.cast_unsigned()))), || above.program.capabilities);
        let contained = container.as_ref().is_some_and(Option::is_some);
        let id_of = |container: &Option<ContainerFacts>| container.as_ref().map(|container| container.id.clone());
        let is_first = contained && container.as_ref().map(id_of) != Some(id_of(&above.container));
        let task = self.task(above, keys, contained, is_first, problems);
        let program = Program {
            args: args.into_iter().map(String::into_bytes).collect(),
            env: or(env, || above.program.env.clone())?,
            exepath: exe?.into_bytes(),
            cwd: cwd?,
            cgroup: cgroup?,
            exe_flags: exe_flags?.cast_unsigned(),
            capabilities: capabilities?,
        };
        let task = TaskContext { comm: comm(&name?), ..task? };
        Some(Process { id: id?, task, program, parent: parent?, container: container? })
    }

    /// Numbers of a process: of itself, of its users, of its terminal.
    fn task(
        &self,
        above: &Process,
        keys: &Keys<'_>,
        contained: bool,
        is_first: bool,
        problems: &mut Problems,
    ) -> Option<TaskContext> {
        let taken = |pid: u32| self.processes.iter().any(|process| process.task.pid == pid);
        let pid = match keys.get("pid").map(|node| (node, number(node, "pid", problems))) {
            None => (FIRST_PID..).find(|pid| !taken(*pid)),
            Some((node, Some(pid))) if pid == 0 || taken(pid) => {
                problems.add(&node.referenced, "a process has a pid of its own", format!("{pid} is taken"));
                None
            }
            Some((_, pid)) => pid,
        };
        let vpid = keys.get("vpid").map(|node| number(node, "vpid", problems));
        let mut account = |key: &str| {
            let node = keys.get(key)?;
            let found = value::user(&node.value).and_then(|n| u32::try_from(n).ok());
            if found.is_none() {
                let label = format!("this is {}", node.value.describe());
                problems.add(&node.referenced, format!("{key} must be {}", value::expected_user()), label);
            }
            Some(found)
        };
        let [user, group, loginuid] = ["user", "group", "loginuid"].map(&mut account);
        let tty = match keys.get("tty").map(|node| (node, &node.value)) {
            None => Some(above.task.tty),
            Some((_, Content::Bool(has))) => Some(PTS_0 * u32::from(*has)),
            Some((node, _)) => number(node, "tty", problems),
        };
        let age: Option<Option<u64>> = keys.get("age").map(|node| number(node, "age", problems));
        // A child is never older than its parent.
        let youngest = above.task.start_time + START_STEP_NS;
        let start_time = match age {
            None => youngest,
            Some(age) => (FIRST_EVENT_NS - BOOT_NS).saturating_sub(age?.saturating_mul(1_000_000_000)).max(youngest),
        };
        let pid = pid?;
        // The first process of a container is its init.
        let vpid = or(vpid, || if is_first { 1 } else { pid })?;
        // The group that is a user's own has the user's number.
        let group = or(group.or(user), || above.task.egid)?;
        let user = or(user, || above.task.euid)?;
        let (pid_ns, mnt_ns) = if contained { CONTAINER_NS } else { HOST_NS };
        Some(TaskContext {
            start_time,
            cgroup: 1,
            tid: pid,
            pid,
            ppid: above.task.pid,
            uid: user,
            euid: user,
            gid: group,
            egid: group,
            loginuid: or(loginuid, || above.task.loginuid)?,
            // What init starts leads a session of its own.
            sid: if above.task.pid == INIT_PID { pid } else { above.task.sid },
            pgid: pid,
            tty: tty?,
            mnt_ns,
            pid_ns,
            vtid: vpid,
            vpid,
            vpgid: vpid,
            comm: [0; 16],
        })
    }
}

/// What was said, or else what is understood.
fn or<T>(said: Option<Option<T>>, otherwise: impl FnOnce() -> T) -> Option<T> {
    said.unwrap_or_else(|| Some(otherwise()))
}

/// A name as the kernel keeps it: 15 bytes, and an end.
fn comm(name: &str) -> [u8; 16] {
    let mut comm = [0; 16];
    comm.iter_mut().take(15).zip(name.bytes()).for_each(|(to, from)| *to = from);
    comm
}

/// Variables: a mapping, or a list of `NAME=value`.
fn environment(node: &Node, problems: &mut Problems) -> Option<Vec<Vec<u8>>> {
    let Content::Map(entries) = &node.value else {
        return Some(value::strings(node, "env", problems)?.into_iter().map(String::into_bytes).collect());
    };
    let texts = entries.iter().map(|(name, node)| {
        let value = text(node, &name.value, problems)?;
        Some(format!("{}={value}", name.value).into_bytes())
    });
    texts.collect()
}

/// What every process descends from.
fn init() -> Process {
    let task = TaskContext {
        start_time: START_STEP_NS,
        cgroup: 1,
        tid: INIT_PID,
        pid: INIT_PID,
        loginuid: u32::MAX,
        sid: INIT_PID,
        pgid: INIT_PID,
        pid_ns: HOST_NS.0,
        mnt_ns: HOST_NS.1,
        vtid: INIT_PID,
        vpid: INIT_PID,
        vpgid: INIT_PID,
        comm: comm("systemd"),
        ..TaskContext::default()
    };
    let program = Program {
        args: vec![b"/sbin/init".to_vec()],
        env: vec![b"PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_vec()],
        exepath: b"/usr/lib/systemd/systemd".to_vec(),
        cwd: b"/".to_vec(),
        cgroup: b"/system.slice/test.service".to_vec(),
        ..Program::default()
    };
    Process { id: "systemd".to_owned(), task, program, parent: 0, container: None }
}
