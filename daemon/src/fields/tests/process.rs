//! Fields that the process table tells: `proc.*`, `thread.*`, `user.*`, `container.*`.

use super::world::*;
use crate::container::{Accounts, Details, IdMap, ImageName, Mount, Told};
use crate::state::Users;
use kestrel_core::event::{FdHead, TaskContext};

/// init → sshd → bash → cat, with a session of bash's.
fn family() -> (World, TaskContext) {
    let mut world = World::new();
    let tasks = [task(1, 0, "init"), task(10, 1, "sshd"), task(20, 10, "bash"), task(30, 20, "cat")];
    world.take(&exec(tasks[0], "/sbin/init", &[], &["SECRET=init"]));
    world.spawn(tasks[0], tasks[1], "sshd", &["-D"], &["A=sshd", "B=sshd"]);
    world.spawn(tasks[1], tasks[2], "-bash", &["-i"], &["A=bash", "EMPTY="]);
    let mut cat = tasks[3];
    (cat.sid, cat.pgid, cat.vpgid) = (20, 30, 30);
    world.spawn(tasks[2], cat, "cat", &["/etc/shadow", "b c"], &["A=cat", "HOME=/root"]);
    (world, cat)
}

#[test]
fn ancestors_are_told_by_generation_or_all_at_once() {
    let (mut world, cat) = family();
    let made = call("getppid", cat);
    assert_eq!(
        world.ask(&made, ["proc.aname[0]", "proc.aname[1]", "proc.aname[3]", "proc.aname[4]", "proc.aname"]),
        ["cat", "bash", "init", "-", "bash | sshd | init"]
    );
    assert_eq!(
        world.ask(&made, ["proc.aargs[1]", "proc.aargs[2]", "proc.aargs", "proc.acmdline[2]", "proc.apid[2]"]),
        ["-i", "-D", "-i | -D | -", "sshd -D", "10"]
    );
    assert_eq!(
        world.ask(&made, ["proc.pname", "proc.pexe", "proc.pexepath", "proc.pcmdline", "proc.ppid"]),
        ["bash", "-bash", "/usr/bin/bash", "bash -i", "20"]
    );
}

#[test]
fn a_name_that_a_process_gives_itself_or_a_thread_hides_nothing() {
    let (mut world, mut cat) = family();
    let fields = ["proc.name", "proc.cmdline", "proc.pname", "thread.nametid"];
    // prctl(PR_SET_NAME) of the process, and in a thread such as io_uring's workers.
    cat.comm = task(0, 0, "sshd").comm;
    assert_eq!(world.ask(&call("getppid", cat), fields), ["cat", "cat /etc/shadow b c", "bash", "cat30"]);
    let mut thread = cat;
    thread.tid = 31;
    thread.comm = task(0, 0, "iou-wrk-30").comm;
    assert_eq!(world.ask(&call("getppid", thread), fields), ["cat", "cat /etc/shadow b c", "bash", "cat31"]);
    let mut child = task(40, 30, "sshd");
    child.comm = cat.comm;
    world.take(&fork(cat, child));
    assert_eq!(world.ask(&call("getppid", child), fields), ["cat", "cat /etc/shadow b c", "cat", "cat40"]);
    child.comm = task(0, 0, "true").comm;
    world.take(&exec(child, "true", &[], &[]));
    assert_eq!(world.ask(&call("getppid", child), fields), ["true", "true", "cat", "true40"]);
}

#[test]
fn a_program_that_is_executed_by_a_link_of_proc_is_called_by_its_own_name() {
    let (mut world, mut cat) = family();
    for (asked, comm, expected) in [
        ("/proc/self/exe", "exe", "busybox"),
        ("/dev/fd/3", "3", "busybox"),
        ("/proc/self/fd/17", "17", "busybox"),
        ("/tmp/exe", "exe", "exe"),
    ] {
        cat.comm = task(0, 0, comm).comm;
        let made = exec(cat, "cat", &["x"], &[]).bytes("trusted_exepath", "/bin/busybox").path(
            "filename",
            asked,
            "/bin/busybox",
        );
        world.take(&made);
        assert_eq!(world.ask(&call("getppid", cat), ["proc.name", "proc.exe"]), [expected, "cat"], "{asked}");
    }
}

