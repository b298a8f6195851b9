//! Fields that the record itself tells: `evt.*`, `fd.*`, `fs.path.*`.

use super::world::*;
use kestrel_core::event::{FdFlags, FdHead, FdKind};
use zerocopy::IntoBytes;

fn me() -> kestrel_core::event::TaskContext {
    task(50, 1, "cat")
}

#[test]
fn times_are_told_whole_and_in_parts() {
    let mut world = World::new();
    world.take(&call("getppid", me()).at(BOOT));
    let made = call("getppid", me()).at(BOOT + 3 * SECOND + 21);
    assert_eq!(
        world.ask(&made, ["evt.deltatime", "evt.deltatime.s", "evt.deltatime.ns", "evt.reltime.s", "evt.reltime.ns"]),
        ["3000000021", "3", "21", "3", "21"]
    );
    assert_eq!(
        world.ask(&made, ["evt.time", "evt.outputtime", "evt.rawtime.ns", "evt.num"]),
        ["22:13:23.000000021", "22:13:23.000000021", "21", "3"]
    );
}

#[test]
fn errors_are_counted_by_what_the_call_is_about() {
    let mut world = World::new();
    let fields = ["evt.count.error", "evt.count.error.file", "evt.count.error.net", "evt.count.error.other"];
    let not_open = FdHead { fd: -2, ..FdHead::default() };
    let open = call("openat", me()).failed("fd", 2).fd("fd", not_open, "");
    assert_eq!(world.ask(&open, fields), ["1", "1", "-", "-"]);
    let opened = call("openat", me()).file("fd", 3, "/a");
    assert_eq!(world.ask(&opened, fields), ["0", "0", "-", "-"]);
    let directory = FdHead { fd: 3, kind: FdKind::Directory as u8, ..FdHead::default() };
    let fchdir = call("fchdir", me()).failed("res", 13).fd("fd", directory, "/a");
    assert_eq!(world.ask(&fchdir, fields), ["1", "1", "-", "-"]);
    let connect = call("connect", me()).failed("res", 111).tcp("fd", 3, "0.0.0.0:0", "0.0.0.0:0", FdFlags::default());
    assert_eq!(world.ask(&connect, fields), ["1", "-", "1", "-"]);
    let connect = call("connect", me()).failed("res", 9).fd("fd", FdHead { fd: 99, ..FdHead::default() }, "");
    assert_eq!(world.ask(&connect, fields), ["1", "-", "1", "-"]);
    assert_eq!(world.ask(&call("kill", me()).failed("res", 1), fields), ["1", "-", "-", "1"]);
    assert_eq!(world.ask(&call("procexit", me()), fields), ["-", "-", "-", "-"]);
}

#[test]
fn what_was_sent_is_counted_by_where_it_went() {
    let mut world = World::new();
    let fields = ["evt.buflen", "evt.buflen.out", "evt.buflen.net", "evt.buflen.net.out", "evt.io_dir", "evt.is_io"];
    let sent = call("sendto", me()).number("res", 5).bytes("data", "hello");
    let inet = sent.clone().tcp("fd", 3, "[::1]:1000", "[::1]:2000", FdFlags::default());
    assert_eq!(world.ask(&inet, fields), ["5", "5", "5", "5", "w", "true"]);
    assert_eq!(world.ask(&sent.unix("fd", 3, "", "/run/x"), fields), ["5", "5", "-", "-", "w", "true"]);
    let failed = call("sendto", me()).failed("res", 32).unix("fd", 3, "", "/run/x");
    assert_eq!(world.ask(&failed, fields), ["0", "0", "-", "-", "w", "true"]);
    assert_eq!(world.ask(&call("kill", me()).number("res", 0), fields), ["-", "-", "-", "-", "-", "false"]);
}

#[test]
fn a_message_to_syslog_is_known_by_its_socket_under_either_name() {
    let mut world = World::new();
    let to = |path: &str| call("sendto", me()).number("res", 1).unix("fd", 3, "", path);
    assert_eq!(world.ask(&to("/dev/log"), ["evt.is_syslog"]), ["true"]);
    assert_eq!(world.ask(&to("/run/systemd/journal/dev-log"), ["evt.is_syslog"]), ["true"]);
    assert_eq!(world.ask(&to("/run/dev/log2"), ["evt.is_syslog"]), ["false"]);
    let connect = call("connect", me()).number("res", 0).unix("fd", 3, "", "/dev/log");
    assert_eq!(world.ask(&connect, ["evt.is_syslog"]), ["false"]);
}

