//! A capture, read as records of ours.

use super::blocks::{Block, Blocks};
use super::convert::{self, Around};
use super::event::Event;
use super::fds::FdTable;
use super::follow::{self, After, CLONE_THREAD};
use super::table::{Row, rows};
use super::threads::{Thread, Threads};
use super::{lists, value};
use crate::record_builder::encode;
use crate::recording::{Machine, RecordingError, Step, UserEntry, UserLists};
use hashbrown::HashMap;
use kestrel_core::event::{MAX_RECORD, PathFlags, RecordHeader, TaskContext};
use kestrel_core::schema::{self, Abi, EventId, EventSet, id};
use std::io::Read;
use std::rc::Rc;
use zerocopy::IntoBytes;

/// Bytes of an event that is looked at; larger ones are those of plugins.
const MOST_EVENT: u64 = 256 * 1024;

/// Entries whose returns have not come; with more, all are forgotten.
const MOST_ENTERS: usize = 8192;

/// Processes that are told of at a time.
const TOLD: usize = 64;

/// Theirs for a child that is in another pid namespace than the first one: its id is not what its parent was told.
const CHILD_IN_PIDNS: u64 = 1 << 29;

/// A list that is being read.
#[derive(Clone, Copy, Debug)]
enum List {
    Processes(u8),
}

/// What an event of theirs is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Nothing.
    None,
    /// The return of a call, or an event that is whole: a record is made of it, or it changes something.
    Return,
    /// The entry of a call, whose return does not say everything.
    Entry,
    /// A call of which captures know the number alone.
    Generic,
    /// A user or a group was added.
    Added,
}

/// Reads a capture.
pub struct Importer<R> {
    blocks: Blocks<R>,
    rows: Rc<[Row]>,
    /// What each of them is for, by its number.
    uses: Vec<Use>,
    wanted: EventSet,
    machine: Machine,
    /// A block whose type was read already.
    ahead: Option<Block>,
    list: Option<List>,
    threads: Threads,
    fds: FdTable,
    event: Event,
    enters: HashMap<u32, Event>,
    buf: Vec<u64>,
    len: usize,
    seq: u64,
    skipped: u64,
    closed: bool,
}

impl<R> std::fmt::Debug for Importer<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer").field("machine", &self.machine).finish_non_exhaustive()
    }
}

impl<R: Read> Importer<R> {
    /// Reads the beginning of a capture.
    ///
    /// # Errors
    /// [`RecordingError`] if it is none.
    pub fn open(input: R) -> Result<Importer<R>, RecordingError> {
        let mut blocks = Blocks::new(input);
        match blocks.next() {
            Ok(Some(Block::Section)) => blocks.end()?,
            Err(error @ RecordingError::ByteOrder) => return Err(error),
            _ => return Err(RecordingError::NotARecording),
        }
        let rows = rows();
        let mut importer = Importer {
            blocks,
            uses: uses(&rows, &EventSet::all()),
            rows: rows.into(),
            wanted: EventSet::all(),
            machine: Machine::default(),
            ahead: None,
            list: None,
            threads: Threads::default(),
            fds: FdTable::default(),
            event: Event::default(),
            enters: HashMap::new(),
            buf: vec![0; MAX_RECORD / size_of::<u64>()],
            len: 0,
            seq: 0,
            skipped: 0,
            closed: false,
        };
        importer.ahead = importer.blocks.next()?;
        if importer.ahead == Some(Block::Machine) {
            importer.machine = lists::machine(&mut importer.blocks)?;
            importer.blocks.end()?;
            importer.ahead = None;
        }
        Ok(importer)
    }

    /// The machine that was captured.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The record that was made last.
    pub fn record(&self) -> &[u8] {
        self.buf.as_bytes().get(..self.len).unwrap_or(&[])
    }

    /// Makes records of these events only.
    pub fn want(&mut self, events: &EventSet) {
        self.wanted = *events;
        self.uses = uses(&self.rows, events);
    }

    /// Bytes of the capture that were read, unpacked.
    pub fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// Events that no record was made of.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// True once the end was read.
    pub fn was_closed(&self) -> bool {
        self.closed
    }