#[test]
fn a_variable_of_the_ancestors_is_that_of_the_nearest_that_has_it() {
    let (mut world, cat) = family();
    let made = call("getppid", cat);
    assert_eq!(
        world.ask(&made, ["proc.aenv[A]", "proc.aenv[B]", "proc.aenv[SECRET]", "proc.aenv[HOME]", "proc.aenv[EMPTY]"]),
        ["bash", "sshd", "init", "-", ""]
    );
    assert_eq!(
        world.ask(&made, ["proc.aenv[2]", "proc.aenv", "proc.env[A]", "proc.env"]),
        ["A=sshd B=sshd", "A=bash EMPTY= | A=sshd B=sshd | SECRET=init", "cat", "A=cat HOME=/root"]
    );
}

#[test]
fn the_command_line_is_told_whole_and_in_parts() {
    let (mut world, cat) = family();
    let made = call("getppid", cat);
    assert_eq!(
        world.ask(&made, ["proc.cmdline", "proc.args", "proc.args[1]", "proc.args[2]", "proc.exeline"]),
        ["cat /etc/shadow b c", "/etc/shadow b c", "b c", "-", "cat /etc/shadow b c"]
    );
    assert_eq!(
        world.ask(&made, ["proc.cmdnargs", "proc.cmdlenargs", "proc.cwd", "thread.nametid"]),
        ["2", "14", "/srv", "cat30"]
    );
}

#[test]
fn the_login_shell_is_the_oldest_one_and_can_be_the_process_itself() {
    let (mut world, cat) = family();
    assert_eq!(world.ask(&call("getppid", cat), ["proc.loginshellid"]), ["20"]);
    assert_eq!(world.ask(&call("getppid", task(20, 10, "bash")), ["proc.loginshellid"]), ["20"]);
    assert_eq!(world.ask(&call("getppid", task(10, 1, "sshd")), ["proc.loginshellid"]), ["-"]);
}

#[test]
fn leaders_of_session_and_group_are_told() {
    let (mut world, cat) = family();
    let made = call("getppid", cat);
    assert_eq!(
        world.ask(&made, ["proc.sid", "proc.sname", "proc.sid.exe", "proc.pgid.name", "proc.vpgid.name"]),
        ["20", "bash", "-bash", "cat", "cat"]
    );
    assert_eq!(
        world.ask(&made, ["proc.vpgid.exe", "proc.vpgid.exepath", "proc.is_sid_leader", "proc.is_pgid_leader"]),
        ["cat", "/usr/bin/cat", "false", "true"]
    );
    let mut orphan = cat;
    (orphan.sid, orphan.pgid) = (4000, 4000);
    assert_eq!(world.ask(&call("getppid", orphan), ["proc.sname", "proc.vpgid.name"]), ["-", "-"]);
}

#[test]
fn figures_are_those_of_the_last_exec_or_fork() {
    let (mut world, cat) = family();
    let fields = ["proc.fdlimit", "proc.vmsize", "proc.vmrss", "proc.vmswap", "thread.vmrss.b", "thread.pfminor"];
    assert_eq!(world.ask(&call("getppid", cat), fields), ["-", "-", "-", "-", "-", "0"]);
    let image = exec(cat, "cat", &[], &[])
        .number("fdlimit", 1024)
        .number("vm_size", 4000)
        .number("vm_rss", 300)
        .number("vm_swap", 0)
        .number("pgft_maj", 2)
        .number("pgft_min", 40);
    assert_eq!(world.ask(&image, fields), ["1024", "4000", "300", "0", "307200", "40"]);
    let child = task(31, 30, "cat");
    world.take(&fork(cat, child).number("vm_size", 5000).number("pgft_min", 50));
    assert_eq!(world.ask(&call("getppid", cat), fields), ["1024", "5000", "300", "0", "307200", "50"]);
    assert_eq!(world.ask(&call("getppid", child), fields), ["1024", "5000", "300", "0", "307200", "0"]);
    // Another thread: memory is the process's, page faults are its own and not known.
    let thread = TaskContext { tid: 32, ..cat };
    assert_eq!(world.ask(&call("getppid", thread), fields), ["1024", "5000", "300", "0", "0", "-"]);
}

#[test]
fn threads_are_counted_as_they_come_and_go() {
    let (mut world, cat) = family();
    let fields = ["proc.nthreads", "proc.nchilds"];
    let [second, third] = [31, 32].map(|tid| TaskContext { tid, ..cat });
    assert_eq!(world.ask(&call("getppid", cat), fields), ["1", "0"]);
    world.take(&fork(cat, second));
    world.take(&fork(second, third));
    // A process is no thread.
    world.take(&fork(cat, task(99, 30, "cat")));
    assert_eq!(world.ask(&call("getppid", third), fields), ["3", "2"]);
    let exit = |task, dead| call("procexit", task).number("group_dead", dead);
    // One that ends is still there in its own last record.
    assert_eq!(world.ask(&exit(second, 0), fields), ["3", "2"]);
    assert_eq!(world.ask(&call("getppid", cat), fields), ["2", "1"]);
    world.take(&exit(cat, 0));
    assert_eq!(world.ask(&call("getppid", third), fields), ["1", "1"]);
    // The thread that executes a program becomes the first one.
    assert_eq!(world.ask(&exec(cat, "cat", &[], &[]), fields), ["1", "0"]);
    assert_eq!(world.ask(&call("getppid", task(800, 1, "stranger")), fields), ["-", "-"]);
}

