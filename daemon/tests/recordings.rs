//! Recordings, from records to alerts: real files, the real command; only the kernel is played.

use kestrel::record_builder::{Program, RecordBuilder, encode, exec, fork};
use kestrel::recording::{
    BLOCK_HEAD, FILE_HEAD, Files, Machine, Opening, Reader, RecordingError, Rotation, Span, Step, TRAILER, Writer,
};
use kestrel::state::{ProcessKey, State, Users};
use kestrel_core::event::{FdHead, FdKind, PathFlags, Record, TaskContext};
use kestrel_core::schema::{EventSet, id};
use proptest::prelude::*;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use zerocopy::IntoBytes;

const NOON: u64 = 1_767_268_800_000_000_000;
const SECOND: u64 = 1_000_000_000;

const RULES: &str = "\
- rule: Secret read
  desc: Somebody reads a secret.
  condition: evt.type = openat and fd.name startswith /srv/secret
  output: n=%evt.num at=%evt.rawtime user=%user.name proc=%proc.name cmd=%proc.cmdline parent=%proc.pname exe=%proc.exepath host=%evt.hostname age=%proc.duration file=%fd.name
  priority: WARNING
  tags: [test]
";

fn machine() -> Machine {
    Machine { hostname: "elsewhere".to_owned(), kernel: "6.1.0".to_owned(), boot_ns: NOON - 3600 * SECOND, cpus: 4 }
}

fn task(pid: u32, ppid: u32, comm: &str) -> TaskContext {
    let mut task = TaskContext {
        start_time: u64::from(pid) * SECOND,
        tid: pid,
        pid,
        ppid,
        uid: 4711,
        euid: 4711,
        loginuid: u32::MAX,
        vtid: pid,
        vpid: pid,
        ..TaskContext::default()
    };
    task.comm[..comm.len()].copy_from_slice(comm.as_bytes());
    task
}

fn open(task: TaskContext, path: &str, time_ns: u64) -> Vec<u64> {
    let head = FdHead { fd: 3, kind: FdKind::File as u8, ..FdHead::default() };
    let record = RecordBuilder::new(id::OPENAT, task, time_ns).unwrap();
    record
        .with("fd", encode::fd(head, path.as_bytes()))
        .with("name", encode::path(path.as_bytes(), path.as_bytes(), PathFlags::RESOLVED))
        .with("flags", encode::number(0))
        .build()
        .unwrap()
}

/// A shell that was there before, its child that executes cat, and what cat opens.
fn history(opens: u64) -> (State, Vec<Vec<u64>>) {
    let users = Users::from_text("eve:x:4711:4711::/home/eve:/bin/sh\n", "eve:x:4711:\n");
    let mut state = State::new(1024, users, None);
    let shell = task(100, 1, "bash");
    let program = Program {
        args: vec![b"-bash".to_vec()],
        exepath: b"/usr/bin/bash".to_vec(),
        cwd: b"/home/eve".to_vec(),
        ..Program::default()
    };
    let before = exec(id::EXECVE, shell, &program, NOON - SECOND).build().unwrap();
    state.apply(&Record::parse(before.as_bytes()).unwrap());
    let cat = task(200, 100, "cat");
    let program = Program {
        args: vec![b"cat".to_vec(), b"/srv/secret/key".to_vec()],
        exepath: b"/usr/bin/cat".to_vec(),
        cwd: b"/home/eve".to_vec(),
        ..Program::default()
    };
    let mut records =
        vec![fork(shell, &cat, NOON).build().unwrap(), exec(id::EXECVE, cat, &program, NOON + 1).build().unwrap()];
    for n in 0..opens {
        let path = if n % 100 == 7 { format!("/srv/secret/{n}") } else { format!("/srv/open/{n}") };
        records.push(open(cat, &path, NOON + 10 + n));
    }
    (state, records)
}