    /// Reads what comes next.
    ///
    /// # Errors
    /// [`RecordingError`] where the capture is damaged: nothing can be read from there on.
    pub fn advance(&mut self) -> Result<Step, RecordingError> {
        loop {
            if let Some(List::Processes(version)) = self.list {
                let told = self.processes(version)?;
                if !told.is_empty() {
                    return Ok(Step::Processes(told));
                }
                self.list = None;
                self.blocks.end()?;
            }
            let block = match self.ahead.take() {
                Some(block) => block,
                None => match self.blocks.next()? {
                    Some(block) => block,
                    None => {
                        self.closed = true;
                        return Ok(Step::End);
                    }
                },
            };
            match block {
                Block::Event { counted, flags, large } => {
                    if let Some(step) = self.event(counted, flags, large)? {
                        return Ok(step);
                    }
                }
                Block::Processes(version) => self.list = Some(List::Processes(version)),
                Block::Fds(lengths) => {
                    let tid = self.blocks.u64()? as u32;
                    let pid = self.threads.get(tid).map_or(tid, |thread| thread.task.pid);
                    while let Some((number, fd)) = lists::fd(&mut self.blocks, lengths)? {
                        self.fds.set(pid, number, Rc::new(fd));
                    }
                    self.blocks.end()?;
                }
                Block::Users(lengths) => {
                    let lists = lists::users(&mut self.blocks, lengths)?;
                    self.blocks.end()?;
                    return Ok(Step::Users(lists));
                }
                Block::Section | Block::Machine | Block::Other => self.blocks.end()?,
            }
        }
    }

    fn processes(&mut self, version: u8) -> Result<Vec<crate::recording::ProcessEntry>, RecordingError> {
        let mut told = Vec::new();
        while told.len() < TOLD {
            let Some(listed) = lists::process(&mut self.blocks, version)? else { break };
            let cwd = Rc::from(&listed.entry.cwd[..]);
            self.threads.insert(Thread { task: listed.task, cwd });
            if listed.task.tid == listed.task.pid {
                told.push(listed.entry);
            }
        }
        Ok(told)
    }

    /// Reads an event; gives what came of it, if anything did.
    fn event(&mut self, counted: bool, flags: bool, large: bool) -> Result<Option<Step>, RecordingError> {
        let cpu = self.blocks.u16()?;
        if flags {
            self.blocks.u32()?;
        }
        let len = self.blocks.left();
        if len > MOST_EVENT {
            self.skipped += 1;
            self.blocks.end()?;
            return Ok(None);
        }
        self.blocks.read(self.event.room(len as usize))?;
        self.blocks.end()?;
        let rows = Rc::clone(&self.rows);
        let number = usize::from(self.event.peek().ok_or_else(|| self.blocks.broken("an event has no header"))?);
        let Some(row) = rows.get(number) else {
            self.skipped += 1;
            return Ok(None);
        };
        let large = large || (counted && row.large);
        let purpose = self.uses.get(number).copied().unwrap_or(Use::None);
        if purpose != Use::None && !self.event.parse(counted, large, row.params.len()) {
            return Err(self.blocks.broken("the parameters of an event make no sense"));
        }
        let made = match (purpose, row.ours) {
            (Use::Return, Some(id)) => self.taken(&rows, row, id, cpu),
            (Use::Generic, _) => self.generic(row, cpu),
            (Use::Added, _) => return Ok(Some(Step::Users(self.added(row)))),
            (Use::Entry, _) => {
                self.keep();
                false
            }
            (Use::None | Use::Return, _) => false,
        };
        if made {
            return Ok(Some(Step::Record));
        }
        self.skipped += 1;
        Ok(None)
    }

    /// Keeps an entry for its return.
    fn keep(&mut self) {
        if self.enters.len() >= MOST_ENTERS && !self.enters.contains_key(&self.event.tid) {
            self.enters.clear();
        }
        self.enters.entry(self.event.tid).or_default().copy(&self.event);
    }

    fn stamp(&mut self, cpu: u16) -> RecordHeader {
        self.seq += 1;
        RecordHeader { cpu, time_ns: self.event.time_ns, seq: self.seq - 1, ..RecordHeader::default() }
    }

    /// A call of which nothing is known but its number.
    fn generic(&mut self, row: &Row, cpu: u16) -> bool {
        let at = row.params.iter().position(|(name, _)| *name == "nativeID");
        let number = at.and_then(|at| self.event.param(at)).and_then(value::unsigned);
        let id = number.and_then(|number| schema::event_of(Abi::NATIVE, u32::try_from(number).ok()?));
        let Some(id) = id.filter(|id| self.wanted.contains(*id)) else { return false };
        let task = self.threads.meet(self.event.tid).task;
        let stamp = self.stamp(cpu);
        let around = Around { exit: &self.event, enter: None, task, cwd: b"", fds: &self.fds };
        self.len = convert::record(&around, id, None, &[], stamp, self.buf.as_mut_bytes()).unwrap_or(0);
        self.len > 0
    }

