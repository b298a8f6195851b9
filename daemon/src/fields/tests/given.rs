//! What is said to have a value has one.

use super::world::*;
use crate::container::{Accounts, Details, ImageName, Labels, Mount, Pod, Told};
use crate::fields::provided;
use crate::state::Users;
use kestrel_core::event::{FdFlags, FdHead, FdKind};
use kestrel_core::schema::EVENTS;
use kestrel_rules::{FIELDS, Facts, FieldArg, FieldRef, FieldType, Value};
use zerocopy::IntoBytes;

/// Records of all kinds, of a shell in a container.
fn corpus(world: &mut World) -> Vec<Made> {
    let id = "0123456789abcdef".repeat(4);
    let (details, accounts) = (Some(details()), Some(accounts()));
    world.state.containers.tell(Told { id: id.as_bytes().into(), details, accounts, ..Told::default() });
    let mut init = task(1, 0, "init");
    init.euid = 7;
    init.egid = 8;
    world.take(&exec(init, "init", &["--all"], &["A=1"]));
    let mut outer = task(10, 1, "sh");
    outer.pid_ns = 2;
    outer.vpid = 1;
    world.spawn(init, outer, "sh", &["-c", "x"], &["PATH=/bin"]);
    let mut task = task(20, 10, "bash");
    (task.pid_ns, task.vpid, task.sid, task.pgid) = (2, 2, 10, 10);
    (task.euid, task.egid, task.loginuid) = (7, 8, 7);
    let image = exec(task, "bash", &["one", "two"], &["PATH=/bin"])
        .bytes("cgroups", format!("/docker/{id}"))
        .number("fdlimit", 1024)
        .number("vm_size", 4000)
        .number("vm_rss", 300)
        .number("vm_swap", 2)
        .number("pgft_maj", 5)
        .number("pgft_min", 6)
        .number("cap_inheritable", 1)
        .number("cap_permitted", 1)
        .number("cap_effective", 1)
        .number("exe_ino", 9)
        .number("exe_ino_ctime", (BOOT + 15 * SECOND) as i64)
        .number("exe_ino_mtime", (BOOT + 15 * SECOND) as i64)
        .number("flags", 0);
    world.take(&fork(outer, task));
    world.take(&image);
    let inet = ("10.0.0.1:1000", "10.0.0.2:443");
    vec![
        image,
        call("openat", task)
            .file("fd", 4, "/etc/shadow")
            .path("name", "shadow", "/etc/shadow")
            .number("flags", 0)
            .number("mode", 0),
        call("openat", task).failed("fd", 2).fd("fd", FdHead { fd: -2, ..FdHead::default() }, ""),
        call("rename", task).number("res", 0).path("oldpath", "a", "/a").path("newpath", "b", "/b"),
        call("unlink", task).number("res", 0).path("path", "a", "/a"),
        call("connect", task).number("res", 0).tcp("fd", 3, inet.0, inet.1, FdFlags::CONNECTED),
        call("sendto", task).number("res", 5).bytes("data", "hello").tcp("fd", 3, inet.0, inet.1, FdFlags::default()),
        call("sendto", task).number("res", 5).bytes("data", "hello").unix("fd", 3, "", "/dev/log"),
        call("read", task).number("res", 5).bytes("data", "hello").tcp("fd", 3, inet.0, inet.1, FdFlags::default()),
        call("read", task).number("res", 5).bytes("data", "hello").file("fd", 3, "/a"),
        call("write", task).number("res", 5).bytes("data", "hello").file("fd", 3, "/a"),
        call("poll", task).number("res", 1).waits("fds", &[(3, inet.0, inet.1), (4, inet.1, inet.0)]),
        exec(task, "bash", &[], &[]).bytes("cgroups", format!("/kubepods/pod{}/{id}", &id[..32])),
        call("kill", task).failed("res", 1).number("pid", 1).number("sig", 9),
    ]
}