#[test]
fn client_and_server_are_not_local_and_remote() {
    let mut world = World::new();
    let fields = ["fd.name", "fd.cip", "fd.sport", "fd.lport", "fd.rip", "fd.is_server", "fd.port"];
    let ends = ("10.0.0.1:4000", "10.0.0.2:443");
    let client = call("connect", me()).tcp("fd", 3, ends.0, ends.1, FdFlags::CONNECTED);
    assert_eq!(
        world.ask(&client, fields),
        ["10.0.0.1:4000->10.0.0.2:443", "10.0.0.1", "443", "4000", "10.0.0.2", "false", "4000 | 443"]
    );
    let server = call("accept", me()).tcp("fd", 3, ends.1, ends.0, FdFlags::SERVER);
    assert_eq!(
        world.ask(&server, fields),
        ["10.0.0.1:4000->10.0.0.2:443", "10.0.0.1", "443", "443", "10.0.0.1", "true", "4000 | 443"]
    );
    assert_eq!(
        world.ask(&server, ["fd.proto", "fd.cproto", "fd.sproto", "fd.rproto"]),
        ["4000 | 443", "4000", "443", "4000"]
    );
    // What a datagram is addressed to stands in its tuple, not in its socket.
    let datagram = call("sendto", me())
        .tcp("fd", 3, "10.0.0.1:53", "0.0.0.0:0", FdFlags::default())
        .bytes("tuple", tuple("10.0.0.1:53", "8.8.8.8:53").as_bytes());
    assert_eq!(world.ask(&datagram, ["fd.sip", "fd.connected"]), ["8.8.8.8", "true"]);
}

#[test]
fn a_file_is_told_by_its_path_device_and_inode() {
    let mut world = World::new();
    let made = call("openat", me()).file("fd", 4, "/etc/shadow").path("name", "../etc/shadow", "/etc/shadow");
    assert_eq!(
        world.ask(&made, ["fd.num", "fd.type", "fd.typechar", "fd.name", "fd.nameraw", "fd.directory", "fd.filename"]),
        ["4", "file", "f", "/etc/shadow", "../etc/shadow", "/etc", "shadow"]
    );
    assert_eq!(
        world.ask(&made, ["fd.dev", "fd.dev.major", "fd.dev.minor", "fd.ino", "fd.ip", "fd.uid"]),
        [&0x0080_1203.to_string(), "18", "2051", "77", "-", "504"]
    );
    let failed = call("openat", me())
        .failed("fd", 2)
        .fd("fd", FdHead { fd: -2, ..FdHead::default() }, "")
        .path("name", "none", "/none");
    assert_eq!(world.ask(&failed, ["fd.name", "fd.directory", "fd.type", "fd.ino"]), ["/none", "/", "-", "-"]);
}

#[test]
fn only_what_has_a_place_in_the_file_system_has_a_folder() {
    let mut world = World::new();
    let fields = ["fd.name", "fd.directory", "fd.filename"];
    let of = |kind: FdKind, path: &str| {
        call("fchdir", me()).fd("fd", FdHead { fd: 3, kind: kind as u8, ..FdHead::default() }, path)
    };
    assert_eq!(world.ask(&of(FdKind::Directory, "/etc/ssl"), fields), ["/etc/ssl", "/etc/ssl", "-"]);
    assert_eq!(world.ask(&of(FdKind::CharDevice, "/dev/null"), fields), ["/dev/null", "/dev", "null"]);
    assert_eq!(world.ask(&of(FdKind::File, "/vmlinuz"), fields), ["/vmlinuz", "/", "vmlinuz"]);
    assert_eq!(world.ask(&of(FdKind::Pipe, "pipe:[7]"), fields), ["pipe:[7]", "-", "-"]);
    assert_eq!(world.ask(&of(FdKind::Memfd, "/memfd:x"), fields), ["/memfd:x", "-", "-"]);
    assert_eq!(world.ask(&call("connect", me()).unix("fd", 3, "", "/run/x"), fields), ["/run/x", "-", "-"]);
}

#[test]
fn a_call_with_two_paths_has_a_source_and_a_target_and_no_other() {
    let mut world = World::new();
    let fields = ["fs.path.name", "fs.path.source", "fs.path.sourceraw", "fs.path.target", "evt.abspath[dst]"];
    let rename = call("rename", me()).path("oldpath", "a", "/x/a").path("newpath", "b", "/x/b");
    assert_eq!(world.ask(&rename, fields), ["-", "/x/a", "a", "/x/b", "/x/b"]);
    let unlink = call("unlink", me()).path("path", "a", "/x/a");
    assert_eq!(world.ask(&unlink, fields), ["/x/a", "-", "-", "-", "-"]);
    let symlink = call("symlink", me()).bytes("target", "../t").path("linkpath", "l", "/x/l");
    assert_eq!(world.ask(&symlink, fields), ["-", "../t", "../t", "/x/l", "/x/l"]);
}

#[test]
fn the_path_of_a_call_about_an_attribute_is_not_the_attributes_name() {
    let mut world = World::new();
    let fields = ["fs.path.name", "fs.path.nameraw", "evt.abspath"];
    for name in ["setxattr", "lsetxattr", "getxattr", "lgetxattr", "removexattr", "lremovexattr", "setxattrat"] {
        // Long enough to be taken for the head of a path.
        let made = call(name, me()).path("path", "a", "/x/a").bytes("name", "security.capability");
        assert_eq!(world.ask(&made, fields), ["/x/a", "a", "/x/a"], "{name}");
    }
    // An attribute of a descriptor names no path.
    let made = call("fsetxattr", me()).file("fd", 3, "/x/a").bytes("name", "security.capability");
    assert_eq!(world.ask(&made, fields), ["-", "-", "-"]);
}