    /// Takes an event in; true if a record was made of it.
    fn taken(&mut self, rows: &[Row], row: &Row, id: EventId, cpu: u16) -> bool {
        let tid = self.event.tid;
        let enter = self.enters.get(&tid).filter(|enter| row.needs_enter && enter.number + 1 == self.event.number);
        let task = self.threads.meet(tid).task;
        let cwd = self.threads.cwd(task.pid);
        let around = Around { exit: &self.event, enter, task, cwd: &cwd, fds: &self.fds };
        let result = around.number(row, 0).unwrap_or(0);
        let mut who = task;
        let mut extra = Vec::new();
        match id {
            id::CLONE | id::CLONE3 | id::FORK | id::VFORK if result >= 0 => {
                let Some((parent, child)) = forked(&around, row, rows, &self.threads, &self.machine, result) else {
                    return false;
                };
                extra = fork_params(id, &child.task);
                who = parent.task;
                if child.task.pid != parent.task.pid {
                    self.fds.fork(parent.task.pid, child.task.pid);
                }
                self.threads.insert(parent);
                self.threads.insert(child);
            }
            id::EXECVE | id::EXECVEAT if result >= 0 => {
                let mut after = task;
                follow::told(&around, row, rows, &mut after);
                // It goes on as the first thread, whichever made the call.
                after.tid = after.pid;
                let said = around.theirs(row, rows, "cwd").map(|(bytes, _)| value::directory(bytes.to_vec()));
                let cwd = said.filter(|cwd| cwd.starts_with(b"/")).map_or_else(|| Rc::clone(&cwd), Rc::from);
                extra = exec_params(&around, row, rows, id, &cwd);
                who = after;
                self.threads.insert(Thread { task: after, cwd });
            }
            id::PROCEXIT => {
                let dead = encode::number(i64::from(task.tid == task.pid));
                extra.extend(index(id, "group_dead").map(|at| (at, dead)));
            }
            _ => {
                let made = follow::before(&around, row, rows, id);
                for (number, fd) in made {
                    match fd {
                        Some(fd) => self.fds.set(task.pid, number, Rc::new(fd)),
                        None => self.fds.close(task.pid, number),
                    }
                }
            }
        }
        let around = Around { exit: &self.event, enter, task: who, cwd: &cwd, fds: &self.fds };
        let change = After::of(&around, row, rows, id);
        let mut len = 0;
        if self.wanted.contains(id) {
            let stamp = RecordHeader { cpu, time_ns: self.event.time_ns, seq: self.seq, ..RecordHeader::default() };
            len = convert::record(&around, id, Some(row), &extra, stamp, self.buf.as_mut_bytes()).unwrap_or(0);
        }
        follow::after(&who, &change, &mut self.threads, &mut self.fds);
        self.seq += u64::from(len > 0);
        self.len = len;
        len > 0
    }

    /// A user or a group that was added.
    fn added(&self, row: &Row) -> UserLists {
        let param = |name: &str| {
            let at = row.params.iter().position(|(param, _)| *param == name)?;
            self.event.param(at)
        };
        let number = |name: &str| param(name).and_then(value::unsigned).unwrap_or(0) as u32;
        let text = |name: &str| String::from_utf8_lossy(value::until_nul(param(name).unwrap_or(b""))).into_owned();
        let mut lists = UserLists { further: true, ..UserLists::default() };
        // Those of containers are others with the same ids.
        if text("container_id").is_empty() {
            if row.name == "useradded" {
                let (name, home, shell) = (text("name"), text("home"), text("shell"));
                lists.users.push(UserEntry { uid: number("uid"), name, home, shell });
            } else {
                lists.groups.push(crate::recording::GroupEntry { gid: number("gid"), name: text("name") });
            }
        }
        lists
    }
}

