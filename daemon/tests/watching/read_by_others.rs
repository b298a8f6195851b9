//! Records that others read from the socket.

use crate::stage::{Bell, RULES, judge, judge_by, outputs, rules, until, watch_until};
use crate::support::{Cpu, kill, machine};
use kestrel::config::{Config, DropsConfig};
use kestrel::container::{Details, ImageName, Told};
use kestrel::event_loop::Limits;
use kestrel::live::{Heard, Listener};
use kestrel::prefilter::{self, Mode};
use kestrel::record_builder::{Program, RecordBuilder, encode, exec, fork};
use kestrel::shown::View;
use kestrel::watch::{Appended, FilesInForce, Fresh, Reading, Summary, Watch};
use kestrel_core::event::{PathFlags, TaskContext};
use kestrel_core::schema::id;
use kestrel_outputs::socket::{Frame, FrameReader, Request};
use kestrel_outputs::{Outputs, OutputsConfig, SocketConfig};
use kestrel_rules::prefilter::ProcessNames;
use nix::sys::signal::Signal;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

const FIELDS: [&str; 6] = ["evt.num", "proc.name", "proc.exepath", "proc.pexepath", "evt.type", "evt.rawarg.pid"];

fn socket(path: &Path) -> OutputsConfig {
    let socket_output = SocketConfig { enabled: true, path: path.to_owned(), ..SocketConfig::default() };
    OutputsConfig { socket_output, ..outputs() }
}

/// A program that reads the socket.
struct Reader {
    stream: UnixStream,
    frames: FrameReader,
    listener: Listener,
    lines: Vec<String>,
    alerts: Vec<String>,
    recorded: Vec<String>,
    lost: u64,
}

impl Reader {
    fn connect(path: &Path, filter: Option<&str>) -> Reader {
        Reader::showing(path, &FIELDS, filter)
    }