/// A container of which everything is known.
fn details() -> Details {
    let labels: Labels = [("PATH".to_owned(), "x".to_owned())].into();
    let mount = |at: &str| Mount {
        source: at.to_owned(),
        dest: at.to_owned(),
        mode: "z".to_owned(),
        writable: true,
        propagation: "rprivate".to_owned(),
    };
    Details {
        runtime: None,
        name: "web".to_owned(),
        image: ImageName::parse("a/web:1@sha256:00ff"),
        image_id: "00ee".to_owned(),
        labels: labels.clone(),
        mounts: vec![mount("/a"), mount("/b")],
        privileged: Some(true),
        host_pid: Some(false),
        host_network: Some(false),
        host_ipc: Some(true),
        ip: Some([10, 0, 0, 7].into()),
        cni: "{}".to_owned(),
        pod: Some(Pod {
            name: "web-1".to_owned(),
            namespace: "shop".to_owned(),
            uid: "u".to_owned(),
            sandbox_id: "s".to_owned(),
            labels,
        }),
        root: None,
    }
}

fn accounts() -> Accounts {
    let users = Users::from_text("eve:x:7:8::/home/eve:/bin/zsh\n", "staff:x:8:\n");
    Accounts { users, ..Accounts::default() }
}

/// Whether a value is of the type that the table of fields says.
fn fits(ty: FieldType, value: Value<'_>) -> bool {
    match (ty, value) {
        (_, Value::Missing) => true,
        (ty, Value::Any(values)) => values.iter().all(|value| fits(ty, *value)),
        (FieldType::String | FieldType::Bytes | FieldType::Dynamic, Value::Str(_)) => true,
        (FieldType::Uint | FieldType::RelTime | FieldType::AbsTime | FieldType::Port, Value::Uint(_)) => true,
        (FieldType::Int, Value::Int(_)) | (FieldType::Bool, Value::Bool(_)) => true,
        (FieldType::Ip | FieldType::Net, Value::Ip(_)) => true,
        _ => false,
    }
}

#[test]
fn a_field_that_is_given_has_a_value_of_its_type_for_some_event_and_another_one_never() {
    let mut world = World::new();
    let corpus = corpus(&mut world);
    let name = |name: &str| Some(FieldArg::Name(name.into()));
    let args = [None, Some(FieldArg::Index(0)), Some(FieldArg::Index(1)), name("PATH"), name("flags"), name("kill")];
    for def in FIELDS {
        let mut found = Vec::new();
        for made in &corpus {
            world.with(made, |facts| {
                for arg in &args {
                    let value = facts.value(&FieldRef { field: def.field, arg: arg.clone() });
                    let missing = matches!(value, Value::Missing)
                        || matches!(value, Value::Any(all) if all.iter().all(|value| matches!(value, Value::Missing)));
                    assert!(fits(def.ty, value), "{}: {value:?}", def.name);
                    if !missing {
                        found.push(show(value));
                    }
                }
            });
        }
        assert_eq!(!found.is_empty(), provided(def.field), "{}: {found:?}", def.name);
    }
}

#[test]
fn a_record_that_holds_nothing_makes_no_field_panic() {
    let mut world = World::new();
    for event in EVENTS {
        let made = call(event.name, task(5, 1, ""));
        let broken = event.params.iter().fold(made.clone(), |made, param| made.bytes(param.name, [0xff; 3]));
        let odd = event.params.iter().fold(made.clone(), |made, param| {
            let head = FdHead { fd: i32::MIN, kind: FdKind::Inet4 as u8, ..FdHead::default() };
            made.bytes(param.name, head.as_bytes())
        });
        for made in [made, broken, odd] {
            world.with(&made, |facts| {
                for def in FIELDS {
                    for arg in [None, Some(FieldArg::Index(u32::MAX)), Some(FieldArg::Name("res".into()))] {
                        show(facts.value(&FieldRef { field: def.field, arg }));
                    }
                }
            });
        }
    }
}