fn recording(state: &State, records: &[Vec<u64>]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &Opening::new(machine(), ""), state).unwrap();
    for record in records {
        writer.record(record.as_bytes()).unwrap();
    }
    writer.finish().unwrap().0
}

/// Every record of a file, and how it ended.
fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Result<(), RecordingError>) {
    let mut records = Vec::new();
    let mut reader = match Reader::open(Cursor::new(bytes)) {
        Ok(reader) => reader,
        Err(error) => return (records, Err(error)),
    };
    loop {
        match reader.advance() {
            Ok(Step::Record) => records.push(reader.record().to_vec()),
            Ok(Step::End) => return (records, Ok(())),
            Ok(_) => {}
            Err(error) => return (records, Err(error)),
        }
    }
}

fn kestrel(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kestrel"))
        .args(args)
        .args(["-c", "/dev/null"])
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        std::fs::write(folder.path("rules.yaml"), RULES).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    fn replay(&self, file: &str) -> Output {
        kestrel(&["replay", file, "-r", self.path("rules.yaml").to_str().unwrap()])
    }
}

#[test]
fn what_was_written_is_read_back_to_the_byte() {
    let (state, records) = history(5_000);
    let file = recording(&state, &records);
    let (read, end) = read(&file);
    end.unwrap();
    assert_eq!(read.len(), records.len());
    assert!(read.iter().zip(&records).all(|(read, written)| read[..] == *written.as_bytes()));
    let plain: usize = records.iter().map(|record| record.as_bytes().len()).sum();
    assert!(file.len() < plain / 4, "{} bytes of {plain}", file.len());
}

#[test]
fn the_alerts_of_a_replay_know_users_processes_and_the_machine_from_the_file() {
    let folder = Folder::new();
    let (state, records) = history(250);
    let file = folder.file("a.krec", &recording(&state, &records));
    let output = folder.replay(&file);
    assert!(output.status.success(), "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout));
    let again = folder.replay(&file);
    assert_eq!(output.stdout, again.stdout);
}

#[test]
fn an_alert_for_every_record_arrives_however_fast_the_file_is_read() {
    let folder = Folder::new();
    let (state, mut records) = history(0);
    records.extend((0..30_000).map(|n| open(task(200, 100, "cat"), "/srv/secret/x", NOON + 10 + n)));
    let file = folder.file("a.krec", &recording(&state, &records));
    let output = folder.replay(&file);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 30_000);
}

#[test]
fn in_real_time_a_replay_takes_as_long_as_it_took() {
    let folder = Folder::new();
    let (state, mut records) = history(0);
    let cat = task(200, 100, "cat");
    records.extend((1..=3).map(|n| open(cat, "/srv/secret/x", NOON + n * SECOND / 5)));
    let file = folder.file("a.krec", &recording(&state, &records));
    let begin = std::time::Instant::now();
    let rules = folder.path("rules.yaml");
    let output = kestrel(&["replay", "--real-time", &file, "-r", rules.to_str().unwrap()]);
    assert!(begin.elapsed().as_millis() >= 600, "{:?}", begin.elapsed());
    assert_eq!(text(&output.stdout).lines().count(), 3, "{}", text(&output.stderr));
}

#[test]
fn a_damaged_file_gives_everything_before_the_damage_and_says_where_it_is() {
    let folder = Folder::new();
    let (state, records) = history(5_000);
    let mut bytes = recording(&state, &records);
    let whole = folder.replay(&folder.file("whole.krec", &bytes));
    let at = bytes.len() * 2 / 3;
    bytes[at] ^= 0x40;
    let (before, end) = read(&bytes);
    let Err(RecordingError::Damaged { offset, .. }) = end else { panic!("{end:?}") };
    assert!(!before.is_empty() && before.len() < records.len());
    assert!(offset as usize <= at && at < offset as usize + (1 << 20));
    let output = folder.replay(&folder.file("damaged.krec", &bytes));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("damaged.krec: is damaged at byte {offset}: ")), "{said}");
    assert!(!output.stdout.is_empty() && whole.stdout.starts_with(&output.stdout));
}