#[test]
fn the_start_of_the_pid_namespace_is_told_by_its_first_process_or_by_a_fork_in_it() {
    let (mut world, cat) = family();
    let field = ["proc.pidns_init_start_ts"];
    // The machine's own.
    assert_eq!(world.ask(&call("getppid", cat), field), [(BOOT + SECOND).to_string()]);
    // The first process of a new one.
    let first = TaskContext { vpid: 1, pid_ns: 2, ..task(40, 20, "first") };
    world.spawn(task(20, 10, "bash"), first, "first", &[], &[]);
    let inner = TaskContext { vpid: 2, pid_ns: 2, ..task(41, 40, "inner") };
    world.spawn(first, inner, "inner", &[], &[]);
    assert_eq!(world.ask(&call("getppid", inner), field), [(BOOT + 40 * SECOND).to_string()]);
    // One that entered another namespace from outside: its ancestors are not in it.
    let guest = TaskContext { vpid: 7, pid_ns: 3, ..task(50, 20, "guest") };
    world.spawn(task(20, 10, "bash"), guest, "guest", &[], &[]);
    assert_eq!(world.ask(&call("getppid", guest), field), ["-"]);
    // When it forks, the kernel says so.
    let start = BOOT + 33 * SECOND;
    let child = TaskContext { vpid: 8, pid_ns: 3, ..task(51, 50, "guest") };
    world.take(&fork(guest, child).number("pidns_init_start_ts", start as i64));
    assert_eq!(world.ask(&call("getppid", guest), field), [start.to_string()]);
    assert_eq!(world.ask(&call("getppid", child), field), [start.to_string()]);
    // An executable that changed later than that came into a running container.
    let fields = ["proc.exe_ino.ctime_duration_pidns_start"];
    let late = exec(child, "x", &[], &[]).number("exe_ino_ctime", (start + 9) as i64);
    assert_eq!(world.ask(&late, fields), ["9"]);
    let early = exec(child, "x", &[], &[]).number("exe_ino_ctime", (start - 9) as i64);
    assert_eq!(world.ask(&early, fields), ["-"]);
}