    fn showing(path: &Path, fields: &[&str], filter: Option<&str>) -> Reader {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let listener = Listener::new(View::new(&fields, filter, false).unwrap(), 1024);
        let mut stream = UnixStream::connect(path).unwrap();
        let request = Request { alerts: true, records: Some(listener.wanted()) };
        stream.write_all(&request.encode().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let (frames, lines) = (FrameReader::default(), Vec::new());
        Reader { stream, frames, listener, lines, alerts: Vec::new(), recorded: Vec::new(), lost: 0 }
    }

    /// Reads what there is.
    fn read(&mut self) {
        let mut buf = [0; 65536];
        loop {
            match self.stream.read(&mut buf) {
                Ok(n) => self.frames.push(&buf[..n]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
                Err(error) => panic!("{error}"),
            }
            while let Some(frame) = self.frames.next_frame().unwrap() {
                match frame {
                    Frame::Alert(alert) => {
                        self.alerts.push(alert.message);
                        continue;
                    }
                    Frame::Lost(n) => panic!("{n} alerts are lost"),
                    _ => {}
                }
                match self.listener.hear(frame).unwrap() {
                    Heard::Nothing => {}
                    Heard::Line(line) => self.lines.push(line.to_owned()),
                    Heard::Recorded(text) => self.recorded.push(text),
                    Heard::Lost(n) => self.lost += n,
                    Heard::Skipped => panic!("a record makes no sense"),
                }
            }
        }
    }

    fn until(&mut self, mut is_so: impl FnMut(&Reader) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            let Reader { lines, alerts, recorded, lost, .. } = self;
            let last = lines.last();
            let (lines, alerts, recorded) = (lines.len(), alerts.len(), recorded.len());
            assert!(Instant::now() < end, "it never came: {lines} {alerts} {recorded} {lost}, {last:?}");
            self.read();
        }
    }
}

fn task(pid: u32, ppid: u32, comm: &str) -> TaskContext {
    // As `Cpu::record` has it, so that it is the same process.
    let mut task = TaskContext { tid: pid, pid, ppid, start_time: 1_000_000, ..TaskContext::default() };
    task.comm[..comm.len()].copy_from_slice(comm.as_bytes());
    task
}

fn write(cpu: &Cpu, record: &[u64]) {
    let bytes = record.as_bytes();
    until(|| {
        cpu.bytes(|buf| {
            buf[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        })
    });
}

/// A process executes a program.
fn execute(cpu: &Cpu, pid: u32, path: &str, time_ns: u64) {
    let comm = path.rsplit('/').next().unwrap();
    let program = Program { args: vec![comm.into()], exepath: path.into(), cwd: "/".into(), ..Program::default() };
    write(cpu, &exec(id::EXECVE, task(pid, 1, comm), &program, time_ns).build().unwrap());
}

/// Watches while `play` plays the kernel and whoever reads.
fn with(watch: Watch, play: impl FnOnce(Cpu, &Bell) + Send + 'static) -> impl FnOnce() -> (Watch, Summary) {
    let mut watch = watch;
    move || {
        let (mut cpus, source, _told) = machine(1, 1 << 20);
        let bell = Bell::here();
        let playing = std::thread::spawn(move || {
            // However it ends, the loop must.
            struct End(Bell);
            impl Drop for End {
                fn drop(&mut self) {
                    self.0.ring(Signal::SIGTERM);
                }
            }
            let end = End(bell);
            play(cpus.remove(0), &end.0);
        });
        let (_, summary) = watch_until(source, Limits::default(), &mut watch);
        playing.join().unwrap();
        (watch, summary)
    }
}

fn watch_at(path: &Path) -> Watch {
    let outputs = Outputs::new(&socket(path), Watch::OUTPUTS).unwrap();
    let wanted = prefilter::wanted(&rules(RULES), Mode::On(ProcessNames::Unknown));
    Watch::new(judge(), outputs, &DropsConfig::default(), Box::new(|| None))
        .recording(wanted.events, !wanted.program.is_empty())
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    (dir, path)
}

#[test]
fn readers_see_records_with_the_numbers_of_alerts_and_processes_that_were_there_before_them() {
    let (_dir, path) = place();
    let watch = watch_at(&path);
    let play = move |cpu: Cpu, _: &Bell| {
        let mut early = Reader::connect(&path, None);
        early.until(|reader| !reader.recorded.is_empty());
        execute(&cpu, 1, "/sbin/init", 1);
        write(&cpu, &fork(task(1, 0, "init"), &task(100, 1, "init"), 2).build().unwrap());
        execute(&cpu, 100, "/opt/evil", 3);
        write(&cpu, &fork(task(1, 0, "init"), &task(200, 1, "init"), 4).build().unwrap());
        early.until(|reader| reader.lines.len() == 4);
        drop(early);
        let mut all = Reader::connect(&path, None);
        let mut some = Reader::connect(&path, Some("evt.type in (kill, ptrace) and proc.exepath = /opt/good"));
        all.until(|reader| !reader.recorded.is_empty());
        some.until(|reader| !reader.recorded.is_empty());
        cpu.record(kill("evil", 5, &[(1, 7)]));
        // What is recorded is there without anything else happening.
        all.until(|reader| reader.lines.len() == 1 && reader.alerts.len() == 1);
        execute(&cpu, 200, "/opt/good", 6);
        cpu.record(kill("good", 7, &[(1, 8)]));
        all.until(|reader| reader.lines.len() == 3);
        some.until(|reader| reader.lines.len() == 1);
        assert_eq!(
            all.lines,
            [
                "5\tevil\t/opt/evil\t/sbin/init\tkill\t7",
                "6\tgood\t/opt/good\t/sbin/init\texecve\t200",
                "7\tgood\t/opt/good\t/sbin/init\tkill\t8"
            ]
        );
        assert_eq!(all.alerts, ["evil kills 7"]);
        assert_eq!(some.lines, ["7\tgood\t/opt/good\t/sbin/init\tkill\t8"]);
        insta::assert_snapshot!([all.recorded, some.recorded].concat().join("\n"));
    };
    let (_, summary) = with(watch, play)();
    let records = summary.records.unwrap();
    // The one with a condition gets kills, and what the process table is made from.
    assert_eq!((records.given, records.lost), (4 + 6, 0));
}

#[test]
fn a_record_is_read_at_once_and_not_when_the_loop_looks_around_for_something_else() {
    let (_dir, path) = place();
    let watch = watch_at(&path);
    let play = move |cpu: Cpu, _: &Bell| {
        let mut reader = Reader::connect(&path, None);
        reader.until(|reader| !reader.recorded.is_empty());
        let tries = (1..=4).map(|n| {
            let begin = Instant::now();
            cpu.record(kill("good", n, &[]));
            reader.until(|reader| reader.lines.len() as u64 == n);
            begin.elapsed()
        });
        // On a busy machine one of them may take long; the loop looks around once a second.
        let shortest = tries.min().unwrap();
        assert!(shortest < Duration::from_millis(500), "{shortest:?}");
    };
    with(watch, play)();
}

#[test]
fn a_slow_reader_is_told_what_it_lost_and_knows_afterwards_what_happened_meanwhile() {
    const RECORDS: u64 = 30_000;
    let (_dir, path) = place();
    let watch = watch_at(&path);
    let play = move |cpu: Cpu, _: &Bell| {
        let (mut good, mut slow) = (Reader::connect(&path, None), Reader::connect(&path, None));
        good.until(|reader| !reader.recorded.is_empty());
        slow.until(|reader| !reader.recorded.is_empty());
        execute(&cpu, 200, "/opt/first", 1);
        for n in 0..RECORDS {
            until(|| cpu.record(kill("good", n + 2, &[(1, n)])));
            if n == RECORDS / 2 {
                execute(&cpu, 200, "/opt/second", n + 2);
            }
            if n % 500 == 0 {
                good.until(|reader| reader.lines.len() as u64 + reader.lost >= n);
            }
        }
        let sent = RECORDS + 2;
        good.until(|reader| reader.lines.len() as u64 + reader.lost == sent);
        assert_eq!(good.lost, 0);
        slow.until(|reader| reader.lines.len() as u64 + reader.lost == sent);
        assert!(slow.lost > RECORDS / 2, "{}", slow.lost);
        cpu.record(kill("evil", RECORDS + 9, &[(1, 1)]));
        cpu.record(kill("good", RECORDS + 9, &[(1, 2)]));
        slow.until(|reader| reader.alerts.len() == 1 && reader.lines.last().is_some_and(|line| line.ends_with("\t2")));
        let last = format!("{}\tsecond\t/opt/second\t<NA>\tkill\t2", RECORDS + 4);
        assert_eq!(slow.lines.last(), Some(&last));
        // Numbers say where they are missing.
        let numbers = slow.lines.iter().map(|line| line.split('\t').next().unwrap().parse::<u64>().unwrap());
        let gaps: u64 = numbers.clone().zip(numbers.skip(1)).map(|(before, after)| after - before - 1).sum();
        assert_eq!(gaps, slow.lost);
        good.until(|reader| reader.lines.last() == Some(&last));
        slow.lost
    };
    let (lost, told) = std::sync::mpsc::channel();
    let (_, summary) = with(watch, move |cpu, bell| lost.send(play(cpu, bell)).unwrap())();
    let records = summary.records.unwrap();
    let lost = told.recv().unwrap();
    assert_eq!((records.given, records.lost), (2 * (RECORDS + 4) - lost, lost));
    assert_eq!(summary.sinks[0].1.lost, 0);
}

#[test]
fn readers_know_of_containers_what_the_daemon_knows_and_again_after_a_loss() {
    const RECORDS: u64 = 20_000;
    const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";
    let (_dir, path) = place();
    let mut watch = watch_at(&path);
    let details = Details { name: "web".to_owned(), image: ImageName::parse("shop/web:1.4"), ..Details::default() };
    let told = Told { id: ID.as_bytes().into(), details: Some(details), ..Told::default() };
    watch.judge_mut().state.containers.tell(told);
    let play = move |cpu: Cpu, _: &Bell| {
        let fields = ["proc.name", "container.id", "container.name", "container.image"];
        let mut reader = Reader::showing(&path, &fields, None);
        reader.until(|reader| !reader.recorded.is_empty());
        let program = Program {
            args: vec!["good".into()],
            exepath: "/opt/good".into(),
            cgroup: format!("/docker/{ID}").into(),
            ..Program::default()
        };
        execute(&cpu, 200, "/opt/outside", 1);
        write(&cpu, &exec(id::EXECVE, task(201, 1, "good"), &program, 2).build().unwrap());
        reader.until(|reader| reader.lines.len() == 2);
        let inside = "good\t3f2a9c0b1d4e\tweb\tshop/web:1.4";
        assert_eq!(reader.lines, ["outside\t<NA>\t<NA>\t<NA>", inside]);
        // More than waits for one that does not read.
        for n in 0..RECORDS {
            until(|| cpu.record(kill("good", n + 3, &[(1, n)])));
        }
        reader.until(|reader| reader.lines.len() as u64 + reader.lost == RECORDS + 2);
        assert!(reader.lost > 0);
        let again = RecordBuilder::new(id::GETPID, task(201, 1, "good"), RECORDS + 9).unwrap();
        write(&cpu, &again.build().unwrap());
        reader.until(|reader| reader.lines.last().is_some_and(|line| line == inside));
    };
    with(watch, play)();
}

#[test]
fn readers_are_told_when_something_else_is_recorded() {
    let (_dir, path) = place();
    let reload = move || {
        let config = Config { outputs: outputs(), ..Config::default() };
        let rules = rules(&RULES.replace("evt.type = kill", "evt.type in (kill, unlink, mount)"));
        Some(Reading {
            paths: Vec::new(),
            outcome: Ok(Fresh {
                wanted: prefilter::wanted(&rules, Mode::Off),
                rules,
                config: Box::new(config),
                appended: Appended::default(),
                files: FilesInForce::default(),
            }),
        })
    };
    let wanted = prefilter::wanted(&rules(RULES), Mode::On(ProcessNames::Unknown));
    let outputs = Outputs::new(&socket(&path), Watch::OUTPUTS).unwrap();
    let watch = Watch::new(judge(), outputs, &DropsConfig::default(), Box::new(reload))
        .recording(wanted.events, !wanted.program.is_empty());
    let play = move |_: Cpu, bell: &Bell| {
        let mut reader = Reader::connect(&path, Some("evt.type in (kill, unlink)"));
        reader.until(|reader| reader.recorded.len() == 1);
        bell.ring(Signal::SIGHUP);
        reader.until(|reader| reader.recorded.len() == 2);
        insta::assert_snapshot!(reader.recorded.join("\n"));
    };
    with(watch, play)();
}

#[test]
fn a_reader_that_reads_costs_few_system_calls_and_one_that_left_none() {
    const RECORDS: u64 = 100_000;
    let (_dir, path) = place();
    let run = |read: bool| {
        let watch = watch_at(&path);
        let path = path.clone();
        let (_, summary) = with(watch, move |cpu, _| {
            let mut reader = Reader::connect(&path, Some("evt.type = kill"));
            reader.until(|reader| !reader.recorded.is_empty());
            if read {
                let mut stream = reader.stream.try_clone().unwrap();
                std::thread::spawn(move || {
                    stream.set_read_timeout(None).unwrap();
                    let mut buf = [0; 65536];
                    while stream.read(&mut buf).is_ok_and(|n| n > 0) {}
                });
            } else {
                drop(reader);
                // It is found out about by the next look around.
                std::thread::sleep(Duration::from_millis(100));
            }
            for n in 0..RECORDS {
                while !cpu.record(kill("good", n + 2, &[(1, n)])) {
                    std::thread::yield_now();
                }
            }
        })();
        let records = summary.records.unwrap();
        assert_eq!(records.given + records.lost, if read { RECORDS } else { 0 });
        summary.sinks[0].1.system_calls
    };
    let (with_reader, without) = (run(true), run(false));
    assert!((200..RECORDS / 25).contains(&with_reader), "{with_reader} system calls");
    assert!(without < 50, "{without} system calls");
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// Processes that come and go, as records.
struct Village {
    tasks: Vec<TaskContext>,
    next_pid: u32,
    time_ns: u64,
    numbers: Numbers,
}

impl Village {
    /// One of its processes.
    fn any(&mut self) -> usize {
        let len = self.tasks.len();
        self.numbers.below(len)
    }

    /// What one of them does next.
    fn act(&mut self) -> Vec<u64> {
        self.time_ns += 20_000_000;
        let (time, at) = (self.time_ns, self.any());
        let task = self.tasks[at];
        let other = |id| RecordBuilder::new(id, task, time).unwrap();
        let record = match self.numbers.below(10) {
            0..3 => {
                self.next_pid += 1;
                let pid = self.next_pid;
                let child = TaskContext { pid, tid: pid, ppid: task.pid, start_time: time, ..task };
                self.tasks.push(child);
                fork(task, &child, time)
            }
            3 => {
                let name = format!("p{}", self.numbers.below(9));
                let changed = &mut self.tasks[at];
                changed.comm = [0; 16];
                changed.comm[..name.len()].copy_from_slice(name.as_bytes());
                let program = Program {
                    args: vec![name.clone().into_bytes(), b"-x".to_vec()],
                    exepath: format!("/opt/{name}").into_bytes(),
                    cwd: b"/srv".to_vec(),
                    ..Program::default()
                };
                exec(id::EXECVE, *changed, &program, time)
            }
            // The first one stays, and inherits.
            4 | 5 if at > 0 => {
                self.tasks.remove(at);
                self.tasks.iter_mut().filter(|child| child.ppid == task.pid).for_each(|child| child.ppid = 1);
                let number = |n: i64| encode::number(n);
                other(id::PROCEXIT)
                    .with("status", number(0))
                    .with("reaper_tid", number(1))
                    .with("group_dead", number(1))
            }
            6 => {
                self.tasks[at].sid = task.pid;
                self.tasks[at].pgid = task.pid;
                RecordBuilder::new(id::SETSID, self.tasks[at], time)
                    .unwrap()
                    .with("res", encode::number(task.pid.into()))
            }
            7 => {
                let path = format!("/home/{}", self.numbers.below(9));
                let path = encode::path(path.as_bytes(), path.as_bytes(), PathFlags::RESOLVED);
                other(id::CHDIR).with("res", encode::number(0)).with("path", path)
            }
            _ => other(id::KILL).with("res", encode::number(0)).with("pid", encode::number(7)),
        };
        record.build().unwrap()
    }
}

/// The daemon judges with what it knows, and says so in an alert; the reader shows the same record by what it was told.
#[test]
fn a_reader_knows_of_each_process_what_the_daemon_knows_whenever_it_came() {
    const SHOWN: [&str; 14] = [
        "evt.num",
        "evt.type",
        "proc.name",
        "proc.exepath",
        "proc.cmdline",
        "proc.cwd",
        "proc.pid",
        "proc.ppid",
        "proc.pname",
        "proc.aname[2]",
        "proc.aname[3]",
        "proc.acmdline[1]",
        "proc.sname",
        "proc.pgid.name",
    ];
    let text = SHOWN.map(|field| format!("%{field}")).join("\\t");
    let rules = format!(
        "- rule: All\n  desc: d\n  condition: evt.type in (fork, execve, procexit, setsid, chdir, kill)\n  \
         output: \"{text}\"\n  priority: WARNING\n"
    );
    let mut compared = 0;
    for seed in 1..=12 {
        let (_dir, path) = place();
        let outputs = Outputs::new(&socket(&path), Watch::OUTPUTS).unwrap();
        let watch = Watch::new(judge_by(&rules), outputs, &DropsConfig::default(), Box::new(|| None));
        let (sender, told) = std::sync::mpsc::channel();
        let play = move |cpu: Cpu, _: &Bell| {
            let numbers = Numbers(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
            let mut village = Village { tasks: vec![task(1, 0, "init")], next_pid: 1, time_ns: 0, numbers };
            let mut readers = Vec::new();
            for _ in 0..6 {
                (0..40).for_each(|_| write(&cpu, &village.act()));
                let mut reader = Reader::showing(&path, &SHOWN, None);
                reader.until(|reader| !reader.recorded.is_empty());
                readers.push(reader);
            }
            write(&cpu, &village.act());
            // Alerts and records come in the order of their numbers: the last one is known when it is there.
            for reader in &mut readers {
                reader.until(|reader| reader.lines.last().is_some_and(|line| line.starts_with("241\t")));
                reader.until(|reader| reader.alerts.last().is_some_and(|alert| alert.starts_with("241\t")));
                let first = reader.lines[0].split('\t').next().unwrap();
                let from = reader.alerts.iter().position(|alert| alert.split('\t').next() == Some(first)).unwrap();
                let pairs = reader.lines.iter().zip(&reader.alerts[from..]);
                pairs.for_each(|(line, alert)| assert_eq!(line, alert, "seed {seed}"));
                assert_eq!(reader.lines.len(), reader.alerts.len() - from);
                sender.send(reader.lines.len()).unwrap();
            }
        };
        with(watch, play)();
        compared += told.iter().sum::<usize>();
    }
    assert!(compared > 12 * 400, "{compared} records");
}