#[test]
fn a_file_that_ends_in_the_middle_is_read_up_to_its_last_whole_block() {
    let folder = Folder::new();
    let (state, records) = history(5_000);
    let bytes = recording(&state, &records);
    let (cut, end) = read(&bytes[..bytes.len() / 2]);
    assert!(matches!(end, Err(RecordingError::Damaged { .. })), "{end:?}");
    assert!(!cut.is_empty());
    // Killed between two blocks: nothing is damaged, and nothing is lost that was written.
    let mut writer = Writer::begin(Vec::new(), &Opening::new(machine(), ""), &state).unwrap();
    let mut whole = 0;
    for record in &records {
        writer.record(record.as_bytes()).unwrap();
        whole = writer.bytes() as usize;
    }
    let output = folder.replay(&folder.file("killed.krec", &bytes[..whole]));
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("it was not ended"), "{}", text(&output.stderr));
}

#[test]
fn what_is_no_recording_is_refused_in_one_line() {
    let folder = Folder::new();
    for (name, bytes, said) in [
        ("text", &b"hello"[..], "is not a recording"),
        ("empty", b"", "is not a recording"),
        ("short", b"\x89KESTREL\r\n\x1a\nxx", "the head of the recording is damaged"),
    ] {
        let output = folder.replay(&folder.file(name, bytes));
        assert_eq!(output.status.code(), Some(1), "{name}");
        let lines = text(&output.stderr);
        assert!(lines.lines().last().unwrap().contains(said), "{lines}");
    }
    let output = folder.replay("/no/such/file.krec");
    assert!(
        text(&output.stderr).contains("/no/such/file.krec: cannot be read: No such file"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn blocks_without_wanted_events_are_passed_over_and_counted() {
    let (state, records) = history(20_000);
    let file = recording(&state, &records);
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    let wanted: EventSet = [id::EXECVE].into_iter().collect();
    reader.want(&wanted);
    let mut found = 0;
    loop {
        match reader.advance().unwrap() {
            Step::Record => found += 1,
            Step::End => break,
            _ => {}
        }
    }
    assert_eq!((found, reader.skipped()), (1, 20_001));
}

#[test]
fn the_index_says_where_the_records_of_a_time_are() {
    let (state, records) = history(20_000);
    let file = recording(&state, &records);
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    let index = reader.index().unwrap().unwrap();
    assert!(index.len() > 2);
    assert_eq!(index.iter().map(|entry| entry.count).sum::<u64>(), records.len() as u64);
    let last = index.last().unwrap();
    reader.seek(last.offset).unwrap();
    assert_eq!(reader.advance().unwrap(), Step::Record);
    assert_eq!(Record::parse(&aligned(reader.record())).unwrap().header().time_ns, last.first_ns);
}

fn aligned(bytes: &[u8]) -> Vec<u8> {
    // The reader's records are aligned already; a copy need not be.
    assert_eq!(bytes.as_ptr() as usize % 8, 0);
    bytes.to_vec()
}

#[test]
fn show_prints_events_fields_and_what_a_file_is() {
    let folder = Folder::new();
    let (state, records) = history(8);
    let file = folder.file("a.krec", &recording(&state, &records));
    let show = |args: &[&str]| {
        let output = kestrel(&[&["show", &file], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    insta::assert_snapshot!(show(&[]));
    let fields = ["--fields", "evt.num,proc.name,proc.pname,user.name,fd.name"];
    insta::assert_snapshot!(show(&[&fields[..], &["--filter", "fd.name startswith /srv/secret"]].concat()), @"10	cat	bash	eve	/srv/secret/7");
    insta::assert_snapshot!(show(&[&fields[..], &["--json", "--count", "1"]].concat()), @r#"{"evt.num":1,"fd.name":null,"proc.name":"bash","proc.pname":null,"user.name":"eve"}"#);
    let json: serde_json::Value = serde_json::from_str(show(&["--json"]).lines().last().unwrap()).unwrap();
    assert_eq!(json["params"]["name"]["raw"], "/srv/secret/7");
    let about = show(&["--about"]);
    insta::with_settings!({filters => vec![(r"\d+ bytes", "N bytes")]}, {
        insta::assert_snapshot!(about);
    });
}

#[test]
fn show_shows_the_part_that_is_asked_for_with_the_lines_that_the_whole_has() {
    let folder = Folder::new();
    let (state, mut records) = history(20_000);
    // Another program, in the middle of the file: what comes later is its own.
    let tac = Program { args: vec![b"tac".to_vec()], exepath: b"/usr/bin/tac".to_vec(), ..Program::default() };
    let later = exec(id::EXECVE, task(200, 100, "tac"), &tac, NOON + 10_010).build().unwrap();
    records.insert(10_002, later);
    let bytes = recording(&state, &records);
    let whole = folder.file("a.krec", &bytes);
    // Whoever is interrupted leaves no index: what lies behind is then passed over block by block.
    let trailer = bytes.len() - TRAILER;
    let index = u64::from_le_bytes(bytes[trailer + 4..trailer + 12].try_into().unwrap());
    let without_index = folder.file("b.krec", &bytes[..index as usize]);
    let fields = ["--fields", "evt.num,evt.rawtime,evt.reltime,proc.name,proc.exepath,proc.pname,fd.name"];
    let show = |file: &str, args: &[&str]| {
        let output = kestrel(&[&["show", file], &fields[..], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let all = show(&whole, &[]);
    let part = |from: u64, to: u64| -> String {
        let time = |line: &str| line.split('\t').nth(1).unwrap().parse::<u64>().unwrap();
        all.lines().filter(|line| (from..=to).contains(&time(line))).map(|line| format!("{line}\n")).collect()
    };
    for (from, to) in [(12_000, 12_020), (0, 5), (19_990, 30_000), (15_000, 16_500), (40_000, 50_000)] {
        let (from, to) = (NOON + from, NOON + to);
        let args = ["--from", &from.to_string(), "--to", &to.to_string()];
        for file in [&whole, &without_index] {
            assert_eq!(show(file, &args), part(from, to), "{args:?}");
        }
    }
    assert_eq!(
        show(&whole, &["--from", "12:00:00.000012", "--to", "2026-01-01T12:00:00.000012004Z"]).lines().count(),
        5
    );
    assert_eq!(show(&whole, &["--from", "12:00:00.000012"]), part(NOON + 12_000, u64::MAX));
    let output = kestrel(&["show", &whole, "--to", "noon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--to noon: expected a time, such as 12:30"), "{}", text(&output.stderr));
}

#[test]
fn blocks_outside_of_the_part_that_is_asked_for_are_not_read() {
    let (state, records) = history(20_000);
    let mut bytes = recording(&state, &records);
    let whole = Reader::open(Cursor::new(&bytes)).unwrap().index().unwrap().unwrap();
    assert!(whole.len() > 4);
    // Every block but the third is damaged; the first holds what the process table is made from.
    for entry in whole.iter().enumerate().filter(|(n, _)| ![0, 2].contains(n)).map(|(_, entry)| entry) {
        bytes[entry.offset as usize + BLOCK_HEAD] ^= 0xff;
    }
    let mut reader = Reader::open(Cursor::new(&bytes)).unwrap();
    let span = Span { from_ns: whole[2].first_ns, to_ns: whole[2].last_ns };
    reader.within(span, &[id::FORK, id::CLONE, id::EXECVE].into_iter().collect()).unwrap();
    let mut read = 0;
    loop {
        match reader.advance().unwrap() {
            Step::Record => read += 1,
            Step::End => break,
            _ => {}
        }
    }
    assert_eq!(read, 2 + whole[2].count);
    assert_eq!(reader.outside(), whole[0].count + whole[1].count - 2);
    assert!(reader.was_closed());
}

#[test]
fn show_says_what_is_wrong_with_a_condition_or_a_field() {
    let folder = Folder::new();
    let (state, records) = history(1);
    let file = folder.file("a.krec", &recording(&state, &records));
    for args in [["--filter", "fd.nme = x"], ["--fields", "proc.nam"], ["--fields", "a b"]] {
        let output = kestrel(&[&["show", &file], &args[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains("fd.name") || said.contains("proc.name") || said.contains("is no field"), "{said}");
    }
}

#[test]
fn a_new_file_begins_with_what_is_known_then_and_the_oldest_goes() {
    let folder = Folder::new();
    let (mut state, records) = history(4_000);
    let path = folder.path("r.krec");
    let rotation = Rotation { size: Some(10_000), duration: None, keep: Some(2) };
    let mut files = Files::begin(&path, rotation, Opening::new(machine(), ""), &state).unwrap();
    for record in &records {
        files.make_room(&state).unwrap();
        let parsed = Record::parse(record.as_bytes()).unwrap();
        let key = state.apply(&parsed);
        files.record(record.as_bytes()).unwrap();
        state.settle(&parsed, key);
    }
    files.close().unwrap();
    assert!(files.count() > 2);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    let last = format!("{}.{}", path.display(), files.count() - 1);
    let output = folder.replay(&last);
    assert!(text(&output.stdout).contains("user=eve proc=cat cmd=cat /srv/secret/key parent=bash"), "{output:?}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::new();
    let path = folder.path("there");
    std::fs::write(&path, "precious").unwrap();
    let state = State::new(64, Users::default(), None);
    let error = Files::begin(&path, Rotation::default(), Opening::default(), &state).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
}

#[test]
fn a_process_that_was_looked_up_while_recording_is_told_of_before_its_record() {
    let (state, records) = history(1);
    let mut writer =
        Writer::begin(Vec::new(), &Opening::new(machine(), ""), &State::new(64, Users::default(), None)).unwrap();
    let shell = ProcessKey::of(&task(100, 1, "bash"));
    writer.record(records[0].as_bytes()).unwrap();
    writer.process(state.processes.get(shell).unwrap()).unwrap();
    let file = writer.finish().unwrap().0;
    let mut reader = Reader::open(Cursor::new(file)).unwrap();
    let mut steps = Vec::new();
    loop {
        match reader.advance().unwrap() {
            Step::End => break,
            Step::Processes(entries) => steps.push(format!("{} processes", entries.len())),
            Step::Users(_) => steps.push("users".to_owned()),
            Step::Containers(entries) => steps.push(format!("{} containers", entries.len())),
            Step::Record => steps.push("record".to_owned()),
        }
    }
    assert_eq!(steps, ["users", "1 processes", "record"]);
}

#[test]
fn record_needs_one_file_and_a_condition_that_makes_sense() {
    for (args, said) in [
        (&["record"][..], "record needs a file to write"),
        (&["record", "-w", "/tmp/a", "-o", "/tmp/b"], "more than one"),
        (&["record", "-w", "/tmp/a", "--rotate", "3"], "no new file is ever begun"),
        (&["record", "-o", "/tmp/a", "evt.typ = open"], "evt.type"),
    ] {
        let output = kestrel(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    assert!(!Path::new("/tmp/a").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is done to a file, it is refused or a beginning of it is read.
    #[test]
    fn a_changed_file_gives_a_beginning_of_its_records(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(), cuts in any::<bool>()
    ) {
        let (state, records) = history(3_000);
        let mut bytes = recording(&state, &records);
        let first = FILE_HEAD + BLOCK_HEAD;
        for (at, value) in changes {
            let at = first + at.index(bytes.len() - first);
            bytes[at] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        let (read, _) = read(&bytes);
        prop_assert!(read.len() <= records.len());
        for (read, written) in read.iter().zip(&records) {
            prop_assert_eq!(&read[..], written.as_bytes());
        }
    }
}
