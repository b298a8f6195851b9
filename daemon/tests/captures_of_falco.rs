//! Captures of Falco and sysdig, written here by the format's facts, and replayed.

mod scap;

use kestrel::recording::{RecordingError, Step};
use kestrel::sources::scap::Importer;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EventId};
use proptest::prelude::*;
use scap::{Capture, Listed, fd, int, text};
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const RULES: &str = "\
- rule: Opened
  desc: A file is opened.
  condition: evt.type in (open, openat, openat2) and fd.name startswith /etc
  output: opened %fd.name read=%evt.is_open_read write=%evt.is_open_write flags=%evt.arg.flags by %proc.name (%proc.cmdline) exe=%proc.exepath parent=%proc.pname user=%user.name cwd=%proc.cwd
  priority: NOTICE
- rule: Executed
  desc: A program is executed.
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS
  output: executed %proc.exepath (%proc.cmdline) parent=%proc.pname ancestors=%proc.aname[2] user=%user.name container=%container.id vpid=%proc.vpid
  priority: NOTICE
- rule: Connected
  desc: Somebody connects or is connected to.
  condition: evt.type in (connect, accept, accept4)
  output: connected %fd.name type=%fd.type sip=%fd.sip sport=%fd.sport cip=%fd.cip res=%evt.res by %proc.name
  priority: NOTICE
- rule: Written
  desc: Something is written.
  condition: evt.type in (write, read)
  output: '%evt.type %fd.name %evt.buffer by %proc.name'
  priority: NOTICE
- rule: Removed
  desc: A file is removed.
  condition: evt.type in (unlink, unlinkat, rename, renameat, mkdir)
  output: '%evt.type %fs.path.name %fs.path.source %fs.path.target by %proc.name'
  priority: NOTICE
- rule: Killed
  desc: A signal is sent.
  condition: evt.type = kill
  output: killed %evt.arg.pid with %evt.arg.sig by %user.name
  priority: NOTICE
";

/// Two calls of the same things by each generation of captures: a shell that was there starts cat, which reads a file by a
/// relative path.
fn shell_and_cat(capture: &mut Capture, old: bool) {
    capture.machine("box", 1_700_000_000_000_000_000);
    let init = Listed { tid: 1, pid: 1, ptid: 0, comm: "init", exe: "/sbin/init", args: &[], cwd: "/", cgroup: "" };
    let args = ["-l"];
    let shell = Listed {
        tid: 50,
        pid: 50,
        ptid: 1,
        comm: "bash",
        exe: "/bin/bash",
        args: &args,
        cwd: "/home/eve/",
        cgroup: "",
    };
    let version = if old { 4 } else { 9 };
    capture.processes(version, &[init, shell]);
    capture.users(!old, &[(0, "root"), (1000, "eve")]);
    capture.fds(!old, 50, &[(0, "/dev/pts/1")]);
    if old {
        // clone, versions of 2016: the parent's return, then the child's.
        capture.event(
            185,
            50,
            &[
                int(70),
                text("bash"),
                b"-l\0".to_vec(),
                int(50),
                int(50),
                int(1),
                text("/home/eve"),
                int(1024),
                fd(0),
                fd(0),
                n32(0),
                n32(0),
                n32(0),
                n32(0),
                n32(1000),
                n32(1000),
            ],
        );
        capture.event(9999, 70, &[]);
        capture.event(7, 70, &[int(3), b"abc".to_vec()]);
    } else {
        let child = |res: i64, tid: i64, ptid: i64| {
            vec![
                int(res),
                text("bash"),
                b"-l\0".to_vec(),
                int(tid),
                int(tid),
                int(ptid),
                text("/home/eve"),
                int(1024),
                fd(0),
                fd(0),
                n32(0),
                n32(0),
                n32(0),
                text("bash"),
                b"cpu=/\0".to_vec(),
                n32(0),
                n32(1000),
                n32(1000),
                int(tid),
                int(tid),
                fd(0),
            ]
        };
        capture.event(223, 50, &child(70, 50, 1));
        capture.event(223, 70, &child(0, 70, 50));
    }
}

fn n32(n: u32) -> Vec<u8> {
    n.to_ne_bytes().to_vec()
}