/// What each event of theirs is for, if records of these events are wanted.
fn uses(rows: &[Row], wanted: &EventSet) -> Vec<Use> {
    let is_needed = |row: &Row| row.ours.is_some_and(|id| wanted.contains(id) || follow::changes(id));
    let of = |(number, row): (usize, &Row)| match row.name {
        "syscall" if number % 2 == 1 => Use::Generic,
        "useradded" | "groupadded" if number.is_multiple_of(2) => Use::Added,
        _ if is_needed(row) => Use::Return,
        _ if number.is_multiple_of(2)
            && rows.get(number + 1).is_some_and(|exit| exit.needs_enter && is_needed(exit)) =>
        {
            Use::Entry
        }
        _ => Use::None,
    };
    rows.iter().enumerate().map(of).collect()
}

fn index(id: EventId, name: &str) -> Option<usize> {
    schema::get(id)?.params.iter().position(|param| param.name == name)
}

/// Who forked, and the child. The return to the parent says it, unless the child's id is another one there; and so does the
/// child's own return: whichever comes first.
fn forked(
    around: &Around<'_>,
    row: &Row,
    rows: &[Row],
    threads: &Threads,
    machine: &Machine,
    result: i64,
) -> Option<(Thread, Thread)> {
    let start_time = around.exit.time_ns.saturating_sub(machine.boot_ns);
    let flags = around.theirs(row, rows, "flags").and_then(|(bytes, _)| value::unsigned(bytes)).unwrap_or(0);
    let ours = index(row.ours?, "flags").and_then(|at| around.number(row, at)).unwrap_or(0);
    let is_thread = ours & CLONE_THREAD != 0;
    let mut told = around.task;
    follow::told(around, row, rows, &mut told);
    if result > 0 {
        if flags & CHILD_IN_PIDNS != 0 || told.vtid != told.tid {
            return None;
        }
        let parent = Thread { task: told, cwd: threads.cwd(told.pid) };
        let tid = u32::try_from(result).ok()?;
        return Some((parent.clone(), follow::child(&parent, tid, is_thread, start_time)));
    }
    // The child returned: it is known already if its parent's return came first.
    let tid = told.tid;
    if threads.get(tid).is_some_and(|known| known.task.start_time != 0 && known.task.pid == told.pid) {
        return None;
    }
    let is_thread = told.tid != told.pid;
    let parent_pid = if is_thread { told.pid } else { told.ppid };
    let parent = threads.get(parent_pid).cloned().unwrap_or_else(|| {
        let task = TaskContext { tid: parent_pid, pid: parent_pid, ppid: 0, ..told };
        Thread { task, cwd: Rc::clone(&threads.cwd(parent_pid)) }
    });
    let mut child = follow::child(&parent, tid, is_thread, start_time);
    (child.task.vtid, child.task.vpid) = (told.vtid, told.vpid);
    Some((parent, child))
}

fn fork_params(id: EventId, child: &TaskContext) -> Vec<(usize, Vec<u8>)> {
    let params = [
        ("res", u64::from(child.tid)),
        ("child_tid", child.tid.into()),
        ("child_pid", child.pid.into()),
        ("child_ppid", child.ppid.into()),
        ("child_start_time", child.start_time),
        ("child_vtid", child.vtid.into()),
        ("child_vpid", child.vpid.into()),
    ];
    params.iter().filter_map(|(name, n)| Some((index(id, name)?, encode::number(n.cast_signed())))).collect()
}

/// What older captures do not say of an exec, and what is said otherwise here.
fn exec_params(around: &Around<'_>, row: &Row, rows: &[Row], id: EventId, cwd: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let theirs = |name: &str| around.theirs(row, rows, name).map(|(bytes, _)| bytes);
    let text = |name: &str| theirs(name).map(value::until_nul).filter(|text| !text.is_empty() && *text != b"<NA>");
    let exe = text("exe").unwrap_or(b"");
    let filename = text("filename").or_else(|| text("pathname")).unwrap_or(exe);
    let absolute = value::join(around.cwd, filename);
    let exepath = text("trusted_exepath").map_or_else(|| absolute.clone(), <[u8]>::to_vec);
    let cgroup = value::cgroup(theirs("cgroups").unwrap_or(b"")).to_vec();
    let args = value::strings(theirs("args").unwrap_or(b"").to_vec());
    let cut = |bytes: &[u8]| bytes[..bytes.len().min(4096)].to_vec();
    let params = [
        ("trusted_exepath", cut(&exepath)),
        ("filename", encode::path(&cut(filename), &cut(&absolute), PathFlags::JOINED)),
        ("cgroups", cut(&cgroup)),
        ("args", cut(&args)),
        ("cwd", cut(cwd)),
    ];
    params.into_iter().filter_map(|(name, bytes)| Some((index(id, name)?, bytes))).collect()
}
