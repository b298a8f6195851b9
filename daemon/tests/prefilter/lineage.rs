//! The table of processes comes to the same with fewer records: who was whose child, and whose it became.

use kestrel::fields::Clock;
use kestrel::prefilter::{RecordFilter, prefilter};
use kestrel::record_builder::{Program, RecordBuilder, encode, exec, fork};
use kestrel::state::{State, Users};
use kestrel::watch::Judge;
use kestrel_core::event::{FdHead, FdKind, PathFlags, TaskContext};
use kestrel_core::schema::{EventId, id};
use kestrel_outputs::Alert;
use kestrel_rules::prefilter::ProcessNames;
use kestrel_rules::{LoadOptions, RuleSet, RuleSource};
use zerocopy::IntoBytes;

const RULES: &str = "\
- rule: Secret read
  desc: By whom, and below whom.
  condition: evt.type = openat and fd.name = /srv/secret and proc.aname exists
  output: >
    %proc.name/%proc.pname/%proc.aname[2]/%proc.aname[3]/%proc.aname[4] pid=%proc.ppid apid=%proc.apid[2] cmd=%proc.acmdline[2]
    in=%proc.cwd leader=%proc.sname
  priority: WARNING
";

fn rules() -> RuleSet {
    let source = RuleSource { name: "lineage.yaml".to_owned(), text: RULES.to_owned() };
    RuleSet::load(&[source], LoadOptions::default()).unwrap().rules
}

/// What happens on a machine, as records.
#[derive(Default)]
struct Story {
    records: Vec<Vec<u64>>,
}

fn task(pid: u32, ppid: u32, comm: &str) -> TaskContext {
    let start_time = u64::from(pid) * 1_000_000_000;
    let mut task =
        TaskContext { start_time, tid: pid, pid, ppid, vtid: pid, vpid: pid, sid: pid, ..TaskContext::default() };
    task.comm[..comm.len()].copy_from_slice(comm.as_bytes());
    task
}

impl Story {
    fn add(&mut self, record: impl FnOnce(u64) -> RecordBuilder) {
        let time_ns = 1_767_268_800_000_000_000 + self.records.len() as u64;
        self.records.push(record(time_ns).build().unwrap());
    }

    /// A program is started; gives its task.
    fn start(&mut self, parent: TaskContext, pid: u32, comm: &str) -> TaskContext {
        let made = task(pid, parent.pid, comm);
        let program = Program {
            args: vec![comm.into(), b"-x".to_vec()],
            exepath: format!("/usr/bin/{comm}").into_bytes(),
            cwd: b"/".to_vec(),
            ..Program::default()
        };
        self.add(|time| fork(parent, &made, time));
        self.add(|time| exec(id::EXECVE, made, &program, time));
        made
    }

    fn open(&mut self, task: TaskContext, path: &str) {
        let head = FdHead { fd: 3, kind: FdKind::File as u8, ..FdHead::default() };
        self.add(|time| {
            let record = RecordBuilder::new(id::OPENAT, task, time).unwrap();
            record
                .with("fd", encode::fd(head, path.as_bytes()))
                .with("name", encode::path(path.as_bytes(), path.as_bytes(), PathFlags::RESOLVED))
                .with("flags", encode::number(0))
        });
    }

    fn end(&mut self, task: TaskContext, reaper: u32) {
        self.add(|time| {
            let record = RecordBuilder::new(id::PROCEXIT, task, time).unwrap();
            record
                .with("status", encode::number(0))
                .with("reaper_tid", encode::number(reaper.into()))
                .with("group_dead", encode::number(1))
        });
    }

    fn moves(&mut self, task: TaskContext, to: &str) {
        self.add(|time| {
            let record = RecordBuilder::new(id::CHDIR, task, time).unwrap();
            record
                .with("res", encode::number(0))
                .with("path", encode::path(to.as_bytes(), to.as_bytes(), PathFlags::RESOLVED))
        });
    }
}

/// The alerts of a story, and how many records the prefilter left out.
fn alerts(story: &Story, with: bool) -> (Vec<String>, u64) {
    let set = rules();
    let program = prefilter(&set, ProcessNames::Known);
    let mut filter = RecordFilter::new(&program);
    let state = State::new(256, Users::from_text("", ""), None);
    let mut judge = Judge::new(state, set, Clock::system("box".to_owned()));
    let mut told = Vec::new();
    for bytes in &story.records {
        if !with || filter.wants(bytes.as_bytes(), &judge.state.processes) {
            judge.record(bytes.as_bytes(), |alert: Alert| told.push(alert.message.to_string()));
        }
    }
    (told, filter.shares().all().rejected)
}

/// Servers that are given away by who started them, with a child each, and a child of that; all of them open files all the time.
#[test]
fn who_was_given_another_parent_is_known_without_a_record_of_his() {
    let mut story = Story::default();
    let init = task(1, 0, "init");
    story.open(init, "/etc/passwd");
    let manager = story.start(init, 50, "manager");
    let starter = story.start(manager, 60, "starter");
    let server = story.start(starter, 70, "server");
    let worker = story.start(server, 80, "worker");
    story.moves(worker, "/srv");
    let reader = story.start(worker, 90, "reader");
    story.open(reader, "/srv/secret");
    // The starter goes, and its child is the manager's: a record of the server says so, if anybody looks at it.
    story.end(starter, 50);
    let server = TaskContext { ppid: 50, ..server };
    story.open(server, "/srv/page");
    story.open(reader, "/srv/secret");
    // The server goes as well, then the manager.
    story.end(server, 50);
    story.open(TaskContext { ppid: 50, ..worker }, "/srv/page");
    story.open(reader, "/srv/secret");
    story.end(manager, 1);
    let worker = TaskContext { ppid: 1, ..worker };
    story.open(worker, "/srv/page");
    story.open(reader, "/srv/secret");
    // So many come and go that those who ended are forgotten.
    for pid in 1000..1200 {
        let passer = story.start(init, pid, "passer");
        story.open(passer, "/srv/page");
        story.end(passer, 0);
    }
    story.open(worker, "/srv/page");
    story.open(reader, "/srv/secret");
    // And of those that come now, the one has a parent that the other never had.
    let last = story.start(worker, 2000, "last");
    story.end(worker, 1);
    story.open(TaskContext { ppid: 1, ..last }, "/srv/secret");

    let (all, _) = alerts(&story, false);
    let (some, rejected) = alerts(&story, true);
    assert_eq!(all, some);
    assert!(rejected > 200, "{rejected} records were left out");
    let lines: Vec<&str> = all.iter().filter_map(|line| line.split_once(" pid=").map(|(names, _)| names)).collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(
        names,
        [
            "reader/worker/server/starter/manager",
            "reader/worker/server/manager/init",
            "reader/worker/manager/init/<NA>",
            "reader/worker/init/<NA>/<NA>",
            "reader/worker/init/<NA>/<NA>",
            "last/init/<NA>/<NA>/<NA>",
        ]
    );
}

#[test]
fn the_table_is_made_from_what_is_always_kept() {
    let set = rules();
    let judged: Vec<EventId> = prefilter(&set, ProcessNames::Known).events().iter().map(|event| event.event).collect();
    for event in [id::PROCEXIT, id::CHDIR, id::FCHDIR, id::SETSID] {
        assert!(!judged.contains(&event));
    }
}