/// A capture of today.
fn current() -> Capture {
    let mut capture = Capture::new();
    shell_and_cat(&mut capture, false);
    let id = "0123456789abcdef".repeat(4);
    let cgroups = format!("cpuset=/docker/{id}\0memory=/docker/{id}\0");
    // execve, as of today.
    capture.event(
        293,
        70,
        &[
            int(0),
            text("/bin/cat"),
            b"../../etc/shadow\0".to_vec(),
            int(70),
            int(70),
            int(50),
            text("/home/eve"),
            int(1024),
            fd(0),
            fd(0),
            n32(0),
            n32(0),
            n32(0),
            text("cat"),
            cgroups.clone().into_bytes(),
            b"A=b\0".to_vec(),
            n32(34816),
            int(70),
            n32(1000),
            n32(0),
            fd(0),
            fd(0),
            fd(0),
            fd(9),
            fd(0),
            fd(0),
            n32(0),
            text("/usr/bin/cat"),
            int(70),
            n32(0),
            text("/bin/cat"),
        ],
    );
    // openat relative to the working directory: O_RDONLY.
    capture.event(307, 70, &[fd(3), fd(-100), text("../../etc/shadow"), n32(1), n32(0), n32(0x801), fd(77)]);
    capture.event(7, 70, &[int(5), b"hello".to_vec(), fd(3), n32(4096)]);
    // openat relative to a directory: O_DIRECTORY, then O_RDWR|O_CREAT|O_APPEND below it.
    capture.event(307, 70, &[fd(4), fd(-100), text("/etc"), n32(0x401), n32(0), n32(0), fd(0)]);
    capture.event(307, 70, &[fd(5), fd(4), text("new"), n32(0x3 | 0x4 | 0x8), n32(0o644), n32(0), fd(0)]);
    capture.event(303, 70, &[int(0), fd(4), text("old"), n32(0)]);
    capture.event(5, 70, &[int(0), fd(3)]);
    capture.event(7, 70, &[int(-9), Vec::new(), fd(3), n32(1)]);
    let tuple = [&[2, 10, 0, 0, 1][..], &40_000_u16.to_ne_bytes(), &[10, 0, 0, 2], &443_u16.to_ne_bytes()].concat();
    capture.event(19, 70, &[fd(6), n32(2), n32(1), n32(0), n32(0)]);
    capture.event(23, 70, &[int(0), tuple.clone(), fd(6), Vec::new()]);
    capture.event(9, 70, &[int(3), b"GET".to_vec(), fd(6), n32(3)]);
    // Somebody connects to us: their end comes first.
    capture.event(247, 70, &[fd(7), tuple, vec![0], n32(0), n32(0)]);
    capture.event(129, 70, &[int(0), int(1), vec![9]]);
    capture.event(186, 70, &[int(0), int(0), vec![0], vec![0], int(1)]);
    capture
}