#[test]
fn the_container_is_told_by_the_control_group() {
    let (mut world, cat) = family();
    let fields = ["container.id", "container.full_id", "container.type", "container.start_ts", "container.duration"];
    assert_eq!(world.ask(&call("getppid", cat), fields), ["host", "host", "host", "-", "-"]);
    let id = "0123456789abcdef".repeat(4);
    let inside = TaskContext { vpid: 1, pid_ns: 2, ..task(60, 20, "sh") };
    world.take(&fork(task(20, 10, "bash"), inside));
    let image = exec(inside, "sh", &[], &[]).bytes("cgroups", format!("/system.slice/docker-{id}.scope"));
    assert_eq!(
        world.ask(&image, fields),
        ["0123456789ab", &id, "docker", &(BOOT + 60 * SECOND).to_string(), &(940 * SECOND).to_string()]
    );
    let open = call("openat", inside).file("fd", 3, "/etc/passwd");
    assert_eq!(
        world.ask(&open, ["fd.containername", "fd.containerdirectory"]),
        ["0123456789ab:/etc/passwd", "0123456789ab:/etc"]
    );
    assert_eq!(world.ask(&call("openat", cat).file("fd", 3, "/a"), ["fd.containername"]), ["host:/a"]);
    let pod = "/kubepods.slice/kubepods-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice";
    let in_pod = exec(inside, "sh", &[], &[]).bytes("cgroups", format!("{pod}/crio-{}.scope", "fe".repeat(32)));
    assert_eq!(
        world.ask(&in_pod, ["k8s.pod.uid", "k8s.pod.id", "container.type"]),
        ["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "cri-o"]
    );
    assert_eq!(world.ask(&call("getppid", cat), ["k8s.pod.uid"]), ["-"]);
    // Without a control group nothing is claimed.
    let stranger = call("openat", task(900, 1, "x")).fd("fd", FdHead::default(), "");
    assert_eq!(world.ask(&stranger, ["container.id", "container.type", "fd.containername"]), ["-", "-", "-"]);
}

#[test]
fn what_the_runtime_wrote_down_is_told_field_by_field() {
    let (mut world, cat) = family();
    let id = "0123456789abcdef".repeat(4);
    let mount = |source: &str, dest: &str, writable| Mount {
        source: source.to_owned(),
        dest: dest.to_owned(),
        mode: String::new(),
        writable,
        propagation: "rslave".to_owned(),
    };
    let details = Details {
        name: "web".to_owned(),
        image: ImageName::parse("shop/web:1.4"),
        labels: [("io.kubernetes.x", "y"), ("empty", ""), ("tier", "front")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into(),
        mounts: vec![mount("/etc", "/host", false), mount("/proc/sys", "/p", true)],
        privileged: Some(true),
        ..Details::default()
    };
    let accounts = Accounts {
        users: Users::from_text("root:x:0:0::/root:/bin/ash\nweb:x:33:33::/srv:/bin/false\n", "web:x:33:\n"),
        uids: IdMap(vec![(0, 1000, 100)]),
        gids: IdMap(vec![(0, 1000, 100)]),
    };
    let (details, accounts) = (Some(details), Some(accounts));
    world.state.containers.tell(Told { id: id.as_bytes().into(), details, accounts, ..Told::default() });
    let inside = TaskContext { vpid: 1, pid_ns: 2, euid: 1033, egid: 1033, ..task(60, 20, "sh") };
    world.take(&fork(task(20, 10, "bash"), inside));
    world.take(&exec(inside, "sh", &[], &[]).bytes("cgroups", format!("/system.slice/docker-{id}.scope")));
    let ask = |world: &mut World, field: &str| world.ask(&call("getppid", inside), [field])[0].clone();
    for (field, value) in [
        ("container.name", "web"),
        ("container.image", "shop/web:1.4"),
        ("container.image.repository", "shop/web"),
        ("container.image.tag", "1.4"),
        ("container.image.digest", "-"),
        ("container.privileged", "true"),
        ("container.host_pid", "-"),
        ("container.mounts", "/etc:/host::false:rslave,/proc/sys:/p::true:rslave"),
        ("container.mount[0]", "/etc:/host::false:rslave"),
        ("container.mount[2]", "-"),
        ("container.mount.dest[/proc*]", "/p"),
        ("container.mount.dest[/etc]", "/host"),
        ("container.mount.dest[/et]", "-"),
        ("container.mount.source[/h*]", "/etc"),
        ("container.mount.rdwr[/etc]", "false"),
        ("container.label[tier]", "front"),
        ("container.label[io.kubernetes.x]", "y"),
        ("container.label[gone]", "-"),
        ("container.labels", "empty, tier:front"),
        ("k8s.pod.name", "-"),
        ("user.uid", "1033"),
        ("user.name", "web"),
        ("user.shell", "/bin/false"),
        ("group.name", "web"),
    ] {
        assert_eq!(ask(&mut world, field), value, "{field}");
    }
    // The machine has users of its own.
    assert_eq!(
        world.ask(&call("getppid", TaskContext { euid: 7, ..cat }), ["user.name", "container.name"]),
        ["eve", "host"]
    );
    let root = TaskContext { euid: 1000, egid: 5, ..inside };
    assert_eq!(world.ask(&call("getppid", root), ["user.name", "group.name"]), ["root", "-"]);
}

#[test]
fn a_container_whose_users_are_not_known_has_root_alone() {
    let (mut world, _) = family();
    let inside = task(60, 20, "sh");
    world.take(&fork(task(20, 10, "bash"), inside));
    world.take(&exec(inside, "sh", &[], &[]).bytes("cgroups", "/lxc.payload.web"));
    for (euid, name) in [(0, "root"), (7, "-")] {
        assert_eq!(world.ask(&call("getppid", TaskContext { euid, ..inside }), ["user.name"]), [name]);
    }
}

#[test]
fn users_and_groups_are_told_by_number_and_by_name() {
    let (mut world, cat) = family();
    let user = TaskContext { euid: 7, egid: 8, ..cat };
    assert_eq!(
        world.ask(&call("getppid", user), ["user.uid", "user.name", "user.homedir", "user.shell", "group.name"]),
        ["7", "eve", "/home/eve", "/bin/zsh", "staff"]
    );
    assert_eq!(world.ask(&call("getppid", user), ["user.loginuid", "user.loginname"]), ["-1", "-"]);
    let login = TaskContext { loginuid: 7, euid: 99, ..cat };
    assert_eq!(world.ask(&call("getppid", login), ["user.loginuid", "user.loginname", "user.name"]), ["7", "eve", "-"]);
}