#[test]
fn what_an_open_was_for_is_told_by_its_flags_and_mode() {
    let mut world = World::new();
    let fields = ["evt.is_open_read", "evt.is_open_write", "evt.is_open_create", "evt.is_open_exec"];
    let open = |flags, mode| call("openat", me()).file("fd", 3, "/a").number("flags", flags).number("mode", mode);
    assert_eq!(world.ask(&open(0, 0), fields), ["true", "false", "false", "false"]);
    assert_eq!(world.ask(&open(0o2 | 0o100, 0o644), fields), ["true", "true", "true", "false"]);
    assert_eq!(world.ask(&open(0o1 | 0o100, 0o755), fields), ["false", "true", "true", "true"]);
    let creat = call("creat", me()).file("fd", 3, "/a").number("mode", 0o700);
    assert_eq!(world.ask(&creat, fields), ["false", "true", "true", "true"]);
    assert_eq!(world.ask(&call("kill", me()), fields), ["false"; 4]);
}

#[test]
fn parameters_are_found_by_name_and_by_number() {
    let mut world = World::new();
    let kill = call("kill", me()).failed("res", 1).number("pid", 42).number("sig", 9);
    assert_eq!(
        world
            .ask(&kill, ["evt.arg[sig]", "evt.arg[1]", "evt.rawarg[sig]", "evt.arg[nothing]", "evt.res", "evt.rawres"]),
        ["SIGKILL", "42", "9", "-", "EPERM", "-1"]
    );
    assert_eq!(world.ask(&kill, ["evt.args"]), world.ask(&kill, ["evt.info"]));
    assert_eq!(
        world.ask(&kill, ["evt.type.is[kill]", "evt.type.is[open]", "evt.cpu", "util.cnt", "util.cnt"]),
        ["1", "0", "3", "1", "2"]
    );
}

#[test]
fn what_is_waited_for_is_listed() {
    let mut world = World::new();
    let fields = ["fdlist.nums", "fdlist.names", "fdlist.cips", "fdlist.sports", "evt.arg[1]", "evt.is_wait"];
    let made = call("poll", me())
        .number("res", 1)
        .waits("fds", &[(3, "10.0.0.1:1000", "10.0.0.2:443"), (4, "10.0.0.1:1001", "10.0.0.3:80")]);
    assert_eq!(
        world.ask(&made, fields),
        [
            "3,4",
            "10.0.0.1:1000->10.0.0.2:443,10.0.0.1:1001->10.0.0.3:80",
            "10.0.0.1,10.0.0.1",
            "443,80",
            "3:41 4:41",
            "true"
        ]
    );
    assert_eq!(world.ask(&call("kill", me()), fields), ["-", "-", "-", "-", "-", "false"]);
}

#[test]
fn reading_and_writing_is_about_what_the_descriptor_stands_for() {
    let mut world = World::new();
    let fields = ["evt.category", "evt.buflen.in", "evt.buflen.file", "evt.buflen.net.in", "evt.io_dir"];
    let read = call("read", me()).number("res", 5);
    assert_eq!(world.ask(&read.clone().file("fd", 3, "/a"), fields), ["file", "5", "5", "-", "r"]);
    let inet = read.clone().tcp("fd", 3, "10.0.0.1:1", "10.0.0.2:2", FdFlags::default());
    assert_eq!(world.ask(&inet, fields), ["net", "5", "-", "5", "r"]);
    assert_eq!(world.ask(&read.clone().unix("fd", 3, "", "/run/x"), fields), ["ipc", "5", "-", "-", "r"]);
    assert_eq!(world.ask(&call("mmap", me()).number("res", 5), fields), ["memory", "-", "-", "-", "-"]);
}

#[test]
fn an_open_is_for_reading_or_writing_as_its_flags_say() {
    let mut world = World::new();
    let fields = ["evt.is_open_read", "evt.is_open_write", "evt.is_open_create"];
    // O_RDONLY, O_WRONLY | O_CREAT, O_RDWR, O_PATH
    for (flags, expected) in [
        (0, ["true", "false", "false"]),
        (0o101, ["false", "true", "true"]),
        (2, ["true", "true", "false"]),
        (0o10000000, ["false", "false", "false"]),
    ] {
        let made = call("openat", me()).file("fd", 3, "/a").number("flags", flags);
        assert_eq!(world.ask(&made, fields), expected, "{flags:o}");
    }
    assert_eq!(world.ask(&call("creat", me()).file("fd", 3, "/a"), fields), ["false", "true", "true"]);
    assert_eq!(world.ask(&call("kill", me()), fields), ["false", "false", "false"]);
}