/// A capture as they were in 2016: arguments of a call stand in its entry, and headers do not count parameters.
fn old() -> Capture {
    let mut capture = Capture::old();
    shell_and_cat(&mut capture, true);
    capture.event(2, 70, &[]);
    capture.event(3, 70, &[fd(3), text("../../etc/shadow"), n32(1), n32(0)]);
    // read: the entry names the descriptor.
    capture.event(6, 70, &[fd(3), n32(4096)]);
    capture.event(7, 70, &[int(5), b"hello".to_vec()]);
    capture.event(4, 70, &[fd(3)]);
    capture.event(5, 70, &[int(0)]);
    capture.event(6, 70, &[fd(3), n32(4096)]);
    capture.event(7, 70, &[int(-9), Vec::new()]);
    // kill: everything but the result stands in the entry.
    capture.event(128, 70, &[int(1), vec![9]]);
    capture.event(129, 70, &[int(0)]);
    capture.event(116, 70, &[]);
    capture.event(186, 70, &[int(0)]);
    capture
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

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.file("rules.yaml", RULES.as_bytes());
        folder
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn replay(&self, bytes: &[u8]) -> Output {
        let file = self.file("c.scap", bytes);
        let rules = self.0.path().join("rules.yaml");
        kestrel(&["replay", file.to_str().unwrap(), "-r", rules.to_str().unwrap()])
    }

    fn alerts(&self, bytes: &[u8]) -> String {
        let output = self.replay(bytes);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_capture_of_today_raises_alerts_that_know_processes_descriptors_and_users() {
    insta::assert_snapshot!(Folder::new().alerts(current().bytes()));
}

#[test]
fn an_old_capture_is_read_with_what_its_entries_say() {
    insta::assert_snapshot!(Folder::new().alerts(old().bytes()));
}

#[test]
fn a_packed_capture_is_the_same_as_one_that_is_not() {
    let folder = Folder::new();
    let capture = current();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(capture.bytes()).unwrap();
    assert_eq!(folder.alerts(&packed.finish().unwrap()), folder.alerts(capture.bytes()));
}

#[test]
fn a_capture_that_is_cut_gives_what_came_before() {
    let folder = Folder::new();
    let capture = current();
    let all = folder.alerts(capture.bytes());
    let output = folder.replay(&capture.bytes()[..capture.bytes().len() - 100]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("c.scap: is damaged at byte ") && said.contains("it ends within a block"), "{said}");
    assert!(!output.stdout.is_empty() && all.as_bytes().starts_with(&output.stdout));
}

#[test]
fn show_shows_a_capture() {
    let folder = Folder::new();
    let file = folder.file("c.scap", current().bytes());
    let output = kestrel(&["show", file.to_str().unwrap(), "--fields", "evt.type,proc.name,evt.args"]);
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
    let output = kestrel(&["show", file.to_str().unwrap(), "--about"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("machine: box, 4 CPUs"));
}

/// Everything that a capture holds.
fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, RecordingError> {
    let mut importer = Importer::open(Cursor::new(bytes.to_vec()))?;
    let mut records = Vec::new();
    loop {
        match importer.advance()? {
            Step::Record => records.push(importer.record().to_vec()),
            Step::End => return Ok(records),
            Step::Processes(_) | Step::Users(_) | Step::Containers(_) => {}
        }
    }
}

#[test]
fn every_list_of_processes_that_there_ever_was_is_read() {
    for version in 1..=9 {
        let mut capture = Capture::new();
        capture.machine("box", 0);
        let args = ["-x", "y"];
        let process = Listed {
            tid: 7,
            pid: 7,
            ptid: 1,
            comm: "abc",
            exe: "/bin/abc",
            args: &args,
            cwd: "/srv/",
            cgroup: "cpu=/g\0",
        };
        capture.processes(version, &[process, process]);
        let mut importer = Importer::open(Cursor::new(capture.bytes().to_vec())).unwrap();
        let Step::Processes(entries) = importer.advance().unwrap() else { panic!("{version}") };
        assert_eq!(entries.len(), 2, "{version}");
        let entry = &entries[1];
        assert_eq!(
            (&entry.exe[..], &entry.args[..], &entry.cwd[..]),
            (&b"/bin/abc"[..], &b"-x\0y\0"[..], &b"/srv"[..])
        );
        assert_eq!(&entry.comm[..4], b"abc\0");
        assert_eq!(entry.exepath, if version >= 7 { &b"/real/abc"[..] } else { b"/bin/abc" });
        assert_eq!(entry.cgroup, if version >= 4 { &b"/g"[..] } else { b"" });
        assert_eq!(entry.capabilities.is_some(), version >= 9);
        assert_eq!(importer.advance().unwrap(), Step::End);
    }
}

#[test]
fn the_other_byte_order_and_later_versions_are_refused() {
    let mut bytes = current().bytes().to_vec();
    bytes[8..12].reverse();
    assert!(matches!(read(&bytes), Err(RecordingError::ByteOrder)));
    let mut bytes = current().bytes().to_vec();
    bytes[12] = 9;
    assert!(read(&bytes).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is in a capture, it is refused or read, and what is read are records.
    #[test]
    fn a_changed_capture_is_refused_or_gives_records(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), is_old in any::<bool>()
    ) {
        let mut bytes = if is_old { old() } else { current() }.bytes().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(records) = read(&bytes) {
            for bytes in records {
                let words: Vec<u64> = bytes.chunks_exact(8).map(|c| u64::from_ne_bytes(c.try_into().unwrap())).collect();
                let record = Record::parse(zerocopy::IntoBytes::as_bytes(&words[..])).unwrap();
                prop_assert!(schema::get(EventId(record.header().event)).is_some());
            }
        }
    }

    /// Any event with any parameters, whole in its frame.
    #[test]
    fn any_event_with_any_parameters_is_taken(
        events in prop::collection::vec((0u16..460, 0u64..4, prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..33)), 1..20)
    ) {
        let mut capture = Capture::new();
        capture.machine("box", 0);
        for (number, tid, params) in events {
            capture.event(number, tid, &params);
        }
        read(capture.bytes()).unwrap();
    }
}
