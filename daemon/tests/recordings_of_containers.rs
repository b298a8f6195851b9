//! Recordings of containers: whoever reads one elsewhere knows of each container what was known where it was recorded. Real files,
//! the real command; only the kernel and the runtimes are played.

use kestrel::container::{Accounts, Details, IdMap, ImageName, Pod, Runtime, Told};
use kestrel::record_builder::{Program, exec};
use kestrel::recording::{Machine, Opening, Reader, Step, Writer};
use kestrel::state::{ProcessKey, State, Users};
use kestrel_core::event::{Record, TaskContext};
use kestrel_core::schema::id;
use std::io::Cursor;
use std::process::{Command, Stdio};
use zerocopy::IntoBytes;

const NOON: u64 = 1_767_268_800_000_000_000;
const ID: &str = "3f2a9c0b1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd";

/// What is shown of each event.
const FIELDS: &str = "proc.pid,container.id,container.type,container.name,container.image,container.label[tier],container.ip,\
                      k8s.pod.name,k8s.pod.label[app],user.name";

fn task(pid: u32) -> TaskContext {
    TaskContext {
        tid: pid,
        pid,
        ppid: 1,
        uid: 1033,
        euid: 1033,
        start_time: u64::from(pid) * 1_000_000_000,
        vtid: 1,
        vpid: 1,
        cgroup: u64::from(pid),
        ..TaskContext::default()
    }
}

/// The exec of a process in this control group.
fn started(pid: u32, group: &str) -> Vec<u64> {
    let program = Program {
        args: vec![b"sleep".to_vec()],
        exepath: b"/bin/sleep".to_vec(),
        cgroup: group.as_bytes().to_vec(),
        ..Program::default()
    };
    exec(id::EXECVE, task(pid), &program, NOON + u64::from(pid)).build().unwrap()
}

/// What is known of a container of this id and name.
fn told(id: &str, name: &str, runtime: Runtime) -> Told {
    let details = Details {
        name: name.to_owned(),
        image: ImageName::parse("registry.example/shop/web:1.4"),
        labels: [("tier".to_owned(), "front".to_owned())].into(),
        ..Details::default()
    };
    let users = Users::from_text("web:x:33:33::/srv:/bin/false\n", "");
    let accounts = Accounts { users, uids: IdMap(vec![(0, 1000, 100)]), ..Accounts::default() };
    Told {
        id: id.as_bytes().into(),
        runtime: Some(runtime),
        details: Some(details),
        accounts: Some(accounts),
        ip: Some([10, 0, 0, 7].into()),
        ..Told::default()
    }
}

/// The lines that `kestrel show` makes of a file.
fn shown(file: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.krec");
    std::fs::write(&path, file).unwrap();
    let mut kestrel = Command::new(env!("CARGO_BIN_EXE_kestrel"));
    kestrel.arg("show").arg(&path).args(["--fields", FIELDS, "-c", "/dev/null"]).stdin(Stdio::null());
    let output = kestrel.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.replace('\t', " ")).collect()
}

/// Records what happens to a machine of which this much is known from the beginning, as `kestrel record` does.
fn recorded(state: &mut State, steps: &mut [(Vec<u64>, Option<Told>)]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &Opening::new(Machine::default(), ""), state).unwrap();
    for (bytes, known_then) in steps {
        if let Some(told) = known_then.take() {
            state.containers.tell(told);
        }
        let key = state.apply(&Record::parse(bytes.as_bytes()).unwrap());
        writer.record(bytes.as_bytes()).unwrap();
        if let Some(container) = &state.processes.get(key).unwrap().group.container {
            writer.container(container).unwrap();
        }
    }
    writer.finish().unwrap().0
}

#[test]
fn who_reads_a_recording_knows_the_containers_that_were_known() {
    let mut state = State::new(64, Users::default(), None);
    state.containers.tell(told(ID, "first", Runtime::Docker));
    state.apply(&Record::parse(started(20, &format!("/docker/{ID}")).as_bytes()).unwrap());
    let mut in_pod = told(&ID.replace('3', "4"), "in-pod", Runtime::Containerd);
    in_pod.details.as_mut().unwrap().pod = Some(Pod {
        name: "web-1".to_owned(),
        labels: [("app".to_owned(), "cart".to_owned())].into(),
        ..Pod::default()
    });
    let by_place = Told { place: b"/shop/web-1"[..].into(), ..told("web-1", "web-1", Runtime::Containerd) };
    let of_user = Told { owner: Some(1000), ..told(ID, "joes", Runtime::Podman) };
    let of_user_group = format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope");
    let mut steps = [
        (started(30, &format!("/docker/{ID}")), None),
        (started(31, &format!("/kubepods/pod1/{}", ID.replace('3', "4"))), Some(in_pod)),
        (started(32, "/shop/web-1"), Some(by_place)),
        (started(33, &of_user_group), Some(of_user)),
        (started(34, &format!("/docker/{}", ID.replace('3', "5"))), None),
        (started(35, "/system.slice/cron.service"), None),
    ];
    let file = recorded(&mut state, &mut steps);
    insta::assert_snapshot!(shown(&file).join("\n"));
}

#[test]
fn what_is_found_out_later_is_told_then_and_nothing_is_told_twice() {
    let mut state = State::new(64, Users::default(), None);
    let group = format!("/docker/{ID}");
    let mut later = told(ID, "web", Runtime::Docker);
    let details = later.details.take();
    let mut steps = [
        (started(30, &group), None),
        (started(31, &group), Some(later)),
        (started(32, &group), None),
        (started(33, &group), Some(Told { id: ID.as_bytes().into(), details, ..Told::default() })),
    ];
    let file = recorded(&mut state, &mut steps);
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    let mut entries = Vec::new();
    loop {
        match reader.advance().unwrap() {
            Step::Containers(told) => entries.extend(told),
            Step::End => break,
            _ => {}
        }
    }
    let known: Vec<(bool, bool)> = entries.iter().map(|e| (e.accounts.is_some(), e.details.is_some())).collect();
    assert_eq!(known, [(true, false), (true, true)]);
    assert!(shown(&file).iter().all(|line| line.contains(" web registry.example/shop/web:1.4 front 10.0.0.7 ")));
    let key = ProcessKey::of(&task(30));
    assert!(state.processes.get(key).is_some());
}
